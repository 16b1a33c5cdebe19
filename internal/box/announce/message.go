package announce

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// How long others may remember records, in seconds (RFC 6762 section 10).
const (
	hostTTL    = 120
	serviceTTL = 75 * 60
	legacyTTL  = 10 // for those who ask as if by ordinary DNS (section 6.7)
)

const (
	typeNSEC = dnsmessage.Type(47)
	// flush is the top bit of a record's class: this is all there is of it (section 10.2).
	flush = dnsmessage.Class(1 << 15)
	// unicast is the top bit of a question's class: the answer may come to the asker alone (section 5.4).
	unicast = dnsmessage.Class(1 << 15)
)

// names are those by which the box is found.
type names struct {
	host, instance string // full names, in lower case but for the instance, which keeps what people wrote
}

// The names that are the same on every box.
const (
	service  = kind + ".local."
	services = "_services._dns-sd._udp.local."
)

func namesOf(label string) names {
	return names{host: strings.ToLower(label) + ".local.", instance: label + "." + service}
}

// record is one record with the name that it answers for.
type record struct {
	name   string
	kind   dnsmessage.Type
	ttl    uint32
	shared bool // others may have records of the same name and type
	body   dnsmessage.ResourceBody
}

// records are what the box says of itself over an interface with these addresses.
func (n names) records(port int, addresses []netip.Addr) (all []record) {
	host := dnsmessage.MustNewName(n.host)
	instance := dnsmessage.MustNewName(n.instance)
	all = []record{
		{services, dnsmessage.TypePTR, serviceTTL, true, &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(service)}},
		{service, dnsmessage.TypePTR, serviceTTL, true, &dnsmessage.PTRResource{PTR: instance}},
		{n.instance, dnsmessage.TypeSRV, hostTTL, false, &dnsmessage.SRVResource{Port: uint16(port), Target: host}},
		{n.instance, dnsmessage.TypeTXT, serviceTTL, false, &dnsmessage.TXTResource{TXT: []string{text}}},
	}
	var has []dnsmessage.Type
	for _, a := range addresses {
		if a.Is4() {
			all = append(all, record{n.host, dnsmessage.TypeA, hostTTL, false, &dnsmessage.AResource{A: a.As4()}})
			has = append(has, dnsmessage.TypeA)
		} else {
			all = append(all, record{n.host, dnsmessage.TypeAAAA, hostTTL, false, &dnsmessage.AAAAResource{AAAA: a.As16()}})
			has = append(has, dnsmessage.TypeAAAA)
		}
	}
	// What is not there is said, too, or whoever asks for IPv6 as well waits for seconds (RFC 6762 section 6.1).
	return append(all, record{n.host, typeNSEC, hostTTL, false, &dnsmessage.UnknownResource{Type: typeNSEC, Data: nsec(n.host, has)}})
}

// nsec lists the types that a name has (RFC 4034 section 4.1), all of which are below 32 here.
func nsec(name string, has []dnsmessage.Type) (data []byte) {
	for _, label := range strings.Split(strings.TrimSuffix(name, "."), ".") {
		data = append(append(data, byte(len(label))), label...)
	}
	var bits [4]byte
	for _, t := range has {
		bits[t/8] |= 0x80 >> (t % 8)
	}
	return append(append(data, 0, 0, byte(len(bits))), bits[:]...)
}

// header is that of a record in a message.
func (r record) header(ttl uint32, class dnsmessage.Class) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(r.name), Type: r.kind, Class: class, TTL: ttl}
}

// resource is the record as others are told it.
func (r record) resource() dnsmessage.Resource {
	class := dnsmessage.ClassINET
	if !r.shared {
		class |= flush
	}
	return dnsmessage.Resource{Header: r.header(r.ttl, class), Body: r.body}
}

