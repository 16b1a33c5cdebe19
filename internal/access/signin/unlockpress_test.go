package signin_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/presence"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/store"
)

// unlocking asks for a press that makes a browser known to an account.
func (b *bench) unlocking(v signin.Visitor, name string) (wait string) {
	b.t.Helper()
	wait, left, err := b.AskUnlockPress(v, name)
	if err != nil || left != presence.Life || len(wait) < 40 {
		b.t.Fatalf("ask for an unlock: %q, %v, %v", wait, left, err)
	}
	return wait
}

// R020 R021: strangers closed the account, and a press of the button makes the owner's browser known. It lets nobody in,
// and works once.
func TestAPressMakesABrowserKnownToAClosedAccount(t *testing.T) {
	b := claimed(t)
	b.close("admin")
	v := b.home
	_, err := b.Password(t.Context(), v, "admin", goodPassword)
	wantErr(t, "an unknown browser", err, throttle.ErrKnownOnly)
	wait := b.unlocking(v, "admin")
	if state, _, cookie, err := b.UnlockPressed(v, wait); err != nil || state != presence.Waiting || cookie != "" {
		t.Fatalf("got %s, %q, %v", state, cookie, err)
	}
	b.Waits.Press()
	state, _, cookie, err := b.UnlockPressed(v, wait)
	if err != nil || state != presence.Confirmed || cookie == "" {
		t.Fatalf("got %s, %q, %v", state, cookie, err)
	}
	if e := b.last(event.BrowserPressed); e.Actor != "admin" || e.Get("outcome") != "it may try to sign in" {
		t.Errorf("the log says %+v", e)
	}
	_, _, _, err = b.UnlockPressed(v, wait)
	wantErr(t, "the press once more", err, presence.ErrGone)
	v.Browser = cookie
	_, err = b.Password(t.Context(), v, "admin", "wrong password")
	wantErr(t, "known is not in", err, signin.ErrRefused)
	if step, err := b.Password(t.Context(), v, "admin", goodPassword); err != nil || step.Next != signin.NextDone {
		t.Errorf("the owner: %v, %v", step.Next, err)
	}
	outside := b.home
	outside.Local = false
	_, _, err = b.AskUnlockPress(outside, "admin")
	wantErr(t, "from elsewhere", err, signin.ErrOutside)
}

// R029: what is said is the same whether there is such an account or not, and whether it is closed, before the press and
// after it; and what comes of it is nothing but for an account that is closed.
func TestAnUnlockByPressTellsNothingAboutNames(t *testing.T) {
	b := claimed(t)
	b.add("jonas", account.User, account.Own, goodPassword)
	b.add("ines", account.User, account.Own, goodPassword)
	for _, name := range []string{"admin", "nobody", "ines"} {
		b.close(name)
	}
	ines := b.account("ines")
	ines.Disabled = true
	b.update(func(tx *store.Tx) error { return account.Put(tx, ines) })
	outcomes := map[string]string{
		"admin": "it may try to sign in", "nobody": "no account has this name", "jonas": "the account lets unknown browsers in", "ines": "the account is disabled",
	}
	length := 0
	for name, outcome := range outcomes {
		wait := b.unlocking(b.home, name)
		b.Waits.Press()
		state, left, cookie, err := b.UnlockPressed(b.home, wait)
		if err != nil || state != presence.Confirmed || left != presence.Life {
			t.Errorf("%s: %s, %v, %v", name, state, left, err)
		}
		if length == 0 {
			length = len(cookie)
		}
		if len(cookie) != length || cookie == "" {
			t.Errorf("%s: the cookie is %q", name, cookie)
		}
		known := false
		if a, found := b.find(name); found {
			_ = b.DB.View(func(tx *store.Tx) error { known = b.Browsers.Known(tx, cookie, a.ID); return nil })
		}
		if e := b.last(event.BrowserPressed); known != (name == "admin") || e.Get("outcome") != outcome {
			t.Errorf("%s: known %v, %q", name, known, e.Get("outcome"))
		}
	}
	wait := b.unlocking(b.home, "admin")
	b.Waits.Press()
	admin := b.account("admin")
	admin.Password.Hash = "another"
	b.update(func(tx *store.Tx) error { return account.Put(tx, admin) })
	_, _, cookie, err := b.UnlockPressed(b.home, wait)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.DB.View(func(tx *store.Tx) error {
		if b.Browsers.Known(tx, cookie, admin.ID) {
			t.Error("known although the password changed meanwhile")
		}
		return nil
	})
}

func (b *bench) find(name string) (a account.Account, found bool) {
	_ = b.DB.View(func(tx *store.Tx) (err error) { a, err = account.ByName(tx, name); found = err == nil; return err })
	return a, found
}

// R021: strangers who keep as many unlocks waiting as there may be spoil neither a sign-in by a press nor, with the waits
// that every such press ends, the owner's own unlock.
func TestStrangersWhoKeepWaitingForAnUnlockSpoilNothing(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	var waits []string
	for range presence.Most {
		waits = append(waits, b.unlocking(b.home, strings.Repeat("x", len(waits)+1)))
	}
	_, _, err := b.AskUnlockPress(b.home, "admin")
	wantErr(t, "one more", err, presence.ErrCrowded)
	cookie := b.asked()
	for range 20 {
		b.pass(time.Second)
		for _, w := range waits {
			if state, _, _, err := b.UnlockPressed(b.home, w); err != nil || state != presence.Waiting {
				t.Fatalf("got %s, %v", state, err)
			}
		}
		if _, _, err := b.Pressed(cookie); err != nil {
			t.Fatal(err)
		}
	}
	if a := b.Waits.Press(); a != (presence.Answer{For: presence.SignIn, Waiting: 1, Yielded: presence.Most}) {
		t.Errorf("got %+v", a)
	}
	if _, err := b.Code(t.Context(), b.home, cookie, press); err != nil {
		t.Error(err)
	}
	for _, w := range waits {
		if state, _, kept, err := b.UnlockPressed(b.home, w); err != nil || state != presence.Dropped || kept != "" {
			t.Errorf("a stranger: %s, %q, %v", state, kept, err)
		}
	}
}
