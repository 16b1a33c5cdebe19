package signin

import (
	"errors"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The refusals about unlock mails.
var (
	ErrNoMail = &fault.Error{
		Kind: fault.Conflict, Code: "mail_off",
		Message: "This NAS has no mail server. Use a browser you have signed in with before, ask an administrator to lift the slow-down, or hold the reset button.",
	}
	ErrUnlock = &fault.Error{Kind: fault.Gone, Code: "link_gone", Message: "This link no longer works: 15 minutes have passed, it was used, or a newer one was sent."}
)

// AskUnlock sends an unlock mail to the confirmed address of an account that lets only known browsers in. Whether it
// did nobody is told: the answer is the same for every name.
func (d *Door) AskUnlock(v Visitor, name string) error {
	if err := d.unlockMails.Ask(v.Source); err != nil {
		return err
	}
	return d.DB.Update(func(tx *store.Tx) error { // known and unknown names take the same time
		mail, err := settings.HasMail(tx)
		if err == nil && !mail {
			err = ErrNoMail
		}
		if err != nil {
			return err
		}
		a, err := account.ByName(tx, name)
		if err != nil && !errors.Is(err, account.ErrUnknown) {
			return err
		}
		return d.Log.Record(tx, v.event(event.UnlockAsked, a.Name).With("outcome", d.sendUnlock(tx, v, a)))
	})
}

// locked says why an account needs no unlocking, for the log, or nothing.
func (d *Door) locked(a account.Account) refusal {
	switch {
	case a.ID == "":
		return whyUnknown
	case a.Disabled:
		return whyDisabled
	case !d.Throttle.Closed(a.Name):
		return whyOpen
	}
	return ""
}

// sendUnlock queues an unlock mail where there is reason to, and says what came of it, for the log.
func (d *Door) sendUnlock(tx *store.Tx, v Visitor, a account.Account) string {
	why := d.locked(a)
	switch {
	case why != "":
		return string(why)
	case a.Email == "" || !a.Confirmed:
		return "the account has no confirmed address"
	case !d.unlockMails.Take(a.ID):
		return "too many were sent lately"
	}
	link := d.unlocks.Make(tx, a.ID, a.Stamp())
	tx.OnCommit(func() { d.Post.SendUnlock(a, link, v.event(event.UnlockAsked, a.Name)) })
	return "sent to " + account.Masked(a.Email)
}

// Unlock makes the visitor's browser known to the account that the link of an unlock mail was sent to, and returns
// the cookie it has from then on. It lets nobody in. Opening the link alone does not call it.
func (d *Door) Unlock(v Visitor, link string) (cookie string, err error) {
	id, stamp, restore, ok := d.unlocks.Spend(link)
	if !ok {
		return "", ErrUnlock // strangers who guess write nothing
	}
	err = d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil || a.Disabled || a.Stamp() != stamp {
			return ErrUnlock.Because(err)
		}
		if _, cookie, _, err = d.Browsers.Remember(tx, v.Browser, a.ID, v.Agent, v.Address); err != nil {
			return err
		}
		return d.note(tx, a, v.event(event.BrowserUnlocked, a.Name))
	})
	if err != nil {
		restore()
	}
	return cookie, err
}
