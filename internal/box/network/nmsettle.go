package network

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// mostPriority is the highest autoconnect-priority of a profile.
const mostPriority = 999

// added makes up a profile for a device that has none which is its own alone.
func (t try) added() profile {
	base := profile{}
	if t.known {
		base = t.clone()
		delete(base["connection"], "multi-connect")
		if t.flags&(generated|fleeing) != 0 {
			delete(base["connection"], "autoconnect-priority") // NetworkManager's own come last
		} else if n := get[int32](base, "connection", "autoconnect-priority"); n < mostPriority {
			base.put("connection", "autoconnect-priority", n+1) // before the one that is for several
		}
	}
	base = base.with(t.wish)
	base.put("connection", "id", t.device.name)
	base.put("connection", "uuid", newUUID())
	base.put("connection", "interface-name", t.device.name)
	if get[string](base, "connection", "type") == "" {
		base.put("connection", "type", t.device.kind)
	}
	base.put("connection", "autoconnect", false) // until it is kept
	return base
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Settle keeps what Try began, also that of a former run, or has it go back.
func (m *nm) Settle(ctx context.Context, keep bool) error {
	s, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		return err
	}
	checkpoints := s.checkpoints(p)
	if keep {
		for _, one := range p.profiles {
			if err := s.keep(one); err != nil {
				return err
			}
		}
		for _, path := range checkpoints {
			if err := s.call(nmPath, nmName+".CheckpointDestroy", path).Err; err != nil {
				return err
			}
		}
		return nil
	}
	for _, path := range checkpoints {
		err = errors.Join(err, s.call(nmPath, nmName+".CheckpointRollback", path).Err)
	}
	// Whatever is still not as it was is put back here: where NetworkManager was started again there is no checkpoint any more.
	p, failed := s.look()
	if failed != nil {
		return errors.Join(err, failed)
	}
	for _, one := range p.profiles {
		if one.waits() {
			if failed := s.goBack(p, one); failed != nil {
				return errors.Join(err, failed)
			}
		}
	}
	return nil
}

// checkpoints lists those that profiles which wait were noted with and that are still there.
func (s *session) checkpoints(p nmPicture) (all []dbus.ObjectPath) {
	var there []dbus.ObjectPath
	var v dbus.Variant
	if s.call(nmPath, "org.freedesktop.DBus.Properties.Get", nmName, "Checkpoints").Store(&v) == nil {
		there, _ = v.Value().([]dbus.ObjectPath)
	}
	now := s.owner()
	for _, one := range p.profiles {
		owner, path, _ := strings.Cut(one.noted(noteCheckpoint), " ")
		if path := dbus.ObjectPath(path); owner == now && slices.Contains(there, path) && !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	return all
}

// keep writes a profile that waits to the disk, as it is now.
func (s *session) keep(one stored) error {
	if !one.waits() {
		return nil
	}
	final := one.clone()
	if one.noted(noteAdded) != "" {
		delete(final["connection"], "autoconnect")
	}
	final.forget()
	return s.update(one, final, toDisk)
}

// goBack has a profile that waits be as it was, and the devices that follow it follow what they did.
func (s *session) goBack(p nmPicture, one stored) error {
	var following []device
	for _, d := range p.devices {
		if d.active == one.path || one.noted(noteAdded) == d.name {
			following = append(following, d)
		}
	}
	path := one.path
	if one.noted(noteAdded) == "" {
		before, err := one.before(one.noted(noteBefore))
		if err != nil {
			return err
		}
		if err := s.update(one, before, toDisk); err != nil {
			return err
		}
		for _, d := range following {
			if err := s.activate(path, d); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.call(path, nmProfile+".Delete").Err; err != nil {
		return err
	}
	p.profiles = slices.DeleteFunc(p.profiles, func(o stored) bool { return o.path == path })
	for _, d := range following {
		if d.active != path {
			continue // it follows another one by now
		}
		d.active = ""
		if other, ok := p.follows(d); ok {
			if err := s.activate(other.path, d); err != nil {
				return err
			}
		}
	}
	return nil
}
