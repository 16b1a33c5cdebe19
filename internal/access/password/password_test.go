package password_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/fault"
	"castellan/internal/secret"
)

func cheap() password.Config {
	return password.Config{Key: secret.NewKey(), Memory: 64, Passes: 1}
}

func verify(t *testing.T, h *password.Hasher, stored, pw string) (ok, stale bool) {
	t.Helper()
	ok, stale, err := h.Verify(t.Context(), stored, pw)
	if err != nil {
		t.Fatal(err)
	}
	return ok, stale
}

func hash(t *testing.T, h *password.Hasher, pw string) string {
	t.Helper()
	stored, err := h.Hash(t.Context(), pw)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// R025
func TestAHashSaysHowItWasMadeAndIsSalted(t *testing.T) {
	h := password.New(password.Config{Key: secret.NewKey()})
	a, b := hash(t, h, "one password"), hash(t, h, "one password")
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !form.MatchString(a) || a == b {
		t.Errorf("got %q and %q", a, b)
	}
	if ok, stale := verify(t, h, a, "one password"); !ok || stale {
		t.Errorf("right password: ok %v, stale %v", ok, stale)
	}
	if ok, _ := verify(t, h, a, "other password"); ok {
		t.Error("a wrong password was right")
	}
}

// R025
func TestACheaperHashIsStale(t *testing.T) {
	c := cheap()
	stored := hash(t, password.New(c), "one password")
	c.Passes = 3
	if ok, stale := verify(t, password.New(c), stored, "one password"); !ok || !stale {
		t.Errorf("ok %v, stale %v; want both", ok, stale)
	}
	if _, stale := verify(t, password.New(c), stored, "wrong"); stale {
		t.Error("a wrong password asks for a new hash")
	}
}

// R026
func TestAnotherDeviceKeyFindsNoPasswordRight(t *testing.T) {
	c := cheap()
	stored := hash(t, password.New(c), "one password")
	c.Key = secret.NewKey()
	if ok, _ := verify(t, password.New(c), stored, "one password"); ok {
		t.Error("the database alone is enough to check a password")
	}
}

// R014
func TestTheWholePasswordCountsUnchanged(t *testing.T) {
	h := password.New(cheap())
	long := strings.Repeat("0123456789", 10)
	stored := hash(t, h, long)
	for _, other := range []string{long[:72], long + " ", strings.ToUpper(long[:99]) + "x"} {
		if ok, _ := verify(t, h, stored, other); ok {
			t.Errorf("%q was taken for the password", other)
		}
	}
	composed, decomposed := "caf\u00e9 au lait, s'il", "cafe\u0301 au lait, s'il"
	if ok, _ := verify(t, h, hash(t, h, composed), decomposed); !ok {
		t.Error("the same text in another Unicode form was refused")
	}
}

func TestTheDecoyIsNeverRight(t *testing.T) {
	h := password.New(cheap())
	if ok, stale := verify(t, h, "", ""); ok || stale {
		t.Errorf("ok %v, stale %v; want neither", ok, stale)
	}
}

// R015
func TestTooLongAPasswordIsNotHashed(t *testing.T) {
	h := password.New(cheap())
	done, cancel := context.WithCancel(t.Context())
	cancel()
	// With a context that ended, whatever comes to the gate fails: this one does not come that far.
	if ok, _, err := h.Verify(done, "", strings.Repeat("x", password.Max+1)); ok || err != nil {
		t.Errorf("ok %v, err %v", ok, err)
	}
}

func TestForgedHashesAreErrors(t *testing.T) {
	h := password.New(cheap())
	good := hash(t, h, "x")
	parts := strings.Split(good, "$")
	with := func(i int, s string) string {
		p := append([]string(nil), parts...)
		p[i] = s
		return strings.Join(p, "$")
	}
	for _, bad := range []string{
		"x", "$argon2id$v=19$", with(1, "argon2i"), with(2, "v=16"), with(3, "m=65537,t=1,p=1"), with(3, "m=64,t=11,p=1"),
		with(3, "m=64,t=0,p=1"), with(3, "m=64,t=1,p=2"), with(3, "m=64,t=1"), with(3, "t=1,m=64,p=1"), with(4, "AAAA"), with(5, "AAAA"), good + "$", " " + good,
	} {
		if _, _, err := h.Verify(t.Context(), bad, "x"); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// R024
func TestTheGateLetsOneInAndEightWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		var running, most, served, refused atomic.Int32
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				leave, err := gate(t.Context())
				if err != nil {
					if !errors.Is(err, password.ErrBusy) {
						t.Errorf("got %v, want ErrBusy", err)
					}
					refused.Add(1)
					return
				}
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(100 * time.Millisecond)
				running.Add(-1)
				served.Add(1)
				leave()
			})
		}
		all.Wait()
		if most.Load() != 1 || served.Load() != 1+password.Queue || refused.Load() != 30-1-password.Queue {
			t.Errorf("%d at once, %d served, %d refused", most.Load(), served.Load(), refused.Load())
		}
	})
}

