// Package recovery is the way back in for whoever forgot a name or a password, and the way in for whoever was
// invited: links by mail that set a password, and do nothing else. A second factor stays in force, and nobody is
// signed in by a link.
//
// Who asks learns nothing: every address gets the same answer after the same work, and the mail tells the rest.
package recovery

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The refusals of this room.
var (
	ErrNoMail = &fault.Error{Kind: fault.Conflict, Code: "mail_off", Message: "This NAS has no mail server, so it cannot send a link. An administrator can give you a temporary password."}
	ErrLink   = &fault.Error{Kind: fault.Gone, Code: "link_gone", Message: "This link no longer works: it has lapsed, was used, or a newer one was sent. Ask for another."}
)

// Config says what a Desk works with. All of it must be set.
type Config struct {
	DB        *store.DB
	Passwords *password.Hasher
	Throttle  *throttle.Throttle
	Sessions  *session.Sessions
	Browsers  *session.Browsers
	Tokens    *token.Tokens
	Log       *event.Log
	Post      *notice.Post
	Now       func() time.Time     // trusted time
	Elapsed   func() time.Duration // a clock that never steps
}

// Desk is where forgotten passwords are asked for. It is safe for concurrent use.
type Desk struct {
	Config
	mails *throttle.Mails
	links *session.Links
}

// New returns a Desk.
func New(c Config) *Desk {
	return &Desk{Config: c, mails: throttle.NewMails(c.Elapsed, throttle.MailsDay), links: session.NewLinks(c.Elapsed)}
}

// Visitor is who asks.
type Visitor struct{ Address, Source, Agent, Request string }

func (v Visitor) event(kind event.Kind, actor string) event.Event {
	return event.Event{Kind: kind, Actor: actor, Address: v.Address, Source: v.Source, Agent: v.Agent, Request: v.Request}
}

// Forgotten sends one mail to an address: with the name of every account that has it, confirmed it and may sign
// in, and a link for each. The answer is the same for every address.
func (d *Desk) Forgotten(v Visitor, address string) error {
	address = strings.TrimSpace(address)
	if err := account.CheckEmail(address); err != nil || address == "" {
		return fault.InvalidField("email", "malformed", "Enter the e-mail address of your account.").Because(err)
	}
	if err := d.DB.View(func(tx *store.Tx) error {
		has, err := settings.HasMail(tx)
		if err == nil && !has {
			err = ErrNoMail
		}
		return err
	}); err != nil {
		return err
	}
	if err := d.mails.Ask(v.Source); err != nil {
		return err
	}
	return d.DB.Update(func(tx *store.Tx) error {
		found, err := account.ByEmail(tx, address)
		if err != nil {
			return err
		}
		links, outcome := d.write(tx, found)
		e := v.event(event.PasswordForgotten, "").With("address", account.Masked(address)).With("outcome", outcome)
		for _, same := range byAddress(links) {
			d.Post.SendLinks(tx, same, e)
		}
		if len(links) == 0 {
			d.Post.SendNobody(tx, e)
		}
		return d.Log.Record(tx, e)
	})
}

// write makes a link for each account that may have one, and says for the log what came of it.
func (d *Desk) write(tx *store.Tx, found []account.Account) (links []notice.PasswordLink, outcome string) {
	outcome = "no account has this address"
	var names []string
	for _, a := range found {
		switch {
		case a.Disabled:
			outcome = "the account is disabled"
		case !a.Confirmed:
			outcome = "the address was never confirmed"
		case !d.mails.Take(a.ID):
			outcome = "too many mails were sent lately"
		default:
			links = append(links, notice.PasswordLink{Account: a, Link: d.links.Make(tx, a.ID, a.Stamp())})
			names = append(names, a.Name)
		}
	}
	if names != nil {
		outcome = "links for " + strings.Join(names, ", ")
	}
	return links, outcome
}

// byAddress groups links by the address as it was entered: in some mailboxes case makes a difference.
func byAddress(links []notice.PasswordLink) (groups [][]notice.PasswordLink) {
	for _, l := range links {
		at := slices.IndexFunc(groups, func(g []notice.PasswordLink) bool { return g[0].Account.Email == l.Account.Email })
		if at < 0 {
			at, groups = len(groups), append(groups, nil)
		}
		groups[at] = append(groups[at], l)
	}
	return groups
}

