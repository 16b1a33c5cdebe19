package signin_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/box/network"
	"castellan/internal/reset"
	"castellan/internal/store"
)

// reset does what holding the button does.
func (b *bench) reset() error {
	return reset.New(reset.Config{
		DB: b.DB, Box: b.Box, Throttle: b.Throttle, Factors: b.Factors, Sessions: b.Sessions, Tickets: b.Tickets, Log: b.Log, Network: network.Unmanaged{},
		Key: b.key, Folder: b.t.TempDir(), Now: func() time.Time { return b.clock.Reading().Now }, Out: slog.New(slog.DiscardHandler),
	}).Run(b.t.Context())
}

// proved is a ticket that may claim the box, earned with the default password.
func (b *bench) proved() string {
	b.t.Helper()
	step, err := b.Password(b.t.Context(), b.home, "admin", b.label)
	if err != nil || step.Next != signin.NextClaim {
		b.t.Fatalf("got %+v, %v", step, err)
	}
	return step.Cookie
}

// while runs f in the moment before the next transactions that are begun in meanwhile can run; they run in the
// order in which they were begun.
func (b *bench) while(meanwhile ...func()) {
	b.t.Helper()
	entered, hold, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- b.DB.Update(func(*store.Tx) error { close(entered); <-hold; return nil })
	}()
	<-entered
	ended := make(chan struct{})
	for _, f := range meanwhile {
		go func() { f(); ended <- struct{}{} }()
		time.Sleep(100 * time.Millisecond) // until it waits for the writer
	}
	close(hold)
	for range meanwhile {
		<-ended
	}
	if err := <-done; err != nil {
		b.t.Fatal(err)
	}
}

// T27 R140: a claim that is on its way while the box is reset does not take the box after it.
func TestAClaimProvedBeforeAResetIsWorthNothingAfterIt(t *testing.T) {
	b := newBench(t)
	owner, thief := b.proved(), b.proved()
	if _, err := b.Claim(t.Context(), b.home, owner, claim.Claim{Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	var reset, claimed error
	b.while(
		func() { reset = b.reset() },
		func() {
			_, claimed = b.Claim(t.Context(), b.home, thief, claim.Claim{Name: "thief", Password: newPassword})
		},
	)
	if reset != nil {
		t.Fatal(reset)
	}
	wantErr(t, "the claim on its way", claimed, signin.ErrExpired)
	_, err := b.Claim(t.Context(), b.home, thief, claim.Claim{Name: "thief", Password: newPassword})
	wantErr(t, "once more", err, signin.ErrExpired)
	if _, err := b.Claim(t.Context(), b.home, b.proved(), claim.Claim{Password: goodPassword}); err != nil {
		t.Errorf("a claim proved after it: %v", err)
	}
}

// T27: whoever was half way to a claim is told that somebody else was faster, once.
func TestAClaimEndsTheOtherClaims(t *testing.T) {
	b := newBench(t)
	owner, other := b.proved(), b.proved()
	if _, err := b.Claim(t.Context(), b.home, owner, claim.Claim{Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Resume(other)
	wantErr(t, "resumed", err, signin.ErrExpired)
	_, err = b.Claim(t.Context(), b.home, other, claim.Claim{Password: newPassword})
	wantErr(t, "the slower claim", err, claim.ErrClaimed)
	if _, _, ok := b.Tickets.Find(other); ok {
		t.Error("its ticket lives on")
	}
}

// T27: the same for somebody who was on the way to a code or to a password of their own.
func TestAStepOnItsWayDuringAResetIsNotFinished(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	seed, _ := b.twoStep(b.in("ines", goodPassword))
	b.add("jonas", account.User, account.Temporary, "k7qp-m2xd-9w3t")
	code := b.half("ines", goodPassword)
	step, err := b.Password(t.Context(), b.home, "jonas", "k7qp-m2xd-9w3t")
	if err != nil {
		t.Fatal(err)
	}
	var reset, first, second error
	b.while(
		func() { reset = b.reset() },
		func() { _, first = b.Code(t.Context(), b.home, code, app(string(b.code(seed)))) },
		func() { _, second = b.OwnPassword(t.Context(), b.home, step.Cookie, newPassword) },
	)
	if reset != nil {
		t.Fatal(reset)
	}
	wantErr(t, "the code", first, signin.ErrExpired)
	wantErr(t, "the password", second, signin.ErrExpired)
	for _, cookie := range []string{code, step.Cookie} {
		if _, _, ok := b.Tickets.Find(cookie); ok {
			t.Error("a ticket came back")
		}
	}
}

// A second post of the same step, while the first is being checked, ends nothing.
func TestAStepThatIsPostedTwiceIsCheckedOnce(t *testing.T) {
	b := newBench(t)
	ticket := b.proved()
	var first, second error
	b.while(
		func() {
			_, first = b.Claim(t.Context(), b.home, ticket, claim.Claim{Name: "a b", Password: goodPassword})
		},
		func() {
			_, second = b.Claim(t.Context(), b.home, ticket, claim.Claim{Name: "a b", Password: goodPassword})
		},
	)
	if first == nil || errors.Is(first, signin.ErrExpired) {
		t.Errorf("the first: %v", first)
	}
	wantErr(t, "the second", second, session.ErrUnderway)
	if _, err := b.Claim(t.Context(), b.home, ticket, claim.Claim{Password: goodPassword}); err != nil {
		t.Errorf("corrected: %v", err)
	}
}
