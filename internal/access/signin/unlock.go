package signin

import (
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The rules of unlock mails.
const (
	// UnlockFor is how long the link of an unlock mail works.
	UnlockFor = 15 * time.Minute
	// UnlockPause is how long an account waits for the next one; it gets UnlocksDay a day. A source asks for
	// UnlocksSource an hour, and the box sends UnlocksBox an hour.
	UnlockPause   = 15 * time.Minute
	UnlocksDay    = 5
	UnlocksSource = 10
	UnlocksBox    = 50
	// maxUnlockKeys bounds what strangers can make the box remember.
	maxUnlockKeys = 1024
)

// The refusals about unlock mails.
var (
	ErrNoMail = &fault.Error{
		Kind: fault.Conflict, Code: "mail_unavailable",
		Message: "This NAS sends no mail. Use a browser you have signed in with before, or ask an administrator to lift the slow-down.",
	}
	ErrUnlock = &fault.Error{Kind: fault.Gone, Code: "link_gone", Message: "This link no longer works: 15 minutes have passed, it was used, or a newer one was sent."}
)

// unlocks are the links of unlock mails. They live in memory only.
type unlocks struct {
	often, daily, source, box *throttle.Quota

	mu  sync.Mutex
	all map[string]unlock // by account
}

type unlock struct {
	digest secret.Digest
	lapses time.Duration
}

func newUnlocks(elapsed func() time.Duration) *unlocks {
	return &unlocks{
		often:  throttle.NewQuota(elapsed, 1, UnlockPause, maxUnlockKeys),
		daily:  throttle.NewQuota(elapsed, UnlocksDay, 24*time.Hour, maxUnlockKeys),
		source: throttle.NewQuota(elapsed, UnlocksSource, time.Hour, maxUnlockKeys),
		box:    throttle.NewQuota(elapsed, UnlocksBox, time.Hour, 1),
		all:    map[string]unlock{},
	}
}

// allowed counts one more mail for an account, if there is room for it.
func (u *unlocks) allowed(id string) bool {
	return u.often.Wait(id) == 0 && u.daily.Wait(id) == 0 && u.box.Take("") && u.daily.Take(id) && u.often.Take(id)
}

// put makes the newest link the only one, and forgets those that lapsed.
func (u *unlocks) put(id string, one unlock, now time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, old := range u.all {
		if now >= old.lapses {
			delete(u.all, key)
		}
	}
	u.all[id] = one
}

// take takes a link out, if it is right.
func (u *unlocks) take(id string, digest secret.Digest, now time.Duration) (unlock, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, ok := u.all[id]
	if !ok || now >= one.lapses || subtle.ConstantTimeCompare(one.digest[:], digest[:]) != 1 {
		return unlock{}, false
	}
	delete(u.all, id)
	return one, true
}

// AskUnlock sends an unlock mail to the confirmed address of an account that lets only known browsers in. Whether it
// did nobody is told: the answer is the same for every name.
func (d *Door) AskUnlock(v Visitor, name string) error {
	if !d.unlocks.source.Take(v.Source) {
		return throttle.ErrSlowDown.After(d.unlocks.source.Wait(v.Source))
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

// sendUnlock queues an unlock mail where there is reason to, and says what came of it, for the log.
func (d *Door) sendUnlock(tx *store.Tx, v Visitor, a account.Account) string {
	switch {
	case a.ID == "":
		return string(whyUnknown)
	case a.Disabled:
		return string(whyDisabled)
	case !d.Throttle.Closed(a.Name):
		return "the account lets unknown browsers in"
	case a.Email == "" || !a.Confirmed:
		return "the account has no confirmed address"
	case !d.unlocks.allowed(a.ID):
		return "too many were sent lately"
	}
	token := secret.Token()
	tx.OnCommit(func() {
		now := d.Elapsed()
		d.unlocks.put(a.ID, unlock{secret.DigestOf(token), now + UnlockFor}, now)
		d.Post.SendUnlock(a, a.ID+"."+token, v.event(event.UnlockAsked, a.Name))
	})
	return "sent to " + account.Masked(a.Email)
}

// Unlock makes the visitor's browser known to the account that the link of an unlock mail was sent to, and returns
// the cookie it has from then on. It lets nobody in. Opening the link alone does not call it.
func (d *Door) Unlock(v Visitor, link string) (cookie string, err error) {
	id, token, _ := strings.Cut(link, ".")
	one, ok := d.unlocks.take(id, secret.DigestOf(token), d.Elapsed())
	if !ok {
		return "", ErrUnlock
	}
	err = d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil || a.Disabled {
			return ErrUnlock.Because(err)
		}
		if _, cookie, _, err = d.Browsers.Remember(tx, v.Browser, a.ID, v.Agent, v.Address); err != nil {
			return err
		}
		return d.note(tx, a, v.event(event.BrowserUnlocked, a.Name))
	})
	if err != nil && !errors.Is(err, ErrUnlock) { // it was not used
		d.unlocks.put(id, one, d.Elapsed())
	}
	return cookie, err
}
