package signin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// Proof is what a signed-in person shows to prove who they are.
type Proof struct {
	Password string
	Factor   factor.Given // where 2-step verification is on
}

// wrongProof is the refusal of one part of a proof. The person is signed in, so it may say which.
func wrongProof(field, message string) error {
	err := ErrProof.Saying("%s", message)
	err.Fields = []fault.Field{{Name: field, Code: "wrong", Message: message}}
	return err
}

// StepUp checks a proof and opens sensitive changes for a while. The session gets a new cookie.
func (d *Door) StepUp(ctx context.Context, v Visitor, cookie string, s session.Session, p Proof) (renewed string, err error) {
	err = d.prove(ctx, v, s, p, proving{code: !d.repairing(cookie), refused: event.StepUpRefused}, func(tx *store.Tx, a account.Account) error {
		if renewed, _ = d.Sessions.Renew(tx, cookie, session.Proved); renewed == "" {
			return session.ErrEnded
		}
		return d.Log.Record(tx, v.event(event.SteppedUp, a.Name))
	})
	return renewed, err
}

// repairing reports whether a session began with a recovery code a short while ago. That code was its
// second factor: mending one's ways in then needs the password only, or the last code would lock its owner
// out.
func (d *Door) repairing(cookie string) bool {
	_, left, ok := d.Sessions.Find(cookie, false)
	return ok && left.Repair > 0
}

// proving says what a proof needs and how its refusal is recorded.
type proving struct {
	code    bool // a code as well, where 2-step verification is on
	refused event.Kind
	ready   func() error // what costs time and needs the password only; nil: nothing
}

// prove checks a proof and, if it is right, makes the change that it is for: in one transaction with the
// spending of the code.
func (d *Door) prove(ctx context.Context, v Visitor, s session.Session, p Proof, want proving, change func(*store.Tx, account.Account) error) error {
	if err := password.CheckTyped(p.Password); err != nil {
		return err
	}
	a, on, err := d.person(s.Account)
	if err != nil {
		return err
	}
	tries, err := d.try(a, v, on && want.code)
	if err != nil {
		return err
	}
	defer tries.drop()
	if tries.known {
		ctx = password.Known(ctx, strings.ToLower(a.Name))
	}
	ok, _, err := d.Passwords.Verify(ctx, a.Password.Hash, p.Password)
	if err != nil {
		return err
	}
	if !ok {
		return d.refusePassword(a, v, tries.password, v.event(want.refused, a.Name).With("reason", string(whyWrong)),
			wrongProof("password", "The password is not right."))
	}
	if want.ready != nil {
		if err := want.ready(); err != nil {
			return err
		}
	}
	if tries.code == nil {
		return d.commitProof(s, a, tries, change)
	}
	if err := p.Factor.Check(); err != nil {
		return err
	}
	if err := d.timely(ctx, p.Factor.Way, a.ID, nil); err != nil {
		return err
	}
	err = d.commitProof(s, a, tries, func(tx *store.Tx, a account.Account) error {
		p.Factor.Holder = sessionHolder(s, a.Email)
		spent, err := d.Factors.Spend(tx, a, p.Factor, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		if spent.Way == factor.Recovery {
			if err := d.note(tx, a, v.event(event.RecoveryUsed, a.Name).With("left", strconv.Itoa(spent.Left))); err != nil {
				return err
			}
		}
		return change(tx, a)
	})
	if errors.Is(err, factor.ErrRefused) {
		return d.refuseCode(a, tries.code, v.event(want.refused, a.Name).With("reason", "code: "+reason(err)),
			wrongProof("code", "That code is not right. Each code works once."))
	}
	return err
}

// commitProof makes the change of a proof whose password was found right.
func (d *Door) commitProof(s session.Session, a account.Account, tries tries, change func(*store.Tx, account.Account) error) error {
	return d.own(s, func(tx *store.Tx, now account.Account) error {
		if err := d.usable(now, a.Password.Hash); err != nil {
			return session.ErrEnded.Because(err)
		}
		if err := change(tx, now); err != nil {
			return err
		}
		return tries.succeed(tx)
	})
}

func (d *Door) person(id string) (a account.Account, on bool, err error) {
	err = d.DB.View(func(tx *store.Tx) (err error) {
		a, err = account.Get(tx, id)
		on = factor.Enabled(tx, id)
		return err
	})
	return a, on, err
}

// tries are the guesses that a proof is counted as.
type tries struct {
	password, code *throttle.Attempt
	known          bool // the browser is one that the account knows
}

func (d *Door) try(a account.Account, v Visitor, code bool) (t tries, err error) {
	g, err := d.guess(v, a.Name)
	if err != nil {
		return tries{}, err
	}
	g.Inside, t.known = true, g.Browser != ""
	if t.password, err = d.Throttle.Password(g); err != nil {
		return tries{}, d.slowed(v, err, func(*store.Tx) (account.Account, error) { return a, nil })
	}
	if !code {
		return t, nil
	}
	if t.code, err = d.codeTry(v, a.ID); err != nil {
		t.password.Drop()
		return tries{}, err
	}
	return t, nil
}

func (t tries) succeed(tx *store.Tx) error {
	if t.code != nil {
		if err := t.code.Succeed(tx); err != nil {
			return err
		}
	}
	return t.password.Succeed(tx)
}

func (t tries) drop() {
	t.password.Drop()
	if t.code != nil {
		t.code.Drop()
	}
}
