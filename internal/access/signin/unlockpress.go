package signin

import (
	"errors"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/presence"
	"castellan/internal/event"
	"castellan/internal/store"
)

// AskUnlockPress lets a browser of the house wait for a press of the button that makes it known to an account that lets
// only known browsers in, and returns the name of the wait. Whether there is such an account nobody is told: the answer is
// the same for every name, and so is that to the press. Nothing is written, so whoever asks often fills no log.
func (d *Door) AskUnlockPress(v Visitor, name string) (wait string, left time.Duration, err error) {
	if !v.Local {
		return "", 0, ErrOutside
	}
	var about unlocking
	err = d.DB.View(func(tx *store.Tx) error {
		a, err := account.ByName(tx, name)
		if err != nil && !errors.Is(err, account.ErrUnknown) {
			return err
		}
		about = unlocking{why: d.locked(a), account: a.ID, stamp: a.Stamp()}
		return nil
	})
	if err != nil {
		return "", 0, err
	}
	begin := d.Waits.Begin
	if about.why != "" {
		begin = d.Waits.BeginIdle
	}
	wait, err = begin(presence.Unlock, about.String())
	return wait, presence.Life, err
}

// unlocking is for which account a browser wants to become known. It is judged when the wait begins: the press that
// confirms it ends the waits after wrong passwords as well.
type unlocking struct {
	why            refusal // there is nothing to unlock
	account, stamp string
}

func (u unlocking) String() string { return string(u.why) + "\n" + u.account + "\n" + u.stamp }

func readUnlocking(text string) (u unlocking) {
	why, rest, _ := strings.Cut(text, "\n")
	u.why = refusal(why)
	u.account, u.stamp, _ = strings.Cut(rest, "\n")
	return u
}

// UnlockPressed tells whether the press has come for a browser that waits to become known, and for how long that goes on.
// Asking keeps it going. Once, after the press, it makes the browser known and returns the cookie it has from then on. It
// lets nobody in.
func (d *Door) UnlockPressed(v Visitor, wait string) (state presence.State, left time.Duration, cookie string, err error) {
	state, left, err = d.Waits.Look(presence.Unlock, wait)
	if err != nil || state != presence.Confirmed {
		return state, left, "", err
	}
	text, err := d.Waits.Take(presence.Unlock, wait)
	if err != nil {
		return "", 0, "", err
	}
	about := readUnlocking(text)
	err = d.DB.Update(func(tx *store.Tx) error { // known and unknown names take the same time
		a, why, err := d.stillLocked(tx, about)
		if err != nil {
			return err
		}
		e := v.event(event.BrowserPressed, a.Name)
		if why != "" {
			cookie = d.Browsers.Decoy(v.Browser)
			return d.Log.Record(tx, e.With("outcome", string(why)))
		}
		if _, cookie, _, err = d.Browsers.Remember(tx, v.Browser, a.ID, v.Agent, v.Address); err != nil {
			return err
		}
		return d.note(tx, a, e.With("outcome", "it may try to sign in"))
	})
	return state, left, cookie, err
}

// stillLocked returns the account of a confirmed wait and why its browser does not become known to it after all.
func (d *Door) stillLocked(tx *store.Tx, u unlocking) (a account.Account, why refusal, err error) {
	a, err = account.Get(tx, u.account)
	switch {
	case errors.Is(err, account.ErrUnknown):
		return account.Account{}, whyUnknown, nil
	case err != nil:
		return a, "", err
	case u.why != "":
		return a, u.why, nil
	case a.Disabled:
		return a, whyDisabled, nil
	case a.Stamp() != u.stamp:
		return a, whyChanged, nil
	}
	return a, "", nil
}
