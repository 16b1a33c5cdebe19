package daemon

import (
	"errors"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// steps are what brings the records of earlier versions up to date. A database of another device is left as it is.
func (d *Daemon) steps(key secret.Key) []store.Step {
	return []store.Step{
		// 0.3.0 finds accounts by lists, and guards the log with a chain.
		func(tx *store.Tx) error {
			if _, err := deviceOf(tx, key); err != nil {
				return err
			}
			now := d.earliest()
			floor, err := event.Floor(tx)
			if floor.After(now) {
				now = floor
			}
			return errors.Join(err, account.MakeLists(tx), d.journal(key, now).Found(tx))
		},
	}
}

// earliest is the time while nothing better is known.
func (d *Daemon) earliest() time.Time {
	now := d.System().UTC()
	if now.Before(d.Built) {
		now = d.Built
	}
	return now
}

// journal is the log before the house is built.
func (d *Daemon) journal(key secret.Key, now time.Time) *event.Log {
	return event.New(func() event.Moment { return event.Moment{Now: now, State: string(clock.Unsynced)} }, d.Out).Keyed(key.Derive("log"))
}
