// Package people is what administrators do for others: add, change, disable and delete their accounts,
// let them in again, and turn their 2-step verification off. What ends somebody's rights ends their
// sessions in the same step.
package people

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/button"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// Config says what an Office works with. All of it must be set.
type Config struct {
	DB        *store.DB
	Passwords *password.Hasher
	Throttle  *throttle.Throttle
	Factors   *factor.Factors
	Sessions  *session.Sessions
	Browsers  *session.Browsers
	Tokens    *token.Tokens
	Log       *event.Log
	Post      *notice.Post
	MailKey   secret.Key       // seals the mail server's password
	Now       func() time.Time // trusted time
	Button    *button.Button
	// House tells the networks that the box is connected to.
	House func() []netip.Prefix
}

// Office is where administrators look after people.
type Office struct{ Config }

// New returns an Office.
func New(c Config) *Office { return &Office{c} }

// The refusals of this room.
var (
	ErrOwn              = &fault.Error{Kind: fault.Conflict, Code: "own_account", Message: "This is your own account. Another administrator has to do that."}
	ErrRole             = &fault.Error{Kind: fault.Forbidden, Code: "not_allowed", Message: "Only administrators may do that."}
	ErrNotAdministrator = &fault.Error{Kind: fault.Conflict, Code: "not_administrator", Message: "This account is no administrator. An administrator can help in Access Control."}
)

// Actor is the administrator who acts.
type Actor struct {
	ID, Name, Address, Agent string
	// Session and Browser name the session in which they act, and the known browser it began in.
	Session, Browser string
	Request          string // the id of the request, for the log
	// Stands returns, in the transaction of what they do, why they may not do it any more: their session or their token has ended since they
	// asked. nil: nothing ends their rights meanwhile.
	Stands func(*store.Tx) error
}

func (a Actor) event(kind event.Kind) event.Event {
	return event.Event{Kind: kind, Actor: a.Name, Address: a.Address, Agent: a.Agent, Request: a.Request}
}

// require refuses whoever is no administrator that can sign in, in the transaction of what they want to do: their
// rights may have ended since they asked.
func require(tx *store.Tx, id string) error {
	a, err := account.Get(tx, id)
	if errors.Is(err, account.ErrUnknown) || err == nil && !a.Administers() {
		return ErrRole.Because(err)
	}
	return err
}

// stand refuses whoever may not act any more.
func (a Actor) stand(tx *store.Tx) error {
	if a.Stands == nil {
		return nil
	}
	return a.Stands(tx)
}

// update makes a change that only an administrator may make, who still may.
func (o *Office) update(by Actor, change func(*store.Tx) error) error {
	return o.DB.Update(func(tx *store.Tx) error {
		if err := by.stand(tx); err != nil {
			return err
		}
		if err := require(tx, by.ID); err != nil {
			return err
		}
		return change(tx)
	})
}

// Person is an account with what an administrator may know of it.
type Person struct {
	account.Account
	TwoStep  bool
	Demanded bool // the policy wants 2-step verification of them
	// Link tells that an invitation was mailed and not used, and Lapsed that it no longer works.
	Link, Lapsed bool
}

func (o *Office) person(tx *store.Tx, a account.Account) (Person, error) {
	demanded, err := factor.Demanded(tx, a)
	link := a.Invitation.Token != ""
	return Person{a, factor.Enabled(tx, a.ID), demanded, link, link && !o.Now().Before(a.Invitation.Until)}, err
}

// note records what an administrator did about an account, and tells its owner if it is one of those things.
func (o *Office) note(tx *store.Tx, a account.Account, e event.Event) error {
	o.Post.Tell(tx, a, e)
	return o.Log.Record(tx, e.With("account", a.Name))
}

// List returns a page of people by name, and how many match in all.
func (o *Office) List(q account.Query) (page []Person, total int, err error) {
	err = o.DB.View(func(tx *store.Tx) error {
		found, n, err := account.Find(tx, q)
		total = n
		if err != nil {
			return err
		}
		for _, a := range found {
			p, err := o.person(tx, a)
			if err != nil {
				return err
			}
			page = append(page, p)
		}
		return nil
	})
	return page, total, err
}

// Get returns a person.
func (o *Office) Get(id string) (p Person, err error) {
	err = o.DB.View(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		p, err = o.person(tx, a)
		return err
	})
	return p, err
}

// Given is what lets a person in: a temporary password, which is shown once and has to be replaced at the next
// sign-in, or without one a link that was mailed.
type Given struct {
	Person   Person
	Password string
	Left     time.Duration
}

// temporary makes a temporary password and its hash.
func (o *Office) temporary(ctx context.Context) (plain string, kept account.Password, err error) {
	plain = secret.Readable()
	hash, err := o.Passwords.Hash(ctx, plain)
	return plain, account.Password{Hash: hash, Origin: account.Temporary, Until: o.Now().Add(account.TemporaryFor)}, err
}

