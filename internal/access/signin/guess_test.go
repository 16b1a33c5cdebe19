package signin_test

import (
	"fmt"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// from is somebody at another address.
func (b *bench) from(i int) signin.Visitor {
	v := b.home
	v.Address = fmt.Sprintf("198.51.100.%d", i%250+1)
	v.Source = v.Address
	return v
}

// R001 T30: nobody on the network keeps the owner from claiming the box, however much they guess.
func TestGuessingDoesNotCloseABoxThatNobodyOwns(t *testing.T) {
	b := newBench(t)
	for i := range 3 * throttle.MaxRow {
		_, err := b.Password(t.Context(), b.from(i), "admin", "wrong")
		wantErr(t, "a guess", err, signin.ErrRefused)
	}
	step, err := b.Password(t.Context(), b.home, "admin", b.label)
	if err != nil || step.Next != signin.NextClaim {
		t.Errorf("the default password: %v, %v", step.Next, err)
	}
}

// R020 R029: a hundred wrong passwords close a name for unknown browsers, of an account or not; a browser in which
// somebody signed in is known for their account and for no other.
func TestAKnownBrowserIsKnownForOneAccount(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	step, err := b.Password(t.Context(), b.home, "ines", goodPassword)
	if err != nil || step.Browser == "" {
		t.Fatalf("got %+v, %v", step, err)
	}
	for i := range throttle.MaxRow {
		for _, name := range []string{"ines", "admin", "nobody"} {
			_, err := b.Password(t.Context(), b.from(i), name, "wrong")
			wantErr(t, name, err, signin.ErrRefused)
		}
		b.pass(5 * time.Minute)
	}
	v := b.from(200)
	for _, name := range []string{"ines", "admin", "nobody"} {
		_, err := b.Password(t.Context(), v, name, goodPassword)
		wantErr(t, name, err, throttle.ErrKnownOnly)
	}
	v.Browser = step.Browser
	if _, err := b.Password(t.Context(), v, "INES", goodPassword); err != nil {
		t.Errorf("in the known browser: %v", err)
	}
	for _, name := range []string{"admin", "nobody"} {
		_, err := b.Password(t.Context(), v, name, goodPassword)
		wantErr(t, name, err, throttle.ErrKnownOnly)
	}
	closed := map[string]bool{}
	_ = b.DB.View(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, event.SignIn, 0, 1000)
		for _, e := range page {
			if e.Kind == event.AccountClosed {
				closed[e.Get("account")] = true
			}
		}
		return err
	})
	if len(closed) != 2 || !closed["ines"] || !closed["admin"] {
		t.Errorf("the log says that %v closed", closed)
	}
}

// R001: an allowed address is never paused for what it does to many names, and still slowed for one account.
func TestAnAllowedAddressIsNotPaused(t *testing.T) {
	b := claimed(t)
	allow, err := settings.Rules("allow", []string{b.home.Address})
	if err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error {
		return settings.PutDefender(tx, settings.Defender{Limits: settings.NormalLimits, Allow: allow})
	})
	for i := range 2 * throttle.SprayTries {
		_, err := b.Password(t.Context(), b.home, fmt.Sprint("name", i), "wrong")
		wantErr(t, "a name", err, signin.ErrRefused)
	}
	for range throttle.FreeTries {
		_, err := b.Password(t.Context(), b.home, "admin", "wrong")
		wantErr(t, "admin", err, signin.ErrRefused)
	}
	_, err = b.Password(t.Context(), b.home, "admin", goodPassword)
	wantErr(t, "admin", err, throttle.ErrSlowDown)
}
