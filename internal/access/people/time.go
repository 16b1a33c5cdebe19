package people

import (
	"errors"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/store"
)

// TimeMove is an administrator's word about what time it is.
type TimeMove struct {
	Kind     event.Kind // event.TimeAccepted or event.TimeSet
	From, To time.Time  // trusted time before and after
}

// MoveTime records that trusted time is moved on an administrator's word, keeps the new time as the one that is known
// for certain, and takes their force from devices that it goes back behind. The caller then moves it. Every
// administrator is told.
func (o *Office) MoveTime(by Actor, m TimeMove) error {
	return o.update(by, func(tx *store.Tx) error {
		if err := o.tellMove(tx, by.event(m.Kind), m); err != nil {
			return err
		}
		if err := o.void(tx, by.event(event.DevicesVoid), m.To); err != nil {
			return err
		}
		return event.SetFloor(tx, m.To) // last: each entry of the log keeps the time it was written at
	})
}

// TimeVouched records that trusted time was moved forward because an administrator signed in who needed no clock for that,
// and tells every administrator. The sign-in stands before it in the log.
func (o *Office) TimeVouched(from, to time.Time) error {
	return o.DB.Update(func(tx *store.Tx) error {
		return o.tellMove(tx, event.Event{Kind: event.TimeVouched}, TimeMove{From: from, To: to})
	})
}

// tellMove records a move of trusted time and tells every administrator.
func (o *Office) tellMove(tx *store.Tx, e event.Event, m TimeMove) error {
	const form = "2006-01-02 15:04:05 UTC"
	e = e.With("from", m.From.UTC().Format(form)).With("to", m.To.UTC().Format(form)).With("by", clock.BackOrForward(m.To.Sub(m.From)))
	if err := o.Log.Record(tx, e); err != nil {
		return err
	}
	all, err := account.Administrators(tx)
	for _, a := range all {
		o.Post.Tell(tx, a, e)
	}
	return err
}

// TimeIsKnown is called when the servers agree on the time after a doubt: where somebody beside the box made it go
// back, devices may lie ahead of it.
func (o *Office) TimeIsKnown(now time.Time) error {
	var ahead bool // nothing is written where nothing changes
	if err := o.DB.View(func(tx *store.Tx) (err error) { ahead, err = factor.Ahead(tx, now); return err }); err != nil || !ahead {
		return err
	}
	return o.DB.Update(func(tx *store.Tx) error { return o.void(tx, event.Event{Kind: event.DevicesVoid}, now) })
}

// void takes their force from the devices that lie ahead of a time, and tells those whose they are.
func (o *Office) void(tx *store.Tx, e event.Event, now time.Time) error {
	all, err := factor.VoidAhead(tx, now)
	if err != nil {
		return err
	}
	for _, v := range all {
		a, err := account.Get(tx, v.Account)
		if errors.Is(err, account.ErrUnknown) {
			continue
		}
		if err == nil {
			err = o.note(tx, a, e.With("devices", "“"+strings.Join(v.Devices, "”, “")+"”"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
