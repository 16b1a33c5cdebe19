package network

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// R140: the reset restores automatic addresses, whatever somebody set.
func TestTheResetHasNetworkdAskForAddressesAgain(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	folder := t.TempDir()
	h := newHouse(t, folder, "eth0", "eth1")
	foreign := "[Match]\nName=eth1\n[Network]\nAddress=10.9.9.9/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
	if err := os.WriteFile("/etc/systemd/network/10-integrator.network", []byte(foreign), 0o644); err != nil {
		t.Fatal(err)
	}
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20")); err != nil {
		t.Fatal(err)
	}
	<-h.ended
	h.try(manual("eth0", "192.0.2.21/24", realtest.Router)) // which nobody confirms
	h.Wait("the integrator's address", func() bool { return h.Has("eth1", "10.9.9.9") })
	begun := time.Now()
	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	t.Logf("restored in %v", time.Since(begun))
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "All interfaces") {
		t.Errorf("got %+v", c)
	}
	given := func() bool { return leased(t, "eth0").IsValid() && leased(t, "eth1").IsValid() }
	h.Wait("addresses of the router", given)
	if h.Has("eth0", "192.0.2.20") || h.Has("eth0", "192.0.2.21") || h.Has("eth1", "10.9.9.9") {
		t.Errorf("got\n%s", realtest.IP(t, "address"))
	}
	for range 2 { // also after a start of the box
		p := h.Look(t.Context())
		for _, card := range []string{"eth0", "eth1"} {
			if !alike(p.Settings[card], AutomaticSetting(card)) {
				t.Errorf("got %+v", p)
			}
		}
		h.cut(folder)
		h.Wait("addresses of the router", given)
	}
	before := realtest.IP(t, "-o", "-4", "address")
	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil || realtest.IP(t, "-o", "-4", "address") == "" || !given() {
		t.Errorf("again: %v, %v\n%s", done, err, before)
	}
}

// Two cards on one LAN: a change of one is confirmed over it, and not over the other.
func TestAChangeIsConfirmedOverTheCardThatWasChanged(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0", "eth1")
	other := leased(t, "eth1")
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	if now := leased(t, "eth1"); now != other {
		t.Errorf("the other card has %v now, not %v", now, other)
	}
	for _, at := range []string{other.String(), "127.0.0.1", "::1", realtest.Router} {
		if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr(at)); !errors.Is(err, ErrElsewhere) {
			t.Errorf("at %s: %v", at, err)
		}
	}
	if _, err := h.Confirm(t.Context(), token, netip.Addr{}); !errors.Is(err, ErrElsewhere) {
		t.Errorf("over the local socket: %v", err)
	}
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20")); err != nil {
		t.Error(err)
	}
}

func TestABoxWithIPv6AloneIsChangedAndConfirmed(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	s := AutomaticSetting("eth0")
	s.IPv4.Method = Off
	s.IPv6 = Family{Method: Manual, Address: netip.MustParsePrefix("2001:db8:1::20/64"), Gateway: netip.MustParseAddr(realtest.Router6)}
	s.DNS, s.Search, s.MTU = []netip.Addr{netip.MustParseAddr(realtest.Router6)}, []string{"house.test"}, 1400
	token := h.try(s)
	h.Wait("the address", func() bool { return h.reach("2001:db8:1::20") })
	if leased(t, "eth0").IsValid() || !strings.Contains(realtest.IP(t, "-6", "route"), "default via "+realtest.Router6) {
		t.Errorf("got\n%s%s", realtest.IP(t, "address"), realtest.IP(t, "-6", "route"))
	}
	if c, err := h.Confirm(t.Context(), token, netip.MustParseAddr("2001:db8:1::20")); err != nil || c.Outcome != Kept {
		t.Fatalf("got %+v, %v", c, err)
	}
	p := h.Look(t.Context())
	if !alike(p.Settings["eth0"], s) || p.Cards[0].MTU != 1400 {
		t.Errorf("got %+v", p)
	}
	s.IPv4.Method, s.IPv6, s.DNS = Automatic, Family{Method: Off}, nil // and the other way round
	h.try(s)
	h.Wait("an address", func() bool { return leased(t, "eth0").IsValid() })
	if six := realtest.IP(t, "-6", "-o", "address", "show", "dev", "eth0"); six != "" {
		t.Errorf("got %s", six)
	}
}

// A lease that ends and one that the router gives anew: a change that waits, and one that was kept, follow it.
func TestAnAddressThatIsLostAndRenewedIsFollowed(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	first := leased(t, "eth0")
	s := AutomaticSetting("eth0")
	s.DNS = []netip.Addr{netip.MustParseAddr(realtest.Router)}
	token := h.try(s)
	h.Wait("an address", func() bool { return leased(t, "eth0").IsValid() })
	h.Pull("eth0")
	h.Serve("--dhcp-range=192.0.2.61,192.0.2.62,2m")
	h.Plug("eth0") // before the change goes back for it
	h.Wait("another address", func() bool { a := leased(t, "eth0"); return a.IsValid() && a != first && h.reach(a.String()) })
	if _, err := h.Confirm(t.Context(), token, leased(t, "eth0")); err != nil {
		t.Error(err)
	}
}

func TestAServiceThatDoesNotAnswerHoldsNobodyUp(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	stopped := func(pid int, s syscall.Signal) {
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	stopped(h.service.Process.Pid, syscall.SIGSTOP)
	begun := time.Now()
	p := h.Look(t.Context())
	if took := time.Since(begun); took > 2*AnswerTime || p.Trouble != "systemd-networkd does not answer, so the network can only be shown." || len(p.Cards) != 1 || p.Kind != Networkd {
		t.Errorf("after %v: %+v", took, p)
	}
	h.jumped.Store(int64(TryTime))
	h.Wait("a word on what could not be done", func() bool {
		p := h.Look(t.Context())
		return p.Trouble != ""
	})
	if _, err := h.Try(t.Context(), AutomaticSetting("eth0"), "ines"); err == nil {
		t.Error("a change was made of a service that does not answer")
	}
	time.Sleep(settleTime)
	if c, ok := h.Change(); !ok || c.Outcome != Waiting || c.Left != 0 {
		t.Errorf("got %+v, %v", c, ok)
	}
	stopped(h.service.Process.Pid, syscall.SIGCONT)
	if c := h.went(); c.Outcome != WentBack {
		t.Errorf("got %+v", c)
	}
	h.isAsBefore(token)
	h.Bus.Hang(true)
	begun = time.Now()
	p = h.Look(t.Context())
	if took := time.Since(begun); took > 2*AnswerTime || !strings.Contains(p.Trouble, "does not answer") || len(p.Cards) != 1 {
		t.Errorf("with a bus that hangs, after %v: %+v", took, p)
	}
	h.Bus.Hang(false)
}
