package signin

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
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// UndoFor is how long a change of address can be undone with the link that the old address got.
const UndoFor = 72 * time.Hour

// The refusals about addresses.
var (
	ErrNoAddress = &fault.Error{Kind: fault.Gone, Code: "address_gone", Message: "No new address waits for a code. Enter it again."}
	ErrInUse     = &fault.Error{Kind: fault.Conflict, Code: "address_in_use", Message: "Codes by e-mail go to this address. Turn them off under Security first, or enter another address."}
	ErrLink      = &fault.Error{Kind: fault.Gone, Code: "link_gone", Message: "This link no longer works: 72 hours have passed, or it was used. An administrator can mend the address in Access Control."}
)

// addresses are new addresses that wait for their code. They live in memory only.
type addresses struct {
	mu  sync.Mutex
	all map[string]newAddress // by account
}

type newAddress struct {
	address, holder string
	lapses          time.Duration
}

func (w *addresses) of(id string, now time.Duration) (newAddress, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.all[id]
	if ok && now >= n.lapses {
		delete(w.all, id)
		return newAddress{}, false
	}
	return n, ok
}

func (w *addresses) put(id string, n newAddress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[id] = n
}

func (w *addresses) drop(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, id)
}

// WaitingAddress returns the new address of an account that waits for its code, or nothing.
func (d *Door) WaitingAddress(id string) string {
	n, _ := d.addresses.of(id, d.Elapsed())
	return n.address
}

// ChangeEmail changes one's own address. Where mail can be sent, a code goes to the new address, which takes
// effect when that was typed back; elsewhere it takes effect at once and stays unconfirmed. An empty
// address removes the old one.
func (d *Door) ChangeEmail(ctx context.Context, v Visitor, cookie string, s session.Session, address string) (c Changed, err error) {
	address = strings.TrimSpace(address)
	a, mail, factorOn := account.Account{}, false, false
	err = d.DB.View(func(tx *store.Tx) error {
		if a, err = account.Get(tx, s.Account); err != nil {
			return err
		}
		factorOn = factor.EmailOn(tx, a.ID)
		mail, err = settings.HasMail(tx)
		return err
	})
	if err != nil {
		return c, err
	}
	if err := account.CheckEmail(address); err != nil {
		return c, err
	}
	if address == "" && factorOn {
		return c, ErrInUse
	}
	if address == a.Email && (a.Confirmed || !mail) {
		d.addresses.drop(a.ID)
		return c, nil
	}
	if mail && address != "" {
		holder := changeHolder(s, address)
		sent, err := d.send(ctx, v, a, address, holder, notice.ToConfirm)
		switch {
		case err != nil:
			return c, err
		case !sent.Now && sent.Left <= 0:
			return c, ErrTooEarly.After(sent.Resend)
		}
		if err := d.still(s); err != nil { // the mail server may take its time
			return c, err
		}
		d.addresses.put(a.ID, newAddress{address, holder, d.Elapsed() + sent.Left})
		return c, nil
	}
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		c, err = d.moveTo(tx, v, cookie, s, a, address, false)
		return err
	})
	return c, err
}

// ErrTooEarly says that a code was sent a moment ago.
var ErrTooEarly = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "A code was sent a moment ago. Wait before the next one."}

// CancelEmailChange forgets a new address that was not confirmed.
func (d *Door) CancelEmailChange(s session.Session) error {
	n, ok := d.addresses.of(s.Account, d.Elapsed())
	if !ok {
		return ErrNoAddress
	}
	d.addresses.drop(s.Account)
	d.Factors.DropCode(n.holder)
	return nil
}

