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

// wish stands while the network has still to be restored. Everything else of the reset is done by then.
type wish struct {
	Told bool `json:"told"` // the log says that it is not restored yet
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
		r.chase(ctx, earlier)
		select {
		case <-ctx.Done():
			return nil
		case <-r.wished:
		}
	}
}

// chase tries to restore the network for some minutes. Where nothing has been there to do it also in a run after that of the reset, there is
// nothing to wait for.
func (r *Reset) chase(ctx context.Context, earlier bool) {
	var hopeless bool
	select {
	case <-r.wished: // what was wished until now is chased
	default:
	}
	for _, pause := range append([]time.Duration{0}, pauses...) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		wanted, served := r.restoreNetwork(ctx)
		if !wanted {
			return
		}
		hopeless = !served
	}
	if earlier && hopeless && ctx.Err() == nil {
		if err := r.DB.Update(forget); err != nil {
			r.Out.Error("forget the wish for automatic addresses", "err", err)
		}
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
		return wishes.Put(tx, wishKey, wish{Told: true})
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
