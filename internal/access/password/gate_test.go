package password_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/access/password"
)

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
