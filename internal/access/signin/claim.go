package signin

import (
	"context"
	"time"

	"castellan/internal/access/claim"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/store"
)

// AwaitPress lets a browser wait for a short press of the button, on a box that nobody owns. before is the
// ticket that the browser had: a browser that begins again does not count twice.
func (d *Door) AwaitPress(v Visitor, before string) (Step, error) {
	if err := d.unowned(); err != nil {
		return Step{}, err
	}
	if t, _, ok := d.Tickets.Find(before); ok && t.Stage == session.AwaitPress {
		d.Box.Leave(t.Wait)
		d.Tickets.End(before)
	}
	id, err := d.Box.Wait()
	if err != nil {
		return Step{}, err
	}
	cookie, t := d.Tickets.Issue(session.Ticket{Stage: session.AwaitPress, Wait: id, Source: v.Address, Agent: v.Agent})
	return Step{Cookie: cookie, Token: t.Token, Left: claim.WaitLife}, nil
}

func (d *Door) unowned() error {
	return d.DB.View(func(tx *store.Tx) error {
		owned, _, err := claim.Owned(tx)
		if err == nil && owned {
			err = claim.ErrClaimed
		}
		return err
	})
}

// Press tells whether the press has come for a browser that waits. From then on its ticket claims.
func (d *Door) Press(cookie string) (state claim.WaitState, token string, left time.Duration, err error) {
	t, lasts, ok := d.Tickets.Find(cookie)
	switch {
	case ok && t.Stage == session.AwaitClaim:
		return claim.Confirmed, t.Token, lasts, nil
	case !ok || t.Stage != session.AwaitPress:
		return "", "", 0, claim.ErrNoWait
	}
	state, left, err = d.Box.Waited(t.Wait)
	if err != nil {
		return "", "", 0, err
	}
	if state == claim.Confirmed {
		if err := d.Box.Confirm(t.Wait); err != nil {
			return "", "", 0, err
		}
		d.Tickets.Confirm(cookie, "a press of the button")
		left = session.ClaimLife
	}
	return state, t.Token, left, nil
}

// Claim makes the holder of a claim's ticket the administrator of the box, once, and lets them in.
func (d *Door) Claim(ctx context.Context, v Visitor, cookie string, c claim.Claim) (Step, error) {
	t, ok := d.Tickets.Take(cookie)
	if !ok || t.Stage != session.AwaitClaim {
		if ok {
			d.Tickets.Return(cookie, t, false)
		}
		return Step{}, ErrExpired
	}
	step, err := d.claim(ctx, v, t, c)
	if err != nil {
		d.Tickets.Return(cookie, t, false) // a value can be corrected
	}
	return step, err
}

func (d *Door) claim(ctx context.Context, v Visitor, t session.Ticket, c claim.Claim) (step Step, err error) {
	if err := d.DB.View(func(tx *store.Tx) error { return d.Box.Check(tx, c) }); err != nil {
		return Step{}, err
	}
	hash, err := d.Passwords.Hash(ctx, c.Password)
	if err != nil {
		return Step{}, err
	}
	err = d.DB.Update(func(tx *store.Tx) error {
		owner, err := d.Box.Take(tx, c, hash, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		e := v.event(event.Claimed, owner.Name).With("proof", t.Proof).With("account", owner.Name)
		if err := d.Log.Record(tx, e); err != nil {
			return err
		}
		step, err = d.admit(tx, v, owner, t.Proof, session.Session{Claimed: true})
		return err
	})
	if err == nil {
		step.Clock = d.Clock.Reading()
	}
	return step, err
}
