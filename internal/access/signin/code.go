package signin

import (
	"context"
	"errors"
	"fmt"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/store"
)

// Code checks the code of an authenticator app after a right password. The code is spent, the session is
// started and the event is recorded in one commit; parallel use of one code gives one session.
func (d *Door) Code(ctx context.Context, v Visitor, cookie, typed string) (Step, error) {
	code, err := otp.ParseCode(typed)
	if err != nil {
		return Step{}, err
	}
	t, _, ok := d.Tickets.Find(cookie)
	if !ok || t.Stage != session.AwaitCode {
		return Step{}, ErrExpired
	}
	attempt, err := d.Throttle.Code(t.Account)
	if err != nil {
		return Step{}, err
	}
	defer attempt.Drop()
	if r := d.Clock.Fresh(ctx); !r.Trusted() {
		return Step{}, untrusted(r)
	}
	if t, ok = d.Tickets.Take(cookie); !ok { // from here on only this request can finish it
		return Step{}, ErrExpired
	}
	step, name, err := d.spend(v, t, code, attempt)
	switch {
	case err == nil:
		step.Clock = d.Clock.Reading()
		return step, nil
	case errors.Is(err, factor.ErrRefused):
		left := d.Tickets.Return(cookie, t, true)
		return Step{}, d.refuse(attempt, v.event(event.CodeRefused, name).With("reason", reason(err)), wrongCode(left))
	}
	d.Tickets.Return(cookie, t, false)
	return Step{}, err
}

// spend finishes a sign-in with a code, in one transaction.
func (d *Door) spend(v Visitor, t session.Ticket, code otp.Code, attempt *throttle.Attempt) (step Step, name string, err error) {
	err = d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, t.Account)
		if err != nil {
			return ErrExpired.Because(err)
		}
		name = a.Name
		if err := d.usable(a, t.Hash); err != nil {
			return ErrExpired.Because(err)
		}
		device, err := d.Factors.Spend(tx, a.ID, code, d.Clock.Reading().Now)
		if err != nil {
			return err
		}
		if err := attempt.Succeed(tx); err != nil {
			return err
		}
		method := "password and authenticator app “" + device.Name + "”"
		if a.Waiting() {
			step = d.ticket(session.AwaitPassword, v, a, method)
			step.Next, step.PasswordMin = NextPassword, password.Min(true)
			return nil
		}
		step, err = d.admit(tx, v, a, method)
		return err
	})
	return step, name, err
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
