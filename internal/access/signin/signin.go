// Package signin is the way in: password, then second factor, then session. It also holds whatever a
// person must prove themselves for: the step-up before a sensitive change, a change of password, turning
// 2-step verification on and off, and the claim of a box that nobody owns.
//
// Every decision is made and recorded in one transaction, and answered after its commit. A stranger is
// told nothing; the log is told everything.
package signin

import (
	"context"
	"slices"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// Config says what a Door works with. All of it must be set.
type Config struct {
	DB        *store.DB
	Passwords *password.Hasher
	Throttle  *throttle.Throttle
	Factors   *factor.Factors
	Sessions  *session.Sessions
	Tickets   *session.Tickets
	Browsers  *session.Browsers
	Tokens    *token.Tokens
	Box       *claim.Box
	Waits     *presence.Waits // for a press of the button
	// Button tells whether a press of the button would be noticed.
	Button func() bool
	Log    *event.Log
	Post   *notice.Post
	// Clock tells trusted time; Fresh first asks the time servers if the last answer is old.
	Clock Clock
	// Elapsed is a clock that never steps.
	Elapsed func() time.Duration
}

// Clock is what a Door needs of package clock.
type Clock interface {
	Reading() clock.Reading
	Fresh(context.Context) clock.Reading
	// Vouch tells that an administrator is let in who used no app's code.
	Vouch()
}

// Door lets people in.
type Door struct {
	Config
	addresses addresses
	unlocks   *session.Links
	// unlockMails bounds how often those are mailed.
	unlockMails *throttle.Mails
}

// New returns a Door.
func New(c Config) *Door {
	return &Door{
		Config: c, addresses: addresses{all: map[string]newAddress{}},
		unlocks: session.NewLinks(c.Elapsed), unlockMails: throttle.NewMails(c.Elapsed, throttle.UnlocksDay),
	}
}

// note records an event about an account, and tells its owner if it is one of those.
func (d *Door) note(tx *store.Tx, a account.Account, e event.Event) error {
	d.Post.Tell(tx, a, e)
	return d.Log.Record(tx, e)
}

// Visitor is who knocks.
type Visitor struct {
	Address string // where from, for the log
	Source  string // what tries are counted by
	Agent   string // with which browser
	Local   bool   // from a network of the house
	// Session and Ticket are the cookies that the browser brought along. A sign-in replaces what they stand for.
	Session, Ticket string
	// Browser is the cookie of a known browser, if one came along. It opens nothing.
	Browser string
	Request string // the id of the request, for the log
}

func (v Visitor) event(kind event.Kind, actor string) event.Event {
	return event.Event{Kind: kind, Actor: actor, Address: v.Address, Agent: v.Agent, Source: v.Source, Request: v.Request}
}

// Next is what a sign-in needs next.
type Next string

// The steps of a sign-in.
const (
	NextCode     Next = "code"
	NextPassword Next = "password"
	NextClaim    Next = "claim"
	NextDone     Next = "done"
)

// Step is where a sign-in stands after a right answer.
type Step struct {
	Next Next
	// Cookie is the ticket's, or with NextDone the session's; empty leaves the one there is.
	Cookie string
	// Browser is the cookie by which the browser will be known, with NextDone.
	Browser     string
	Token       string
	Left        time.Duration
	Account     account.Account
	PasswordMin int
	Ways        []factor.Way // with NextCode, the one to offer first at the front
	Repair      bool         // a recovery code or a press of the button was used
	Again       bool         // with NextCode: a device has to be set up again
	Clock       clock.Reading
}

// The refusals of the door. The first says the same to everybody.
var (
	ErrRefused = &fault.Error{Kind: fault.Unauthenticated, Code: "sign_in_refused", Message: "The user name or the password is not right."}
	ErrExpired = &fault.Error{Kind: fault.Unauthenticated, Code: "sign_in_expired", Message: "This sign-in took too long or was ended. Start again with your password."}
	ErrTime    = &fault.Error{Kind: fault.Conflict, Code: "time_untrusted"}
	ErrProof   = &fault.Error{Kind: fault.Forbidden, Code: "proof_refused"}
)

// timeless names the ways that need no clock, behind an article.
var timeless = map[factor.Way]string{factor.Email: " code by e-mail", factor.Recovery: " recovery code", factor.Presence: " press of the button on the NAS"}

// untrusted is the refusal of app codes when the time is not known. It says why, and which of the ways that are open
// works all the same.
func untrusted(r clock.Reading, ways []factor.Way) error {
	var others []string
	for _, w := range []factor.Way{factor.Email, factor.Recovery, factor.Presence} {
		if slices.Contains(ways, w) {
			others = append(others, timeless[w])
		}
	}
	if len(others) == 0 {
		return ErrTime.Saying("%s", r.Message())
	}
	last := len(others) - 1
	list := strings.Join(others[:last], ", a")
	if last > 0 {
		list += " or a"
	}
	return ErrTime.Saying("%s A%s%s works.", r.Message(), list, others[last])
}

// refusal is a reason that only the log is told.
type refusal string

func (r refusal) Error() string { return string(r) }

// The reasons for refusing a sign-in.
const (
	whyUnknown  refusal = "no account has this name"
	whyWrong    refusal = "wrong password"
	whyOpen     refusal = "the account lets unknown browsers in"
	whyDisabled refusal = "the account is disabled"
	whyLapsed   refusal = "the temporary password has lapsed"
	whyOutside  refusal = "the default password works only from the local network"
	whyChanged  refusal = "the account was changed meanwhile"
	whyHands    refusal = "the NAS was reset or claimed meanwhile"
	whyNotOwned refusal = "nobody has claimed this NAS yet"
)

// usable looks whether an account whose password was found right may go on. It is asked again in every
// later transaction: the account may have been changed, disabled or deleted since.
func (d *Door) usable(a account.Account, hash string) error {
	switch {
	case a.Disabled:
		return whyDisabled
	case a.Password.Hash != hash:
		return whyChanged
	case a.Password.Expired(d.Clock.Reading().Now):
		return whyLapsed
	}
	return nil
}

// admit ends a sign-in: it starts the session and records it, in the caller's transaction. with says what
// is special about the session.
func (d *Door) admit(tx *store.Tx, v Visitor, a account.Account, method string, with session.Session) (Step, error) {
	a.LastSignIn = d.Clock.Reading().Now
	resets, last, err := claim.Resets(tx)
	if err != nil {
		return Step{}, err
	}
	if a.Resets < resets && !with.Claimed { // whoever claims the box knows
		with.ResetAt = last
	}
	a.Resets = resets
	if err := account.Put(tx, a); err != nil {
		return Step{}, err
	}
	with.Account, with.Administrator, with.Source, with.Agent = a.ID, a.Role == account.Administrator, v.Address, v.Agent
	if v.Session != "" {
		tx.OnCommit(func() { d.Sessions.End(v.Session) })
	}
	browser, kept, isNew, err := d.Browsers.Remember(tx, v.Browser, a.ID, v.Agent, v.Address)
	if err != nil {
		return Step{}, err
	}
	with.Browser = browser.ID
	cookie, s, evicted := d.Sessions.Create(tx, with)
	if evicted {
		if err := d.Log.Record(tx, v.event(event.SessionEvicted, a.Name)); err != nil {
			return Step{}, err
		}
	}
	if err := d.spared(tx, v, a); err != nil {
		return Step{}, err
	}
	signed := v.event(event.SignedIn, a.Name).With("method", method)
	if isNew {
		signed = signed.With("known", "no, the first sign-in in this browser")
		d.Post.Suspect(tx, a, notice.NewBrowser, signed)
	}
	err = d.Log.Record(tx, signed)
	return Step{Next: NextDone, Cookie: cookie, Browser: kept, Token: s.Token, Left: d.Sessions.IdleLimit(), Account: a, Repair: with.Repair}, err
}

// issue completes the step of a half-finished sign-in with its ticket, which is worth something as long as the
// account and the box are what they are in this transaction.
func (d *Door) issue(tx *store.Tx, s *Step, t session.Ticket, v Visitor) (err error) {
	if t.Generation, err = claim.Generation(tx); err != nil {
		return err
	}
	t.Account, t.Hash, t.Source, t.Agent = s.Account.ID, s.Account.Password.Hash, v.Address, v.Agent
	d.forget(v.Ticket)
	if s.Cookie, t, err = d.Tickets.Issue(t); err != nil {
		return err
	}
	s.Token = t.Token
	_, s.Left, _ = d.Tickets.Find(s.Cookie)
	return nil
}

// ways returns the ways that are open to an account at the door, in the order to offer them. A press of the button comes
// last: after it the ways in have to be mended.
func (d *Door) ways(tx *store.Tx, v Visitor, a account.Account) ([]factor.Way, error) {
	ways, err := factor.Open(tx, a)
	if err != nil {
		return nil, err
	}
	pressable, err := d.pressable(tx, v, a)
	if pressable {
		ways = append(ways, factor.Presence)
	}
	return ways, err
}

// offer completes a step with the ways that are open to the account.
func (d *Door) offer(tx *store.Tx, v Visitor, s *Step) (err error) {
	if s.Ways, err = d.ways(tx, v, s.Account); err != nil {
		return err
	}
	s.Again, err = factor.MustSetUpAgain(tx, s.Account.ID)
	return err
}

// forget ends a ticket that is replaced, and the wait for a press that it may stand for.
func (d *Door) forget(ticket string) {
	if t, _, ok := d.Tickets.Find(ticket); ok {
		d.Waits.Leave(t.Wait)
	}
	d.Tickets.End(ticket)
}

// standing looks whether a ticket is still worth something in the transaction that finishes it, or that
// resumes it.
func (d *Door) standing(tx *store.Tx, a account.Account, t session.Ticket) error {
	generation, err := claim.Generation(tx)
	if err != nil {
		return err
	}
	if generation != t.Generation {
		return whyHands
	}
	return d.usable(a, t.Hash)
}

// Resume repeats the step that a ticket waits for, after a page was loaded again.
func (d *Door) Resume(v Visitor, cookie string) (Step, error) {
	t, left, ok := d.Tickets.Find(cookie)
	if !ok {
		return Step{}, ErrExpired
	}
	s := Step{Token: t.Token, Left: left, Clock: d.Clock.Reading(), PasswordMin: password.MinAlone}
	switch t.Stage {
	case session.AwaitCode:
		s.Next = NextCode
	case session.AwaitPassword:
		s.Next = NextPassword
	case session.AwaitClaim:
		s.Next = NextClaim
	default:
		return Step{}, ErrExpired
	}
	err := d.DB.View(func(tx *store.Tx) error {
		if s.Next == NextClaim {
			return d.Box.Open(tx, t.Generation)
		}
		a, err := account.Get(tx, t.Account)
		if err != nil {
			return err
		}
		if err := d.standing(tx, a, t); err != nil {
			return err
		}
		s.Account, s.PasswordMin = a, password.Min(factor.Enabled(tx, a.ID))
		if s.Next == NextCode {
			err = d.offer(tx, v, &s)
		}
		return err
	})
	if err != nil {
		return Step{}, ErrExpired.Because(err)
	}
	return s, nil
}

// Cancel forgets a half-finished sign-in.
func (d *Door) Cancel(cookie string) { d.forget(cookie) }

// SignOut ends a session at once, and records it if the database lets us.
func (d *Door) SignOut(cookie string, s session.Session, name string) error {
	d.Sessions.End(cookie)
	return d.DB.Update(func(tx *store.Tx) error {
		return d.Log.Record(tx, event.Event{Kind: event.SignedOut, Actor: name, Address: s.Source, Agent: s.Agent})
	})
}
