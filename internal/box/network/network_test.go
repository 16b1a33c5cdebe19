package network

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func fake(cidrs ...string) func() ([]net.Addr, error) {
	return func() (all []net.Addr, err error) {
		for _, c := range cidrs {
			ip, n, err := net.ParseCIDR(c)
			if err != nil {
				return nil, err
			}
			all = append(all, &net.IPNet{IP: ip, Mask: n.Mask})
		}
		return all, nil
	}
}

func TestWhoIsInTheHouse(t *testing.T) {
	l := &Links{addresses: fake("127.0.0.1/8", "203.0.113.20/24", "2001:db8:1:2::20/64")}
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
	if got := l.Addresses(); len(got) != 3 {
		t.Errorf("own addresses are %v", got)
	}
}

func TestSourcesAreAddressesInTheHouseAndNetworksOutside(t *testing.T) {
	l := &Links{addresses: fake("2001:db8:1:2::20/64")}
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
		l := &Links{addresses: fake("192.0.2.1/24")}
		one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		if !l.Owns(one) {
			t.Fatal("the first picture is wrong")
		}
		l.addresses = fake("192.0.2.2/24")
		if !l.Owns(one) {
			t.Error("the picture was taken anew too soon")
		}
		time.Sleep(refresh)
		if !l.Owns(two) || l.Owns(one) {
			t.Error("the picture is old")
		}
		l.addresses = func() ([]net.Addr, error) { return nil, errors.New("interrupted") }
		time.Sleep(refresh)
		if !l.Owns(two) {
			t.Error("an error wiped the picture")
		}
	})
}

func TestTheRealInterfacesHaveALoopback(t *testing.T) {
	if !New().Owns(netip.MustParseAddr("127.0.0.1")) {
		t.Skip("this machine has no loopback address")
	}
}
