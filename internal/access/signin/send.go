package signin

import (
	"context"
	"slices"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// The holders of codes by e-mail: a code is good only for the sign-in or the session that asked for it, for
// what it was asked for, and while the address it went to is the account's.
func ticketHolder(t session.Ticket, to string) string   { return "ticket/" + t.Token + "/" + to }
func sessionHolder(s session.Session, to string) string { return "session/" + s.ID + "/" + to }
func enrolHolder(s session.Session, to string) string   { return "enrol/" + s.ID + "/" + to }
func changeHolder(s session.Session, to string) string  { return "address/" + s.ID + "/" + to }

// Sent is what became of the wish for a code by e-mail.
type Sent struct {
	To     string        // masked
	Now    bool          // a mail was sent; otherwise it is too early for one
	Resend time.Duration // until the next one can be sent
	Left   time.Duration // for which the newest code is good; 0: there is none
}

// send sends a code to an address unless one was sent a moment ago, and records that. It returns when the
// mail server has taken the mail, or after a few seconds with the refusal that offers other ways.
func (d *Door) send(ctx context.Context, v Visitor, a account.Account, to, holder string, purpose notice.Purpose) (Sent, error) {
	lane := factor.Inside
	if purpose == notice.ToSignIn {
		lane = factor.AtTheDoor
	}
	c := d.Factors.NewCode(a.ID, lane, holder)
	sent := Sent{To: account.Masked(to), Now: c.Code != "", Resend: c.Resend, Left: c.Left}
	if !sent.Now {
		return sent, nil
	}
	err := d.Post.SendCode(ctx, to, notice.Code{Account: a, Digits: c.Code, Purpose: purpose, Address: v.Address, Agent: v.Agent})
	if err != nil {
		d.Factors.DropCode(holder)
		return sent, err
	}
	return sent, d.DB.Update(func(tx *store.Tx) error {
		return d.Log.Record(tx, v.event(event.CodeSent, a.Name).With("address", sent.To))
	})
}

// reachable returns an account and why it cannot get codes by e-mail.
func (d *Door) reachable(id string) (a account.Account, obstacle string, err error) {
	err = d.DB.View(func(tx *store.Tx) error {
		if a, err = account.Get(tx, id); err != nil {
			return err
		}
		obstacle, err = factor.EmailObstacle(tx, a)
		return err
	})
	return a, obstacle, err
}

// open returns an account that may get codes by e-mail as a second factor.
func (d *Door) open(id string) (a account.Account, err error) {
	err = d.DB.View(func(tx *store.Tx) error {
		if a, err = account.Get(tx, id); err != nil {
			return err
		}
		ways, err := factor.Open(tx, a)
		if err == nil && !slices.Contains(ways, factor.Email) {
			err = factor.ErrWay
		}
		return err
	})
	return a, err
}

// SendCode sends a code for a sign-in whose password was right.
func (d *Door) SendCode(ctx context.Context, v Visitor, cookie string) (Sent, error) {
	t, _, ok := d.Tickets.Find(cookie)
	if !ok || t.Stage != session.AwaitCode {
		return Sent{}, ErrExpired
	}
	a, err := d.open(t.Account)
	if err != nil {
		return Sent{}, err
	}
	if err := d.usable(a, t.Hash); err != nil {
		return Sent{}, ErrExpired.Because(err)
	}
	return d.send(ctx, v, a, a.Email, ticketHolder(t, a.Email), notice.ToSignIn)
}

// SendProofCode sends a code with which a signed-in person can prove who they are.
func (d *Door) SendProofCode(ctx context.Context, v Visitor, s session.Session) (Sent, error) {
	a, err := d.open(s.Account)
	if err != nil {
		return Sent{}, err
	}
	return d.send(ctx, v, a, a.Email, sessionHolder(s, a.Email), notice.ToProve)
}
