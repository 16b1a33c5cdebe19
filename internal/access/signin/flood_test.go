package signin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/password"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

func (b *bench) events() (n int) {
	b.t.Helper()
	_ = b.DB.View(func(tx *store.Tx) error { n = event.Total(tx); return nil })
	return n
}

// R015 R021: what is too long to be a password costs nothing and leaves nothing behind.
func TestAnOverlongPasswordIsNoTry(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	before := b.events()
	long := strings.Repeat("x", password.Max+1)
	tooLong := func(what string, err error) {
		t.Helper()
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Fields[0].Code != "too_long" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for i := range 2 * throttle.FreeTries {
		_, err := b.Password(t.Context(), b.home, "admin", long)
		tooLong("admin", err)
		_, err = b.Password(t.Context(), b.home, fmt.Sprint("name", i), long)
		tooLong("an unknown name", err)
		_, err = b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: long})
		tooLong("a step-up", err)
		_, err = b.ChangePassword(t.Context(), b.home, cookie, s, long, newPassword)
		tooLong("a change of password", err)
	}
	if after := b.events(); after != before {
		t.Errorf("%d events were recorded", after-before)
	}
	b.in("admin", goodPassword) // no lane waits
}

// costly makes every hash of the bench take a while, and returns roughly how long.
func (b *bench) costly() time.Duration {
	b.t.Helper()
	b.Passwords = password.New(password.Config{Key: b.key, Memory: 32768, Passes: 3})
	start := time.Now()
	b.add("slow", account.User, account.Own, goodPassword)
	return time.Since(start)
}

// R030 R015: an unknown name costs a hash like a known one, and what is too long to be a password costs none.
func TestAnUnknownNameCostsAHash(t *testing.T) {
	b := claimed(t)
	hash := b.costly()
	took := func(name, pw string) time.Duration {
		start := time.Now()
		if _, err := b.Password(t.Context(), b.home, name, pw); err == nil {
			t.Errorf("%s is in", name)
		}
		return time.Since(start)
	}
	if got := took("nobody", "wrong"); got < hash/3 {
		t.Errorf("an unknown name took %v, a hash takes %v", got, hash)
	}
	if got := took("slow", "wrong"); got < hash/3 {
		t.Errorf("the test proves nothing: a known name took %v, a hash %v", got, hash)
	}
	if got := took("slow", strings.Repeat("x", password.Max+1)); got > hash/3 {
		t.Errorf("a password that is too long took %v, a hash takes %v", got, hash)
	}
}

// R136 R137: tries that were not checked are in the log: the first one after each wrong try, and the number of
// the others.
func TestASlowedSignInIsInTheLog(t *testing.T) {
	b := claimed(t)
	for range throttle.FreeTries + 10 {
		_, _ = b.Password(t.Context(), b.home, "Admin", "wrong")
	}
	if e := b.last(event.SignInSlowed); e.Actor != "admin" || e.Message() != "Sign-in not checked: too many wrong tries, the next one in 1 s" {
		t.Errorf("got %+v: %s", e, e.Message())
	}
	b.update(func(tx *store.Tx) error { return b.Log.Record(tx, event.Event{Kind: event.Stopped}) })
	if e := b.last(event.Repeated); e.Get("count") != "9" {
		t.Errorf("got %+v", e)
	}
	for range throttle.FreeTries + 1 {
		_, _ = b.Password(t.Context(), b.home, "My Secret Passphrase", "wrong")
	}
	if e := b.last(event.SignInSlowed); e.Actor != "" {
		t.Errorf("what a stranger typed as a name is in the log: %q", e.Actor)
	}
}

// R137: nobody pushes the log out by putting 2-step verification off again and again.
func TestPuttingOffIsCounted(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	_, s := b.in("ines", goodPassword)
	before := b.events()
	for range 200 {
		if err := b.Postpone(b.home, s); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.events() - before; n > event.RepeatsFree {
		t.Errorf("%d events of 200 calls", n)
	}
}
