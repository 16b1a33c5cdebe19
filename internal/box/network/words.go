package network

import (
	"net/netip"
	"strconv"
	"strings"
)

// String says a setting in words for the log and the command line.
func (s Setting) String() string {
	parts := []string{"IPv4 " + s.IPv4.String(), "IPv6 " + s.IPv6.String()}
	if len(s.DNS) > 0 {
		parts = append(parts, "DNS "+strings.Join(texts(s.DNS), " "))
	}
	if len(s.Search) > 0 {
		parts = append(parts, "search "+strings.Join(s.Search, " "))
	}
	if s.MTU > 0 {
		parts = append(parts, "MTU "+strconv.Itoa(s.MTU))
	}
	return strings.Join(parts, "; ")
}

// String says how an interface is set up for one family.
func (f Family) String() string {
	if f.Method != Manual {
		return string(f.Method)
	}
	text := f.Address.String()
	if f.Gateway.IsValid() {
		text += " by way of " + f.Gateway.String()
	}
	return text
}

func texts(all []netip.Addr) (list []string) {
	for _, a := range all {
		list = append(list, a.String())
	}
	return list
}