// ConfirmEmail makes the new address the person's with the code that was sent to it. Other sessions end, and
// the old address is told with a link that undoes the change.
func (d *Door) ConfirmEmail(v Visitor, cookie string, s session.Session, code string) (c Changed, err error) {
	n, ok := d.addresses.of(s.Account, d.Elapsed())
	if !ok || n.holder != changeHolder(s, n.address) {
		return c, ErrNoAddress
	}
	if err := (factor.Given{Way: factor.Email, Text: code}).Check(); err != nil {
		return c, err
	}
	var a account.Account
	err = d.own(s, func(tx *store.Tx, own account.Account) error {
		a = own
		if err := d.Factors.TakeCode(a.ID, n.holder, code); err != nil {
			return err
		}
		c, err = d.moveTo(tx, v, cookie, s, a, n.address, true)
		return err
	})
	switch {
	case err == nil:
		d.addresses.drop(s.Account)
		return c, nil
	case errors.Is(err, factor.ErrRefused):
		return c, d.wrongMailCode(v, a, err)
	}
	return c, err
}

// maxChanges of an address can be undone at a time.
const maxChanges = 3

// moveTo gives an account another address, and tells the old one: with a link that undoes the change if that
// was confirmed and mail can be sent. Of several changes each can be undone: a thief who changes the address
// twice does not void the owner's link.
func (d *Door) moveTo(tx *store.Tx, v Visitor, cookie string, s session.Session, a account.Account, to string, confirmed bool) (c Changed, err error) {
	old, was := a.Email, a.Confirmed
	a.Email, a.Confirmed = to, confirmed
	e := v.event(event.EmailChanged, a.Name)
	if old == to {
		e.Kind = event.EmailConfirmed
	}
	now := d.Clock.Reading().Now
	a.Changes = slices.DeleteFunc(a.Changes, func(c account.Change) bool { return !now.Before(c.Until) })
	mail, err := settings.HasMail(tx)
	switch {
	case err != nil:
		return c, err
	case old == "" || old == to || !mail:
	case !was || len(a.Changes) >= maxChanges:
		d.Post.TellAt(tx, a, old, e)
	default:
		token := secret.Token()
		digest := secret.DigestOf(token)
		a.Changes = append(a.Changes, account.Change{Old: old, Token: hex.EncodeToString(digest[:]), Until: now.Add(UndoFor)})
		d.Post.TellOld(tx, a, old, a.ID+"."+token, e)
	}
	if err := account.Put(tx, a); err != nil {
		return c, err
	}
	return d.alone(tx, a, e, cookie, s, session.Changed)
}

// UndoEmailChange gives an account its old address back, for whoever has the link that was sent to that, and
// ends the account's sessions. That link and those of later changes no longer work.
func (d *Door) UndoEmailChange(v Visitor, link string) error {
	id, token, _ := strings.Cut(link, ".")
	digest := secret.DigestOf(token)
	given := []byte(hex.EncodeToString(digest[:]))
	find := func(tx *store.Tx) (a account.Account, at int, err error) {
		if a, err = account.Get(tx, id); err != nil {
			return a, 0, ErrLink.Because(err)
		}
		now := d.Clock.Reading().Now
		at = slices.IndexFunc(a.Changes, func(c account.Change) bool {
			return subtle.ConstantTimeCompare([]byte(c.Token), given) == 1 && now.Before(c.Until)
		})
		if at < 0 {
			return a, 0, ErrLink
		}
		return a, at, nil
	}
	if err := d.DB.View(func(tx *store.Tx) error { _, _, err := find(tx); return err }); err != nil {
		return err // strangers who guess write nothing
	}
	return d.DB.Update(func(tx *store.Tx) error {
		a, at, err := find(tx)
		if err != nil {
			return err
		}
		newer := a.Email
		a.Email, a.Confirmed, a.Changes = a.Changes[at].Old, true, a.Changes[:at]
		if err := account.Put(tx, a); err != nil {
			return err
		}
		if err := d.Browsers.EndAll(tx, a.ID); err != nil {
			return err
		}
		e, err := d.Tokens.End(tx, a.ID, v.event(event.EmailUndone, a.Name).With("sessions", strconv.Itoa(d.Sessions.EndAll(tx, a.ID, ""))))
		if err != nil {
			return err
		}
		d.Post.TellAt(tx, a, newer, e)
		return d.note(tx, a, e)
	})
}
