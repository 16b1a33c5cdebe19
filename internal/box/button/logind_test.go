package button

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/realtest"
)

// logind is org.freedesktop.login1 on a real bus.
type logind struct {
	mu      sync.Mutex
	asked   [4]string
	refuses string            // the name of the error with which an inhibitor is refused
	hangs   time.Duration     // before it answers that
	actions map[string]string // what it does by the key
	reader  *os.File          // ends when whoever got the inhibitor has let it go, and writer is closed
	writer  *os.File          // which is what they got a copy of
}

// Inhibit is a method of org.freedesktop.login1.Manager.
func (l *logind) Inhibit(what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	time.Sleep(l.hangs)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = [4]string{what, who, why, mode}
	if l.refuses != "" {
		return -1, dbus.NewError(l.refuses, []any{"no"})
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return -1, dbus.MakeFailedError(err)
	}
	l.reader, l.writer = reader, writer
	return dbus.UnixFD(writer.Fd()), nil
}

// Get is a method of org.freedesktop.DBus.Properties.
func (l *logind) Get(_, name string) (dbus.Variant, *dbus.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	action, ok := l.actions[name]
	if !ok {
		return dbus.Variant{}, dbus.MakeFailedError(errors.New("no such property"))
	}
	return dbus.MakeVariant(action), nil
}

func (l *logind) join(t *testing.T, bus *realtest.Bus) {
	t.Helper()
	c, err := dbus.Connect(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, name := range []string{loginManager, "org.freedesktop.DBus.Properties"} {
		if err := c.Export(l, loginPath, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.RequestName(login, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}

// gone reports whether the inhibitor was let go within a while.
func (l *logind) gone(t *testing.T, within time.Duration) bool {
	t.Helper()
	if err := l.reader.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	_, err := l.reader.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// shared is an input device that others hear as well.
type shared struct {
	InputKey
	alone func(bool) error
}

func (s shared) Open() (Line, error) {
	return Line{Shared: true, Alone: s.alone, Close: func() error { return nil }}, nil
}

// over runs a Button on a bus.
func over(t *testing.T, address string, alone func(bool) error) (b *Button, stop func()) {
	t.Helper()
	b = New(Config{Source: shared{InputKey{Device: "gpio-keys", Key: KeyRestart}, alone}, Times: DefaultTimes(), Bus: address, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return b, stop
}

func awaitGuard(t *testing.T, b *Button, what string, want Guard) {
	t.Helper()
	for range 1500 {
		if s := b.Status(); s.Works() && s.Guard == want && (s.Trouble() != "") == (want == Exposed || want == Taken) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: got %+v", what, b.Status())
}

// systemd-logind is kept off the key as long as the button is held, and not longer.
func TestLogindIsKeptOffTheKey(t *testing.T) {
	t.Parallel()
	bus, l := realtest.NewBus(t), &logind{}
	l.join(t, bus)
	b, stop := over(t, bus.Address, nil)
	awaitGuard(t, b, "held", Inhibited)
	l.mu.Lock()
	asked := l.asked
	_ = l.writer.Close() // they have theirs
	l.mu.Unlock()
	if asked[0] != "handle-reboot-key" || asked[1] != "Castellan" || asked[3] != "block" {
		t.Errorf("asked for %q", asked)
	}
	if l.gone(t, 500*time.Millisecond) {
		t.Error("the inhibitor was let go while the button is held")
	}
	stop()
	if !l.gone(t, 30*time.Second) {
		t.Error("the inhibitor is still held")
	}
}

func TestALogindThatRefusesIsLookedAt(t *testing.T) {
	t.Parallel()
	ignore, reboot := map[string]string{"HandleRebootKey": "ignore", "HandleRebootKeyLongPress": "ignore"}, map[string]string{"HandleRebootKey": "reboot", "HandleRebootKeyLongPress": "poweroff"}
	half := map[string]string{"HandleRebootKey": "ignore", "HandleRebootKeyLongPress": "poweroff"}
	for name, tc := range map[string]struct {
		refuses string
		actions map[string]string
		hangs   time.Duration
		want    Guard
	}{
		"the drop-in is there":                     {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ignore, 0, Ignored},
		"nothing is there":                         {"org.freedesktop.DBus.Error.AccessDenied", reboot, 0, Exposed},
		"a long press still powers off":            {"org.freedesktop.DBus.Error.AccessDenied", half, 0, Exposed},
		"it does not say what it does":             {"org.freedesktop.DBus.Error.AccessDenied", nil, 0, Exposed},
		"the drop-in is there, and polkit is slow": {"org.freedesktop.DBus.Error.AccessDenied", ignore, 2 * logindTime, Ignored},
		"nothing is there, and polkit is slow":     {"org.freedesktop.DBus.Error.AccessDenied", reboot, 2 * logindTime, Exposed},
		"too old to know the key (systemd 249)":    {"org.freedesktop.DBus.Error.InvalidArgs", nil, 0, Unneeded},
	} {
		bus, l := realtest.NewBus(t), &logind{refuses: tc.refuses, actions: tc.actions, hangs: tc.hangs}
		l.join(t, bus)
		b, _ := over(t, bus.Address, nil)
		awaitGuard(t, b, name, tc.want)
	}
}

func TestWithoutLogindNobodyActs(t *testing.T) {
	t.Parallel()
	b, _ := over(t, realtest.NewBus(t).Address, nil)
	awaitGuard(t, b, "a bus without logind", Unneeded)
	b, _ = over(t, "unix:path=/nonexistent", nil)
	awaitGuard(t, b, "no bus", Unneeded)
}

// Where logind would act, the device is taken from it, and given back once logind leaves the key alone.
func TestADeviceIsTakenFromALogindThatWouldAct(t *testing.T) {
	t.Parallel()
	var alone []bool
	line := Line{Shared: true, Alone: func(on bool) error { alone = append(alone, on); return nil }}
	if g := take(line, Exposed); g != Taken {
		t.Errorf("got %s", g)
	}
	if g := take(line, Inhibited); g != Inhibited || len(alone) != 2 || !alone[0] || alone[1] {
		t.Errorf("got %s, %v", g, alone)
	}
	line.Alone = func(bool) error { return errors.New("no") }
	if g := take(line, Exposed); g != Exposed {
		t.Errorf("one that cannot be taken: %s", g)
	}
	bus, l := realtest.NewBus(t), &logind{refuses: "org.freedesktop.DBus.Error.AccessDenied"}
	l.join(t, bus)
	b, _ := over(t, bus.Address, func(bool) error { return nil })
	awaitGuard(t, b, "taken", Taken)
}

// A device that is grabbed is heard by nobody else: then nothing is wrong although logind would act.
func TestAGrabbedDeviceNeedsNoGuard(t *testing.T) {
	b := New(Config{Times: DefaultTimes()})
	b.guard = Exposed
	if got := b.guardNow(InputKey{}); got != Unneeded {
		t.Errorf("got %s", got)
	}
	b.shared = true
	if got := b.guardNow(InputKey{}); got != Exposed {
		t.Errorf("got %s", got)
	}
}
