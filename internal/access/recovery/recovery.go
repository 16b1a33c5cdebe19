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
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The limits.
const (
	// LinkFor is how long the link of a mail works, and how long an account waits for its next mail.
	LinkFor = 15 * time.Minute
	// MailsDay is how many such mails an account gets in a day.
	MailsDay = 5
	// AsksSource and AsksBox are how often one source, and all of them, may ask in an hour.
	AsksSource = 10
	AsksBox    = 50
	// maxLinks bounds what is remembered: AsksBox mails an hour with their links.
	maxLinks = 4096
)

// The refusals of this room.
var (
	ErrAsked  = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Mails were asked for too often. Signing in goes on working."}
	ErrNoMail = &fault.Error{Kind: fault.Conflict, Code: "mail_off", Message: "This NAS has no mail server, so it cannot send a link. An administrator can give you a temporary password."}
	ErrLink   = &fault.Error{Kind: fault.Gone, Code: "link_gone", Message: "This link no longer works: it has lapsed, was used, or a newer one was sent. Ask for another."}
)

// Config says what a Desk works with. All of it must be set.
type Config struct {
	DB        *store.DB
	Passwords *password.Hasher
	Sessions  *session.Sessions
	Log       *event.Log
	Post      *notice.Post
	Now       func() time.Time     // trusted time
	Elapsed   func() time.Duration // a clock that never steps
}

// Desk is where forgotten passwords are asked for. It is safe for concurrent use.
type Desk struct {
	Config
	mails, day, sources, box *throttle.Quota

	mu    sync.Mutex
	links map[string]link // by account: only the newest works
}

// link is what is kept of a link that was mailed to whoever forgot. It lives in memory only.
type link struct {
	digest  secret.Digest
	address string // it dies when the account's address changes,
	hash    string // or its password
	until   time.Duration
}

// New returns a Desk.
func New(c Config) *Desk {
	return &Desk{
		Config: c, links: map[string]link{},
		mails:   throttle.NewQuota(c.Elapsed, 1, LinkFor, maxLinks),
		day:     throttle.NewQuota(c.Elapsed, MailsDay, 24*time.Hour, maxLinks),
		sources: throttle.NewQuota(c.Elapsed, AsksSource, time.Hour, maxLinks),
		box:     throttle.NewQuota(c.Elapsed, AsksBox, time.Hour, 1),
	}
}

// Visitor is who asks.
type Visitor struct{ Address, Source, Agent string }

func (v Visitor) event(kind event.Kind, actor string) event.Event {
	return event.Event{Kind: kind, Actor: actor, Address: v.Address, Source: v.Source, Agent: v.Agent}
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
	for _, q := range []struct {
		quota *throttle.Quota
		key   string
	}{{d.sources, v.Source}, {d.box, ""}} {
		if !q.quota.Take(q.key) {
			return ErrAsked.After(q.quota.Wait(q.key))
		}
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
		case !d.day.Free(a.ID) || !d.mails.Take(a.ID):
			outcome = "a mail was sent already"
		default:
			d.day.Take(a.ID)
			token := secret.Token()
			one := link{secret.DigestOf(token), a.Email, a.Password.Hash, d.Elapsed() + LinkFor}
			tx.OnCommit(func() { d.keep(a.ID, one) })
			links, names = append(links, notice.PasswordLink{Account: a, Link: a.ID + "." + token}), append(names, a.Name)
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

func (d *Desk) keep(id string, l link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for other, old := range d.links {
		if d.Elapsed() >= old.until {
			delete(d.links, other)
		}
	}
	d.links[id] = l
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
	digest := secret.DigestOf(token)
	d.mu.Lock()
	l, ok := d.links[id]
	d.mu.Unlock()
	left := l.until - d.Elapsed()
	switch {
	case a.Disabled:
		return o, ErrLink.Because(errors.New("the account is disabled"))
	case ok && subtle.ConstantTimeCompare(l.digest[:], digest[:]) == 1:
		if left <= 0 || l.address != a.Email || !a.Confirmed || l.hash != a.Password.Hash {
			return o, ErrLink
		}
		return Opened{Account: a, Purpose: ForgottenPassword, Left: left}, nil
	}
	given := []byte(hex.EncodeToString(digest[:]))
	left = a.Invitation.Until.Sub(d.Now())
	if subtle.ConstantTimeCompare([]byte(a.Invitation.Token), given) != 1 || left <= 0 {
		return o, ErrLink
	}
	return Opened{Account: a, Purpose: Invitation, Left: left}, nil
}

// SetPassword sets a password with a link, once. It ends the account's sessions and starts none: the person signs in
// as always, with the second factor where there is one.
func (d *Desk) SetPassword(ctx context.Context, v Visitor, typed, chosen string) error {
	if err := password.CheckTyped(chosen); err != nil {
		return err
	}
	if err := d.DB.View(func(tx *store.Tx) error {
		o, err := d.find(tx, typed)
		if err != nil {
			return err
		}
		return factor.CheckPassword(tx, o.Account, chosen)
	}); err != nil {
		return err // strangers who guess cost no hash
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
		tx.OnCommit(func() { d.drop(a.ID) })
		kind := event.PasswordReset
		if o.Purpose == Invitation {
			kind = event.InvitationUsed
		}
		e := v.event(kind, a.Name).With("sessions", strconv.Itoa(d.Sessions.EndAll(tx, a.ID, "")))
		d.Post.Tell(tx, a, e)
		return d.Log.Record(tx, e)
	})
}

func (d *Desk) drop(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.links, id)
}

// Mail says whether this box can send links: there is a mail server, and the last mail went through.
func (d *Desk) Mail() (set bool, trouble string, err error) {
	err = d.DB.View(func(tx *store.Tx) (err error) { set, err = settings.HasMail(tx); return err })
	return set, d.Post.Trouble(), err
}
