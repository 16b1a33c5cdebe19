package daemon

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/access/presence"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/config"
	"castellan/internal/store"
)

// R140 T27: the press that resets confirms nobody, not even when the reset could not be written and those who wait
// still do.
func TestAResetPressIsNoPresence(t *testing.T) {
	file := config.Default()
	file.Data, file.Time.Servers, file.Button.Source, file.Network.Service = t.TempDir(), nil, "simulated", config.NoNetwork
	file.Socket = filepath.Join(file.Data, "s")
	h, err := New(Config{
		File: file, Built: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Out: slog.New(slog.DiscardHandler), Verify: store.Verify,
		System: time.Now, Elapsed: clock.Elapsed, Passwords: password.Config{Memory: 64, Passes: 1},
	}).build()
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.waits.Begin(presence.Claim, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.db.Close(); err != nil { // the disk is gone
		t.Fatal(err)
	}
	if said, err := h.pressed(button.Press{Outcome: button.Reset, Held: 6 * time.Second}); err == nil || !strings.Contains(said, "did not finish") {
		t.Errorf("a reset that was not written: %q, %v", said, err)
	}
	if state, _, err := h.waits.Look(presence.Claim, id); err != nil || state != presence.Waiting {
		t.Errorf("after a reset press: %s, %v", state, err)
	}
	if said, err := h.pressed(button.Press{Outcome: button.Presence, Held: time.Second}); err != nil || said != "presence confirmed" {
		t.Errorf("a short press: %q, %v", said, err)
	}
	if state, _, err := h.waits.Look(presence.Claim, id); err != nil || state != presence.Confirmed {
		t.Errorf("the test proves nothing, after a short press: %s, %v", state, err)
	}
}
