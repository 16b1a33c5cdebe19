package reset

import (
	"context"
	"errors"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/store"
)

// Network restores automatic addresses.
type Network interface {
	// RestoreWanted has all interfaces ask the network for their addresses if wanted says so once nobody else changes them. done tells
	// whether they do; one that only notes the wish says false.
	RestoreWanted(ctx context.Context, wanted func() bool) (done bool, err error)
}

// pauses lie between the tries of one run to restore the network; the next start tries again. A service that comes up with the box is
// there in a minute.
var pauses = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, time.Minute, time.Minute, time.Minute}

// The bounds of the wish for automatic addresses. A new owner sets up the network in the meantime, and is not to lose that to a wish which
// can be granted only months later.
const (
	WishStarts = 3              // of Castellan after the reset, each with tries in vain
	WishTime   = 24 * time.Hour // of one run
)

// wish stands while the network has still to be restored. Everything else of the reset is done by then.
type wish struct {
	Told   bool `json:"told"`             // the log says that it is not restored yet
	Starts int  `json:"starts,omitempty"` // runs after that of the reset that have tried it
}

var wishes = store.NewTable[wish]("reset_network")

const wishKey = "automatic"

// KeepNetwork ends the wish for automatic addresses with the event that an administrator's own change was kept: what the owner keeps is
// not taken back by a reset of before.
func (r *Reset) KeepNetwork(kept event.Event) error {
	return r.DB.Update(func(tx *store.Tx) error { return errors.Join(forget(tx), r.Log.Record(tx, kept)) })
}

// forget ends the wish for automatic addresses.
func forget(tx *store.Tx) error { return wishes.Delete(tx, wishKey) }

// Follow restores the network after a reset, of this run or of one before it, until the context ends. Who holds the button waits for none
// of it: signing in is restored before.
func (r *Reset) Follow(ctx context.Context) error {
	for earlier := true; ; earlier = false {
		wanted := r.chase(ctx, earlier)
		if !wanted {
			select {
			case <-ctx.Done():
				return nil
			case <-r.wished:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wished:
		case <-time.After(WishTime):
			r.giveUp()
		}
	}
}

// chase tries to restore the network for some minutes, and reports whether that is still wanted then. Where nothing has been there to do it
// also in a run after that of the reset, there is nothing to wait for; nor is there after WishStarts.
func (r *Reset) chase(ctx context.Context, earlier bool) (wanted bool) {
	var hopeless bool
	select {
	case <-r.wished: // what was wished until now is chased
	default:
	}
	for _, pause := range append([]time.Duration{0}, pauses...) {
		select {
		case <-ctx.Done():
			return true
		case <-time.After(pause):
		}
		var served bool
		if wanted, served = r.restoreNetwork(ctx); !wanted {
			return false
		}
		hopeless = !served
	}
	if !earlier || ctx.Err() != nil {
		return true
	}
	var starts int
	err := r.DB.Update(func(tx *store.Tx) error {
		w, found, err := wishes.Get(tx, wishKey)
		if err != nil || !found {
			return err
		}
		w.Starts++
		starts = w.Starts
		return wishes.Put(tx, wishKey, w)
	})
	if err != nil {
		r.Out.Error("count the starts that a wish for automatic addresses outlasts", "err", err)
	}
	if hopeless || starts >= WishStarts {
		r.giveUp()
	}
	return r.wishes()
}

// giveUp ends the wish for automatic addresses in vain, and says so.
func (r *Reset) giveUp() {
	err := r.DB.Update(func(tx *store.Tx) error {
		if _, found, err := wishes.Get(tx, wishKey); err != nil || !found {
			return err
		}
		if err := wishes.Delete(tx, wishKey); err != nil {
			return err
		}
		return r.Log.Record(tx, event.Event{Kind: event.NetworkGivenUp, Actor: account.BuiltIn})
	})
	if err != nil {
		r.Out.Error("give up the wish for automatic addresses", "err", err)
	}
}

// restoreNetwork tries to restore the network, where that is wished, and tells how that went: well, or not yet, the first time. It
// reports whether it is still wanted then, and whether there was a service to ask.
func (r *Reset) restoreNetwork(ctx context.Context) (wanted, served bool) {
	if wanted = r.wishes(); !wanted {
		return false, false
	}
	done, err := r.Network.RestoreWanted(ctx, r.wishes)
	if ctx.Err() != nil {
		return true, true
	}
	if err != nil {
		r.Out.Error("restore automatic addresses", "err", err)
	}
	failed := r.DB.Update(func(tx *store.Tx) error {
		w, found, unread := wishes.Get(tx, wishKey)
		if unread != nil || !found {
			return unread // it was ended in between
		}
		e := event.Event{Kind: event.NetworkPending, Actor: account.BuiltIn}
		switch {
		case done && err == nil:
			wanted = false
			if err := wishes.Delete(tx, wishKey); err != nil {
				return err
			}
			return r.Log.Record(tx, event.Event{Kind: event.NetworkRestored, Actor: account.BuiltIn})
		case w.Told:
			return nil
		case err != nil:
			e = event.Event{Kind: event.ResetFailed, Actor: account.BuiltIn}.With("reason", err.Error())
		}
		if err := r.Log.Record(tx, e); err != nil {
			return err
		}
		w.Told = true
		return wishes.Put(tx, wishKey, w)
	})
	if failed != nil {
		r.Out.Error("note restored network", "err", failed)
	}
	return wanted && r.wishes(), err != nil || done
}

// wishes reports whether the network has still to be restored.
func (r *Reset) wishes() (found bool) {
	if err := r.DB.View(func(tx *store.Tx) (err error) { _, found, err = wishes.Get(tx, wishKey); return err }); err != nil {
		r.Out.Error("read the wish for automatic addresses", "err", err)
	}
	return found
}

// rouse has Follow look.
func (r *Reset) rouse() {
	select {
	case r.wished <- struct{}{}:
	default:
	}
}