// R021 R024: one source that floods the gate keeps nobody from another source waiting for more than the hash that
// runs, and the flood of several sources is served by turns.
func TestSourcesTakeTurnsAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		const hash = 100 * time.Millisecond
		enter := func(ctx context.Context, source string) bool {
			leave, err := gate(password.From(ctx, source))
			if err == nil {
				time.Sleep(hash)
				leave()
			}
			return err == nil
		}
		flood, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		var neighbour atomic.Int32
		for i := range 60 {
			source := "192.0.2.66"
			if i >= 30 {
				source = "192.0.2.67"
			}
			all.Go(func() {
				for flood.Err() == nil {
					if enter(flood, source) && source == "192.0.2.67" {
						neighbour.Add(1)
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		time.Sleep(time.Second)
		for range 10 {
			start := time.Now()
			if !enter(t.Context(), "192.0.2.7") {
				t.Error("the owner was turned away")
			}
			if took := time.Since(start); took > 4*hash {
				t.Errorf("the owner waited %v", took)
			}
		}
		stop()
		all.Wait()
		if n := neighbour.Load(); n < 5 {
			t.Errorf("of two sources that flood one was served %d times", n)
		}
	})
}

// R024: a source that finds the queue full of others does not push any of them out in turn.
func TestAFullQueueOfManySourcesTurnsTheNextOneAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		var all sync.WaitGroup
		var served atomic.Int32
		for i := range 1 + password.Queue {
			all.Go(func() {
				leave, err := gate(password.From(t.Context(), strconv.Itoa(i)))
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
				served.Add(1)
				leave()
			})
			synctest.Wait()
		}
		if _, err := gate(password.From(t.Context(), "one more")); !errors.Is(err, password.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		all.Wait()
		if served.Load() != 1+password.Queue {
			t.Errorf("%d were served", served.Load())
		}
	})
}

// R021 R024: a known browser finds a place in a queue that is full, and has its turn after the hash that runs; of two
// in a row the second one lets the others go first.
func TestAPlaceOfTheQueueIsKeptForKnownBrowsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		const hash = 100 * time.Millisecond
		var all sync.WaitGroup
		for i := range 1 + password.Queue {
			all.Go(func() {
				if leave, err := gate(password.From(t.Context(), strconv.Itoa(i))); err == nil {
					time.Sleep(hash)
					leave()
				}
			})
			synctest.Wait()
		}
		if _, err := gate(password.From(t.Context(), "stranger")); !errors.Is(err, password.ErrBusy) {
			t.Errorf("the queue is not full: %v", err)
		}
		known := password.Known(password.From(t.Context(), "0"), "owner") // from where a flood comes, too
		for i, most := range []time.Duration{hash, 2 * hash} {
			start := time.Now()
			leave, err := gate(known)
			if took := time.Since(start); err != nil || took > most {
				t.Errorf("sign-in %d of a known browser: %v after %v", i+1, err, took)
			}
			leave()
		}
		all.Wait()
	})
}

// R024: whoever signs in again and again, in however many browsers that their accounts know, does not hold the place that
// is kept for those.
func TestThePlaceForKnownBrowsersGoesFromAccountToAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		const hash = 100 * time.Millisecond
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		loop := func(ctx context.Context) {
			all.Go(func() {
				for ctx.Err() == nil {
					leave, err := gate(ctx)
					if err != nil {
						time.Sleep(time.Millisecond)
						continue
					}
					time.Sleep(hash)
					leave()
				}
			})
			synctest.Wait()
		}
		for i := range 2 + password.Queue {
			loop(password.From(ctx, strconv.Itoa(i)))
		}
		for i := range 6 { // two insiders with three browsers each
			loop(password.Known(password.From(ctx, "inside"+strconv.Itoa(i)), "insider"+strconv.Itoa(i%2)))
		}
		time.Sleep(10 * hash)
		for i := range 5 {
			leave, err := gate(password.Known(password.From(t.Context(), "home"), "owner"))
			if err != nil {
				t.Fatalf("sign-in %d of the owner: %v", i+1, err)
			}
			leave()
			time.Sleep(5 * hash)
		}
		stop()
		all.Wait()
	})
}

