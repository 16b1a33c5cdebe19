package clock_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

// R139 R099: while the box's own clock is believed, somebody who sets it does not move trusted time with it.
func TestAStepOfTheSystemClockChangesNothing(t *testing.T) {
	for _, synced := range []bool{false, true} {
		for _, step := range []time.Duration{time.Hour, -time.Hour, 31 * time.Second, -31 * time.Second, 9 * year} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				b.kept = true
				if !synced {
					b.servers = nil
				}
				k := b.start()
				before := k.Fresh(t.Context())
				b.system = step
				time.Sleep(time.Minute)
				r := k.Reading()
				if !r.Now.Equal(before.Now.Add(time.Minute)) {
					t.Errorf("a step of %v moved the time by %v", step, r.Now.Sub(before.Now)-time.Minute)
				}
				if synced {
					wantState(t, r, clock.Synced)
					return
				}
				wantState(t, r, clock.Unsynced)
				if r.Reason != clock.Jumped || r.Trusted() {
					t.Errorf("reason %s, trusted %v", r.Reason, r.Trusted())
				}
				b.system = 0 // set back: it is the clock that was believed
				time.Sleep(time.Minute)
				wantState(t, k.Fresh(t.Context()), clock.Unverified)
			})
		}
	}
}

// R139: a step is not forgiven because it was long ago.
func TestAStepOfTheSystemClockIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.kept, b.servers = true, nil
		k := b.start()
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = k.Run(ctx) }()
		time.Sleep(30 * time.Second)
		b.serve(time.Minute, false)
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		if r := k.Reading(); r.State != clock.Unsynced || off(r) > time.Second {
			t.Errorf("after two days: %s, %v off", r.State, off(r))
		}
		stop()
		synctest.Wait()
	})
}

// A service that keeps the system clock right makes it run at another rate than the crystal. That is no step, and a
// step is still seen.
func TestASystemClockThatIsDisciplinedStaysBelieved(t *testing.T) {
	for _, skew := range []float64{150e-6, -150e-6} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.kept, b.names, b.skew = true, []string{}, skew
			k := b.start()
			run := func(long time.Duration) {
				ctx, stop := context.WithCancel(t.Context())
				go func() { _ = k.Run(ctx) }()
				time.Sleep(long)
				stop()
				synctest.Wait()
			}
			run(30 * day)
			r := k.Reading()
			wantState(t, r, clock.Unverified)
			if drift := time.Until(r.Now); (drift - time.Duration(skew*float64(30*day))).Abs() > time.Second {
				t.Errorf("after a month the time is %v off", drift)
			}
			b.slept = 10 * day // without a look at the clocks
			b.system = b.slept + 40*time.Second
			wantState(t, k.Reading(), clock.Unverified)
			run(10 * time.Minute)
			wantState(t, k.Reading(), clock.Unverified)
			b.system += time.Hour
			wantState(t, k.Reading(), clock.Unsynced)
		})
	}
}

// R139 (c): a small step back of the clock that is believed holds the time, a small one forward is followed.
func TestASmallStepOfTheOwnClockNeverTurnsTimeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.kept, b.servers = true, nil
		k := b.start()
		last := k.Fresh(t.Context()).Now
		for _, system := range []time.Duration{-20 * time.Second, 10 * time.Second, -29 * time.Second, 0} {
			b.system = system
			for range 40 {
				time.Sleep(time.Second)
				r := k.Reading()
				wantState(t, r, clock.Unverified)
				if r.Now.Before(last) {
					t.Fatalf("time went back from %v to %v", last, r.Now)
				}
				last = r.Now
			}
			if d := time.Until(last); d != system {
				t.Errorf("the own clock is %v off, the time is %v off", system, d)
			}
		}
	})
}

// R139 (d): a clock that lies before the floor is not believed, and neither is one that a flat battery left in 2039.
func TestAnImpossibleOwnClockIsNotBelieved(t *testing.T) {
	for off, want := range map[time.Duration]clock.State{
		-time.Second: clock.Unsynced, 0: clock.Unverified, 40 * day: clock.Unverified, 9 * year: clock.Unverified, 13 * year: clock.Unsynced,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.floor, b.kept, b.servers, b.system = time.Now(), true, nil, off
			k := b.start()
			r := k.Fresh(t.Context())
			wantState(t, r, want)
			if want == clock.Unsynced {
				if !strings.Contains(r.Message(), "its own clock says an impossible one") {
					t.Errorf("got %q", r.Message())
				}
				b.system = time.Hour // its battery was changed, or another program set it
				time.Sleep(2 * clock.MinAsk)
				wantState(t, k.Fresh(t.Context()), clock.Unverified)
			}
		})
	}
}

