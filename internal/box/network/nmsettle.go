package network

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

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
			if err := s.keep(p, one); err != nil {
				return err
			}
		}
		for _, path := range checkpoints {
			if err := s.call(nmPath, nmName+".CheckpointDestroy", path).Err; err != nil {
				return err
			}
		}
		s.tidy()
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
	s.tidy()
	return nil
}

// tidy deletes the profiles that we made and that nobody follows any more. One that cannot be deleted now is, the next time.
func (s *session) tidy() {
	p, err := s.look()
	if err != nil {
		return
	}
	for _, d := range p.devices {
		for _, one := range p.leftover(d) {
			_ = s.call(one.path, nmProfile+".Delete").Err
		}
	}
}

// leftover returns the profiles that we made for a device which follows another one by now.
func (p nmPicture) leftover(d device) (all []stored) {
	if !slices.ContainsFunc(p.profiles, func(o stored) bool { return o.path == d.active && o.flags&external == 0 }) {
		return nil
	}
	for _, one := range p.profiles {
		if one.noted(noteCard) == d.name && one.path != d.active && len(one.used) == 0 && !one.waits() {
			all = append(all, one)
		}
	}
	return all
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

// lost reports whether a device followed a profile that waits, and NetworkManager has forgotten so.
func (d device) lost(one stored) bool { return d.foreign && one.noted(noteTried) == d.name }

// keep writes a profile that waits to the disk, as it is now.
func (s *session) keep(p nmPicture, one stored) error {
	if !one.waits() {
		return nil
	}
	final := one.clone()
	if one.noted(noteAdded) != "" {
		delete(final["connection"], "autoconnect")
	}
	final.forget(append([]string{noteDisk}, passing...)...)
	if err := s.update(one, final, toDisk); err != nil {
		return err
	}
	for _, d := range p.devices {
		if d.lost(one) {
			return s.activate(one.path, d)
		}
	}
	return nil
}

// goBack has a profile that waits be as it was, and the devices that follow it follow what they did. The disk has it as it was, and
// maybe not as NetworkManager would write it, so only what is in memory changes.
func (s *session) goBack(p nmPicture, one stored) error {
	var following []device
	for _, d := range p.devices {
		if d.active == one.path || d.lost(one) || one.noted(noteAdded) == d.name {
			following = append(following, d)
		}
	}
	path := one.path
	if one.noted(noteAdded) == "" {
		before, err := one.before(one.noted(noteBefore))
		if err != nil {
			return err
		}
		if err := s.update(one, before, inMemory); err != nil {
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
		if d.active != path && !d.lost(one) {
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
