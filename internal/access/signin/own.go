package signin

import (
	"context"
	"strconv"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The refusals about one's own ways in.
var (
	ErrOn    = &fault.Error{Kind: fault.Conflict, Code: "two_step_on", Message: "2-step verification is on already, so there is nothing to put off. Turn it off in Personal Settings › Security if you want to."}
	ErrNotOn = &fault.Error{Kind: fault.Conflict, Code: "two_step_off", Message: "2-step verification is off already."}
	// ErrUpgrade asks for a longer password before it becomes the only factor.
	ErrUpgrade = &fault.Error{
		Kind: fault.Conflict, Code: "password_upgrade_required",
		Message: "Without 2-step verification a password needs at least 15 characters. Change it first, then turn 2-step verification off.",
	}
)

// ChangePassword replaces one's own password, with the current one as proof, and ends one's other
// sessions. The acting session gets a new cookie.
func (d *Door) ChangePassword(ctx context.Context, v Visitor, cookie string, s session.Session, current, chosen string) (c Changed, err error) {
	if err := d.checkNew(s.Account, chosen); err != nil {
		return c, err
	}
	hash := ""
	want := proving{refused: event.PasswordRefused, ready: func() (err error) { hash, err = d.Passwords.Hash(ctx, chosen); return err }}
	err = d.prove(ctx, v, s, Proof{Password: current}, want, func(tx *store.Tx, a account.Account) error {
		if err := factor.CheckPassword(tx, a, chosen); err != nil {
			return err // the second factor went meanwhile
		}
		a.Password = account.Password{Hash: hash, Origin: account.Own}
		if err := account.Put(tx, a); err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(event.PasswordChanged, a.Name), cookie, s, session.Changed)
		return err
	})
	return c, err
}

// checkNew reports why a new password is not good enough for an account, before it is hashed.
func (d *Door) checkNew(id, chosen string) error {
	return d.DB.View(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		return factor.CheckPassword(tx, a, chosen)
	})
}

// alone ends a person's other sessions after a change to their ways in, forgets their other browsers, gives the acting
// session a new cookie, records the event with the number of those that ended, and tells the person.
func (d *Door) alone(tx *store.Tx, a account.Account, e event.Event, cookie string, s session.Session, on session.Renewal) (c Changed, err error) {
	c.Ended = d.Sessions.EndAll(tx, s.Account, s.ID)
	renewed, next := d.Sessions.Renew(tx, cookie, on)
	if renewed == "" {
		return c, session.ErrEnded
	}
	if _, err := d.Browsers.EndOthers(tx, a.ID, s.Browser); err != nil {
		return c, err
	}
	c.Cookie, c.Token = renewed, next.Token
	return c, d.note(tx, a, e.With("sessions", strconv.Itoa(c.Ended)))
}

// Changed is what came of a change to one's ways in.
type Changed struct {
	Cookie, Token string // of the acting session
	Ended         int    // other sessions
}

// TurnOff turns 2-step verification off, with the password and a current code as proof: a session alone
// is not enough. Its recovery codes are void then.
func (d *Door) TurnOff(ctx context.Context, v Visitor, cookie string, s session.Session, p Proof) (c Changed, err error) {
	_, on, err := d.person(s.Account)
	switch {
	case err != nil:
		return c, err
	case !on:
		return c, ErrNotOn
	}
	err = d.prove(ctx, v, s, p, proving{code: !d.repairing(cookie), refused: event.TwoStepRefused}, func(tx *store.Tx, a account.Account) error {
		if password.Length(p.Password) < password.MinAlone {
			return ErrUpgrade
		}
		if err := d.Factors.Remove(tx, a.ID); err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(event.TwoStepOff, a.Name), cookie, s, session.Mended)
		return err
	})
	return c, err
}

// ErrDemanded says that 2-step verification has to be turned on first.
var ErrDemanded = &fault.Error{Kind: fault.Forbidden, Code: "enrollment_required", Message: "This NAS wants 2-step verification from you. Turn it on first."}

// MustEnrol reports whether the holder of a session has to enrol a second factor before they may do anything else. That
// is asked for accounts without one, which the policy may want to have one, and for sessions in which a press of the
// button stood for it. While none can be enrolled, for want of a trusted time and of mail that works, nobody is kept out for that.
func (d *Door) MustEnrol(tx *store.Tx, a account.Account, s session.Session) (bool, error) {
	if !s.Enrol {
		demanded, err := factor.Demanded(tx, a)
		if err != nil || !demanded {
			return false, err
		}
	}
	if d.Clock.Reading().Trusted() {
		return true, nil
	}
	obstacle, err := factor.EmailObstacle(tx, a)
	return obstacle == "" && d.Post.Trouble() == "" && !factor.EmailOn(tx, a.ID), err
}

// spared records that somebody gets in who must use 2-step verification and cannot set it up now.
func (d *Door) spared(tx *store.Tx, v Visitor, a account.Account) error {
	if factor.Enabled(tx, a.ID) {
		return nil
	}
	demanded, err := factor.Demanded(tx, a)
	if err != nil || !demanded {
		return err
	}
	must, err := d.MustEnrol(tx, a, session.Session{})
	if err != nil || must {
		return err
	}
	return d.Log.Record(tx, v.event(event.EnrolmentSpared, a.Name))
}

// Postpone records that the offer of 2-step verification was put off. Whoever has just claimed the box
// decides with it that nobody must use it; others whom the policy covers cannot put it off, nor can whoever has turned it on:
// a page that is still open somewhere does not take back what was decided on another.
func (d *Door) Postpone(v Visitor, s session.Session) error {
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		must, err := d.MustEnrol(tx, a, s)
		switch {
		case err != nil:
			return err
		case must && s.Enrol:
			return ErrMend
		case factor.Enabled(tx, a.ID):
			return ErrOn
		case must && !s.Claimed:
			return ErrDemanded
		case must:
			if err := d.demandNobody(tx, v, a); err != nil {
				return err
			}
		}
		return d.Log.Record(tx, v.event(event.TwoStepLater, a.Name))
	})
}

func (d *Door) demandNobody(tx *store.Tx, v Visitor, a account.Account) error {
	p, err := settings.GetPolicy(tx)
	if err != nil {
		return err
	}
	before := p.TwoStep
	p.TwoStep = settings.Nobody
	if err := settings.PutPolicy(tx, p); err != nil {
		return err
	}
	e := v.event(event.SettingsChanged, a.Name).With("what", "Who must use 2-step verification")
	return d.Log.Record(tx, e.With("from", string(before)).With("to", string(p.TwoStep)))
}