// R024
func TestWhoeverWaitsTooLongIsTurnedAwayAndLeavesThePlaceFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGateForTest()
		leave, err := gate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := gate(t.Context()); !errors.Is(err, password.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		if waited := time.Since(start); waited != password.Patience {
			t.Errorf("waited %v, want %v", waited, password.Patience)
		}
		leave()
		if leave, err = gate(t.Context()); err != nil {
			t.Fatalf("the gate stayed shut: %v", err)
		}
		leave()
	})
}

func TestAnEndedRequestDoesNotWait(t *testing.T) {
	gate := password.NewGateForTest()
	leave, err := gate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gate(ctx); !errors.Is(err, password.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

// R015: the limit stands before the hash; not even the hash of such a text makes it a password.
func TestAnOverlongPasswordIsNeverRight(t *testing.T) {
	h := password.New(cheap())
	long := strings.Repeat("a", password.Max+1)
	if ok, _ := verify(t, h, hash(t, h, long), long); ok {
		t.Error("it is right")
	}
	if err := password.CheckTyped(long); err == nil {
		t.Error("it was let through")
	}
	if err := password.CheckTyped(long[1:]); err != nil {
		t.Errorf("the longest password: %v", err)
	}
}

// distinct returns a text of n characters that do not walk along the alphabet.
func distinct(first rune, n int) string {
	r := make([]rune, n)
	for i := range r {
		r[i] = first + rune(i*7%19)
	}
	return string(r)
}

// R011 R013 R015 R017
func TestOnlyLengthDecides(t *testing.T) {
	tests := []struct {
		pw     string
		beside bool
		code   string
	}{
		{strings.Repeat("a", 14), false, "too_short"},
		{distinct('a', 15), false, ""},
		{strings.Repeat("a", 15), false, "blocklisted"},
		{strings.Repeat("a", 7), true, "too_short"},
		{"gq4vtzkw", true, ""},
		{distinct('🐌', 15), false, ""},
		{strings.Repeat("🐌", 14), false, "too_short"},
		{"38291047561029384756", false, ""},
		{"four words with spaces", false, ""},
		{"Ένα μεγάλο σύνθημα 🦉", false, ""},
		{distinct('a', 64), false, ""},
		{distinct('a', 128), false, ""},
		{strings.Repeat("a", 129), false, "too_long"},
		{strings.Repeat("a", 1<<20), false, "too_long"},
		{"e\u0301Ζe\u0302Ωe\u0300ΞΨΦ", true, ""},
		{"passwordpassword", false, "blocklisted"},
		{"Castellan2026!!", false, "blocklisted"},
		{strings.Repeat("e\u0301", 14), false, "too_short"},
		{"\xff" + strings.Repeat("a", 20), false, "malformed"},
	}
	for _, tc := range tests {
		err := password.Check(tc.pw, tc.beside)
		var f *fault.Error
		switch {
		case tc.code == "" && err != nil:
			t.Errorf("%.20q (beside %v): got %v, want it accepted", tc.pw, tc.beside, err)
		case tc.code != "" && (!errors.As(err, &f) || f.Fields[0].Code != tc.code || f.Fields[0].Name != "password" || !strings.Contains(f.Message, ". ")): // a reason and a hint
			t.Errorf("%.20q (beside %v): got %v, want %s", tc.pw, tc.beside, err, tc.code)
		}
	}
}

func FuzzVerifyForgedHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	h := password.New(cheap())
	f.Fuzz(func(t *testing.T, stored string) {
		if ok, _, _ := h.Verify(t.Context(), stored, "guess"); ok {
			t.Errorf("%q accepts a guess", stored)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := password.New(password.Config{Key: secret.NewKey()})
	stored, _ := h.Hash(b.Context(), "one password")
	for b.Loop() {
		_, _, _ = h.Verify(b.Context(), stored, "one password")
	}
}
