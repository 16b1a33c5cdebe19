package button

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// Guard says what keeps the system from acting on the presses of the button. systemd-logind listens to every key device:
// by default it reboots by a short press of the key for a restart and powers off by a long one, in the middle of a hold.
type Guard string

// The guards.
const (
	Unneeded  Guard = ""          // nobody would act on them, or nobody else hears them
	Inhibited Guard = "inhibited" // logind was asked to leave the key alone while the button is held (systemd 250)
	Ignored   Guard = "ignored"   // logind is set up to ignore the key
	Taken     Guard = "taken"     // logind would act, so the device was taken from it, and its power key with it
	Exposed   Guard = "exposed"   // logind acts on them
)

// The names of logind on the bus (org.freedesktop.login1(5)).
const (
	login        = "org.freedesktop.login1"
	loginPath    = dbus.ObjectPath("/org/freedesktop/login1")
	loginManager = login + ".Manager"
)

const (
	logindTime  = 2 * time.Second // bounds asking logind
	logindPause = time.Minute     // how long to wait before one is asked again that does not leave the key alone, or is not there
)

// keepLogindOff asks logind, as long as the button is claimed, to leave its key alone. What it returns ends that.
//
// Where logind would act, a device that has the power key as well is taken from it nevertheless: a power key that does nothing is
// bad, and a reset that ends in the NAS turned off after five seconds is a lost way back in.
func (b *Button) keepLogindOff(ctx context.Context, source Source, line Line) (release func()) {
	if source.Kind() != Input {
		return func() {}
	}
	ctx, end := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() {
		for ctx.Err() == nil {
			guard, held := askLogind(ctx, b.config.Bus)
			b.note(take(line, guard))
			if held != nil { // while it lives, logind keeps to it, also over its own restart
				<-ctx.Done()
				held()
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(logindPause):
			}
		}
	})
	return func() { end(); ended.Wait(); b.note(Unneeded) }
}

// take has nobody else hear a line while logind would act on it.
func take(line Line, g Guard) Guard {
	if !line.Shared || line.Alone == nil {
		return g
	}
	if err := line.Alone(g == Exposed); err == nil && g == Exposed {
		return Taken
	}
	return g
}

func (b *Button) note(g Guard) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if words := g.trouble(); words != "" && b.guard != g && b.shared {
		b.config.Log.Warn("keep systemd-logind off the button", "trouble", words)
	}
	b.guard = g
}

// trouble says what is wrong, and what to do; empty: nothing.
func (g Guard) trouble() string {
	const remedy = " Put castellan-logind.conf into /etc/systemd/logind.conf.d and restart systemd-logind, or let castellan.polkit.rules allow the daemon to keep it off."
	switch g {
	case Exposed:
		return "The system reboots or powers off when the reset button is pressed, before Castellan can act on it." + remedy
	case Taken:
		return "The power button does nothing while Castellan runs: the system would reboot by the reset button beside it, so both were taken from it." + remedy
	default:
		return ""
	}
}

// Trouble says what is wrong with a button that works, and what to do; empty: nothing.
func (s Status) Trouble() string { return s.Guard.trouble() }

// guardNow is the guard as far as it matters: presses that nobody else hears need none. The lock must be held.
func (b *Button) guardNow(source Source) Guard {
	if source.Kind() != Input || !b.shared && b.guard == Exposed {
		return Unneeded
	}
	return b.guard
}

// askLogind asks for an inhibitor of the key for a restart, which ends with the returned function. Where that is refused,
// it looks whether logind is set up to ignore the key.
func askLogind(ctx context.Context, address string) (Guard, func()) {
	// A connection ends with its context: this one outlives the first question.
	whole, end := context.WithTimeout(ctx, 2*logindTime)
	defer end()
	connect := func() (*dbus.Conn, error) { return dbus.ConnectSystemBus(dbus.WithContext(whole)) }
	if address != "" {
		connect = func() (*dbus.Conn, error) { return dbus.Connect(address, dbus.WithContext(whole)) }
	}
	bus, err := connect()
	if err != nil {
		return Unneeded, nil // no bus, no logind
	}
	defer func() { _ = bus.Close() }()
	asking, enough := context.WithTimeout(whole, logindTime)
	defer enough()
	manager := bus.Object(login, loginPath)
	var fd dbus.UnixFD
	err = manager.CallWithContext(asking, loginManager+".Inhibit", dbus.FlagNoAutoStart,
		"handle-reboot-key", "Castellan", "The reset button of the NAS", "block").Store(&fd)
	if err == nil {
		return Inhibited, func() { closeDescriptor(int(fd)) }
	}
	// An error that is not logind's says that it hangs, as it does while polkit starts on a slow box or cannot start at all. How
	// it is set up it tells without polkit.
	var refused dbus.Error
	_ = errors.As(err, &refused)
	switch refused.Name {
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
		return Unneeded, nil
	case "org.freedesktop.DBus.Error.InvalidArgs":
		return Unneeded, nil // older ones know neither the inhibitor nor the key
	}
	for _, name := range []string{"HandleRebootKey", "HandleRebootKeyLongPress"} {
		var action dbus.Variant
		err := manager.CallWithContext(whole, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, loginManager, name).Store(&action)
		if err != nil || action.Value() != "ignore" {
			return Exposed, nil
		}
	}
	return Ignored, nil
}
