package network

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func fake(cidrs ...string) func() ([]own, error) {
	return func() (all []own, err error) {
		for _, c := range cidrs {
			all = append(all, own{Prefix: netip.MustParsePrefix(c)})
		}
		return all, nil
	}
}

func TestWhoIsInTheHouse(t *testing.T) {
	l := &Links{look: fake("127.0.0.1/8", "203.0.113.20/24", "2001:db8:1:2::20/64")}
	for text, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "192.168.7.9": true, "10.1.1.1": true, "fe80::1": true, "fd00::1": true, "169.254.3.4": true,
		"203.0.113.77": true, "2001:db8:1:2:ffff::1": true,
		"203.0.114.1": false, "198.51.100.1": false, "2001:db8:1:3::1": false, "100.64.0.1": false,
	} {
		if got := l.Local(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if !l.Owns(netip.MustParseAddr("203.0.113.20")) || l.Owns(netip.MustParseAddr("203.0.113.21")) {
		t.Error("its own address is not told from a neighbour's")
	}
	if got := l.Lasting(); len(got) != 3 {
		t.Errorf("own addresses are %v", got)
	}
}

func TestTheNetworksOfTheHouse(t *testing.T) {
	l := &Links{look: fake("127.0.0.1/8", "192.0.2.5/24", "192.0.2.6/24", "203.0.113.9/32", "fe80::1/64", "2001:db8::5/64")}
	got := l.Networks()
	if want := []string{"192.0.2.0/24", "2001:db8::/64"}; len(got) != 2 || got[0].String() != want[0] || got[1].String() != want[1] {
		t.Errorf("got %v", got)
	}
}

func TestSourcesAreAddressesInTheHouseAndNetworksOutside(t *testing.T) {
	l := &Links{look: fake("2001:db8:1:2::20/64")}
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2::7": "2001:db8:1:2::7", "fe80::1%eth0": "fe80::1",
		"2001:db8:9:9:1:2:3:4": "2001:db8:9:9::/64",
	} {
		if got := l.Source(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestThePictureIsTakenAnewAndKeptWhenThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Links{look: fake("192.0.2.1/24")}
		one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		if !l.Owns(one) {
			t.Fatal("the first picture is wrong")
		}
		l.look = fake("192.0.2.2/24")
		if !l.Owns(one) {
			t.Error("the picture was taken anew too soon")
		}
		time.Sleep(refresh)
		if !l.Owns(two) || l.Owns(one) {
			t.Error("the picture is old")
		}
		l.look = func() ([]own, error) { return nil, errors.New("interrupted") }
		time.Sleep(refresh)
		if !l.Owns(two) {
			t.Error("an error wiped the picture")
		}
	})
}

func TestTheRealInterfacesHaveALoopback(t *testing.T) {
	if !NewLinks().Owns(netip.MustParseAddr("127.0.0.1")) {
		t.Skip("this machine has no loopback address")
	}
}

// R129 T33: what changes by itself is no reason for another certificate.
func TestAddressesThatChangeByThemselvesAreToldFromThoseThatStay(t *testing.T) {
	for _, test := range []struct {
		address string
		flags   uint32
		want    bool
	}{
		{"2001:db8::1/64", permanent, false}, {"2001:db8::211:2233:fe44:5566/64", 0, true}, {"2001:db8::1122:3344:5566:7788/64", temporary, true},
		{"fd00::1/64", 0, false}, {"fd00::1122:3344:5566:7788/64", temporary, true}, {"fe80::211:2233:4455:6677/64", permanent, true}, {"::1/128", permanent, false},
		{"192.0.2.1/24", 0, false}, {"192.0.2.2/24", permanent, false}, {"192.0.2.3/24", temporary, false},
	} {
		if got := (address{Prefix: netip.MustParsePrefix(test.address), flags: test.flags}).fleeting(); got != test.want {
			t.Errorf("%s, flags %#x: got %v", test.address, test.flags, got)
		}
	}
	l := &Links{look: func() ([]own, error) {
		return []own{
			{Prefix: netip.MustParsePrefix("192.0.2.1/24"), chosen: true}, {Prefix: netip.MustParsePrefix("192.0.2.2/24"), fleeting: true, chosen: true},
			{Prefix: netip.MustParsePrefix("fd00::1/64"), lent: true},
		}, nil
	}}
	if all := l.Lasting(); len(all) != 1 || all[0] != netip.MustParseAddr("192.0.2.1") || !l.Owns(netip.MustParseAddr("192.0.2.2")) {
		t.Errorf("%v stay", all)
	}
	if all, chosen := l.Callable(), l.Chosen(); len(all) != 2 || all[1] != netip.MustParseAddr("fd00::1") || len(chosen) != 1 || chosen[0] != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("called by %v, %v of them chosen", all, chosen)
	}
}

// R129 T33: what a router announces is no reason for another certificate, for it may announce something else every second.
func TestAddressesOfIPv6ThatTheNetworkGaveAreToldFromThoseSetByHand(t *testing.T) {
	for _, test := range []struct {
		address string
		flags   uint32
		proto   byte
		want    bool
	}{
		{"fd00::1/64", 0, 0, true}, {"fd00::5/128", 0, 0, true}, {"fd00::1/64", permanent, protoRouter, true}, {"fd00::1/64", permanent | managesOthers, 0, true},
		{"2001:db8::1/64", 0, 0, true}, {"2001:db8::1/64", permanent, 0, false}, {"fd00::1/64", permanent, 0, false}, {"::1/128", permanent, protoLoopback, false},
		{"192.0.2.1/24", 0, 0, false}, {"192.0.2.1/24", permanent, 0, false},
	} {
		if got := (address{Prefix: netip.MustParsePrefix(test.address), flags: test.flags, proto: test.proto}).lent(); got != test.want {
			t.Errorf("%s, flags %#x, proto %d: got %v", test.address, test.flags, test.proto, got)
		}
	}
}

func TestThePictureIsTakenAnewWhenSomebodySaysSo(t *testing.T) {
	l := &Links{look: fake("192.0.2.1/24")}
	l.Networks()
	l.look = fake("192.0.2.2/24")
	l.Forget()
	if !l.Owns(netip.MustParseAddr("192.0.2.2")) {
		t.Error("the picture is old")
	}
}
