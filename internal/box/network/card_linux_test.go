package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/realtest"
)

// card returns one of the box's interfaces; the test ends where it is missing.
func card(t *testing.T, name string) Card {
	t.Helper()
	all, err := cards()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no %s among %+v", name, all)
	return Card{}
}

func TestCardsAreAsTheKernelHasThem(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	if c := card(t, "eth0"); c.Up || c.Carrier || c.Speed != 0 {
		t.Errorf("a card that is off is %+v", c)
	}
	realtest.IP(t, "link", "set", "eth0", "up", "mtu", "1400", "address", "02:00:00:00:00:07")
	realtest.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	realtest.IP(t, "address", "add", "192.0.2.8/24", "dev", "eth0", "valid_lft", "100", "preferred_lft", "100")
	realtest.IP(t, "address", "add", "2001:db8:1::7/64", "dev", "eth0", "nodad")
	realtest.IP(t, "address", "add", "2001:db8:1::8/128", "dev", "eth0", "valid_lft", "100", "preferred_lft", "100", "nodad")
	realtest.IP(t, "address", "add", realtest.Router6+"/64", "dev", "eth0")
	realtest.IP(t, "route", "add", "default", "via", realtest.Router, "metric", "200")
	realtest.IP(t, "route", "add", "default", "via", "192.0.2.2", "metric", "100")
	realtest.IP(t, "route", "add", "203.0.113.0/24", "via", "192.0.2.3")
	realtest.IP(t, "-6", "route", "add", "default", "nexthop", "via", "fe80::1", "dev", "eth0", "nexthop", "via", "fe80::2", "dev", "eth0")
	l.Wait("a duplicate", func() bool {
		for _, a := range card(t, "eth0").Addresses {
			if a.Duplicate {
				return true
			}
		}
		return false
	})
	got := card(t, "eth0")
	var addresses []Address
	for _, a := range got.Addresses {
		if a.Addr() == netip.MustParseAddr("fe80::ff:fe00:7") {
			addresses = append(addresses, a)
		}
		if a.From != FromKernel && a.From != FromRouter {
			addresses = append(addresses, a)
		}
	}
	want := Card{
		Index: got.Index, Name: "eth0", Type: "ethernet", MAC: "02:00:00:00:00:07", Up: true, Carrier: true, Speed: 10000, MTU: 1400, MaxMTU: 65535,
		Gateways: []netip.Addr{netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("fe80::2")},
	}
	want.Addresses = []Address{
		{Prefix: netip.MustParsePrefix("192.0.2.7/24"), From: ByHand}, {Prefix: netip.MustParsePrefix("192.0.2.8/24"), From: FromDHCP},
		{Prefix: netip.MustParsePrefix(realtest.Router6 + "/64"), From: ByHand, Duplicate: true}, {Prefix: netip.MustParsePrefix("2001:db8:1::8/128"), From: FromDHCP},
		{Prefix: netip.MustParsePrefix("2001:db8:1::7/64"), From: ByHand}, {Prefix: netip.MustParsePrefix("fe80::ff:fe00:7/64"), From: FromKernel},
	}
	gateways := got.Gateways[:0]
	for _, g := range got.Gateways {
		if !g.Is6() || !g.IsLinkLocalUnicast() || g.Compare(netip.MustParseAddr("fe80::ff")) < 0 { // not the router's own announcement
			gateways = append(gateways, g)
		}
	}
	got.Addresses, got.Gateways = addresses, gateways
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	l.Pull("eth0")
	l.Wait("the cable to be out", func() bool { return !card(t, "eth0").Carrier })
}

func TestChangesOfTheNetworkAreTold(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	realtest.IP(t, "link", "set", "eth0", "up")
	l.Wait("the cable", func() bool { return card(t, "eth0").Carrier })
	var told atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	links := NewLinks()
	go func() { ended <- watch(ctx, func() { told.Add(1); links.Forget() }) }()
	time.Sleep(100 * time.Millisecond) // until it listens
	for name, change := range map[string]func(){
		"an address": func() { realtest.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0") },
		"a cable":    func() { l.Pull("eth0") },
		"a card":     func() { l.AddCard("eth1") },
		"a burst": func() {
			batch := exec.Command("ip", "-batch", "-") // one process: thirty that follow each other may take seconds
			lines, err := batch.StdinPipe()
			if err := errors.Join(err, batch.Start()); err != nil {
				t.Fatal(err)
			}
			for i := range 30 {
				_, _ = fmt.Fprintf(lines, "address add 198.51.100.%d/24 dev eth0\n", i+9)
				time.Sleep(5 * time.Millisecond) // in which one would be told by itself
			}
			if err := errors.Join(lines.Close(), batch.Wait()); err != nil {
				t.Error(err)
			}
		},
	} {
		time.Sleep(longest + 2*settling)
		links.Networks()
		before := told.Load()
		change()
		l.Wait(name+" to be told", func() bool { return told.Load() > before })
		time.Sleep(2 * settling)
		if n := told.Load() - before; n > 3 {
			t.Errorf("%s was told %d times", name, n)
		}
	}
	if !links.Owns(netip.MustParseAddr("192.0.2.7")) {
		t.Error("the picture is old")
	}
	time.Sleep(longest + 2*settling)
	before := told.Load()
	realtest.IP(t, "address", "change", "192.0.2.7/24", "dev", "eth0", "preferred_lft", "forever")
	time.Sleep(3 * settling)
	if told.Load() != before {
		t.Error("what shows nothing new was told")
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it listens for ever")
	}
}