// Purpose is why somebody has a link.
type Purpose string

// The purposes.
const (
	ForgottenPassword Purpose = "forgotten"
	Invitation        Purpose = "invited"
)

// Opened is what a link is good for.
type Opened struct {
	Account     account.Account
	Purpose     Purpose
	PasswordMin int
	Left        time.Duration
}

// Open tells what a link is good for, and changes nothing: programs that look at mails open links, too.
func (d *Desk) Open(typed string) (o Opened, err error) {
	err = d.DB.View(func(tx *store.Tx) error {
		if o, err = d.find(tx, typed); err != nil {
			return err
		}
		o.PasswordMin = password.Min(factor.Enabled(tx, o.Account.ID))
		return nil
	})
	return o, err
}

// find returns what a link is good for in a transaction, or ErrLink.
func (d *Desk) find(tx *store.Tx, typed string) (o Opened, err error) {
	id, token, _ := strings.Cut(typed, ".")
	a, err := account.Get(tx, id)
	if errors.Is(err, account.ErrUnknown) {
		return o, ErrLink.Because(err)
	} else if err != nil {
		return o, err
	}
	if a.Disabled {
		return o, ErrLink.Because(errors.New("the account is disabled"))
	}
	if _, made, left, ok := d.links.Find(typed); ok {
		if !a.Confirmed || made != a.Stamp() {
			return o, ErrLink
		}
		return Opened{Account: a, Purpose: ForgottenPassword, Left: left}, nil
	}
	digest := secret.DigestOf(token)
	given := []byte(hex.EncodeToString(digest[:]))
	left := a.Invitation.Until.Sub(d.Now())
	if subtle.ConstantTimeCompare([]byte(a.Invitation.Token), given) != 1 || left <= 0 {
		return o, ErrLink
	}
	return Opened{Account: a, Purpose: Invitation, Left: left}, nil
}

// SetPassword sets a password with a link, once. It ends the account's sessions and API tokens and starts none: the person signs in
// as always, with the second factor where there is one.
func (d *Desk) SetPassword(ctx context.Context, v Visitor, typed, chosen string) error {
	if err := password.CheckTyped(chosen); err != nil {
		return err
	}
	var before account.Password
	if err := d.DB.View(func(tx *store.Tx) error {
		o, err := d.find(tx, typed)
		if err != nil {
			return err
		}
		before = o.Account.Password
		return factor.CheckPassword(tx, o.Account, chosen)
	}); err != nil {
		return err // strangers who guess cost no hash
	}
	if before.Origin == account.Temporary { // an administrator knows it
		same, _, err := d.Passwords.Verify(ctx, before.Hash, secret.Reread(chosen))
		switch {
		case err != nil:
			return err
		case same:
			return password.ErrReused
		}
	}
	hash, err := d.Passwords.Hash(ctx, chosen)
	if err != nil {
		return err
	}
	return d.DB.Update(func(tx *store.Tx) error {
		o, err := d.find(tx, typed)
		if err != nil {
			return err
		}
		a := o.Account
		if err := factor.CheckPassword(tx, a, chosen); err != nil {
			return err // the second factor went meanwhile
		}
		a.Password = account.Password{Hash: hash, Origin: account.Own}
		a.Invitation = account.Invitation{}
		a.Confirmed = true // its owner reads what is sent there
		if err := account.Put(tx, a); err != nil {
			return err
		}
		tx.OnCommit(func() { d.links.Drop(a.ID) })
		if err := errors.Join(d.Browsers.EndAll(tx, a.ID), d.Throttle.PardonPasswords(tx, a.Name)); err != nil {
			return err
		}
		kind := event.PasswordReset
		if o.Purpose == Invitation {
			kind = event.InvitationUsed
		}
		e, err := d.Tokens.End(tx, a.ID, v.event(kind, a.Name).With("sessions", strconv.Itoa(d.Sessions.EndAll(tx, a.ID, ""))))
		if err != nil {
			return err
		}
		d.Post.Tell(tx, a, e)
		return d.Log.Record(tx, e)
	})
}

// Mail says whether this box can send links: there is a mail server, and the last mail went through.
func (d *Desk) Mail() (set bool, trouble string, err error) {
	err = d.DB.View(func(tx *store.Tx) (err error) { set, err = settings.HasMail(tx); return err })
	return set, d.Post.Trouble(), err
}
