package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The names of systemd on the bus (org.freedesktop.systemd1(5), org.freedesktop.timedate1(5)).
const (
	systemd       = "org.freedesktop.systemd1"
	timedate      = "org.freedesktop.timedate1"
	timesync      = "org.freedesktop.timesync1"
	timedatePath  = dbus.ObjectPath("/org/freedesktop/timedate1")
	allProperties = "org.freedesktop.DBus.Properties.GetAll"
)

// units are the services by their units.
var units = map[string]service{
	"chrony.service": chrony, "chronyd.service": chrony, "systemd-timesyncd.service": timesyncd,
	"ntp.service": ntpd, "ntpd.service": ntpd, "ntpsec.service": ntpsec, "openntpd.service": openntpd,
	"ntpd-rs.service": ntpdRS, "phc2sys.service": ptp, "timemaster.service": ptp,
}

// switches are what the system has for its zone and its time service.
type switches struct {
	asked     bool // the service that knows them was asked; it starts for that, and the journal notes it on the disk
	slow      int  // how often it did not answer in time
	zone      string
	automatic *Automatic
	localRTC  bool // the battery-backed clock runs in local time
	note      string
}

// slowest is how often a service that does not answer in time is asked.
const slowest = 3

// connect opens a connection of its own to the system's bus, which ends with the context. A connection that is
// kept would have to notice that the bus went away; this one is new each time.
func (k *Keeper) connect(ctx context.Context) (*dbus.Conn, error) {
	if k.config.Bus != "" {
		return dbus.Connect(k.config.Bus, dbus.WithContext(ctx))
	}
	return dbus.ConnectSystemBus(dbus.WithContext(ctx))
}

// ask asks the bus who keeps the clock, and the first time also for the system's switches. It takes lookTime
// at most.
func (k *Keeper) ask(ctx context.Context) (seen sight, s switches) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	k.mu.Lock()
	s = k.switches
	k.mu.Unlock()
	bus, err := k.connect(ctx)
	if err != nil {
		return seen, switches{} // a system without a bus is quite ordinary
	}
	defer func() { _ = bus.Close() }()
	seen.services, seen.whole = running(ctx, bus)
	switch {
	case !s.asked:
		s = readSwitches(ctx, bus, s)
	case s.automatic != nil:
		s.automatic = &Automatic{On: len(seen.services) > 0, Changeable: s.automatic.Changeable}
	}
	return seen, s
}

// running lists the services whose units run, or who are on the bus, and says whether systemd told of all.
func running(ctx context.Context, bus *dbus.Conn) (found []service, whole bool) {
	var names []string
	for name := range units {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []struct {
		Name, Description, Load, Active, Sub, Followed string
		Path                                           dbus.ObjectPath
		Job                                            uint32
		JobType                                        string
		JobPath                                        dbus.ObjectPath
	}
	manager := bus.Object(systemd, "/org/freedesktop/systemd1")
	if manager.CallWithContext(ctx, systemd+".Manager.ListUnitsByNames", dbus.FlagNoAutoStart, names).Store(&all) == nil {
		whole = true
		for _, u := range all {
			known, ok := units[u.Name]
			if ok && slices.Contains([]string{"active", "activating", "reloading"}, u.Active) && !slices.Contains(found, known) {
				found = append(found, known)
			}
		}
	}
	var there bool
	if bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, timesync).Store(&there) == nil && there && !slices.Contains(found, timesyncd) {
		found = append(found, timesyncd)
	}
	return found, whole
}

