package signin_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/network"
	"castellan/internal/event"
	"castellan/internal/realtest"
	"castellan/internal/reset"
	"castellan/internal/store"
)

// reset does what holding the button does.
func (b *bench) reset() error {
	return reset.New(reset.Config{
		DB: b.DB, Box: b.Box, Throttle: b.Throttle, Factors: b.Factors, Sessions: b.Sessions, Tickets: b.Tickets, Log: b.Log, Network: network.New(network.Config{Alone: true}), Forget: func(context.Context) {},
		Browsers: b.Browsers, Tokens: b.Tokens, Waits: b.Waits, Key: b.key, Folder: b.t.TempDir(), Now: func() time.Time { return b.clock.Reading().Now }, Elapsed: b.Elapsed, Boot: "one", Out: slog.New(slog.DiscardHandler),
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
	ended, returned := make(chan struct{}), atomic.Int64{}
	for i, f := range meanwhile {
		go func() { f(); returned.Add(1); ended <- struct{}{} }()
		for end := time.Now().Add(30 * time.Second); int(returned.Load())+waiting() <= i; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				b.t.Errorf("function %d does not wait for the writer", i)
				break
			}
		}
		time.Sleep(2 * time.Millisecond) // whoever waited for 1 ms gets a mutex in turn
	}
	close(hold)
	for range meanwhile {
		<-ended
	}
	if err := <-done; err != nil {
		b.t.Fatal(err)
	}
}

// waiting counts the functions of while that wait for the writer.
func waiting() int {
	return realtest.Standing("[sync.Mutex.Lock", "bbolt.(*DB).beginRWTx(", "(*bench).while in goroutine")
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
	_, err := b.Resume(b.home, other)
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

// R007: nor does somebody get in whose password was being checked while the box was reset.
func TestAPasswordOnItsWayDuringAResetLetsNobodyIn(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	var reset, err error
	b.while(
		func() { reset = b.reset() },
		func() { _, err = b.Password(t.Context(), b.home, "ines", goodPassword) },
	)
	if reset != nil {
		t.Fatal(reset)
	}
	wantErr(t, "the sign-in", err, signin.ErrRefused)
	if e := b.last(event.SignInRefused); e.Get("reason") != "nobody has claimed this NAS yet" {
		t.Errorf("got %+v", e)
	}
}

// A second post of the same code ends nothing either.
func TestACodeThatIsPostedTwiceIsCheckedOnce(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	ticket := b.half("admin", goodPassword)
	var first, second error
	b.while(
		func() { _, first = b.Code(t.Context(), b.home, ticket, app(b.wrongCode(seed))) },
		func() { _, second = b.Code(t.Context(), b.home, ticket, app(b.wrongCode(seed))) },
	)
	wantErr(t, "the first", first, factor.ErrRefused)
	wantErr(t, "the second", second, session.ErrUnderway)
	if _, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed)))); err != nil {
		t.Errorf("corrected: %v", err)
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

// R025: of two sign-ins at one moment, both right, one replaces a cheap hash. The other is no wrong try.
func TestASignInBesideOneThatReplacesTheHashIsRight(t *testing.T) {
	b := claimed(t)
	for range throttle.FreeTries - 1 {
		_, err := b.Password(t.Context(), b.home, "admin", "wrong")
		wantErr(t, "a wrong try", err, signin.ErrRefused)
	}
	b.Passwords = password.New(password.Config{Key: b.key, Memory: 64, Passes: 2})
	var one, two error
	elsewhere := b.home
	elsewhere.Source = "192.0.2.8"
	b.while(
		func() { _, one = b.Password(t.Context(), elsewhere, "admin", goodPassword) },
		func() { _, two = b.Password(t.Context(), b.home, "admin", goodPassword) },
	)
	if one != nil || two != nil {
		t.Errorf("got %v and %v", one, two)
	}
	b.in("admin", goodPassword) // no wait
}

// R019: a password that was changed while it was being checked is a wrong one.
func TestAPasswordThatIsChangedMeanwhileIsWrong(t *testing.T) {
	b := claimed(t)
	hash, err := b.Passwords.Hash(t.Context(), newPassword)
	if err != nil {
		t.Fatal(err)
	}
	var got error
	b.while(
		func() {
			admin := b.account("admin")
			admin.Password.Hash = hash
			b.update(func(tx *store.Tx) error { return account.Put(tx, admin) })
		},
		func() { _, got = b.Password(t.Context(), b.home, "admin", goodPassword) },
	)
	wantErr(t, "the old password", got, signin.ErrRefused)
	if e := b.last(event.SignInRefused); e.Get("reason") != "wrong password" {
		t.Errorf("got %+v", e)
	}
}

// R096: a sign-in ends what the browser brought along.
func TestASignInReplacesTheSessionAndTheTicketOfItsBrowser(t *testing.T) {
	b := claimed(t)
	old, _ := b.in("admin", goodPassword)
	other, _ := b.in("admin", goodPassword)
	v := b.home
	v.Session = old
	step, err := b.Password(t.Context(), v, "admin", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	for cookie, want := range map[string]bool{old: false, other: true, step.Cookie: true} {
		if _, _, ok := b.Sessions.Find(cookie, false); ok != want {
			t.Errorf("a session is there: %v, want %v", ok, want)
		}
	}
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	first := b.half("admin", goodPassword)
	v.Ticket = first
	if step, err = b.Password(t.Context(), v, "admin", goodPassword); err != nil {
		t.Fatal(err)
	}
	_, err = b.Code(t.Context(), b.home, first, app(string(b.code(seed))))
	wantErr(t, "the ticket of before", err, signin.ErrExpired)
	if _, err := b.Code(t.Context(), b.home, step.Cookie, app(string(b.code(seed)))); err != nil {
		t.Error(err)
	}
}

// R140: only a browser of the house waits for the button, and one that signs in instead waits no longer.
func TestOnlyABrowserOfTheHouseWaitsForAPress(t *testing.T) {
	b := newBench(t)
	outside := b.home
	outside.Local = false
	_, err := b.AwaitPress(outside)
	wantErr(t, "from outside", err, claim.ErrOutside)
	v := b.home
	for range 2 {
		step, err := b.AwaitPress(v)
		if err != nil {
			t.Fatal(err)
		}
		v.Ticket = step.Cookie
	}
	if _, err := b.Password(t.Context(), v, "admin", b.label); err != nil {
		t.Fatal(err)
	}
	if n := b.Waits.Press().Waiting; n != 0 {
		t.Errorf("%d wait", n)
	}
}
