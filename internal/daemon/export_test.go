package daemon

import (
	"context"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/event"
	"castellan/internal/store"
)

// Outcome is what a start makes of the files that it finds.
type Outcome struct {
	Recovery string // the code of what is wrong, in safe mode
	Mending  store.Mending
	Owned    bool
	Accounts int
	Unread   int    // accounts that cannot be read
	Entry    uint64 // the number of the newest entry of the log
}

// OutcomeForTest builds a house as a start does, and takes it apart again.
func (d *Daemon) OutcomeForTest() (o Outcome, err error) {
	h, err := d.build()
	if err != nil {
		return o, err
	}
	if h.recovery != nil {
		return Outcome{Recovery: h.recovery.code}, nil
	}
	defer func() { _ = h.db.Close() }()
	err = h.db.View(func(tx *store.Tx) (err error) {
		if o.Owned, _, err = claim.Owned(tx); err != nil {
			return err
		}
		_, o.Entry = store.NewJournal[any]("events").Bounds(tx)
		if account.Each(tx, func(account.Account) error { o.Accounts++; return nil }) != nil {
			o.Unread++
		}
		o.Mending, _, err = store.LastMending(tx)
		return err
	})
	if err == nil { // what cannot be recorded does not happen: nobody would get in
		err = h.db.Update(func(tx *store.Tx) error { return h.log.Record(tx, event.Event{Kind: event.Started}) })
	}
	return o, err
}

// RunForTest is Run, and gives the database of each house to the test.
func (d *Daemon) RunForTest(ctx context.Context, built func(*store.DB)) error {
	return d.runEach(ctx, func(h *house) { built(h.db) })
}