// readSwitches asks timedated.
func readSwitches(ctx context.Context, bus *dbus.Conn, before switches) switches {
	var all map[string]dbus.Variant
	if err := bus.Object(timedate, timedatePath).CallWithContext(ctx, allProperties, 0, timedate).Store(&all); err != nil {
		// Nobody activates a name that nobody has, so asking again costs nothing then. Whoever is slow, as in the first
		// minutes of a box, is asked again, but not for ever.
		s := switches{asked: !unknown(err), slow: before.slow, note: before.note}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			s.slow++
			s.asked = s.slow >= slowest
		}
		return s
	}
	s := switches{asked: true, note: before.note}
	s.zone, _ = all["Timezone"].Value().(string)
	s.localRTC, _ = all["LocalRTC"].Value().(bool)
	can, _ := all["CanNTP"].Value().(bool)
	on, _ := all["NTP"].Value().(bool)
	if can {
		refused := before.automatic != nil && !before.automatic.Changeable
		s.automatic = &Automatic{On: on, Changeable: !refused}
	}
	return s
}

// unknown reports whether an error says that nobody has the name that was called.
func unknown(err error) bool {
	var e dbus.Error
	return errors.As(err, &e) && (e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner")
}

// refused reports whether an error says that polkit does not let us.
func refused(err error) bool {
	var e dbus.Error
	return errors.As(err, &e) && slices.Contains([]string{
		"org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
		"org.freedesktop.DBus.Error.AuthFailed", "org.freedesktop.PolicyKit1.Error.NotAuthorized",
	}, e.Name)
}

// errNoBus says that there is nobody to ask.
var errNoBus = errors.New("the system has no D-Bus")

// turn calls one method of timedated, without asking anybody at the box for a password. The caller has begun.
func (k *Keeper) turn(ctx context.Context, method string, value any) error {
	bus, err := k.connect(ctx)
	if err != nil {
		return errors.Join(errNoBus, err)
	}
	defer func() { _ = bus.Close() }()
	const interactive = false
	return bus.Object(timedate, timedatePath).CallWithContext(ctx, timedate+"."+method, 0, value, interactive).Err
}

// SetAutomatic turns the system's own time service on or off, also where that was refused before. It takes changeTime at
// most: whether the system lets it is what the owner wants to know. still is asked when its turn has come: it returns why whoever wants that may
// not any more.
func (k *Keeper) SetAutomatic(ctx context.Context, on bool, still func() error) error {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	if !k.begin(ctx) {
		return ErrSlow
	}
	defer k.end()
	k.mu.Lock()
	has := k.automatic != nil
	k.mu.Unlock()
	if !has {
		return ErrAutomatic
	}
	if err := still(); err != nil {
		return err
	}
	err := k.turn(ctx, "SetNTP", on)
	k.mu.Lock()
	switch {
	case err == nil:
		k.automatic, k.asked = &Automatic{On: on, Changeable: true}, false
	case refused(err):
		k.automatic = &Automatic{On: k.automatic != nil && k.automatic.On}
	}
	k.status.Automatic = k.automatic
	k.mu.Unlock()
	k.rouse()
	switch {
	case err == nil:
		return nil
	case refused(err):
		return ErrRefused
	case ctx.Err() != nil:
		return ErrSlow.Because(err)
	case errors.Is(err, errNoBus) || unknown(err):
		return ErrAutomatic
	}
	return fmt.Errorf("turn the system's time service: %w", err)
}

// SetZone has Run set the time zone of the system, where that is possible; where the system has no service for that
// nothing happens. It waits for nothing: what went wrong is in the Status later.
func (k *Keeper) SetZone(zone string) {
	k.mu.Lock()
	k.zoneTo = zone
	k.mu.Unlock()
	k.rouse()
}

// turnZone sets the zone that SetZone asked for, in changeTime at most.
func (k *Keeper) turnZone(ctx context.Context) {
	k.mu.Lock()
	zone := k.zoneTo
	k.zoneTo = ""
	k.mu.Unlock()
	if zone == "" {
		return
	}
	if !k.begin(ctx) {
		return
	}
	defer k.end()
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	err := k.turn(ctx, "SetTimezone", zone)
	if errors.Is(err, errNoBus) || unknown(err) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked, k.note = k.asked && err != nil, ""
	if err != nil {
		k.note = zoneRefused
		k.config.Out.Warn("set the time zone of the system", "err", err)
	}
}
