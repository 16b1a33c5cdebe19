// Package reset is what the reset button restores: the administrator's defaults, all or nothing. Nobody's
// data is touched, and every other account keeps its ways in.
//
// Restored are the built-in administrator (there, enabled, with the default password, without second factors, sessions,
// API tokens, known browsers, addresses to undo and wrong tries), the policy and the Defender. Every half-finished sign-in and every wait
// for a press ends, whoever waits. Kept are all other accounts and their sessions, the groups, the desktops, the log, the
// settings of mail, time and the syslog server, the name and the zone of the NAS, and the button that it learnt: that
// stays where it is on the box, and one that is turned off resets nothing in the first place. Ports, host names and the
// line of the button stand in the integrator's file, which no screen changes, so there is nothing to restore; the
// certificate is the box's own and is made anew where its names do not fit any more. The network is restored, too: all interfaces ask it
// for their addresses again, once what sets it up on this box is there to be told.
package reset

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Config says what a Reset works with. All of it must be set.
type Config struct {
	DB       *store.DB
	Box      *claim.Box
	Throttle *throttle.Throttle
	Factors  *factor.Factors
	Sessions *session.Sessions
	Tickets  *session.Tickets
	Browsers *session.Browsers
	Tokens   *token.Tokens
	Waits    *presence.Waits // for a press of the button
	Log      *event.Log
	Post     *notice.Post
	Network  Network
	Forget   func(context.Context) // has the time servers believed anew, which may take seconds
	Key      secret.Key            // seals the snapshot
	Folder   string                // where the snapshot of the settings is kept
	Now      func() time.Time
	Elapsed  func() time.Duration // a clock that never steps
	Boot     string               // names the run of that clock
	Out      *slog.Logger
}

// Reset restores the administrator's defaults.
type Reset struct {
	Config
	wished chan struct{} // tells Follow that there is something to do

	mu   sync.Mutex
	done bool          // a reset was finished since the kernel started
	last time.Duration // when that was
}

// New returns a Reset.
func New(c Config) *Reset { return &Reset{Config: c, wished: make(chan struct{}, 1)} }

// record stands while a reset is not finished: its transaction is on the disk, and what cannot be part of
// a transaction is still to be done.
type record struct {
	Started time.Time `json:"started"`
}

var table = store.NewTable[record]("reset")

const key = "pending"

// Run restores the defaults. When it returns nil they are restored, and Follow restores the network; when it returns an error, nothing
// happened.
func (r *Reset) Run(ctx context.Context) error {
	if err := r.snapshot(); err != nil {
		// A disk that is full or broken must not keep the owner out.
		r.Out.Warn("keep settings before reset", "err", err)
	}
	if err := r.DB.Update(r.restore); err != nil {
		return fmt.Errorf("restore administrator defaults: %w", err)
	}
	r.finish(ctx)
	return nil
}

// restore is the reset's one transaction.
func (r *Reset) restore(tx *store.Tx) error {
	now := r.Now()
	e := Event()
	if err := r.tell(tx, e); err != nil {
		return err
	}
	admin, err := r.Box.Release(tx, now)
	if err != nil {
		return err
	}
	if err := r.Factors.Remove(tx, admin.ID); err != nil {
		return err
	}
	if err := r.Throttle.Pardon(tx, admin.ID, account.BuiltIn); err != nil {
		return err
	}
	if err := r.resetPolicy(tx); err != nil {
		return err
	}
	if err := r.resetDefender(tx); err != nil {
		return err
	}
	if err := r.resetAnnouncement(tx); err != nil {
		return err
	}
	r.Sessions.EndAll(tx, admin.ID, "")
	r.Tickets.EndAll(tx)
	r.Waits.EndAll(tx)
	if err := r.Browsers.EndAll(tx, admin.ID); err != nil {
		return err
	}
	if err := store.Erasing(tx); err != nil { // deleted records stay readable in the file until it is compacted
		return err
	}
	if e, err = r.Tokens.End(tx, admin.ID, e); err != nil {
		return err
	}
	if err := r.Log.Record(tx, e); err != nil {
		return err
	}
	return table.Put(tx, key, record{now})
}

