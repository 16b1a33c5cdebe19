package announce

import (
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func question(name string, kind dnsmessage.Type, known ...dnsmessage.Resource) dnsmessage.Message {
	return dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}}, Answers: known}
}

func own(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.20") }

func TestQuestionsAreAnswered(t *testing.T) {
	all := namesOf("Attic-NAS").records(8001, []netip.Addr{netip.MustParseAddr("192.0.2.20")})
	for name, test := range map[string]struct {
		asked dnsmessage.Message
		want  []dnsmessage.Type
	}{
		"the list":            {question("_https._tcp.local.", dnsmessage.TypePTR), []dnsmessage.Type{dnsmessage.TypePTR}},
		"the list of lists":   {question("_services._dns-sd._udp.local.", dnsmessage.TypePTR), []dnsmessage.Type{dnsmessage.TypePTR}},
		"what they know":      {question("_https._tcp.local.", dnsmessage.TypePTR, all[1].resource()), nil},
		"the instance":        {question("ATTIC-nas._https._tcp.local.", dnsmessage.TypeALL), []dnsmessage.Type{dnsmessage.TypeSRV, dnsmessage.TypeTXT}},
		"an address":          {question("attic-nas.local.", dnsmessage.TypeA), []dnsmessage.Type{dnsmessage.TypeA}},
		"an address it lacks": {question("attic-nas.local.", dnsmessage.TypeAAAA), []dnsmessage.Type{typeNSEC}},
		"all of the host":     {question("attic-nas.local.", dnsmessage.TypeALL), []dnsmessage.Type{dnsmessage.TypeA}},
		"somebody else":       {question("desk.local.", dnsmessage.TypeA), nil},
		"nothing":             {dnsmessage.Message{}, nil},
	} {
		m, ok := answer(test.asked, all)
		var got []dnsmessage.Type
		for _, a := range m.Answers {
			got = append(got, a.Header.Type)
		}
		if ok != (len(test.want) > 0) || len(got) != len(test.want) {
			t.Fatalf("%s: got %v, want %v", name, got, test.want)
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: got %v, want %v", name, got, test.want)
			}
		}
		if !ok {
			continue
		}
		if _, err := m.Pack(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range legacy(m, test.asked).Answers {
			if r.Header.TTL > legacyTTL || r.Header.Class != dnsmessage.ClassINET {
				t.Errorf("%s: an ordinary resolver gets %+v", name, r.Header)
			}
		}
	}
}

// A machine is another one whether its address is higher or lower than the box's: who comes second gives way.
func TestOtherMachinesAreToldByTheirAddresses(t *testing.T) {
	mine := namesOf("attic-nas")
	for name, test := range map[string]struct {
		told []record
		want bool
	}{
		"ours":           {namesOf("attic-nas").records(8001, []netip.Addr{netip.MustParseAddr("192.0.2.20")}), false},
		"a lower one":    {namesOf("Attic-Nas").records(443, []netip.Addr{netip.MustParseAddr("192.0.2.1")}), true},
		"a higher one":   {namesOf("attic-nas").records(443, []netip.Addr{netip.MustParseAddr("192.0.2.99")}), true},
		"IPv6":           {namesOf("attic-nas").records(443, []netip.Addr{netip.MustParseAddr("2001:db8::1")}), true},
		"another name":   {namesOf("desk").records(443, []netip.Addr{netip.MustParseAddr("192.0.2.1")}), false},
		"the same label": {names{"desk.local.", "attic-nas." + service}.records(443, nil), true},
	} {
		var told []dnsmessage.Resource
		for _, r := range test.told {
			told = append(told, r.resource())
		}
		if got := mine.contradicts(told, own); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// What strangers on the network send.
func FuzzAnswer(f *testing.F) {
	asked := question("attic-nas.local.", dnsmessage.TypeALL)
	data, err := asked.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	told := announcement(namesOf("attic-nas").records(8001, []netip.Addr{netip.MustParseAddr("192.0.2.20")}), false)
	if data, err = told.Pack(); err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m dnsmessage.Message
		if m.Unpack(data) != nil {
			return
		}
		n := namesOf("attic-nas")
		n.contradicts(m.Answers, own)
		got, ok := answer(m, n.records(8001, []netip.Addr{netip.MustParseAddr("192.0.2.20")}))
		if !ok {
			return
		}
		if data, err := got.Pack(); err != nil || len(data) > 1500 {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	})
}

func TestWhoeverTakesEveryNameHasTheBoxBeSilent(t *testing.T) {
	r := &responder{cards: []card{{}}}
	r.what.Name = "a-name-of-sixty-three-letters-which-is-as-long-as-a-label-can-be"[:longestLabel]
	r.number, r.names = 1, namesOf(r.what.Name)
	seen := map[string]bool{}
	for !r.silent {
		if seen[r.names.host] || len(r.names.host) > longestLabel+len(".local.") || len(seen) > MostNames {
			t.Fatalf("%s after %d names", r.names.host, len(seen))
		}
		seen[r.names.host] = true
		r.rename()
	}
	if s := r.status(); len(seen) != MostNames || s.Host != "" || s.Trouble == "" {
		t.Errorf("%d names, %+v", len(seen), s)
	}
}
