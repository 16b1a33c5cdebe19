package network

import (
	"crypto/sha256"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// mostPriority is the highest autoconnect-priority of a profile.
const mostPriority = 999

// single reports whether a profile is one for one device, that stays.
func (s stored) single() bool {
	const one = 1 // NM_CONNECTION_MULTI_CONNECT_SINGLE; 0 is the default, which is the same
	return s.flags&fleeing == 0 && get[int32](s.profile, "connection", "multi-connect") <= one
}

// lasting reports whether a profile lies on the disk for one device alone, or is ours, so that it can be changed. What others put
// into /run they put there again at the next start, before what is on the disk.
func (s stored) lasting() bool {
	return s.single() && s.flags&generated == 0 && (!s.unsaved || s.noted(noteDisk) != "" || s.noted(noteCard) != "")
}

// mark notes in a profile, in memory, that it is one to be changed. That is done before the checkpoint, so that it is still noted
// after NetworkManager has gone back: it leaves the profile in memory then, as if others had put it there. The one that it made up
// itself becomes ours by that: another one in its place would have another UUID, of which addresses of IPv6 are made (RFC 7217).
func (s *session) mark(t *try) error {
	if !t.known || !t.single() || t.lasting() && t.unsaved {
		return nil
	}
	marked := t.clone()
	switch {
	case t.flags&generated != 0:
		delete(marked["connection"], "autoconnect-priority") // it comes last
		marked.note(noteCard, t.device.name)
	case t.unsaved:
		return nil
	default:
		marked.note(noteDisk, "yes")
	}
	if err := s.update(t.stored, marked, inMemory); err != nil {
		return err
	}
	t.profile, t.unsaved, t.flags = marked, true, t.flags&^generated
	return nil
}

// try changes one profile in memory, or adds one where a device has none of its own, and has the device follow it.
func (s *session) try(t try, checkpoint string) (err error) {
	path := t.path
	if t.known && t.lasting() {
		changed := t.with(t.wish)
		var excerpt string
		if excerpt, err = t.excerpt(); err != nil {
			return err
		}
		changed.note(noteBefore, excerpt)
		changed.note(noteCheckpoint, checkpoint)
		changed.note(noteTried, t.device.name)
		err = s.update(t.stored, changed, inMemory)
	} else {
		for _, one := range t.leftover { // it has the UUID
			if err := s.call(one.path, nmProfile+".Delete").Err; err != nil {
				return err
			}
		}
		added := t.added()
		if err := s.secrets(t.stored, added); err != nil {
			return err
		}
		added.note(noteCard, t.device.name)
		added.note(noteAdded, t.device.name)
		added.note(noteCheckpoint, checkpoint)
		added.note(noteTried, t.device.name)
		var result map[string]dbus.Variant
		err = s.call(nmSettingsPath, nmSettings+".AddConnection2", added, inMemory|waitFirst, map[string]dbus.Variant{}).Store(&path, &result)
	}
	if err != nil {
		return err
	}
	return s.activate(path, t.device)
}

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
	base.put("connection", "uuid", ownUUID(t.device.name))
	base.put("connection", "interface-name", t.device.name)
	if get[string](base, "connection", "type") == "" {
		base.put("connection", "type", t.device.kind)
	}
	base.put("connection", "autoconnect", false) // until it is kept
	return base
}

// ownUUID returns the UUID of the profile that we make for a device, always the same one (RFC 9562, version 8): addresses of IPv6
// are made of it, together with a key of NetworkManager's.
func ownUUID(name string) string {
	b := sha256.Sum256([]byte("castellan network " + name))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
