package network

import (
	"net/netip"
	"testing"
)

func TestASettingIsSaidInWords(t *testing.T) {
	s := AutomaticSetting("eth0")
	if got, want := s.String(), "IPv4 automatic; IPv6 automatic"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.IPv4 = Family{Manual, netip.MustParsePrefix("192.0.2.20/24"), netip.MustParseAddr("192.0.2.1")}
	s.IPv6, s.MTU, s.DNS, s.Search = Family{Method: Off}, 1400, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, []string{"house.test"}
	if got, want := s.String(), "IPv4 192.0.2.20/24 by way of 192.0.2.1; IPv6 off; DNS 192.0.2.1; search house.test; MTU 1400"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
