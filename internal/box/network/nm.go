package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of NetworkManager's objects on the bus (nm-dbus-interface).
const (
	nmPath         = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	nmSettingsPath = dbus.ObjectPath("/org/freedesktop/NetworkManager/Settings")
	nmDevice       = nmName + ".Device"
	nmActive       = nmName + ".Connection.Active"
	nmSettings     = nmName + ".Settings"
	nmProfile      = nmName + ".Settings.Connection"
)

// Flags of NetworkManager (nm-dbus-interface.h).
const (
	toDisk    = uint32(0x1) // NM_SETTINGS_UPDATE2_FLAG_TO_DISK and NM_SETTINGS_ADD_CONNECTION2_FLAG_TO_DISK
	inMemory  = uint32(0x2)
	waitFirst = uint32(0x20) // not to be used before it is asked for
	noReapply = uint32(0x40)

	generated = uint32(0x2) // of a profile that NetworkManager made itself, for want of another
	fleeing   = uint32(0x4) // it goes with its connection
	external  = uint32(0x8) // it only shows what others set up

	activeExternal = uint32(0x80)
	stateActivated = uint32(2) // NM_ACTIVE_CONNECTION_STATE_ACTIVATED, after unknown and activating
	stateUnmanaged = uint32(10)
	stateReady     = uint32(30) // NM_DEVICE_STATE_DISCONNECTED, from which it can do something
)

// settable are the types of devices that can be set up here, with the type that a profile of theirs has; "" where one cannot be
// made up.
var settable = map[uint32]string{
	1: wired, 20: wired, // a card, and one of a container
	2: "", 9: "", 10: "", 11: "", 13: "", 15: "", // wireless, InfiniBand, bond, VLAN, bridge, team
}

// slack is how much later than Castellan NetworkManager goes back by itself.
const slack = 5 * time.Second

// nm is NetworkManager, from 1.20 on. What is tried it has in memory: a file in /run that a start of the box forgets, and a
// checkpoint with a time limit, so that it goes back also where Castellan has died. Notes in the profile say what it was before, so
// that it goes back also where NetworkManager was started again meanwhile, which forgets checkpoints and not /run. The disk is written
// where a change is kept, and then alone. A card keeps its profile, also one that NetworkManager made up for it: another one would
// have another UUID, and so other addresses of IPv6. Beside a profile that others put into /run at every start it gets one of ours.
type nm struct{ address string }

func newNM(bus string) *nm { return &nm{bus} }

// device is an interface in the words of NetworkManager, active the path of the profile that it follows.
type device struct {
	path      dbus.ObjectPath
	name, mac string
	kind      string // the type of a profile that could be made up for it
	active    dbus.ObjectPath
	foreign   bool // others set it up
	ready     bool // it can follow a profile now
}

// stored is a profile as NetworkManager keeps it.
type stored struct {
	profile
	path    dbus.ObjectPath
	flags   uint32
	unsaved bool
	used    []dbus.ObjectPath // the devices that follow it, or are about to
}

// nmPicture is what NetworkManager has, in the order of the paths.
type nmPicture struct {
	devices  []device
	profiles []stored
}

// session is a connection to NetworkManager.
type session struct {
	bus *dbus.Conn
	ctx context.Context
}

func (m *nm) open(ctx context.Context) (*session, error) {
	bus, err := connect(ctx, m.address)
	if err != nil {
		return nil, fmt.Errorf("connect to the system's bus: %w", reason(errors.Join(ctx.Err(), err)))
	}
	return &session{bus, ctx}, nil
}

func (s *session) close() { _ = s.bus.Close() }

// call calls a method, which has AnswerTime to answer.
func (s *session) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(s.ctx, AnswerTime)
	defer cancel()
	c := s.bus.Object(nmName, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
	if c.Err != nil {
		c.Err = fmt.Errorf("ask NetworkManager (%s): %w", method[strings.LastIndexByte(method, '.')+1:], reason(errors.Join(ctx.Err(), c.Err))) // a call that is given up may end in many ways
	}
	return c
}

