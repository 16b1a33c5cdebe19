package clock_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// all sets how far every server is off.
func (b *bench) all(off time.Duration) {
	b.each(func(s *timeServer) { s.off = off })
}

// R139: a doubt ends when somebody beside the box says so, and it says how.
func TestWhoeverIsBesideTheBoxEndsTheDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.floor = time.Now().Add(-400 * day)
		b.trusted = time.Now().Add(-40 * day) // off for long, and without a battery
		k := b.start()
		for range 100 {
			k.Sync(t.Context())
			time.Sleep(time.Hour)
		}
		r := k.Reading()
		wantState(t, r, clock.Suspect)
		for _, word := range []string{"reset button", "castellan recover"} {
			if !strings.Contains(r.Advice(), word) {
				t.Errorf("%q does not name the %s", r.Advice(), word)
			}
		}
		k.Forget()
		wantState(t, k.Reading(), clock.Unsynced)
		r = k.Fresh(t.Context())
		wantState(t, r, clock.Synced)
		if off(r) > 10*time.Millisecond || !r.Trusted() {
			t.Errorf("off by %v", off(r))
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := len(b.changes); n != 3 || b.changes[1].To != clock.Unsynced || b.changes[2].To != clock.Synced {
			t.Errorf("changes: %+v", b.changes)
		}
	})
}

// R139: servers that lied at the first question do not close the box for ever.
func TestTheTimeGoesBackWhenItIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.all(9 * year)
		k := b.start()
		wantState(t, k.Fresh(t.Context()), clock.Synced)
		b.all(0)
		time.Sleep(time.Hour)
		wantState(t, k.Fresh(t.Context()), clock.Suspect)
		b.trusted = k.Now() // a restart remembers the lie
		k = b.start()
		wantState(t, k.Fresh(t.Context()), clock.Suspect)
		k.Forget()
		r := k.Fresh(t.Context())
		wantState(t, r, clock.Synced)
		if off(r) > 10*time.Millisecond {
			t.Errorf("off by %v", off(r))
		}
	})
}

// R139: nobody moves the time by decades, not even at the first question and with a witness.
func TestTheFirstJumpIsBounded(t *testing.T) {
	for jump, want := range map[time.Duration]clock.State{
		60 * year: clock.Suspect, 10*year + time.Hour: clock.Suspect, 9 * year: clock.Synced,
	} {
		for _, known := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				b.floor = time.Now()
				if known {
					b.trusted = b.floor
				}
				b.kept, b.system = true, jump // the machine says the same
				b.all(jump)
				if r := b.start().Fresh(t.Context()); r.State != want {
					t.Errorf("%v ahead, known %v: %s, want %s", jump, known, r.State, want)
				}
			})
		}
	}
}

// R139, T25: a service that follows the same lying servers, and so makes the kernel call its clock synchronised, is no
// witness for them.
func TestAServiceThatFollowsTheLiarsIsNoWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.floor, b.trusted = time.Now().Add(-200*day), time.Now().Add(-time.Hour)
		b.system = -20 * year // no battery
		b.all(5 * year)
		k := b.start()
		wantState(t, k.Fresh(t.Context()), clock.Suspect)
		b.system, b.kept = 5*year, true
		for range 3 {
			time.Sleep(2 * time.Minute)
			if r := k.Fresh(t.Context()); r.State != clock.Suspect || r.Now.After(time.Now()) {
				t.Errorf("%s, %v off", r.State, time.Until(r.Now))
			}
		}
	})
}

// R139, T25: a majority that moves the time bit by bit gets no further than one that jumps.
func TestManySmallCorrectionsAreNoWayAroundTheCap(t *testing.T) {
	for _, by := range []time.Duration{29 * time.Second, -29 * time.Second, 1900 * time.Millisecond, -1900 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.slept = 200 * day // how long the box runs gives nobody a larger step
			b.system = b.slept
			k := b.start()
			ctx, stop := context.WithCancel(t.Context())
			go func() { _ = k.Run(ctx) }()
			time.Sleep(time.Second) // the first agreement
			for range 12 * 180 {
				time.Sleep(20 * time.Second)
				synctest.Wait()
				b.all(time.Until(k.Now()) + by)
			}
			most := clock.SlowCorrection + time.Duration(clock.WorstDrift*float64(13*time.Hour)) + by.Abs()/10
			if d := time.Until(k.Now()); d.Abs() > most {
				t.Errorf("%v at a time moved the time by %v in 12 hours", by, d)
			}
			stop()
			synctest.Wait()
		})
	}
}

