package signin

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// Password checks a name and a password and says what is needed next. Known and unknown names take the
// same time and get the same answer.
func (d *Door) Password(ctx context.Context, v Visitor, name, typed string) (Step, error) {
	if err := password.CheckTyped(typed); err != nil {
		return Step{}, err
	}
	g, err := d.guess(v, name)
	if err != nil {
		return Step{}, err
	}
	if g.Browser != "" {
		ctx = password.Known(ctx, strings.ToLower(name))
	}
	attempt, err := d.Throttle.Password(g)
	if err != nil {
		return Step{}, d.slowed(v, err, func(tx *store.Tx) (account.Account, error) { return account.ByName(tx, name) })
	}
	defer attempt.Drop()
	step, err := d.password(ctx, v, name, typed, attempt)
	if errors.Is(err, whyChanged) { // by a sign-in that came at the same moment, perhaps: that is no wrong try
		step, err = d.password(ctx, v, name, typed, attempt)
	}
	if errors.Is(err, whyChanged) {
		err = ErrRefused.Because(whyChanged)
	}
	return step, err
}

// password checks a password against the account as it is now. The error is whyChanged when it was right and the
// account was changed before that could be made use of.
func (d *Door) password(ctx context.Context, v Visitor, name, typed string, attempt *throttle.Attempt) (Step, error) {
	a, owned, err := d.lookUp(name)
	if err != nil {
		return Step{}, err
	}
	ok, rehash, err := d.check(ctx, a, typed)
	if err != nil {
		return Step{}, err
	}
	why := d.judge(v, a, owned, ok)
	if why == nil {
		var step Step
		step, why = d.accept(v, a, attempt, passed{rehash, password.Length(typed) < password.MinAlone})
		if why == nil {
			step.Clock = d.Clock.Reading()
			return step, nil
		}
	}
	var reason refusal
	if !errors.As(why, &reason) || reason == whyChanged {
		return Step{}, why
	}
	return Step{}, d.refusePassword(a, v, attempt, v.event(event.SignInRefused, a.Name).With("reason", string(reason)), ErrRefused.Because(reason))
}

// lookUp finds the account of a name. An unknown name gives the zero account, whose empty hash is a decoy.
func (d *Door) lookUp(name string) (a account.Account, owned bool, err error) {
	err = d.DB.View(func(tx *store.Tx) (err error) {
		if owned, _, err = claim.Owned(tx); err != nil {
			return err
		}
		if a, err = account.ByName(tx, name); errors.Is(err, account.ErrUnknown) {
			return nil
		}
		return err
	})
	return a, owned, err
}

// check compares a typed password with an account's. A password that was made to be read off a label is
// forgiven its case and its dashes. rehash is a new hash where the stored one was made too cheaply.
func (d *Door) check(ctx context.Context, a account.Account, typed string) (ok bool, rehash string, err error) {
	if a.Waiting() {
		typed = secret.Reread(typed)
	}
	ok, stale, err := d.Passwords.Verify(ctx, a.Password.Hash, typed)
	if err != nil || !ok || !stale {
		return ok, "", err
	}
	if rehash, err = d.Passwords.Hash(ctx, typed); errors.Is(err, password.ErrBusy) {
		return true, "", nil // the next sign-in will do it
	}
	return true, rehash, err
}

// judge says why a sign-in is refused, or nothing.
func (d *Door) judge(v Visitor, a account.Account, owned, ok bool) error {
	switch {
	case a.ID == "":
		return whyUnknown
	case !ok:
		return whyWrong
	case a.Password.Origin == account.Default && !v.Local:
		return whyOutside
	case !owned && a.Password.Origin != account.Default:
		return whyNotOwned
	}
	return d.usable(a, a.Password.Hash)
}

// passed is what became known of a password that was found right.
type passed struct {
	rehash string // a new hash, where the stored one was made too cheaply
	short  bool   // too short to be the only factor
}