// look takes a picture.
func (s *session) look() (p nmPicture, err error) {
	var all map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	if err := s.call("/org/freedesktop", "org.freedesktop.DBus.ObjectManager.GetManagedObjects").Store(&all); err != nil {
		return p, err
	}
	used := map[dbus.ObjectPath][]dbus.ObjectPath{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		object := all[path]
		if d, ok := seen(all, path, profile(object)); ok {
			p.devices = append(p.devices, d)
		}
		if object[nmActive] != nil && get[uint32](object, nmActive, "State") <= stateActivated {
			used[get[dbus.ObjectPath](object, nmActive, "Connection")] = get[[]dbus.ObjectPath](object, nmActive, "Devices")
		}
		if object[nmProfile] == nil {
			continue
		}
		one := stored{path: path, flags: get[uint32](object, nmProfile, "Flags"), unsaved: get[bool](object, nmProfile, "Unsaved")}
		switch err := s.call(path, nmProfile+".GetSettings").Store(&one.profile); {
		case errors.Is(err, ErrSlow):
			return p, err
		case err == nil: // another user's is none of ours, and one may have gone meanwhile
			p.profiles = append(p.profiles, one)
		}
	}
	for i := range p.profiles {
		p.profiles[i].used = used[p.profiles[i].path]
	}
	return p, nil
}

// seen reads a device among the objects, if it is one that is managed and can be set up.
func seen(all map[dbus.ObjectPath]map[string]map[string]dbus.Variant, path dbus.ObjectPath, o profile) (d device, ok bool) {
	kind, ok := settable[get[uint32](o, nmDevice, "DeviceType")]
	if !ok || !get[bool](o, nmDevice, "Managed") || get[uint32](o, nmDevice, "State") <= stateUnmanaged {
		return d, false
	}
	d = device{path: path, kind: kind, ready: get[uint32](o, nmDevice, "State") >= stateReady, name: get[string](o, nmDevice, "Interface"), mac: get[string](o, nmDevice, "HwAddress")}
	active := profile(all[get[dbus.ObjectPath](o, nmDevice, "ActiveConnection")])
	d.active = get[dbus.ObjectPath](active, nmActive, "Connection")
	d.foreign = get[uint32](active, nmActive, "StateFlags")&activeExternal != 0
	return d, true
}

// follows returns the profile that a device follows, or would follow with a cable.
func (p nmPicture) follows(d device) (best stored, ok bool) {
	for _, one := range p.profiles {
		if one.path == d.active || slices.Contains(one.used, d.path) && !slices.ContainsFunc(p.profiles, func(o stored) bool { return o.path == d.active }) {
			return one, true
		}
	}
	type rank struct {
		priority int32
		used     uint64
	}
	of := func(one stored) rank {
		return rank{get[int32](one.profile, "connection", "autoconnect-priority"), get[uint64](one.profile, "connection", "timestamp")}
	}
	for _, one := range p.profiles {
		if len(one.used) > 0 || !one.fits(d) {
			continue
		}
		a, b := of(one), of(best)
		if !ok || a.priority > b.priority || a.priority == b.priority && a.used > b.used {
			best, ok = one, true
		}
	}
	return best, ok
}

// fits reports whether a profile is one that NetworkManager would use for a device by itself.
func (s stored) fits(d device) bool {
	name, mac := get[string](s.profile, "connection", "interface-name"), get[[]byte](s.profile, wired, "mac-address")
	auto, said := s.profile["connection"]["autoconnect"]
	switch {
	case said && auto.Value() == false, s.flags&external != 0:
		return false
	case name != "":
		return name == d.name
	case len(mac) > 0:
		return strings.EqualFold(fmt.Sprintf("% x", mac), strings.ReplaceAll(d.mac, ":", " "))
	}
	return d.kind != "" && get[string](s.profile, "connection", "type") == d.kind
}

// there reports whether NetworkManager is on the bus and manages a card. One that is there and does not answer may.
func (m *nm) there(ctx context.Context) bool {
	all, err := m.Settings(ctx)
	return len(all) > 0 || errors.Is(err, ErrSlow)
}

// Settings returns how the interfaces are set up that NetworkManager manages. Parts of others, such as the cards of a bridge, have no
// settings of their own.
func (m *nm) Settings(ctx context.Context) (map[string]Setting, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		return nil, err
	}
	all := map[string]Setting{}
	for _, d := range p.devices {
		if one, ok := p.follows(d); ok && !d.foreign && one.flags&external == 0 && !one.port() {
			all[d.name] = one.setting(d.name)
		} else if !ok && d.kind != "" {
			all[d.name] = Setting{Interface: d.name, IPv4: Family{Method: Off}, IPv6: Family{Method: Off}}
		}
	}
	return all, nil
}

