package signin

import (
	"context"
	"errors"
	"time"

	"castellan/internal/access/claim"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/store"
)

// AwaitPress lets a browser of the house wait for a short press of the button, on a box that nobody owns. A browser
// that begins again does not count twice.
func (d *Door) AwaitPress(v Visitor) (Step, error) {
	if !v.Local {
		return Step{}, claim.ErrOutside
	}
	generation, err := d.unowned()
	if err != nil {
		return Step{}, err
	}
	d.forget(v.Ticket)
	id, err := d.Waits.Begin(presence.Claim, "")
	if err != nil {
		return Step{}, err
	}
	cookie, t, err := d.Tickets.Issue(session.Ticket{Stage: session.AwaitPress, Wait: id, Generation: generation, Source: v.Address, Agent: v.Agent})
	if err != nil {
		d.Waits.Leave(id)
		return Step{}, err
	}
	return Step{Cookie: cookie, Token: t.Token, Left: presence.ClaimLife}, nil
}

// unowned returns the generation of a box that nobody owns.
func (d *Door) unowned() (generation uint64, err error) {
	err = d.DB.View(func(tx *store.Tx) error {
		owned, _, err := claim.Owned(tx)
		if err == nil && owned {
			return claim.ErrClaimed
		}
		if err == nil {
			generation, err = claim.Generation(tx)
		}
		return err
	})
	return generation, err
}

// Press tells whether the press has come for a browser that waits. From then on its ticket claims.
func (d *Door) Press(cookie string) (state presence.State, token string, left time.Duration, err error) {
	t, lasts, ok := d.Tickets.Find(cookie)
	switch {
	case ok && t.Stage == session.AwaitClaim:
		return presence.Confirmed, t.Token, lasts, nil
	case !ok || t.Stage != session.AwaitPress:
		return "", "", 0, presence.ErrGone
	}
	state, left, err = d.Waits.Look(presence.Claim, t.Wait)
	if err != nil {
		return "", "", 0, err
	}
	if state == presence.Confirmed {
		if _, err := d.Waits.Take(presence.Claim, t.Wait); err != nil {
			return "", "", 0, err
		}
		d.Tickets.Confirm(cookie, "a press of the button")
		left = session.ClaimLife
	}
	return state, t.Token, left, nil
}

// Claim makes the holder of a claim's ticket the administrator of the box, once, and lets them in.
func (d *Door) Claim(ctx context.Context, v Visitor, cookie string, c claim.Claim) (Step, error) {
	t, err := d.take(cookie, session.AwaitClaim)
	if err != nil {
		return Step{}, err
	}
	step, err := d.claim(ctx, v, t, c)
	switch {
	case err == nil, errors.Is(err, claim.ErrClaimed):
		d.Tickets.End(cookie)
	case errors.Is(err, claim.ErrStale):
		d.Tickets.End(cookie)
		err = ErrExpired.Because(err)
	default:
		d.Tickets.Return(cookie, false) // a value can be corrected
	}
	return step, err
}

// take takes a ticket that waits for a step.
func (d *Door) take(cookie string, stage session.Stage) (session.Ticket, error) {
	t, err := d.Tickets.Take(cookie, stage)
	if errors.Is(err, session.ErrNoTicket) {
		err = ErrExpired.Because(err)
	}
	return t, err
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
		owner, err := d.Box.Take(tx, c, t.Generation, hash, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		d.Waits.EndAll(tx)
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