// accept goes on after a right password: to the claim, to the second factor, to a password of one's own, or
// in.
func (d *Door) accept(v Visitor, a account.Account, attempt *throttle.Attempt, p passed) (step Step, err error) {
	err = d.DB.Update(func(tx *store.Tx) error {
		now, err := account.Get(tx, a.ID)
		if err != nil {
			return whyChanged
		}
		if err := d.usable(now, a.Password.Hash); err != nil {
			return err
		}
		if owned, _, err := claim.Owned(tx); err != nil || !owned && now.Password.Origin != account.Default {
			return cmp.Or(err, error(whyNotOwned))
		}
		if attempt.Failures() >= throttle.FreeTries {
			d.Post.Suspect(tx, now, notice.Found, v.event(event.SignedIn, now.Name))
		}
		if err := attempt.Succeed(tx); err != nil {
			return err
		}
		if p.rehash != "" {
			now.Password.Hash = p.rehash
			if err := account.Put(tx, now); err != nil {
				return err
			}
		}
		step, err = d.next(tx, v, now, p.short)
		return err
	})
	return step, err
}

// next decides what comes after a right password. One that was chosen beside a second factor, which is gone, may
// be too short to let in alone: it opens the page that replaces it.
func (d *Door) next(tx *store.Tx, v Visitor, a account.Account, short bool) (Step, error) {
	on := factor.Enabled(tx, a.ID)
	var t session.Ticket
	step := Step{Account: a, PasswordMin: password.Min(on)}
	switch {
	case a.Password.Origin == account.Default:
		t, step.Next = session.Ticket{Stage: session.AwaitClaim, Proof: "the default password"}, NextClaim
	case on:
		if err := d.offer(tx, v, &step); err != nil {
			return Step{}, err
		}
		t, step.Next = session.Ticket{Stage: session.AwaitCode, Proof: "password"}, NextCode
	case a.Waiting():
		t, step.Next = session.Ticket{Stage: session.AwaitPassword, Proof: "a temporary password"}, NextPassword
	case short:
		t, step.Next = session.Ticket{Stage: session.AwaitPassword, Proof: "password"}, NextPassword
	default:
		return d.admit(tx, v, a, "password", session.Session{})
	}
	err := d.issue(tx, &step, t, v)
	return step, err
}

// OwnPassword replaces a temporary password by one's own, and lets the person in.
func (d *Door) OwnPassword(ctx context.Context, v Visitor, cookie, chosen string) (Step, error) {
	t, err := d.take(cookie, session.AwaitPassword)
	if err != nil {
		return Step{}, err
	}
	step, err := d.ownPassword(ctx, v, t, chosen)
	if err != nil {
		d.Tickets.Return(cookie, false)
		return Step{}, err
	}
	d.Tickets.End(cookie)
	d.vouch(step)
	return step, nil
}

func (d *Door) ownPassword(ctx context.Context, v Visitor, t session.Ticket, chosen string) (step Step, err error) {
	if err := d.checkNew(t.Account, chosen); errors.Is(err, account.ErrUnknown) {
		return Step{}, ErrExpired.Because(err)
	} else if err != nil {
		return Step{}, err
	}
	same, _, err := d.Passwords.Verify(ctx, t.Hash, secret.Reread(chosen))
	if err != nil {
		return Step{}, err
	}
	if same {
		return Step{}, password.ErrReused
	}
	hash, err := d.Passwords.Hash(ctx, chosen)
	if err != nil {
		return Step{}, err
	}
	err = d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, t.Account)
		if err != nil {
			return ErrExpired.Because(err)
		}
		if err := d.standing(tx, a, t); err != nil {
			return ErrExpired.Because(err)
		}
		if err := factor.CheckPassword(tx, a, chosen); err != nil {
			return err // the second factor went meanwhile
		}
		a.Password = account.Password{Hash: hash, Origin: account.Own}
		if err := d.note(tx, a, v.event(event.PasswordChanged, a.Name).With("sessions", "0")); err != nil {
			return err
		}
		step, err = d.admit(tx, v, a, t.Proof, session.Session{Repair: t.Repair, Enrol: t.Enrol})
		return err
	})
	return step, err
}
