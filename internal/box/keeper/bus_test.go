package keeper_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/box/keeper"
	"castellan/internal/realtest"
)

// system is what systemd is on the bus: its units, and timedated.
type system struct {
	mu          sync.Mutex
	units       map[string]string // name to active state
	zone        string
	on, can     bool
	refuses     string // the name of the error with which changes are refused
	hangs       bool
	asked       int
	interactive bool
}

// unit is what ListUnitsByNames says of one.
type unit struct {
	Name, Description, Load, Active, Sub, Followed string
	Path                                           dbus.ObjectPath
	Job                                            uint32
	JobType                                        string
	JobPath                                        dbus.ObjectPath
}

// ListUnitsByNames is a method of org.freedesktop.systemd1.Manager.
func (s *system) ListUnitsByNames(names []string) (all []unit, _ *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		state, load := s.units[name], "loaded"
		if state == "" {
			state, load = "inactive", "not-found"
		}
		all = append(all, unit{Name: name, Load: load, Active: state, Sub: "x", Path: "/org/freedesktop/systemd1/unit/x", JobPath: "/"})
	}
	return all, nil
}

// GetAll is a method of org.freedesktop.DBus.Properties.
func (s *system) GetAll(name string) (map[string]dbus.Variant, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.hangs {
		s.mu.Unlock()
		time.Sleep(4 * time.Second)
		s.mu.Lock()
	}
	if name != "org.freedesktop.timedate1" {
		return nil, dbus.MakeFailedError(errors.New("no such interface"))
	}
	return map[string]dbus.Variant{
		"Timezone": dbus.MakeVariant(s.zone), "NTP": dbus.MakeVariant(s.on), "CanNTP": dbus.MakeVariant(s.can),
		"LocalRTC": dbus.MakeVariant(false), "TimeUSec": dbus.MakeVariant(uint64(1)),
	}, nil
}

// SetNTP is a method of org.freedesktop.timedate1.
func (s *system) SetNTP(on, interactive bool) *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interactive = s.interactive || interactive
	if s.refuses != "" {
		return dbus.NewError(s.refuses, []any{"no"})
	}
	s.on = on
	s.units["systemd-timesyncd.service"] = map[bool]string{true: "active", false: "inactive"}[on]
	return nil
}

// SetTimezone is a method of org.freedesktop.timedate1.
func (s *system) SetTimezone(zone string, interactive bool) *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interactive = s.interactive || interactive
	if s.refuses != "" {
		return dbus.NewError(s.refuses, []any{"no"})
	}
	s.zone = zone
	return nil
}