// Temporary gives a person a temporary password in place of their own, and ends their sessions and API tokens. A second
// factor stays in force.
func (o *Office) Temporary(ctx context.Context, by Actor, id string) (g Given, err error) {
	if id == by.ID {
		return g, ErrOwn
	}
	plain, kept, err := o.temporary(ctx)
	if err != nil {
		return g, err
	}
	err = o.update(by, func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		a.Password = kept
		if err := account.Put(tx, a); err != nil {
			return err
		}
		p, err := o.person(tx, a)
		if err != nil {
			return err
		}
		g = Given{Person: p, Password: plain, Left: account.TemporaryFor}
		if err := o.Throttle.PardonPasswords(tx, a.Name); err != nil { // or it might let nobody in
			return err
		}
		ended, err := o.shut(tx, id)
		if err != nil {
			return err
		}
		e, err := o.Tokens.End(tx, id, by.event(event.TemporaryGiven).With("sessions", ended))
		if err != nil {
			return err
		}
		return o.note(tx, a, e)
	})
	return g, err
}

// end ends a person's sessions and returns how many, for the log.
func (o *Office) end(tx *store.Tx, id string) string {
	return strconv.Itoa(o.Sessions.EndAll(tx, id, ""))
}

// shut is end, and forgets the browsers that the person is known by: what is done so that somebody gets in no more
// leaves them nothing.
func (o *Office) shut(tx *store.Tx, id string) (ended string, err error) {
	return o.end(tx, id), o.Browsers.EndAll(tx, id)
}

// Delete deletes a person's account with everything that belongs to it. What is deleted stays readable in the
// file until the caller has tidied the database.
func (o *Office) Delete(by Actor, id string) error {
	if id == by.ID {
		return ErrOwn
	}
	return o.update(by, func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		if err := account.Delete(tx, id); err != nil {
			return err
		}
		if err := store.Erasing(tx); err != nil {
			return err
		}
		if err := o.Factors.Remove(tx, id); err != nil {
			return err
		}
		if err := o.Throttle.Pardon(tx, id, a.Name); err != nil {
			return err
		}
		ended, err := o.shut(tx, id)
		if err != nil {
			return err
		}
		e, err := o.Tokens.End(tx, id, by.event(event.AccountDeleted).With("account", a.Name).With("sessions", ended))
		if err != nil {
			return err
		}
		return o.Log.Record(tx, e)
	})
}

// TurnTwoStepOff turns another person's 2-step verification off and ends their sessions. Nobody can turn
// it on for others.
func (o *Office) TurnTwoStepOff(by Actor, id string) (p Person, err error) {
	if id == by.ID {
		return p, ErrOwn
	}
	err = o.update(by, func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		if err := o.letIn(tx, a); err != nil {
			return err
		}
		if p, err = o.person(tx, a); err != nil {
			return err
		}
		ended, err := o.shut(tx, id)
		if err != nil {
			return err
		}
		return o.note(tx, a, by.event(event.TwoStepOffForOther).With("sessions", ended))
	})
	return p, err
}

// letIn takes away what keeps a person out: second factors, and the count of wrong tries.
func (o *Office) letIn(tx *store.Tx, a account.Account) error {
	if err := o.Factors.Remove(tx, a.ID); err != nil {
		return err
	}
	return o.Throttle.Pardon(tx, a.ID, a.Name)
}

// CanRecover says what keeps Recover from helping somebody, before anything else is done for it.
func (o *Office) CanRecover(name string) error {
	return o.DB.View(func(tx *store.Tx) error {
		_, err := administrator(tx, name)
		return err
	})
}

func administrator(tx *store.Tx, name string) (account.Account, error) {
	a, err := account.ByName(tx, name)
	if err == nil && a.Role != account.Administrator {
		err = ErrNotAdministrator
	}
	return a, err
}

// Recover gives an administrator a one-time password, removes their second factors and lets them sign in
// again. It is for whoever is root on the box itself.
func (o *Office) Recover(ctx context.Context, name string) (g Given, err error) {
	plain, kept, err := o.temporary(ctx)
	if err != nil {
		return g, err
	}
	err = o.DB.Update(func(tx *store.Tx) error {
		a, err := administrator(tx, name)
		if err != nil {
			return err
		}
		a.Password, a.Disabled = kept, false
		if err := account.Put(tx, a); err != nil {
			return err
		}
		if err := o.letIn(tx, a); err != nil {
			return err
		}
		if err := o.unblock(tx, event.Event{Kind: event.DefenderChanged, Actor: "root"}); err != nil {
			return err
		}
		if _, err := o.shut(tx, a.ID); err != nil {
			return err
		}
		p, err := o.person(tx, a)
		if err != nil {
			return err
		}
		g = Given{Person: p, Password: plain, Left: account.TemporaryFor}
		e, err := o.Tokens.End(tx, a.ID, event.Event{Kind: event.RecoveredLocally, Actor: "root"})
		if err != nil {
			return err
		}
		return o.note(tx, a, e)
	})
	return g, err
}
