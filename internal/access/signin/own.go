package signin

import (
	"context"
	"strconv"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// The refusals about one's own ways in.
var (
	ErrAlreadyOn = &fault.Error{Kind: fault.Conflict, Code: "two_step_on", Message: "2-step verification is on already."}
	ErrNotOn     = &fault.Error{Kind: fault.Conflict, Code: "two_step_off", Message: "2-step verification is off already."}
	// ErrUpgrade asks for a longer password before it becomes the only factor.
	ErrUpgrade = &fault.Error{
		Kind: fault.Conflict, Code: "password_upgrade_required",
		Message: "Without 2-step verification a password needs at least 15 characters. Change it first, then turn 2-step verification off.",
	}
)

// ChangePassword replaces one's own password, with the current one as proof, and ends one's other
// sessions. The acting session gets a new cookie.
func (d *Door) ChangePassword(ctx context.Context, v Visitor, cookie string, s session.Session, current, chosen string) (renewed string, err error) {
	_, on, err := d.person(s.Account)
	if err != nil {
		return "", err
	}
	if err := password.Check(chosen, on); err != nil {
		return "", err
	}
	hash, err := d.Passwords.Hash(ctx, chosen)
	if err != nil {
		return "", err
	}
	err = d.prove(ctx, v, s.Account, Proof{Password: current}, proving{refused: event.PasswordRefused}, func(tx *store.Tx, a account.Account) error {
		a.Password = account.Password{Hash: hash, Origin: account.Own}
		if err := account.Put(tx, a); err != nil {
			return err
		}
		renewed, err = d.alone(tx, v.event(event.PasswordChanged, a.Name), cookie, s)
		return err
	})
	return renewed, err
}

// alone ends a person's other sessions after a change to their ways in, gives the acting one a new
// cookie, and records the event with the number of those that ended.
func (d *Door) alone(tx *store.Tx, e event.Event, cookie string, s session.Session) (renewed string, err error) {
	ended := d.Sessions.EndAll(tx, s.Account, s.ID)
	if renewed, _ = d.Sessions.Renew(tx, cookie, false); renewed == "" {
		return "", session.ErrEnded
	}
	return renewed, d.Log.Record(tx, e.With("sessions", strconv.Itoa(ended)))
}

// StartEnrolment makes the secret of a new authenticator device. Without a trusted time that would end in
// a lock-out, so it is refused then.
func (d *Door) StartEnrolment(ctx context.Context, v Visitor, s session.Session, name string) (e factor.Enrolment, a account.Account, err error) {
	a, on, err := d.person(s.Account)
	switch {
	case err != nil:
		return e, a, err
	case on:
		return e, a, ErrAlreadyOn
	}
	if r := d.Clock.Fresh(ctx); !r.Trusted() {
		return e, a, untrusted(r)
	}
	if e, err = d.Factors.Start(s.Account, name); err != nil {
		return e, a, err
	}
	return e, a, d.DB.Update(func(tx *store.Tx) error {
		return d.Log.Record(tx, v.event(event.EnrolmentStarted, a.Name).With("device", e.Name))
	})
}

// CancelEnrolment forgets a device that was not confirmed.
func (d *Door) CancelEnrolment(v Visitor, s session.Session, id string) error {
	name, err := d.Factors.Cancel(s.Account, id)
	if err != nil {
		return err
	}
	return d.discarded(v, s, name, "the person stopped")
}

func (d *Door) discarded(v Visitor, s session.Session, device, why string) error {
	return d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.EnrolmentDiscarded, a.Name).With("device", device).With("reason", why))
	})
}

// Confirmed is what came of the first right code.
type Confirmed struct {
	Cookie, Token string
	Ended         int // other sessions
}

// ConfirmEnrolment turns 2-step verification on with the first right code of a new device, and ends the
// person's other sessions.
func (d *Door) ConfirmEnrolment(ctx context.Context, v Visitor, cookie string, s session.Session, id, name, typed string) (c Confirmed, err error) {
	code, err := otp.ParseCode(typed)
	if err != nil {
		return c, err
	}
	if r := d.Clock.Fresh(ctx); !r.Trusted() {
		return c, untrusted(r)
	}
	discarded, device := false, factor.Device{}
	err = d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err != nil {
			return err
		}
		device, discarded, err = d.Factors.Confirm(tx, s.Account, id, name, code, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		c.Ended = d.Sessions.EndAll(tx, s.Account, s.ID)
		renewed, next := d.Sessions.Renew(tx, cookie, false)
		if renewed == "" {
			return session.ErrEnded
		}
		c.Cookie, c.Token = renewed, next.Token
		return d.Log.Record(tx, v.event(event.TwoStepOn, a.Name).With("device", device.Name).With("sessions", strconv.Itoa(c.Ended)))
	})
	if discarded {
		if err := d.discarded(v, s, device.Name, "five wrong codes"); err != nil {
			return c, err
		}
	}
	return c, err
}

// TurnOff turns 2-step verification off, with the password and a current code as proof: a session alone
// is not enough.
func (d *Door) TurnOff(ctx context.Context, v Visitor, cookie string, s session.Session, p Proof) (renewed string, err error) {
	_, on, err := d.person(s.Account)
	switch {
	case err != nil:
		return "", err
	case !on:
		return "", ErrNotOn
	}
	err = d.prove(ctx, v, s.Account, p, proving{code: true, refused: event.TwoStepRefused}, func(tx *store.Tx, a account.Account) error {
		if password.Length(p.Password) < password.MinAlone {
			return ErrUpgrade
		}
		if err := d.Factors.Remove(tx, a.ID); err != nil {
			return err
		}
		renewed, err = d.alone(tx, v.event(event.TwoStepOff, a.Name), cookie, s)
		return err
	})
	return renewed, err
}

// Postpone records that the offer of 2-step verification was put off.
func (d *Door) Postpone(v Visitor, s session.Session) error {
	return d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.TwoStepLater, a.Name))
	})
}