// A bad crystal is no lie: what NTP takes a clock to be off at most is followed for ever.
func TestABadCrystalIsFollowedForEver(t *testing.T) {
	for _, rate := range []float64{450e-6, -450e-6} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			ctx, stop := context.WithCancel(t.Context())
			go func() { _ = k.Run(ctx) }()
			began := time.Now()
			for range 20 * 24 * 6 {
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				b.all(time.Duration(float64(time.Since(began)) * rate))
			}
			time.Sleep(20 * time.Minute)
			synctest.Wait()
			wantState(t, k.Reading(), clock.Synced)
			stop()
			synctest.Wait()
		})
	}
}

// R139: polls that disagree with each other confirm nothing.
func TestMiddlingCorrectionsMustBeTheSameOne(t *testing.T) {
	polls := func(offsets ...time.Duration) (moved time.Duration, state clock.State) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			k.Fresh(t.Context())
			for _, off := range offsets {
				b.all(off)
				time.Sleep(time.Minute)
				k.Sync(t.Context())
			}
			r := k.Reading()
			moved, state = time.Until(r.Now).Round(time.Second), r.State
		})
		return moved, state
	}
	const s = time.Second
	tests := []struct {
		offsets []time.Duration
		moved   time.Duration
	}{
		{[]time.Duration{3 * s, -20 * s, 29 * s}, 0},
		{[]time.Duration{10 * s, 13 * s, 16 * s}, 0},
		{[]time.Duration{10 * s, 11 * s, 12 * s}, 12 * s},
		{[]time.Duration{10 * s, 10 * s, time.Hour, 10 * s}, 0}, // a doubt begins anew
		{[]time.Duration{10 * s, 10 * s, 0, 10 * s}, 0},
		{[]time.Duration{10 * s, 20 * s, 20 * s, 20 * s}, 20 * s},
	}
	for _, tc := range tests {
		if moved, state := polls(tc.offsets...); moved != tc.moved {
			t.Errorf("%v: moved by %v, want %v (%s)", tc.offsets, moved, tc.moved, state)
		}
	}
}

// R139 (a): three against three is no majority, whoever speaks first.
func TestHalfOfTheServersIsNoMajority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.names = []string{"a:123", "b:123", "c:123", "d:123", "e:123", "f:123"}
		b.servers = map[string]*timeServer{}
		for i, name := range b.names {
			b.servers[name] = &timeServer{off: time.Duration(i%2) * time.Hour}
		}
		r := b.start().Fresh(t.Context())
		wantState(t, r, clock.Unsynced)
		if r.Answering != 6 || r.Agreeing != 0 {
			t.Errorf("%d of %d agree", r.Agreeing, r.Answering)
		}
	})
}

// R139 (i): the name server's time counts as well.
func TestAQuestionEndsWithinTheBudgetWhateverIsSlow(t *testing.T) {
	for _, slow := range []time.Duration{0, time.Second, 1390 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.slow = slow
			for _, s := range b.servers {
				s.silent = true
			}
			start := time.Now()
			b.start().Sync(t.Context())
			if took := time.Since(start); took > clock.Budget {
				t.Errorf("a name server that takes %v: the round took %v", slow, took)
			}
		})
	}
}

// A single source is said, because nobody confirms it.
func TestASingleServerIsNamedAsSuch(t *testing.T) {
	for name, want := range map[string]bool{"one of one": true, "one of two": true, "two of two": false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.names = []string{"a", "[2001:db8::1]:123"} // "a" has no port
			b.servers = map[string]*timeServer{"a:123": {}, "[2001:db8::1]:123": {silent: name == "one of two"}}
			if name == "one of one" {
				b.names = b.names[:1]
			}
			r := b.start().Fresh(context.Background())
			wantState(t, r, clock.Synced)
			if got := strings.Contains(r.Message(), "one time server alone"); got != want || r.Single != want {
				t.Errorf("%s: %q", name, r.Message())
			}
		})
	}
}

// R139: a box that heard no server for weeks follows them again by itself, by as much as its crystal may be off and
// after three polls, and by no more.
func TestAfterLongSilenceADriftIsNoDoubt(t *testing.T) {
	for drift, want := range map[time.Duration]clock.State{
		2 * time.Minute: clock.Synced, -2 * time.Minute: clock.Synced, 6 * time.Minute: clock.Suspect,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			k.Fresh(t.Context())
			for _, s := range b.servers {
				s.silent = true
			}
			time.Sleep(14 * day) // 200 ppm of that are 4 minutes
			for _, s := range b.servers {
				s.silent, s.off = false, drift
			}
			for poll := 1; poll <= 3; poll++ {
				k.Sync(t.Context())
				if r := k.Reading(); poll < 3 && r.State == clock.Synced {
					t.Errorf("%v: followed at poll %d", drift, poll)
				}
				time.Sleep(time.Minute)
			}
			time.Sleep(3 * time.Minute) // time that ran ahead stood still
			wantState(t, k.Reading(), want)
		})
	}
}