// Try has interfaces follow settings.
func (m *nm) Try(ctx context.Context, all []Setting, within time.Duration) error {
	s, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		return err
	}
	var paths []dbus.ObjectPath
	var tries []try
	for _, wish := range all {
		i := slices.IndexFunc(p.devices, func(d device) bool { return d.name == wish.Interface })
		if i < 0 || p.devices[i].foreign {
			return ErrUnmanaged
		}
		t := try{wish: wish, device: p.devices[i]}
		t.stored, t.known = p.follows(t.device)
		t.leftover = p.leftover(t.device)
		switch {
		case t.known && (t.port() || t.flags&external != 0), !t.known && t.device.kind == "":
			return ErrUnmanaged
		case s.follows(t):
			continue // it is so already
		}
		tries, paths = append(tries, t), append(paths, t.device.path)
	}
	if len(tries) == 0 {
		return nil
	}
	checkpoint, err := s.prepare(tries, paths, within)
	if err != nil {
		return err
	}
	mark := s.owner() + " " + string(checkpoint)
	for _, t := range tries {
		if err := s.try(t, mark); err != nil {
			back, cancel := context.WithTimeout(context.WithoutCancel(ctx), AnswerTime)
			defer cancel()
			failed := m.Settle(back, false)
			_ = s.call(nmPath, nmName+".CheckpointDestroy", checkpoint) // it is there where no profile was changed
			return errors.Join(err, failed)
		}
	}
	return nil
}

// prepare marks profiles and makes the checkpoint that goes back to them. Where somebody else tries something nothing is marked.
func (s *session) prepare(tries []try, paths []dbus.ObjectPath, within time.Duration) (path dbus.ObjectPath, err error) {
	seconds := uint32(math.Ceil((max(0, within) + slack).Seconds()))
	checkpoint := func() error {
		return checkpointError(s.call(nmPath, nmName+".CheckpointCreate", paths, seconds, uint32(0)).Store(&path))
	}
	if err := checkpoint(); err != nil {
		return "", err
	}
	if err := s.call(nmPath, nmName+".CheckpointDestroy", path).Err; err != nil {
		return "", err
	}
	for i := range tries {
		if err := s.mark(&tries[i]); err != nil {
			return "", err
		}
	}
	return path, checkpoint()
}

// checkpointError has a checkpoint of somebody else on the same interface stand for a change that waits.
func checkpointError(err error) error {
	var e dbus.Error
	if errors.As(err, &e) && strings.Contains(e.Error(), "already included in checkpoint") {
		return ErrBusy.Because(err)
	}
	return err
}

// owner names the NetworkManager that runs now: another one has other checkpoints.
func (s *session) owner() (name string) {
	_ = s.bus.BusObject().CallWithContext(s.ctx, "org.freedesktop.DBus.GetNameOwner", 0, nmName).Store(&name)
	return name
}

// try is a setting that a device is to follow, with the profile that it follows now, if that is known.
type try struct {
	stored
	known    bool
	wish     Setting
	device   device
	leftover []stored // profiles that we made for the device and that it does not follow
}

// follows reports whether a device follows a setting already, in its profile and in fact.
func (s *session) follows(t try) bool {
	if !t.known || !alike(t.setting(t.wish.Interface), t.wish) {
		return false
	}
	if t.device.active == "" || t.device.active == "/" {
		return true // it will, with a cable
	}
	var applied profile
	var version uint64
	err := s.call(t.device.path, nmDevice+".GetAppliedConnection", uint32(0)).Store(&applied, &version)
	return err == nil && alike(applied.setting(t.wish.Interface), t.wish)
}

// confidential are the sections of a profile that can hold secrets.
var confidential = []string{"802-1x", "802-11-wireless-security", "macsec", "pppoe"}

// secrets adds to a profile what NetworkManager tells only on request: it forgets secrets that a changed profile does not have.
func (s *session) secrets(of stored, p profile) error {
	for _, section := range confidential {
		if p[section] == nil {
			continue
		}
		var all profile
		if err := s.call(of.path, nmProfile+".GetSecrets", section).Store(&all); errors.Is(err, ErrSlow) || errors.Is(err, ErrRefused) {
			return err // another error says that it has none
		}
		for key, v := range all[section] {
			p[section][key] = v
		}
	}
	return nil
}

// update has a profile be another, in memory or on the disk.
func (s *session) update(one stored, p profile, where uint32) error {
	if err := s.secrets(one, p); err != nil {
		return err
	}
	return s.call(one.path, nmProfile+".Update2", p, where|noReapply, map[string]dbus.Variant{}).Err
}

// activate has a device follow a profile now, or once it has a cable.
func (s *session) activate(path dbus.ObjectPath, d device) error {
	if !d.ready {
		return nil
	}
	err := s.call(nmPath, nmName+".ActivateConnection", path, d.path, dbus.ObjectPath("/")).Err
	if e := (dbus.Error{}); errors.As(err, &e) && (e.Name == nmName+".UnknownConnection" || e.Name == nmName+".ConnectionNotAvailable") {
		return nil // it lost its cable just now
	}
	return err
}
