package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"castellan/internal/fault"
)

// The bounds of a setting.
const (
	// MostDNS is how many DNS servers an interface may be given, and MostSearch how many search domains.
	MostDNS    = 4
	MostSearch = 6
	// leastMTU is what every machine must be able to receive (RFC 791), leastMTU6 what IPv6 wants (RFC 8200), mostMTU
	// the largest usual jumbo frame.
	leastMTU  = 576
	leastMTU6 = 1280
	mostMTU   = 9216
)

// Method says how an interface comes by its addresses of one family.
type Method string

// The methods.
const (
	Automatic Method = "automatic" // DHCP, and for IPv6 what routers announce
	Manual    Method = "manual"
	Off       Method = "off" // for IPv6: not even link-local where the service can do that
)

// Family is how an interface is set up for IPv4 or IPv6.
type Family struct {
	Method  Method
	Address netip.Prefix // with Manual: the address with the length of its network
	Gateway netip.Addr   // with Manual; the zero value: none
}

// Setting is how one interface is set up.
type Setting struct {
	Interface  string
	IPv4, IPv6 Family
	DNS        []netip.Addr // empty: those that the network offers
	Search     []string     // empty: those that the network offers
	MTU        int          // bytes; 0: the interface's own
}

// AutomaticSetting is how the reset button leaves an interface.
func AutomaticSetting(name string) Setting {
	return Setting{Interface: name, IPv4: Family{Method: Automatic}, IPv6: Family{Method: Automatic}}
}

// check says what is wrong with a setting in itself, and beside the interfaces of the box and the settings of the others: fields that
// are named as the API names them. Two interfaces in one network are nothing wrong.
func (s Setting) check(cards []Card, others map[string]Setting) error {
	c := checker{setting: s, cards: cards, others: others}
	c.family("ipv4", s.IPv4, true)
	c.family("ipv6", s.IPv6, false)
	if s.IPv4.Method == Off && s.IPv6.Method == Off {
		c.wrong("ipv4.method", "required", "Without IPv4 and IPv6 nobody could reach the NAS over this interface. Leave one of them on.")
	}
	c.dns()
	c.search()
	c.mtu()
	if c.fields != nil {
		return fault.InvalidFields(c.fields...)
	}
	return nil
}

// checker collects what is wrong with a setting.
type checker struct {
	setting Setting
	cards   []Card
	others  map[string]Setting
	fields  []fault.Field
}

func (c *checker) wrong(field, code, format string, args ...any) {
	c.fields = append(c.fields, fault.Field{Name: field, Code: code, Message: fmt.Sprintf(format, args...)})
}

// family looks at the addresses of one family.
func (c *checker) family(name string, f Family, four bool) {
	switch f.Method {
	case Automatic, Off:
		return
	case Manual:
	default:
		c.wrong(name+".method", "unknown", "Choose automatic, manual or off.")
		return
	}
	a := f.Address.Addr()
	if !c.address(name, a, four) {
		return
	}
	least, most := 48, 127
	if four {
		least, most = 8, 31
	}
	if f.Address.Bits() < least || f.Address.Bits() > most {
		c.wrong(name+".prefix", "out_of_range", "The prefix length is a number from %d to %d.", least, most)
		return
	}
	first, last := ends(f.Address)
	two := f.Address.Bits() == a.BitLen()-1 // a network of two machines has no address of its own (RFC 3021, RFC 6164)
	switch {
	case !two && a == first:
		c.wrong(name+".address", "network", "%s is the network itself and no machine in it. Choose another address.", a)
	case !two && four && a == last:
		c.wrong(name+".address", "broadcast", "%s means everybody in its network. Choose another address.", a)
	}
	c.gateway(name, f, four)
}

// ends returns the first and the last address of a network.
func ends(p netip.Prefix) (first, last netip.Addr) {
	raw := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(raw); bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ = netip.AddrFromSlice(raw)
	return p.Masked().Addr(), last
}

// The addresses that no interface is given by hand.
var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")   // RFC 791
	future      = netip.MustParsePrefix("240.0.0.0/4") // RFC 1112; the last one is the broadcast of everybody
	compatible  = netip.MustParsePrefix("::/96")       // RFC 4291, no longer used
)

// usable reports whether a machine that others are to reach can have an address.
func usable(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.Is4In6() && a.IsGlobalUnicast() && !thisNetwork.Contains(a) && !future.Contains(a) && !compatible.Contains(a)
}

