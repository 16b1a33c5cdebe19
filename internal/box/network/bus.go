package network

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// The names of the services on the bus.
const (
	nmName       = "org.freedesktop.NetworkManager"
	networkdName = "org.freedesktop.network1"
)

// connect opens a connection of its own to the bus, which ends with the context: one that is kept would have to notice that
// the bus went away.
func connect(ctx context.Context, bus string) (*dbus.Conn, error) {
	if bus != "" {
		return dbus.Connect(bus, dbus.WithContext(ctx))
	}
	return dbus.ConnectSystemBus(dbus.WithContext(ctx))
}

// owned reports whether somebody has a name on the bus. A service that does not run is not started by that.
func owned(ctx context.Context, bus *dbus.Conn, name string) (there bool, err error) {
	err = bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
	return there, err
}

// errGone says that nobody has the name that was called.
var errGone = errors.New("the network service does not run")

// reason puts an error of a call among those of this room.
func reason(err error) error {
	var e dbus.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, dbus.ErrClosed):
		return ErrSlow.Because(err)
	case !errors.As(err, &e):
		return err
	case strings.HasPrefix(e.Name, nmName+".") && strings.HasSuffix(e.Name, ".PermissionDenied"), slices.Contains([]string{
		"org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
		"org.freedesktop.DBus.Error.AuthFailed", "org.freedesktop.PolicyKit1.Error.NotAuthorized",
	}, e.Name):
		return ErrRefused.Because(err)
	case slices.Contains([]string{"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout", "org.freedesktop.DBus.Error.TimedOut"}, e.Name):
		return ErrSlow.Because(err)
	case e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner":
		return errors.Join(errGone, err)
	}
	return err
}
