package network

import "net/netip"

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
