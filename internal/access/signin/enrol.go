package signin

import (
	"context"
	"errors"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// StartEnrolment makes the secret of a new authenticator device. Without a trusted time that would end in
// a lock-out, so it is refused then.
func (d *Door) StartEnrolment(ctx context.Context, v Visitor, s session.Session, name string) (e factor.Enrolment, a account.Account, err error) {
	if err := d.enrollable(ctx); err != nil {
		return e, a, err
	}
	err = d.own(s, func(tx *store.Tx, own account.Account) error {
		a = own
		if e, err = d.Factors.Start(tx, a.ID, name); err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.EnrolmentStarted, a.Name).With("device", e.Name))
	})
	return e, a, err
}

// enrollable looks whether an app's code can be checked, for whoever sets an app up.
func (d *Door) enrollable(ctx context.Context) error {
	if r := d.Clock.Fresh(ctx); !r.Trusted() {
		return untrusted(r, nil)
	}
	return nil
}

// CancelEnrolment forgets what was not confirmed.
func (d *Door) CancelEnrolment(v Visitor, s session.Session) error {
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		name, err := d.Factors.Cancel(a.ID)
		if err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.EnrolmentDiscarded, a.Name).With("device", name).With("reason", "the person stopped"))
	})
}

// discarded records that a new device was forgotten.
func (d *Door) discarded(v Visitor, s session.Session, device, why string) error {
	return d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.EnrolmentDiscarded, a.Name).With("device", device).With("reason", why))
	})
}

// ConfirmEnrolment takes a device in with its first right code, turns 2-step verification on if it was off,
// and ends the person's other sessions.
func (d *Door) ConfirmEnrolment(ctx context.Context, v Visitor, cookie string, s session.Session, f factor.Confirmation) (c Changed, err error) {
	if err := d.enrollable(ctx); err != nil {
		return c, err
	}
	discarded, device := false, factor.Device{}
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		kind := event.DeviceAdded
		if !factor.Enabled(tx, a.ID) {
			kind = event.TwoStepOn
		}
		if device, discarded, err = d.Factors.Confirm(tx, a.ID, f, d.Clock.Reading().Now); err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(kind, a.Name).With("device", device.Name), cookie, s, session.Mended)
		return err
	})
	if discarded {
		if err := d.discarded(v, s, device.Name, "five wrong codes"); err != nil {
			return c, err
		}
	}
	return c, err
}

// RenameDevice gives one of one's devices another name.
func (d *Door) RenameDevice(v Visitor, s session.Session, id, name string) error {
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		before, after, err := factor.Rename(tx, a.ID, id, name)
		if err != nil {
			return err
		}
		return d.Log.Record(tx, v.event(event.DeviceRenamed, a.Name).With("from", before).With("to", after))
	})
}

// RemoveDevice removes one of one's devices, at once. Whoever came in by a press of the button may do so only where no new one
// fits in: what was there stays until its owner has a way in of their own again.
func (d *Door) RemoveDevice(v Visitor, cookie string, s session.Session, id string) (c Changed, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		if s.Enrol {
			list, err := factor.List(tx, a.ID)
			if err == nil && len(list) < factor.MaxDevices {
				err = ErrMend
			}
			if err != nil {
				return err
			}
		}
		name, err := factor.RemoveDevice(tx, a, id)
		if err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(event.DeviceRemoved, a.Name).With("device", name), cookie, s, session.Changed)
		return err
	})
	return c, err
}

// RenewRecovery makes new recovery codes in place of the old ones, shown this once.
func (d *Door) RenewRecovery(v Visitor, s session.Session) (codes []string, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		if codes, err = d.Factors.RenewRecovery(tx, a.ID, d.Clock.Reading().Now); err != nil {
			return err
		}
		return d.note(tx, a, v.event(event.RecoveryRenewed, a.Name))
	})
	return codes, err
}

// StartEmailWay sends a code to one's own address, to turn e-mail on as a way in.
func (d *Door) StartEmailWay(ctx context.Context, v Visitor, s session.Session) (sent Sent, e factor.Enrolment, err error) {
	a, obstacle, err := d.reachable(s.Account)
	if err != nil {
		return sent, e, err
	}
	if obstacle != "" {
		return sent, e, factor.ErrWay.Saying("%s", obstacle)
	}
	holder := enrolHolder(s, a.Email)
	if sent, err = d.send(ctx, v, a, a.Email, holder, notice.ToEnrol); err != nil {
		return sent, e, err
	}
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		e = d.Factors.StartEmail(tx, a, holder)
		return d.Log.Record(tx, v.event(event.EnrolmentStarted, a.Name).With("device", "E-mail"))
	})
	return sent, e, err
}

// ConfirmEmailWay turns e-mail on as a way in with the code that was sent, and ends the person's other
// sessions. The address is confirmed by that.
func (d *Door) ConfirmEmailWay(v Visitor, cookie string, s session.Session, f factor.Confirmation) (c Changed, err error) {
	var a account.Account
	err = d.own(s, func(tx *store.Tx, own account.Account) error {
		a = own
		obstacle, err := factor.EmailObstacle(tx, a)
		switch {
		case err != nil:
			return err
		case obstacle != "":
			return factor.ErrWay.Saying("%s", obstacle)
		}
		kind := event.EmailWayOn
		if !factor.Enabled(tx, a.ID) {
			kind = event.TwoStepOn
		}
		f.Holder = enrolHolder(s, a.Email)
		if err := d.Factors.ConfirmEmail(tx, a, f, d.Clock.Reading().Now); err != nil {
			return err
		}
		a.Confirmed = true
		if err := account.Put(tx, a); err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(kind, a.Name).With("device", "E-mail"), cookie, s, session.Mended)
		return err
	})
	if errors.Is(err, factor.ErrCodeWrong) {
		return c, d.wrongMailCode(v, a, err)
	}
	return c, err
}

// wrongMailCode records a wrong code for an address, and returns the refusal.
func (d *Door) wrongMailCode(v Visitor, a account.Account, why error) error {
	err := d.DB.Update(func(tx *store.Tx) error {
		return d.Log.Record(tx, v.event(event.EmailRefused, a.Name).With("reason", reason(why)))
	})
	if err != nil {
		return err
	}
	return factor.ErrMailCode
}

// RemoveEmailWay turns e-mail off as a way in, at once.
func (d *Door) RemoveEmailWay(v Visitor, cookie string, s session.Session) (c Changed, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		if err := factor.RemoveEmail(tx, a); err != nil {
			return err
		}
		c, err = d.alone(tx, a, v.event(event.EmailWayOff, a.Name), cookie, s, session.Changed)
		return err
	})
	return c, err
}
