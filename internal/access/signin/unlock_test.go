package signin_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/realtest"
	"castellan/internal/store"
)

const unlockPattern = `#unlock=(\S+)`

// locked is a bench whose owner has a confirmed address and an account that strangers have closed.
func locked(t *testing.T, host string) (*bench, *realtest.Recorder) {
	t.Helper()
	b, r := mailed(t, host)
	b.update(func(tx *store.Tx) error {
		a, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		a.Email, a.Confirmed = "owner@example.org", true
		return account.Put(tx, a)
	})
	b.close("admin")
	return b, r
}

// close has strangers close the account of a name.
func (b *bench) close(name string) {
	b.t.Helper()
	for i := range throttle.MaxRow {
		try, err := b.Throttle.Password(throttle.Guess{Name: name, Source: strings.Repeat("x", i+1)})
		if err != nil {
			b.t.Fatal(i, err)
		}
		b.update(try.Fail)
		b.pass(5 * time.Minute)
	}
	if !b.Throttle.Closed(name) {
		b.t.Fatal("the account is open")
	}
}

// unlockLink asks for an unlock mail and returns the link that comes.
func (b *bench) unlockLink(r *realtest.Recorder, v signin.Visitor) string {
	b.t.Helper()
	before := r.Count()
	if err := b.AskUnlock(v, "admin"); err != nil {
		b.t.Fatal(err)
	}
	for range 1500 {
		if r.Count() > before {
			return said(b.t, r, "owner@example.org", unlockPattern)
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatal("no mail comes")
	return ""
}

// R020 R021: strangers who ask for the mails of an account that they closed do not use up those of its owner.
func TestStrangersDoNotUseUpTheUnlockMails(t *testing.T) {
	b, r := locked(t, "127.0.3.6")
	for i := range 24 {
		b.unlockLink(r, signin.Visitor{Source: strings.Repeat("y", i+1)})
		b.pass(throttle.MailPause + time.Second)
	}
	if _, err := b.Unlock(b.home, b.unlockLink(r, b.home)); err != nil {
		t.Error(err)
	}
}

// R073: an unlock link works once, however many use it at a time, and dies with the password it was made beside.
func TestAnUnlockLinkWorksOnceAndDiesWithThePassword(t *testing.T) {
	b, r := locked(t, "127.0.3.7")
	link := b.unlockLink(r, b.home)
	var all sync.WaitGroup
	var worked atomic.Int64
	for range 16 {
		all.Go(func() {
			if _, err := b.Unlock(b.home, link); err == nil {
				worked.Add(1)
			}
		})
	}
	all.Wait()
	if worked.Load() != 1 {
		t.Errorf("it worked %d times", worked.Load())
	}

	b.pass(session.LinkFor + time.Second)
	link = b.unlockLink(r, b.home)
	b.update(func(tx *store.Tx) error {
		a, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		a.Password.Hash = "another"
		return account.Put(tx, a)
	})
	_, err := b.Unlock(b.home, link)
	wantErr(t, "after another password", err, signin.ErrUnlock)
}