// announcement tells everything, or with goodbye that it is no longer so.
func announcement(all []record, goodbye bool) dnsmessage.Message {
	m := dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}
	for _, r := range all {
		told := r.resource()
		if goodbye {
			told.Header.TTL = 0
		}
		m.Answers = append(m.Answers, told)
	}
	return m
}

// probe asks whether anybody else has the names, and says what the box would say of them (RFC 6762 section 8.1).
func (n names) probe(all []record) (m dnsmessage.Message) {
	for _, name := range []string{n.host, n.instance} {
		m.Questions = append(m.Questions, dnsmessage.Question{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET | unicast})
	}
	for _, r := range all {
		if !r.shared && r.kind != typeNSEC {
			m.Authorities = append(m.Authorities, dnsmessage.Resource{Header: r.header(r.ttl, dnsmessage.ClassINET), Body: r.body})
		}
	}
	return m
}

// answer is what the box answers to a question; ok: it has something to say. known are the answers that the asker has.
func answer(asked dnsmessage.Message, all []record) (m dnsmessage.Message, ok bool) {
	m.Header = dnsmessage.Header{Response: true, Authoritative: true}
	given := map[int]bool{}
	for _, q := range asked.Questions {
		if class := q.Class &^ unicast; class != dnsmessage.ClassINET && class != dnsmessage.ClassANY {
			continue
		}
		for i, r := range all {
			denies := r.kind == typeNSEC && !has(all, r.name, q.Type)
			if strings.EqualFold(q.Name.String(), r.name) && (r.kind == q.Type || q.Type == dnsmessage.TypeALL && r.kind != typeNSEC || denies) && !given[i] && !knows(asked, r) {
				given[i] = true
				m.Answers = append(m.Answers, r.resource())
			}
		}
	}
	if len(m.Answers) == 0 {
		return m, false
	}
	for i, r := range all { // what they ask next
		if !given[i] && r.name != services && r.name != service {
			m.Additionals = append(m.Additionals, r.resource())
		}
	}
	return m, true
}

func has(all []record, name string, kind dnsmessage.Type) bool {
	for _, r := range all {
		if r.name == name && (r.kind == kind || kind == dnsmessage.TypeALL) {
			return true
		}
	}
	return false
}

// knows reports whether an asker has a shared record already, and for long enough (section 7.1).
func knows(asked dnsmessage.Message, r record) bool {
	mine, ok := r.body.(*dnsmessage.PTRResource)
	if !ok {
		return false
	}
	for _, known := range asked.Answers {
		theirs, ok := known.Body.(*dnsmessage.PTRResource)
		if ok && strings.EqualFold(known.Header.Name.String(), r.name) && strings.EqualFold(theirs.PTR.String(), mine.PTR.String()) && known.Header.TTL >= r.ttl/2 {
			return true
		}
	}
	return false
}

// legacy makes of an answer one that those understand who ask as if by ordinary DNS.
func legacy(m, asked dnsmessage.Message) dnsmessage.Message {
	m.ID, m.Questions = asked.ID, asked.Questions
	for _, list := range [][]dnsmessage.Resource{m.Answers, m.Additionals} {
		for i := range list {
			list[i].Header.Class &^= flush
			list[i].Header.TTL = min(list[i].Header.TTL, legacyTTL)
		}
	}
	return m
}

// contradicts reports whether records say of the names what is not so: another machine has them. own are the addresses of the box.
func (n names) contradicts(told []dnsmessage.Resource, own func(netip.Addr) bool) bool {
	for _, r := range told {
		name := r.Header.Name.String()
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			if strings.EqualFold(name, n.host) && !own(netip.AddrFrom4(body.A)) {
				return true
			}
		case *dnsmessage.AAAAResource:
			if strings.EqualFold(name, n.host) && !own(netip.AddrFrom16(body.AAAA)) {
				return true
			}
		case *dnsmessage.SRVResource:
			if strings.EqualFold(name, n.instance) && !strings.EqualFold(body.Target.String(), n.host) {
				return true
			}
		}
	}
	return false
}
