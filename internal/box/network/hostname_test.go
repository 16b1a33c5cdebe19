package network

import (
	"context"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/realtest"
)

// hostnamed is the part of the system's service that is used here.
type hostnamed struct{ names chan string }

// SetStaticHostname takes a name, as org.freedesktop.hostname1(5) says.
func (h hostnamed) SetStaticHostname(name string, interactive bool) *dbus.Error {
	if interactive {
		return dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", nil)
	}
	h.names <- name
	return nil
}

func TestTheSystemIsGivenTheNameOfTheNAS(t *testing.T) {
	b := realtest.NewBus(t)
	n := New(Config{Bus: b.Address, Folder: t.TempDir(), Elapsed: func() time.Duration { return 0 }})
	n.watch = func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil }
	if err := n.tellName(t.Context(), "attic-nas"); err == nil {
		t.Error("there is no such service yet")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	defer func() { cancel(); <-done }()

	service, err := dbus.Connect(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Close() }()
	h := hostnamed{make(chan string, 9)}
	if err := service.Export(h, "/org/freedesktop/hostname1", "org.freedesktop.hostname1"); err != nil {
		t.Fatal(err)
	}
	if _, err := service.RequestName("org.freedesktop.hostname1", 0); err != nil {
		t.Fatal(err)
	}
	n.SetHostName("attic-nas")
	select {
	case name := <-h.names:
		if name != "attic-nas" {
			t.Errorf("got %q", name)
		}
	case <-time.After(10 * time.Second):
		t.Error("the system was told nothing")
	}
}