// address looks at an address for the box and says whether the rest can be looked at.
func (c *checker) address(name string, a netip.Addr, four bool) bool {
	kind, example := "IPv6", "2001:db8::20"
	if four {
		kind, example = "IPv4", "192.168.1.20"
	}
	field := name + ".address"
	switch {
	case !a.IsValid():
		c.wrong(field, "required", "An address is missing. Enter one such as %s.", example)
		return false
	case a.Is4() != four || a.Is4In6():
		c.wrong(field, "family", "This is no %s address. Enter one such as %s.", kind, example)
		return false
	case a.IsLinkLocalUnicast():
		c.wrong(field, "link_local", "%s is of the kind that machines give themselves. Choose an address of your network.", a)
		return false
	case !usable(a):
		c.wrong(field, "unusable", "%s cannot be the address of a machine. Choose an address of your network, such as %s.", a, example)
		return false
	}
	for _, card := range c.cards {
		if card.Name != c.setting.Interface && slices.ContainsFunc(card.Addresses, func(o Address) bool { return o.Addr() == a }) {
			c.wrong(field, "own", "The interface %s of this NAS has %s already. Choose another address.", card.Name, a)
			return true
		}
	}
	for other, s := range c.others {
		for _, f := range []Family{s.IPv4, s.IPv6} {
			if other != c.setting.Interface && f.Method == Manual && f.Address.Addr() == a {
				c.wrong(field, "own", "The interface %s of this NAS is set to %s already. Choose another address.", other, a)
				return true
			}
		}
	}
	return true
}

// gateway looks at the gateway of a family whose address is right.
func (c *checker) gateway(name string, f Family, four bool) {
	g := f.Gateway
	if !g.IsValid() {
		return
	}
	field := name + ".gateway"
	first, last := ends(f.Address)
	two := f.Address.Bits() == f.Address.Addr().BitLen()-1
	owns := func(card Card) bool {
		return slices.ContainsFunc(card.Addresses, func(o Address) bool { return o.Addr() == g })
	}
	switch {
	case g.Is4() != four || g.Is4In6():
		c.wrong(field, "family", "The gateway is of the other kind of address. Enter the router's %s address.", map[bool]string{true: "IPv4", false: "IPv6"}[four])
	case g == f.Address.Addr():
		c.wrong(field, "own", "The NAS cannot have the same address as its router. Enter another address for the NAS, or the router's own here.")
	case slices.ContainsFunc(c.cards, owns):
		c.wrong(field, "own", "%s is this NAS. Enter the address of the router.", g)
	case !four && g.IsLinkLocalUnicast():
	case !usable(g):
		c.wrong(field, "unusable", "%s cannot be the address of a router. Enter the router's own.", g)
	case !f.Address.Contains(g):
		c.wrong(field, "outside", "The gateway is not in the network %s, so it cannot be reached. Enter a router in it, or correct the address or the prefix length.", f.Address.Masked())
	case four && !two && (g == first || g == last):
		c.wrong(field, "unusable", "%s is no machine in the network. Enter the address of the router.", g)
	}
}

// dns looks at the DNS servers.
func (c *checker) dns() {
	if len(c.setting.DNS) > MostDNS {
		c.wrong(fmt.Sprintf("dns.%d", MostDNS), "too_many", "No more than %d DNS servers are asked. Leave the others out.", MostDNS)
		return
	}
	for i, a := range c.setting.DNS {
		field := fmt.Sprintf("dns.%d", i)
		switch {
		case !a.IsLoopback() && !usable(a):
			c.wrong(field, "unusable", "%s cannot be the address of a DNS server. Enter an address such as 192.168.1.1.", a)
		case slices.Contains(c.setting.DNS[:i], a):
			c.wrong(field, "duplicate", "%s is there twice. Leave it out once.", a)
		case a.Is4() && c.setting.IPv4.Method == Off:
			c.wrong(field, "family", "IPv4 is off on this interface, so %s cannot be asked. Enter an IPv6 address, or turn IPv4 on.", a)
		case a.Is6() && c.setting.IPv6.Method == Off:
			c.wrong(field, "family", "IPv6 is off on this interface, so %s cannot be asked. Enter an IPv4 address, or turn IPv6 on.", a)
		}
	}
}

// search looks at the search domains.
func (c *checker) search() {
	if len(c.setting.Search) > MostSearch {
		c.wrong(fmt.Sprintf("search.%d", MostSearch), "too_many", "No more than %d search domains are used. Leave the others out.", MostSearch)
		return
	}
	for i, d := range c.setting.Search {
		field := fmt.Sprintf("search.%d", i)
		switch {
		case !domain(d):
			c.wrong(field, "malformed", "A search domain is made of letters, digits, hyphens and dots. Enter one such as home.example.")
		case slices.ContainsFunc(c.setting.Search[:i], func(o string) bool { return strings.EqualFold(o, d) }):
			c.wrong(field, "duplicate", "%s is there twice. Leave it out once.", d)
		}
	}
}

// domain reports whether a text is the name of a domain (RFC 1123, section 2.1).
func domain(text string) bool {
	if text == "" || len(text) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	return true
}

// mtu looks at the size of packets.
func (c *checker) mtu() {
	n, most := c.setting.MTU, mostMTU
	if i := slices.IndexFunc(c.cards, func(card Card) bool { return card.Name == c.setting.Interface }); i >= 0 && c.cards[i].MaxMTU > 0 {
		most = min(most, c.cards[i].MaxMTU)
	}
	switch {
	case n == 0:
	case n < leastMTU || n > most:
		c.wrong("mtu", "out_of_range", "The MTU of this interface is a number from %d to %d. Enter one, or leave it to the interface.", leastMTU, most)
	case n < leastMTU6 && c.setting.IPv6.Method != Off:
		c.wrong("mtu", "out_of_range", "IPv6 wants an MTU of %d or more. Enter a larger one, or turn IPv6 off.", leastMTU6)
	}
}