// R139: what the box's own clock said is a guess until servers agree: a clock that was set to local time, or that a flat
// battery left years ahead, closes nobody out. It never goes below what servers said before, and once they stand
// behind the time the own clock moves it no more.
func TestTheFirstAgreementReplacesTheOwnClock(t *testing.T) {
	for _, ahead := range []time.Duration{10 * time.Minute, 2 * time.Hour, 9 * year} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.trusted = time.Now().Add(-day)
			b.kept, b.system = true, ahead
			for _, s := range b.servers {
				s.silent = true // the box is up before the router
			}
			k := b.start()
			wantState(t, k.Fresh(t.Context()), clock.Unverified)
			time.Sleep(2 * time.Minute)
			for _, s := range b.servers {
				s.silent = false
			}
			r := k.Fresh(t.Context())
			wantState(t, r, clock.Synced)
			if off(r) > 10*time.Millisecond || !r.Trusted() {
				t.Errorf("%v ahead: the time is %v off", ahead, off(r))
			}
			synctest.Wait()
			b.mu.Lock()
			last := b.changes[len(b.changes)-1]
			b.mu.Unlock()
			if last.Why != clock.WhyFirst || (last.Jump+ahead).Abs() > time.Second {
				t.Errorf("told %+v", last)
			}
			before := r.Now
			b.all(-20 * time.Second)
			for range 5 {
				time.Sleep(time.Second)
				k.Sync(t.Context())
				if r = k.Reading(); r.Now.Before(before) {
					t.Fatalf("time went back from %v to %v", before, r.Now)
				}
				before = r.Now
			}
		})
	}
}

// R139 (c): a time that ran ahead while no server answered does not go back: it stands still, is not trusted while it is
// further off than a step, and an administrator can end that.
func TestTimeThatRanAheadIsHeld(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			k.Fresh(t.Context())
			for _, s := range b.servers {
				s.silent = true
			}
			time.Sleep(14 * day)
			b.all(-3 * time.Minute)
			for _, s := range b.servers {
				s.silent = false
			}
			before := k.Now()
			for range clock.ConfirmingPolls {
				time.Sleep(clock.MinSync)
				k.Sync(t.Context())
			}
			r := k.Reading()
			wantState(t, r, clock.Suspect)
			if r.Reason != clock.LongOff || r.Trusted() || r.Verified() || r.Now.Before(before) {
				t.Errorf("got %+v", r)
			}
			if want := "ran ahead: the time servers say that it is 2 min 55 s earlier"; !strings.Contains(r.Message(), want) {
				t.Errorf("%q does not say %q", r.Message(), want)
			}
			shown := r.Proposal
			if shown == nil || (shown.By+3*time.Minute).Abs() > 20*time.Second || shown.Servers != 4 {
				t.Fatalf("proposal %+v", shown)
			}
			time.Sleep(time.Minute)
			if accepted {
				p, err := k.Proposed(shown.By) // it became smaller meanwhile
				if err != nil {
					t.Fatal(err)
				}
				k.Accept(p)
				r = k.Reading()
				wantState(t, r, clock.Synced)
				if d := time.Until(r.Now) + 3*time.Minute; d.Abs() > 10*time.Millisecond {
					t.Errorf("off by %v", d)
				}
				return
			}
			for range 150 {
				time.Sleep(time.Second)
				if now := k.Now(); now.Before(before) {
					t.Fatalf("time went back from %v to %v", before, now)
				}
			}
			wantState(t, k.Fresh(t.Context()), clock.Synced)
		})
	}
}

// R139: time in which the box slept counts, and after it the servers are asked before a code is checked.
func TestAfterASleepTheServersAreAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		asked := b.count()
		k := b.start()
		k.Fresh(t.Context())
		before := asked()
		b.slept = clock.FreshFor + time.Second
		b.all(b.slept) // true time went on as well
		b.system = b.slept
		r := k.Reading()
		wantState(t, r, clock.Holdover)
		r = k.Fresh(t.Context())
		wantState(t, r, clock.Synced)
		if n := asked() - before; n != 4 {
			t.Errorf("%d questions after the sleep", n)
		}
		if d := time.Until(r.Now) - b.slept; d.Abs() > 10*time.Millisecond {
			t.Errorf("off by %v", d)
		}
	})
}

// A machine that is paused between the two clocks of a reading sees no step.
func TestAPauseBetweenTheClocksIsNoStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, paused := time.Now(), false
		k := clock.New(clock.Config{
			Floor: started, Elapsed: func() time.Duration { return time.Since(started) }, Kept: func() bool { return true },
			System: func() time.Time {
				now := time.Now()
				if paused {
					paused = false
					time.Sleep(time.Minute)
				}
				return now
			},
		})
		paused = true
		if r := k.Reading(); r.State != clock.Unverified || r.Offset != 0 {
			t.Errorf("after a pause: %+v", r)
		}
	})
}
