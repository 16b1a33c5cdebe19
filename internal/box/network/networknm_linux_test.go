package network

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// R140: the machine of changes and the reset, with the other service.
func TestNetworkManagersChangesAreConfirmedTakenBackAndReset(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := newNMHouse(t, "", "eth0")
	h := &house{LAN: l.LAN, t: t}
	folder := t.TempDir()
	h.open(folder)
	automatic := func() bool { return h.reach(leased(t, "eth0").String()) && h.manages(AutomaticSetting("eth0")) }

	token := h.try(manual("eth0", "10.9.9.20/24", "10.9.9.1"))
	h.Wait("the address", func() bool { return h.Has("eth0", "10.9.9.20") })
	h.jumped.Store(int64(TryTime))
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "60 seconds") {
		t.Errorf("got %+v", c)
	}
	h.Wait("the address of before", automatic)
	if _, err := h.Confirm(t.Context(), token, leased(t, "eth0")); !errors.Is(err, ErrNoChange) {
		t.Errorf("confirmed: %v", err)
	}

	kept := manual("eth0", "192.0.2.20/24", realtest.Router)
	token = h.try(kept)
	h.Wait("the address", func() bool { return h.reach("192.0.2.20") })
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20")); err != nil {
		t.Fatal(err)
	}
	if c := h.went(); c.Outcome != Kept || !h.manages(kept) {
		t.Errorf("told %+v", c)
	}

	// The daemon is killed in the middle of another change, and NetworkManager with it.
	h.try(AutomaticSetting("eth0"))
	note, err := os.ReadFile(filepath.Join(folder, noteFile))
	if err != nil {
		t.Fatal(err)
	}
	l.stop()
	h.stop()
	if err := os.WriteFile(filepath.Join(folder, noteFile), note, 0o600); err != nil {
		t.Fatal(err)
	}
	h.open(folder)
	time.Sleep(3 * time.Second) // it is there before the service is
	if p := h.Look(t.Context()); p.Trouble == "" || len(p.Cards) != 1 {
		t.Errorf("got %+v", p)
	}
	if done, err := h.RestoreAutomatic(t.Context()); done {
		t.Errorf("restored without a service: %v", err)
	}
	l.start()
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "started again") {
		t.Errorf("told %+v", c)
	}
	h.Wait("the address that was kept", func() bool { return h.reach("192.0.2.20") && h.manages(kept) })

	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	h.Wait("an address of the router", automatic)
	l.stop()
	l.start()
	h.Wait("the same after a restart", automatic)
}

// manages reports whether a card is set up like this.
func (h *house) manages(s Setting) bool {
	h.t.Helper()
	p := h.Look(h.t.Context())
	now, ok := p.Settings[s.Interface]
	return ok && alike(now, s) && p.Trouble == ""
}
