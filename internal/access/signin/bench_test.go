package signin_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// testClock is a clock that only the test moves.
type testClock struct {
	mu    sync.Mutex
	now   time.Time
	state clock.State
	asked int
	vouch int // administrators who came in without the clock
}

func (c *testClock) Reading() clock.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clock.Reading{Now: c.now, State: c.state, CheckedAgo: time.Second}
}

func (c *testClock) Fresh(context.Context) clock.Reading {
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	return c.Reading()
}

func (c *testClock) Vouch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vouch++
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a door with real rooms behind it, cheap hashes, and time that only the test moves.
type bench struct {
	*signin.Door
	t       testing.TB
	clock   *testClock
	mu      sync.Mutex
	elapsed time.Duration
	home    signin.Visitor
	key     secret.Key
	label   string
	// noButton is a box without a button.
	noButton bool
}

const (
	goodPassword = "four words in a row"
	newPassword  = "five other words in a row"
)

func newBench(t testing.TB) *bench {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{
		t: t, clock: &testClock{now: time.Date(2026, 11, 21, 12, 0, 5, 0, time.UTC), state: clock.Synced},
		home: signin.Visitor{Address: "192.0.2.7", Source: "192.0.2.7", Agent: "Firefox", Local: true}, elapsed: time.Hour,
	}
	elapsed := func() time.Duration { b.mu.Lock(); defer b.mu.Unlock(); return b.elapsed }
	key := secret.NewKey()
	b.key = key
	hasher := password.New(password.Config{Key: key, Memory: 64, Passes: 1})
	box := claim.New(claim.Config{Key: key})
	log := event.New(func() event.Moment { r := b.clock.Reading(); return event.Moment{Now: r.Now, State: string(r.State)} }, slog.New(slog.DiscardHandler))
	tries := throttle.New(throttle.Config{Elapsed: elapsed, Boot: "one"})
	b.Door = signin.New(signin.Config{
		DB: db, Passwords: hasher, Throttle: tries,
		Factors: factor.New(factor.Config{Key: key, Elapsed: elapsed}), Sessions: session.New(elapsed), Tickets: session.NewTickets(elapsed),
		Browsers: session.NewBrowsers(key, func() time.Time { return b.clock.Reading().Now }), Tokens: token.New(token.Config{
			DB: db, Throttle: tries, Log: log, Key: key, Now: func() (time.Time, bool) { return b.clock.Reading().Now, true }, Elapsed: elapsed, Held: func() time.Duration { return 0 },
		}),
		Box: box, Waits: presence.New(elapsed), Button: func() bool { return !b.noButton }, Clock: b.clock, Elapsed: elapsed,
		Log: log, Post: notice.New(notice.Config{
			DB: db, Key: key, Log: log, Elapsed: elapsed, Now: func() time.Time { return b.clock.Reading().Now },
			Origin: func() string { return "https://nas.example:8001" }, Out: slog.New(slog.DiscardHandler),
		}),
	})
	b.label = box.NewDefaultPassword()
	hash, err := hasher.Hash(t.Context(), b.label)
	if err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error { return box.Found(tx, b.label, hash, b.clock.now) })
	return b
}

// claimed is a bench whose box belongs to admin, who has goodPassword.
func claimed(t testing.TB) *bench {
	b := newBench(t)
	step, err := b.Password(t.Context(), b.home, "admin", b.label)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.DB.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

// pass moves both clocks.
func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	b.elapsed += d
	b.mu.Unlock()
	b.clock.move(d)
}

// in signs somebody in who has no second factor.
func (b *bench) in(name, pw string) (cookie string, s session.Session) {
	b.t.Helper()
	step, err := b.Password(b.t.Context(), b.home, name, pw)
	if err != nil || step.Next != signin.NextDone {
		b.t.Fatalf("sign in %s: %v, %v", name, step.Next, err)
	}
	s, _, ok := b.Sessions.Find(step.Cookie, true)
	if !ok {
		b.t.Fatal("the session is not there")
	}
	return step.Cookie, s
}

// twoStep turns 2-step verification on for somebody who is signed in, and moves on to the next step.
func (b *bench) twoStep(cookie string, s session.Session) (otp.Secret, string) {
	b.t.Helper()
	e, _, err := b.StartEnrolment(b.t.Context(), b.home, s, "My phone")
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := b.ConfirmEnrolment(b.t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.pass(otp.Period)
	return e.Secret, c.Cookie
}

func (b *bench) code(seed otp.Secret) otp.Code { return seed.CodeAt(otp.StepAt(b.clock.Reading().Now)) }

// app is a code of an authenticator app.
func app(code string) factor.Given { return factor.Given{Way: factor.App, Text: code} }

// proof is a password and a code of an authenticator app.
func proof(pw, code string) signin.Proof { return signin.Proof{Password: pw, Factor: app(code)} }

// half passes the password step of somebody who has a second factor.
func (b *bench) half(name, pw string) string {
	b.t.Helper()
	step, err := b.Password(b.t.Context(), b.home, name, pw)
	if err != nil || step.Next != signin.NextCode {
		b.t.Fatalf("password of %s: %v, %v", name, step.Next, err)
	}
	return step.Cookie
}

// add adds an account with a password of its own.
func (b *bench) add(name string, role account.Role, origin account.Origin, pw string) account.Account {
	b.t.Helper()
	hash, err := b.Passwords.Hash(b.t.Context(), pw)
	if err != nil {
		b.t.Fatal(err)
	}
	var a account.Account
	b.update(func(tx *store.Tx) (err error) {
		a, err = account.Add(tx, account.Account{Name: name, Role: role, Password: account.Password{Hash: hash, Origin: origin, Until: b.clock.now.Add(account.TemporaryFor)}})
		return err
	})
	return a
}

// last returns the newest event of a kind.
func (b *bench) last(kind event.Kind) (found event.Event) {
	b.t.Helper()
	_ = b.DB.View(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 200)
		for _, e := range page {
			if e.Kind == kind {
				found = e
				break
			}
		}
		return err
	})
	if found.Kind == "" {
		b.t.Errorf("there is no event %s", kind)
	}
	return found
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func retryIn(err error) time.Duration {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.RetryIn
	}
	return 0
}
