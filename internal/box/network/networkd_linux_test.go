package network

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// house is a Network on a LAN of real parts, that runs.
type house struct {
	*Network
	*realtest.LAN
	t      *testing.T
	jumped *time.Duration
	ended  chan Change
	stop   func() // ends Run, as a stop of the daemon does
}

// newHouse is a box with these cards, which systemd-networkd has ask for addresses; they have some when it returns.
func newHouse(t *testing.T, folder string, cards ...string) *house {
	t.Helper()
	l := realtest.NewLAN(t, cards...)
	l.Networkd()
	for _, c := range cards {
		l.Wait("an address", func() bool { return leased(t, c).IsValid() })
	}
	return open(t, l, folder)
}

// open runs a Network on a LAN.
func open(t *testing.T, l *realtest.LAN, folder string) *house {
	t.Helper()
	begun, jumped := time.Now(), new(time.Duration)
	h := &house{LAN: l, t: t, jumped: jumped, ended: make(chan Change, 9)}
	h.Network = New(Config{
		Bus: l.Bus.Address, Folder: folder, Elapsed: func() time.Duration { return time.Since(begun) + *jumped },
		Ended: func(c Change) { h.ended <- c },
	})
	h.stop = running(t, h.Network)
	return h
}

// running runs a Network and returns what stops it.
func running(t *testing.T, n *Network) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// leased returns the address that the router gave a card.
func leased(t *testing.T, card string) (found netip.Addr) {
	t.Helper()
	i, err := net.InterfaceByName(card)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := i.Addrs()
	for _, a := range all {
		if p := netip.MustParsePrefix(a.String()); netip.MustParsePrefix("192.0.2.48/28").Contains(p.Addr()) {
			found = p.Addr()
		}
	}
	return found
}

// manual is a card with 192.0.2.N/24 and a gateway.
func manual(card, address, gateway string) Setting {
	s := AutomaticSetting(card)
	s.IPv4 = Family{Method: Manual, Address: netip.MustParsePrefix(address), Gateway: netip.MustParseAddr(gateway)}
	return s
}

// try makes a change and waits until it is made.
func (h *house) try(s Setting) string {
	h.t.Helper()
	trial, err := h.Try(h.t.Context(), s, "admin")
	if err != nil {
		h.t.Fatal(err)
	}
	h.Wait("the change", func() bool {
		t := h.current()
		if t == nil {
			h.t.Fatalf("it ended: %+v", <-h.ended)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return t.made
	})
	return trial.Token
}

// reach reports whether a browser reaches an address of the box.
func (h *house) reach(address string) bool {
	h.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return false
	}
	defer l.Close()
	c, err := h.Dial(h.t.Context(), "tcp", l.Addr().String())
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// went waits for how a change ended.
func (h *house) went() Change {
	h.t.Helper()
	select {
	case c := <-h.ended:
		return c
	case <-time.After(20 * time.Second):
		h.t.Fatal("no change ended within 20 s")
		return Change{}
	}
}

func TestAChangeOfNetworkdStaysOnceItIsConfirmed(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	old := leased(t, "eth0").String()
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	if !h.reach("192.0.2.20") || h.Has("eth0", old) {
		t.Errorf("not reached, or %s is still there:\n%s", old, realtest.IP(t, "address"))
	}
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr(old)); err == nil {
		t.Error("confirmed at the address that is gone")
	}
	c, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20"))
	if err != nil || c.Outcome != Kept {
		t.Fatalf("got %+v, %v", c, err)
	}
	if c := h.went(); c.Outcome != Kept {
		t.Errorf("told %+v", c)
	}
	text, err := os.ReadFile("/etc/systemd/network/01-castellan-eth0.network")
	if err != nil || !strings.Contains(string(text), "Address=192.0.2.20/24") {
		t.Errorf("the file says %s, %v", text, err)
	}
	if p := h.Look(t.Context()); p.Kind != Networkd || p.Trouble != "" || !alike(p.Settings["eth0"], manual("eth0", "192.0.2.20/24", realtest.Router)) {
		t.Errorf("got %+v", p)
	}
}