// Event is what the log says of a reset.
func Event() event.Event { return event.Event{Kind: event.ResetDone, Actor: account.BuiltIn} }

// tell writes to everybody who administered the box until now.
func (r *Reset) tell(tx *store.Tx, e event.Event) error {
	return account.Each(tx, func(a account.Account) error {
		if a.Administers() {
			r.Post.Tell(tx, a, e)
		}
		return nil
	})
}

// resetPolicy brings the policy for 2-step verification back to its default, and records that if it was another.
func (r *Reset) resetPolicy(tx *store.Tx) error {
	before, err := settings.GetPolicy(tx)
	if err != nil {
		return err
	}
	if err := settings.ResetPolicy(tx); err != nil {
		return err
	}
	after := settings.DefaultPolicy()
	r.Sessions.EndIdleAfter(tx, after.Idle)
	who := func(p settings.Policy) (string, error) { return string(p.TwoStep), nil }
	return after.Changes(before, who, func(what, from, to string) error {
		e := event.Event{Kind: event.SettingsChanged, Actor: account.BuiltIn}
		return r.Log.Record(tx, e.With("what", what).With("from", from).With("to", to))
	})
}

// resetDefender brings the lists of addresses and the limits at the door back to their defaults, and ends the pauses
// of sources: whoever held the button may sit at an address that was blocked.
func (r *Reset) resetDefender(tx *store.Tx) error {
	before, err := settings.GetDefender(tx)
	if err != nil {
		return err
	}
	if err := settings.ResetDefender(tx); err != nil {
		return err
	}
	if err := r.Throttle.Unpause(tx); err != nil {
		return err
	}
	e := event.Event{Kind: event.DefenderChanged, Actor: account.BuiltIn}
	return settings.DefaultDefender().Changes(before, func(list, what string) error {
		return r.Log.Record(tx, e.With("list", list).With("what", what))
	})
}

// Resume finishes a reset that was interrupted, or does nothing. It may be repeated. The news of the reset were lost with
// the memory, so they are told again: better twice than never.
func (r *Reset) Resume(ctx context.Context) error {
	pending := false
	if err := r.DB.View(func(tx *store.Tx) (err error) { _, pending, err = table.Get(tx, key); return err }); err != nil || !pending {
		return err
	}
	err := r.DB.Update(func(tx *store.Tx) error { return r.tell(tx, Event()) })
	r.finish(ctx)
	return err
}

// finish does what cannot be part of the transaction, then begins the rest before the next reset and wishes for automatic
// addresses. The defaults are restored by then: that the file could not be written anew or the end not be noted keeps nobody waiting
// at the button. The store tries the first again by itself, the next start the second.
func (r *Reset) finish(ctx context.Context) {
	tidied := r.DB.Tidy()
	r.Forget(ctx)
	err := r.DB.Update(func(tx *store.Tx) error {
		if tidied != nil {
			if err := r.Log.Record(tx, event.Event{Kind: event.EraseFailed}.With("reason", tidied.Error())); err != nil {
				return err
			}
		}
		if err := r.rest(tx); err != nil {
			return err
		}
		return table.Delete(tx, key)
	})
	if err != nil {
		r.Out.Error("note finished reset", "err", err)
		r.finished(r.Elapsed())
	}
	r.rouse()
}

// Pardon ends the waits after wrong passwords, of everybody, for whoever presses the button briefly. It opens nothing and
// restores nothing. It reports whether there was any such wait.
func (r *Reset) Pardon() (slowed bool, err error) {
	err = r.DB.Update(func(tx *store.Tx) error {
		owned, _, err := claim.Owned(tx)
		if err != nil || !owned { // there the press is for the claim
			return err
		}
		d, err := settings.GetDefender(tx)
		if err != nil {
			return err
		}
		if slowed, err = r.Throttle.Amnesty(tx, throttle.LevelOf(string(d.Limits))); err != nil || !slowed {
			return err
		}
		return r.Log.Record(tx, event.Event{Kind: event.SlowDownLifted}.With("what", "all wrong passwords, by a press of the button"))
	})
	return slowed, err
}
