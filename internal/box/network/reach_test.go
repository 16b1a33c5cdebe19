package network

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// elapsed is a clock that began just now.
func elapsed() func() time.Duration {
	begun := time.Now()
	return func() time.Duration { return time.Since(begun) }
}

func TestHowFarTheBoxComesIsSeenInItsCards(t *testing.T) {
	address := func(text string) Address { return Address{Prefix: netip.MustParsePrefix(text)} }
	router := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	taken := address("192.0.2.5/24")
	taken.Duplicate = true
	for name, test := range map[string]struct {
		cards []Card
		want  Reach
		at    int
	}{
		"nothing":              {nil, Reach{}, 0},
		"what it gave itself":  {[]Card{{Name: "eth0", Addresses: []Address{address("169.254.3.4/16"), address("fe80::1/64")}}}, Reach{}, 0},
		"an address":           {[]Card{{Name: "eth0", Addresses: []Address{address("192.0.2.5/24"), address("fe80::1/64")}}}, Reach{Address: true}, 1},
		"one that is taken":    {[]Card{{Name: "eth0", Addresses: []Address{taken}, Gateways: router}}, Reach{Gateway: true}, 0},
		"both, on one of them": {[]Card{{Name: "eth1"}, {Name: "eth0", Addresses: []Address{address("2001:db8::5/64"), address("fd00::1/64")}, Gateways: router}}, Reach{true, true}, 2},
	} {
		n := New(Config{Elapsed: elapsed()})
		n.cards = func() ([]Card, error) { return test.cards, nil }
		if got := n.Reach(); got != test.want {
			t.Errorf("%s: got %+v", name, got)
		}
		if got := n.At("eth0"); len(got) != test.at {
			t.Errorf("%s: got %v", name, got)
		}
	}
	n := New(Config{Elapsed: elapsed()})
	n.cards = func() ([]Card, error) { return nil, errors.New("interrupted") }
	if got := n.Reach(); got != (Reach{true, true}) {
		t.Errorf("trouble of the kernel is told as trouble of the network: %+v", got)
	}
}

// Whoever asks for the status over and over does not have the kernel asked each time.
func TestHowFarTheBoxComesIsLookedUpOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, looked := New(Config{Elapsed: elapsed()}), 0
		n.cards = func() ([]Card, error) { looked++; return nil, nil }
		for range 100 {
			n.Reach()
		}
		if n.forgetReach(); looked != 1 {
			t.Errorf("looked %d times", looked)
		}
		n.Reach()
		time.Sleep(reachAge)
		if n.Reach(); looked != 3 {
			t.Errorf("looked %d times in all", looked)
		}
	})
}
