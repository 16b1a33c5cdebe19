package settings

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// TimeServer is one server of the owner's list.
type TimeServer struct {
	Host    string // a host name or an address, with a port where it is not the protocol's own
	NTS     bool
	Enabled bool
}

// Time is whom the box asks for the time, and what it does with the answer.
type Time struct {
	Servers []TimeServer // in the owner's order
	// VerifiedOnly refuses codes of apps while only the box's own clock tells the time.
	VerifiedOnly bool
	// SetSystemClock lets Castellan set the clock of the box where no other service does.
	SetSystemClock bool
}

// The rules of the list.
const (
	// MaxTimeServers is how many it holds: more are not more certain, and all are asked in each round.
	MaxTimeServers = 8
	// NTPPort and NTSPort are the protocols' own (RFC 5905, RFC 8915); others begin at FreePort, so that nobody
	// uses the box to knock at the doors of other services.
	NTPPort  = 123
	NTSPort  = 4460
	FreePort = 1024
)

type timeServerRecord struct {
	Host    string `json:"host"`
	NTS     bool   `json:"nts,omitempty"`
	Enabled bool   `json:"enabled,omitempty"`
}

type timeRecord struct {
	Servers        []timeServerRecord `json:"servers"`
	VerifiedOnly   bool               `json:"verified_only,omitempty"`
	SetSystemClock bool               `json:"set_system_clock,omitempty"`
}

var times = store.NewTable[timeRecord]("time")

// securing are the servers of the built-in list whose operators offer Network Time Security. They are fewer than half
// of it: where a firewall blocks their key exchange (TCP port 4460), the others are a majority without them.
var securing = []string{"time.cloudflare.com", "ptbtime1.ptb.de"}

// DefaultTime is the choice of a box whose owner made none: the servers of the integrator's file. Those that are
// known to offer Network Time Security are asked with it.
func DefaultTime(servers []string) Time {
	var t Time
	for _, host := range servers {
		t.Servers = append(t.Servers, TimeServer{Host: host, NTS: slices.Contains(securing, host), Enabled: true})
	}
	return t
}

// GetTime returns the owner's choice, and whether there is one: without it the integrator's file says it.
func GetTime(tx *store.Tx) (t Time, set bool, err error) {
	r, set, err := times.Get(tx, key)
	t = Time{VerifiedOnly: r.VerifiedOnly, SetSystemClock: r.SetSystemClock}
	for _, s := range r.Servers {
		t.Servers = append(t.Servers, TimeServer(s))
	}
	return t, set, err
}

// PutTime checks the choice, stores it, and returns it in the form in which it was stored.
func PutTime(tx *store.Tx, t Time) (Time, error) {
	servers, err := timeServers(t.Servers)
	if err != nil {
		return Time{}, err
	}
	t.Servers = servers
	r := timeRecord{VerifiedOnly: t.VerifiedOnly, SetSystemClock: t.SetSystemClock}
	for _, s := range servers {
		r.Servers = append(r.Servers, timeServerRecord(s))
	}
	return t, times.Put(tx, key, r)
}

// timeServers checks a list and brings the names in it into one form. A field is named by its place, such as
// servers.0.host for the first.
func timeServers(list []TimeServer) (checked []TimeServer, err error) {
	if len(list) > MaxTimeServers {
		return nil, fault.InvalidField("servers", "too_many", fmt.Sprintf("At most %d servers. Four that agree are certain enough.", MaxTimeServers))
	}
	var wrong []fault.Field
	for i, s := range list {
		name := fmt.Sprintf("servers.%d.host", i)
		host, ok := timeHost(s)
		switch {
		case !ok:
			wrong = append(wrong, fault.Field{Name: name, Code: "malformed", Message: "Enter the name or the address of a time server, such as time.example.org. A port from 1024 on may follow a colon."})
		case slices.ContainsFunc(checked, func(other TimeServer) bool { return other.Host == host }):
			wrong = append(wrong, fault.Field{Name: name, Code: "twice", Message: "This server is on the list already. Asked twice it would count as two that agree."})
		}
		s.Host = host
		checked = append(checked, s)
	}
	if wrong != nil {
		return nil, fault.InvalidFields(wrong...)
	}
	return checked, nil
}

// timeHost returns the one form of a server's name or address: in lower case, and without a port that goes without
// saying.
func timeHost(s TimeServer) (string, bool) {
	own := NTPPort
	if s.NTS {
		own = NTSPort
	}
	host, port, ok := splitPort(strings.ToLower(strings.TrimSpace(s.Host)), own)
	if !ok || !validServer(host) {
		return "", false
	}
	address, err := netip.ParseAddr(host)
	if err == nil {
		address = address.Unmap()
		if host = address.String(); address.Zone() != "" || !validServer(host) {
			return "", false
		}
	}
	if port == own {
		return host, true
	}
	if address.Is6() {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port), true
}

// splitPort takes the port off a name or an address; without one it is the protocol's own. An IPv6 address with a
// port stands in brackets (RFC 3986 section 3.2.2).
func splitPort(text string, own int) (host string, port int, ok bool) {
	if _, err := netip.ParseAddr(text); err == nil {
		return text, own, true
	}
	host, digits, found := strings.Cut(text, ":")
	if inside, bracketed := strings.CutPrefix(text, "["); bracketed {
		if host, digits, found = strings.Cut(inside, "]:"); !found {
			if host, ok = strings.CutSuffix(inside, "]"); !ok {
				return "", 0, false
			}
		}
		if address, err := netip.ParseAddr(host); err != nil || !address.Is6() {
			return "", 0, false
		}
	}
	if !found {
		return host, own, true
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	port = int(n)
	return host, port, err == nil && digits == strconv.Itoa(port) && (port == own || port >= FreePort)
}

// Words says in a line which servers are asked, for the log.
func (t Time) Words() string {
	var words []string
	for _, s := range t.Servers {
		word := s.Host
		if s.NTS {
			word += " (NTS)"
		}
		if !s.Enabled {
			word += " (off)"
		}
		words = append(words, word)
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}
