package network

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCardsAreThoseThatAnOwnerWouldKnow(t *testing.T) {
	all := []link{
		{index: 1, name: "lo", loopback: true},
		{index: 2, name: "eth0", ether: true, device: true},
		{index: 3, name: "wlan0", ether: true, device: true, wireless: true},
		{index: 4, name: "usb0", device: true},
		{index: 5, name: "docker0", kind: "bridge", ether: true},
		{index: 6, name: "veth1a2b", kind: "veth", ether: true, master: 5},
		{index: 7, name: "br0", kind: "bridge", ether: true},
		{index: 8, name: "eth1", ether: true, device: true, master: 7},
		{index: 9, name: "vnet0", kind: "tun", ether: true, master: 7},
		{index: 10, name: "bond0", kind: "bond", ether: true, master: 7},
		{index: 11, name: "eth2", ether: true, device: true, master: 10},
		{index: 12, name: "br0.7", kind: "vlan", ether: true, below: 7},
		{index: 13, name: "wg0", kind: "wireguard"},
		{index: 14, name: "tun0", kind: "tun"},
		{index: 15, name: "host0", kind: "veth", ether: true, below: 2},
		{index: 16, name: "a", kind: "vlan", ether: true, below: 17}, // in another namespace
		{index: 17, name: "b", kind: "vlan", ether: true, below: 16},
		{index: 18, name: "shim", kind: "macvlan", ether: true, below: 2},
		{index: 19, name: "dummy0", kind: "dummy", ether: true},
		{index: 20, name: "ifb0", kind: "ifb", ether: true},
		{index: 21, name: "host0.2", kind: "vlan", ether: true, below: 15},
	}
	got := map[string]string{}
	for _, c := range assemble(all, nil, nil) {
		got[c.Name] = c.Type
	}
	want := map[string]string{
		"eth0": "ethernet", "wlan0": "wifi", "usb0": "other", "br0": "bridge", "eth1": "ethernet", "bond0": "bond", "eth2": "ethernet",
		"br0.7": "vlan", "host0": "ethernet", "shim": "other", "host0.2": "vlan",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAddressSaysWhereItCameFrom(t *testing.T) {
	for _, test := range []struct {
		address string
		flags   uint32
		proto   byte
		want    From
	}{
		{"192.0.2.50/24", 0, 0, FromDHCP},
		{"192.0.2.50/24", permanent, 0, ByHand},
		{"169.254.7.7/16", permanent, 0, FromKernel},
		{"2001:db8::5/128", 0, 0, FromDHCP},
		{"2001:db8::5/64", 0, 0, FromRouter},
		{"2001:db8::5/64", permanent, 0, ByHand},
		{"2001:db8::5/64", permanent, protoRouter, FromRouter}, // a router whose prefixes have no end
		{"2001:db8::5/64", permanent | managesOthers, 0, FromRouter},
		{"2001:db8::5/128", 0, protoRouter, FromRouter},
		{"2001:db8::5/64", temporary, 0, FromRouter},
		{"fe80::5/64", permanent, 0, FromKernel},
		{"2001:db8::5/64", permanent, protoLinkLocal, FromKernel},
	} {
		if got := (address{Prefix: netip.MustParsePrefix(test.address), flags: test.flags, proto: test.proto}).from(); got != test.want {
			t.Errorf("%s, flags %#x, proto %d: got %s, want %s", test.address, test.flags, test.proto, got, test.want)
		}
	}
}

func TestWhatTheServiceAsksTheNetworkForWasNotSetByHand(t *testing.T) {
	automatic, byHand := Family{Method: Automatic}, manual("eth0", "192.0.2.50/24", "192.0.2.1").IPv4
	for _, test := range []struct {
		address string
		was     From
		setting Setting
		want    From
	}{
		{"192.0.2.50/24", ByHand, Setting{IPv4: automatic, IPv6: automatic}, FromDHCP}, // a lease without an end
		{"192.0.2.50/24", ByHand, Setting{IPv4: byHand, IPv6: automatic}, ByHand},
		{"2001:db8::5/64", ByHand, Setting{IPv4: byHand, IPv6: automatic}, FromRouter},
		{"2001:db8::5/128", ByHand, Setting{IPv4: byHand, IPv6: automatic}, FromDHCP},
		{"2001:db8::5/64", ByHand, Setting{IPv4: automatic, IPv6: Family{Method: Manual}}, ByHand},
		{"2001:db8::5/64", FromRouter, Setting{IPv4: automatic, IPv6: automatic}, FromRouter},
		{"fe80::5/64", FromKernel, Setting{IPv4: automatic, IPv6: automatic}, FromKernel},
	} {
		all := []Card{{Name: "eth0", Addresses: []Address{{Prefix: netip.MustParsePrefix(test.address), From: test.was}}}, {Name: "eth1"}}
		attribute(all, map[string]Setting{"eth0": test.setting})
		if got := all[0].Addresses[0].From; got != test.want {
			t.Errorf("%s, %+v: got %s, want %s", test.address, test.setting, got, test.want)
		}
	}
	all := []Card{{Name: "eth0", Addresses: []Address{{Prefix: netip.MustParsePrefix("192.0.2.50/24"), From: ByHand}}}}
	if attribute(all, nil); all[0].Addresses[0].From != ByHand {
		t.Error("nobody says how the interface is set up, and yet it was corrected")
	}
}