// join puts the system on a bus.
func (s *system) join(t *testing.T, bus *realtest.Bus) {
	t.Helper()
	c, err := dbus.Connect(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, o := range []struct {
		path dbus.ObjectPath
		name string
	}{
		{"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"},
		{"/org/freedesktop/timedate1", "org.freedesktop.DBus.Properties"}, {"/org/freedesktop/timedate1", "org.freedesktop.timedate1"},
	} {
		if err := c.Export(s, o.path, o.name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"org.freedesktop.systemd1", "org.freedesktop.timedate1"} {
		if _, err := c.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
}

// change does something to the system beside the Keeper.
func (s *system) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// on runs a Keeper on a bus until the test ends.
func on(t *testing.T, b *box, root fs.FS, address string) *keeper.Keeper {
	t.Helper()
	k := keeper.New(keeper.Config{Hands: b, Root: root, Bus: address})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return k
}

// await waits until the Keeper's status is as wanted.
func await(t *testing.T, k *keeper.Keeper, what string, wanted func(keeper.Status) bool) keeper.Status {
	t.Helper()
	for range 300 {
		if wanted(k.Status()) {
			return k.Status()
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: got %+v, %+v", what, k.Status(), k.Status().Automatic)
	return keeper.Status{}
}

func TestTheSystemsUnitsSayWhoKeepsTheClock(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]keeper.Who{
		"chrony.service": keeper.Chrony, "chronyd.service": keeper.Chrony, "systemd-timesyncd.service": keeper.Timesyncd,
		"ntpsec.service": keeper.NTPD, "openntpd.service": keeper.NTPD,
	} {
		bus, s, b := realtest.NewBus(t), &system{units: map[string]string{name: "active"}}, newBox()
		s.join(t, bus)
		// The processes of others are hidden, as from the unit of Castellan: the bus tells all the same.
		k := on(t, b, fstest.MapFS{"proc/self/comm": file("castellan\n")}, bus.Address)
		k.Allow(true)
		k.Follow(-time.Hour, 0, true)
		await(t, k, name, func(s keeper.Status) bool { return s.Who == who })
		if len(b.steps) != 0 {
			t.Errorf("beside %s the clock was set", name)
		}
	}
}

// systemd tells of all services: whoever called the clock synchronised, such as Castellan before a restart, is gone.
func TestWhatSystemdTellsIsNoDark(t *testing.T) {
	t.Parallel()
	bus, s, b := realtest.NewBus(t), &system{units: map[string]string{}}, newBox()
	s.join(t, bus)
	b.hand()
	k := on(t, b, fstest.MapFS{"proc/self/comm": file("castellan\n")}, bus.Address)
	k.Allow(true)
	await(t, k, "at the start", func(s keeper.Status) bool { return s.Who == keeper.Castellan && s.Synchronised })
}

func TestTheSystemsSwitchIsTurned(t *testing.T) {
	t.Parallel()
	bus, s, b := realtest.NewBus(t), &system{units: map[string]string{}, zone: "Europe/Berlin", can: true}, newBox()
	s.join(t, bus)
	k := on(t, b, alone(), bus.Address)
	k.Allow(true)
	got := await(t, k, "at the start", func(s keeper.Status) bool { return s.Who == keeper.Castellan && s.Automatic != nil })
	if got.Zone != "Europe/Berlin" || *got.Automatic != (keeper.Automatic{Changeable: true}) {
		t.Errorf("got %+v, %+v", got, got.Automatic)
	}
	if err := k.SetAutomatic(t.Context(), true, may); err != nil {
		t.Fatal(err)
	}
	await(t, k, "turned on", func(s keeper.Status) bool { return s.Who == keeper.Timesyncd && s.Automatic.On })
	gone := errors.New("signed out") // R093: nothing is turned for whoever may not any more
	if err := k.SetAutomatic(t.Context(), false, func() error { return gone }); !errors.Is(err, gone) || !k.Status().Automatic.On {
		t.Errorf("got %v, %+v", err, k.Status().Automatic)
	}
	if err := k.SetAutomatic(t.Context(), false, may); err != nil {
		t.Fatal(err)
	}
	await(t, k, "turned off", func(s keeper.Status) bool { return s.Who == keeper.Castellan && !s.Automatic.On })
	k.SetZone("Asia/Tokyo")
	await(t, k, "another zone", func(s keeper.Status) bool { return s.Zone == "Asia/Tokyo" })
	s.change(func() {
		if s.interactive {
			t.Error("somebody at the box was to be asked for a password")
		}
	})
}

// timedated is started for a question and notes that in the journal, which is on a disk: it is asked at the start
// and after a change only.
func TestTheSystemIsNotAskedOverAndOver(t *testing.T) {
	t.Parallel()
	bus, s := realtest.NewBus(t), &system{units: map[string]string{}, can: true}
	s.join(t, bus)
	k := on(t, newBox(), alone(), bus.Address)
	await(t, k, "at the start", func(s keeper.Status) bool { return s.Automatic != nil })
	s.change(func() { s.units["chrony.service"] = "active" })
	k.Allow(true) // has it look again
	await(t, k, "later", func(s keeper.Status) bool { return s.Who == keeper.Chrony && s.Automatic.On })
	s.change(func() {
		if s.asked != 1 {
			t.Errorf("asked %d times", s.asked)
		}
	})
}

func TestWhatPolkitRefusesIsSaid(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "org.freedesktop.DBus.Error.AccessDenied"} {
		bus, s := realtest.NewBus(t), &system{units: map[string]string{}, zone: "Etc/UTC", can: true, refuses: refusal}
		s.join(t, bus)
		k := on(t, newBox(), alone(), bus.Address)
		await(t, k, "at the start", func(s keeper.Status) bool { return s.Automatic != nil && s.Automatic.Changeable })
		if err := k.SetAutomatic(t.Context(), true, may); !errors.Is(err, keeper.ErrRefused) {
			t.Errorf("got %v", err)
		}
		await(t, k, "refused", func(s keeper.Status) bool { return !s.Automatic.Changeable && !s.Automatic.On })
		k.SetZone("Asia/Tokyo")
		await(t, k, "zone refused", func(s keeper.Status) bool {
			return s.Detail == "Nothing sets the clock of this NAS. Castellan can, once it is allowed to. The system does not let Castellan change its time zone."
		})
		s.change(func() { s.refuses = "" }) // the owner installs the rule
		if err := k.SetAutomatic(t.Context(), true, may); err != nil {
			t.Errorf("once it is allowed: %v", err)
		}
		await(t, k, "allowed", func(s keeper.Status) bool { return s.Automatic.Changeable && s.Automatic.On })
	}
}

func TestWithoutABusThereIsNoSwitch(t *testing.T) {
	t.Parallel()
	k := on(t, newBox(), alone(), noBus)
	s := await(t, k, "looked", func(s keeper.Status) bool { return s.Detail != "Not looked at yet." })
	if s.Automatic != nil {
		t.Errorf("got %+v", s.Automatic)
	}
	if err := k.SetAutomatic(t.Context(), true, may); !errors.Is(err, keeper.ErrAutomatic) {
		t.Errorf("got %v", err)
	}
	k.SetZone("Asia/Tokyo")
	for range 20 { // nobody says that it was refused
		if s := k.Status(); strings.Contains(s.Detail, "zone") {
			t.Fatalf("got %+v", s)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestABusThatComesBackIsFoundAgain(t *testing.T) {
	t.Parallel()
	bus, s := realtest.NewBus(t), &system{units: map[string]string{"chrony.service": "active"}, can: true}
	s.join(t, bus)
	k := on(t, newBox(), alone(), bus.Address)
	await(t, k, "at the start", func(s keeper.Status) bool { return s.Who == keeper.Chrony && s.Automatic != nil })
	bus.Stop()
	k.Allow(true)
	await(t, k, "gone", func(s keeper.Status) bool { return s.Who == keeper.Castellan && s.Automatic == nil })
	if err := k.SetAutomatic(t.Context(), true, may); !errors.Is(err, keeper.ErrAutomatic) {
		t.Errorf("got %v", err)
	}
	bus.Start()
	s.join(t, bus)
	k.Allow(true)
	await(t, k, "back", func(s keeper.Status) bool { return s.Who == keeper.Chrony && s.Automatic != nil })
}

// What hangs waits four seconds or for ever: whoever waited for it would have taken longer than a busy machine makes of
// less.
func TestABusThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dead, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dead.Close() }()
	slow, s := realtest.NewBus(t), &system{units: map[string]string{}, can: true, hangs: true}
	s.join(t, slow)
	for name, address := range map[string]string{"never answers": "unix:path=" + dead.Addr().String(), "slow service": slow.Address} {
		k := on(t, newBox(), alone(), address)
		began := time.Now()
		k.Status()
		k.Follow(time.Hour, 0, true)
		k.SetZone("Asia/Tokyo")
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: a request waited %v", name, took)
		}
		await(t, k, name, func(s keeper.Status) bool { return s.Detail != "Not looked at yet." })
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		began = time.Now()
		if err := k.SetAutomatic(ctx, true, may); err == nil {
			t.Errorf("%s: the switch was turned", name)
		}
		cancel()
		if took := time.Since(began); took > 900*time.Millisecond {
			t.Errorf("%s: who had gone was waited for: %v", name, took)
		}
	}
}

// A service that is slow when the box starts is asked again, and not for ever: the journal notes every question.
func TestASlowServiceIsAskedAFewTimes(t *testing.T) {
	t.Parallel()
	bus, s := realtest.NewBus(t), &system{units: map[string]string{}, can: true, hangs: true}
	s.join(t, bus)
	k := on(t, newBox(), alone(), bus.Address)
	asked := func() (n int) { s.change(func() { n = s.asked }); return n }
	for end := time.Now().Add(20 * time.Second); asked() < 3 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		k.Allow(true) // has it look again
	}
	for range 5 {
		time.Sleep(500 * time.Millisecond)
		k.Allow(true)
	}
	if n := asked(); n != 3 {
		t.Errorf("asked %d times", n)
	}
}

// A service that is turned on and never runs is waited for, and not for ever.
func TestAServiceThatNeverRunsIsNotWaitedForForEver(t *testing.T) {
	k := keeper.New(keeper.Config{Hands: newBox()})
	soon := 0
	for range 100 {
		if k.Pause(true) < time.Minute {
			soon++
		}
	}
	if soon == 0 || soon > 20 {
		t.Errorf("looked soon %d times of 100", soon)
	}
	if k.Pause(false) < time.Minute || k.Pause(true) > time.Minute {
		t.Error("the next change is not waited for")
	}
}

func may() error { return nil }
