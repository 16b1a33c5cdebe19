package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/realtest"
)

// TestHelperRefused is no test: it tries to change the network, as the user that runs it.
func TestHelperRefused(t *testing.T) {
	bus := os.Getenv("NOBODY")
	if !strings.HasPrefix(bus, "unix:") {
		t.Skip("only with a bus")
	}
	n := newNM(bus)
	all, err := n.Settings(t.Context())
	failed := n.Try(t.Context(), []Setting{byHand("eth0", "192.0.2.20/24", "")}, TryTime)
	answer(t, fmt.Sprint(len(all), err, errors.Is(failed, ErrRefused), " ", failed))
}

func TestARefusalOfTheSystemIsTold(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, lan, "eth0")
	if got := asNobody(t, "TestHelperRefused", h.Bus.Address); !strings.HasPrefix(got, "1 <nil> true") {
		t.Errorf("got %q", got)
	}
	if !h.dhcp("eth0") {
		t.Error("something changed")
	}
	// Somebody else tries something on the same card.
	s, err := h.service.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		t.Fatal(err)
	}
	var theirs dbus.ObjectPath
	if err := s.call(nmPath, nmName+".CheckpointCreate", []dbus.ObjectPath{p.devices[0].path}, uint32(30), uint32(0)).Store(&theirs); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Try(t.Context(), []Setting{byHand("eth0", "192.0.2.20/24", "")}, TryTime); !errors.Is(err, ErrBusy) {
		t.Errorf("beside somebody else's change: %v", err)
	}
	if text := h.files(memory); strings.Contains(text, "castellan") {
		t.Errorf("beside somebody else's change something was marked:\n%s", text)
	}
	h.settle(false)
	if err := s.call(nmPath, nmName+".CheckpointDestroy", theirs).Err; err != nil {
		t.Errorf("somebody else's change was taken away: %v", err)
	}
}

func TestANetworkManagerThatDoesNotAnswerIsNotWaitedFor(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, lan, "eth0")
	h.signal("STOP")
	begun := time.Now()
	_, err := h.service.Settings(t.Context())
	if !errors.Is(err, ErrSlow) || time.Since(begun) > 2*AnswerTime {
		t.Errorf("got %v after %s", err, time.Since(begun))
	}
	h.Wait("the bus to say that one is there, which does not answer", func() bool { // at once, but on a busy machine
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		return h.service.there(ctx)
	})
	if err := h.service.Try(t.Context(), []Setting{byHand("eth0", "192.0.2.20/24", "")}, TryTime); !errors.Is(err, ErrSlow) {
		t.Errorf("got %v", err)
	}
	h.signal("CONT")
	h.Wait("an answer", func() bool { _, err := h.service.Settings(t.Context()); return err == nil })
	if !h.dhcp("eth0") {
		t.Error("something changed")
	}
	h.stop()
	if _, err := h.service.Settings(t.Context()); !errors.Is(err, errGone) || h.service.there(t.Context()) {
		t.Errorf("without NetworkManager: %v", err)
	}
	h.Bus.Stop()
	if _, err := h.service.Settings(t.Context()); err == nil || h.service.there(t.Context()) {
		t.Error("without a bus: no error")
	}
}

// NetworkManager that is killed before it has noted what it did takes the card for one that others set up.
func TestNetworkManagerThatForgotItsCardKeepsAndGoesBack(t *testing.T) {
	for name, test := range map[string]struct {
		profile string
		keep    bool
	}{
		"a profile goes back": {profile: lan},
		"a profile is kept":   {profile: lan, keep: true},
		"none goes back":      {},
		"none is kept":        {keep: true},
	} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := newNMHouse(t, test.profile, "eth0")
			h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
			h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
			h.Wait("the end of the activation", func() bool { return strings.HasPrefix(h.shown("eth0", "GENERAL.STATE"), "100") })
			h.stop()
			notes, _ := filepath.Glob("/run/NetworkManager/devices/*")
			for _, n := range notes {
				if err := os.WriteFile(n, []byte("[device]\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			h.NetworkManager()
			h.Wait("NetworkManager to see the card", func() bool { return strings.Contains(h.shown("eth0", "GENERAL.STATE"), "externally") })
			h.settle(test.keep)
			h.Wait("the settings", func() bool {
				manual := h.Has("eth0", "192.0.2.20") && !h.leased("eth0")
				return strings.HasPrefix(h.shown("eth0", "GENERAL.STATE"), "100 (connected)") && manual == test.keep && h.dhcp("eth0") == !test.keep
			})
			if got := h.setting("eth0"); (got.IPv4.Method == Manual) != test.keep {
				t.Errorf("it is managed as %+v", got)
			}
			if text := h.files(disk) + h.files(memory); waits(text) {
				t.Errorf("notes are left:\n%s", text)
			}
		})
	}
}
