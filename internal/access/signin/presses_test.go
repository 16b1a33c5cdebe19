package signin_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/access/signin"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// R006: who begins anew, stops, or finishes by another way waits no longer; the ticket of another stage never did.
func TestASignInThatGoesOnWaitsForNoPress(t *testing.T) {
	b := claimed(t)
	seed, cookie := b.twoStep(b.in("admin", goodPassword))
	waits := func(what string, want int) {
		t.Helper()
		if a := b.Waits.Press(); a.Waiting != want {
			t.Errorf("%s: %d wait, want %d", what, a.Waiting, want)
		}
	}
	b.Cancel(b.asked())
	waits("stopped", 0)
	v := b.home
	v.Ticket = b.asked()
	if _, err := b.Password(t.Context(), v, "admin", goodPassword); err != nil {
		t.Fatal(err)
	}
	waits("begun anew", 0)
	half := b.asked()
	if _, err := b.Code(t.Context(), b.home, half, app(string(b.code(seed)))); err != nil {
		t.Fatal(err)
	}
	waits("finished with a code", 0)
	_, err := b.AskPress(b.home, cookie)
	wantErr(t, "a session is no ticket", err, signin.ErrExpired)
	_, _, err = b.Pressed(cookie)
	wantErr(t, "and waits for nothing", err, signin.ErrExpired)
	_, err = b.Code(t.Context(), b.home, "unknown", press)
	wantErr(t, "no ticket at all", err, signin.ErrExpired)
}

// R093 R101 R140: what happens between the press and its use counts: a password that changed, a reset.
func TestAConfirmedSignInDiesWithWhatItWasProvedBy(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	b.add("marta", account.Administrator, account.Own, goodPassword)
	cookie := b.asked()
	b.Waits.Press()
	a := b.account("admin")
	a.Disabled = true
	b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
	_, err := b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "disabled", err, signin.ErrExpired)
	a.Disabled = false
	b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
	cookie = b.asked()
	b.Waits.Press()
	if err := b.reset(); err != nil {
		t.Fatal(err)
	}
	_, err = b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "after a reset", err, signin.ErrExpired)
}

// R044: one press is one session, however many ask for it at a time.
func TestOnePressIsOneSession(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	for range 10 {
		cookie := b.asked()
		b.Waits.Press()
		var all sync.WaitGroup
		var in atomic.Int64
		for range 16 {
			all.Go(func() {
				if _, err := b.Code(t.Context(), b.home, cookie, press); err == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Fatalf("%d sessions", in.Load())
		}
		b.pass(otp.Period)
	}
}

// R033: with a temporary password a press leads to a password of one's own, and then to a new way in.
func TestAPressBesideATemporaryPassword(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	hash, err := b.Passwords.Hash(t.Context(), secret.Reread("k7qp-m2xd-9w3t"))
	if err != nil {
		t.Fatal(err)
	}
	a := b.account("admin")
	a.Password = account.Password{Hash: hash, Origin: account.Temporary, Until: b.clock.now.Add(time.Hour)}
	b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
	cookie := b.half("admin", "k7qp-m2xd-9w3t")
	if _, err := b.AskPress(b.home, cookie); err != nil {
		t.Fatal(err)
	}
	b.Waits.Press()
	step, err := b.Code(t.Context(), b.home, cookie, press)
	if err != nil || step.Next != signin.NextPassword {
		t.Fatalf("got %+v, %v", step, err)
	}
	if step, err = b.OwnPassword(t.Context(), b.home, step.Cookie, newPassword); err != nil {
		t.Fatal(err)
	}
	if s, _, _ := b.Sessions.Find(step.Cookie, false); !s.Enrol || !s.Repair {
		t.Errorf("the press is forgotten: %+v", s)
	}
}

// R031 R032: the account is told when somebody who has its password waits for a press, and it and every administrator
// when one let them in; nobody else is told.
func TestAPressIsToldToTheAccountAndToAdministrators(t *testing.T) {
	b, r := mailed(t, "127.0.3.8")
	b.twoStep(b.in("admin", goodPassword))
	b.add("marta", account.Administrator, account.Own, goodPassword)
	b.add("jonas", account.Administrator, account.Own, goodPassword)
	b.add("ines", account.User, account.Own, goodPassword)
	for _, name := range []string{"admin", "marta", "jonas", "ines"} {
		a := b.account(name)
		a.Email, a.Confirmed, a.Disabled = name+"@example.org", true, name == "jonas"
		b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
	}
	cookie := b.asked()
	if _, err := b.AskPress(b.home, cookie); err != nil { // is told once
		t.Fatal(err)
	}
	said(t, r, "admin@example.org", `(do not press the button)`)
	b.Waits.Press()
	if _, err := b.Code(t.Context(), b.home, cookie, press); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"admin@example.org", "marta@example.org"} {
		if who := said(t, r, to, `Somebody signed in to the account “(\S+)” with its password and a short press of the button`); who != "admin" {
			t.Errorf("%s is told of %s", to, who)
		}
	}
	r.Mu.Lock()
	defer r.Mu.Unlock()
	waits := 0
	for _, m := range r.Mails {
		if m.To == "ines@example.org" || m.To == "jonas@example.org" {
			t.Errorf("%s is told, too", m.To)
		}
		if strings.Contains(plainText(t, m.Data), "do not press the button") {
			waits++
		}
	}
	if waits != 1 {
		t.Errorf("%d mails about one wait", waits)
	}
}
