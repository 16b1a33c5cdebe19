package signin

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// Code checks the second factor after a right password. It is spent, the session is started and the event
// is recorded in one commit; parallel use of one code gives one session.
func (d *Door) Code(ctx context.Context, v Visitor, cookie string, g factor.Given) (Step, error) {
	if g.Way == factor.Presence {
		return d.codeByPress(v, cookie)
	}
	if err := g.Check(); err != nil {
		return Step{}, err
	}
	t, _, ok := d.Tickets.Find(cookie)
	if !ok || t.Stage != session.AwaitCode {
		return Step{}, ErrExpired
	}
	attempt, err := d.codeTry(v, t.Account)
	if err != nil {
		return Step{}, err
	}
	defer attempt.Drop()
	if err := d.timely(ctx, g.Way, t.Account, &v); err != nil {
		return Step{}, err
	}
	if t, err = d.take(cookie, session.AwaitCode); err != nil { // from here on only this request can finish it
		return Step{}, err
	}
	step, a, err := d.spend(v, t, g, attempt)
	switch {
	case err == nil:
		d.forget(cookie)
		d.vouch(step)
		step.Clock = d.Clock.Reading()
		return step, nil
	case errors.Is(err, factor.ErrRefused):
		left := d.Tickets.Return(cookie, true)
		if left == 0 {
			d.Waits.Leave(t.Wait)
		}
		e := v.event(event.CodeRefused, a.Name).With("reason", reason(err))
		return Step{}, d.refuseCode(a, attempt, e, wrongCode(left))
	}
	d.Tickets.Return(cookie, false)
	return Step{}, err
}

// codeTry asks to evaluate a second factor of an account.
func (d *Door) codeTry(v Visitor, id string) (*throttle.Attempt, error) {
	attempt, err := d.Throttle.Code(id)
	if err != nil {
		return nil, d.slowed(v, err, func(tx *store.Tx) (account.Account, error) { return account.Get(tx, id) })
	}
	return attempt, nil
}

// timely looks whether a way can be checked now: an app's codes need a trusted time. The refusal names the other ways
// of the account; at the door is whose browser may wait for a press of the button, nil elsewhere.
func (d *Door) timely(ctx context.Context, way factor.Way, id string, atTheDoor *Visitor) error {
	if way != factor.App {
		return nil
	}
	r := d.Clock.Fresh(ctx)
	if r.Trusted() {
		return nil
	}
	var ways []factor.Way
	err := d.DB.View(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		switch {
		case err != nil:
		case atTheDoor == nil:
			ways, err = factor.Open(tx, a)
		default:
			ways, err = d.ways(tx, *atTheDoor, a)
		}
		return err
	})
	if err != nil {
		return err
	}
	return untrusted(r, ways)
}

// vouch has the clock believe its servers over the last known time when an administrator is in who proved themselves
// without the clock. What they did is on the disk.
func (d *Door) vouch(s Step) {
	if s.Next == NextDone && s.Repair && s.Account.Role == account.Administrator {
		d.Clock.Vouch()
	}
}

// refuseCode counts and records a wrong code, and returns the refusal. The owner is told when the password
// was right and codes go on being wrong.
func (d *Door) refuseCode(a account.Account, attempt *throttle.Attempt, e event.Event, refused error) error {
	err := d.DB.Update(func(tx *store.Tx) error {
		if err := attempt.Fail(tx); err != nil {
			return err
		}
		if attempt.Failures()%suspiciousCodes == 0 {
			d.Post.Suspect(tx, a, notice.WrongCodes, e)
		}
		return d.Log.Record(tx, e)
	})
	if err != nil {
		return err
	}
	return refused
}

// suspiciousCodes wrong codes after a right password are told to the owner, and so is a right one after
// manyCodes wrong ones.
const (
	suspiciousCodes = 3
	manyCodes       = 5
)

// spend finishes a sign-in with a second factor, in one transaction.
func (d *Door) spend(v Visitor, t session.Ticket, g factor.Given, attempt *throttle.Attempt) (step Step, a account.Account, err error) {
	err = d.DB.Update(func(tx *store.Tx) error {
		if a, err = account.Get(tx, t.Account); err != nil {
			return ErrExpired.Because(err)
		}
		if err := d.standing(tx, a, t); err != nil {
			return ErrExpired.Because(err)
		}
		g.Holder = ticketHolder(t, a.Email)
		spent, err := d.Factors.Spend(tx, a, g, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		if attempt.Failures() >= manyCodes {
			d.Post.Suspect(tx, a, notice.Guessed, v.event(event.SignedIn, a.Name))
		}
		if err := attempt.Succeed(tx); err != nil {
			return err
		}
		if spent.Way == factor.Recovery {
			used := v.event(event.RecoveryUsed, a.Name).With("left", strconv.Itoa(spent.Left))
			if err := d.note(tx, a, used); err != nil {
				return err
			}
		} else {
			a.LastWay = string(spent.Way)
		}
		step, err = d.finish(tx, v, a, "password and "+spent.String(), session.Session{Repair: spent.Way == factor.Recovery})
		return err
	})
	return step, a, err
}

// finish goes on after a right second factor: to a password of one's own, or in. with says what is special about the
// session.
func (d *Door) finish(tx *store.Tx, v Visitor, a account.Account, method string, with session.Session) (Step, error) {
	if !a.Waiting() {
		return d.admit(tx, v, a, method, with)
	}
	step := Step{Next: NextPassword, Account: a, PasswordMin: password.Min(true)}
	if err := account.Put(tx, a); err != nil {
		return Step{}, err
	}
	t := session.Ticket{Stage: session.AwaitPassword, Proof: method, Repair: with.Repair, Enrol: with.Enrol}
	err := d.issue(tx, &step, t, v)
	return step, err
}

// wrongCode is what a person whose password was right is told of a wrong code.
func wrongCode(left int) error {
	switch left {
	case 0:
		return ErrExpired.Saying("Five wrong codes. Start again with your password.")
	case 1:
		return factor.ErrRefused.Saying("That code is not right. Each code works once. One try left.")
	default:
		return factor.ErrRefused.Saying("%s", fmt.Sprintf("That code is not right. Each code works once. %d tries left.", left))
	}
}

// reason gives the cause of a refusal, for the log.
func reason(err error) string {
	if cause := errors.Unwrap(err); cause != nil {
		return cause.Error()
	}
	return err.Error()
}
