package clock_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

// bench is a box in a bubble: true time is the bubble's, everything else can be set.
type bench struct {
	*world
	system  time.Duration // the system clock minus true time
	slept   time.Duration // time that no timer saw
	offered []string      // servers that the local network named
	kept    bool
	served  bool    // the kernel calls its clock synchronised
	skew    float64 // how much faster the system clock runs
	trusted time.Time
	floor   time.Time
	names   []string // of the servers, where they are others than the four
	changes []clock.Change
	sampled func(clock.Reading)
	mu      sync.Mutex
}

const (
	good1, good2, good3, good4 = "a:123", "b:123", "c:123", "d:123"
)

func newBench() *bench {
	return &bench{
		world: &world{now: time.Now, servers: map[string]*timeServer{good1: {}, good2: {}, good3: {}, good4: {}}},
		floor: time.Now().Add(-24 * time.Hour),
	}
}

func (b *bench) start() *clock.Clock {
	started := time.Now()
	if b.names == nil {
		b.names = []string{good1, good2, good3, good4}
	}
	return clock.New(clock.Config{
		Sources: append(plain(b.names), offered(b.offered)...),
		Floor:   b.floor, Trusted: b.trusted,
		Elapsed: func() time.Duration { return time.Since(started) + b.slept },
		System: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return time.Now().Add(b.system + time.Duration(float64(time.Since(started))*b.skew))
		},
		Kept:         func() bool { return b.kept },
		Synchronised: func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.served },
		Dial:         b.dial,
		Sampled:      b.sampled,
		Changed:      func(c clock.Change) { b.mu.Lock(); b.changes = append(b.changes, c); b.mu.Unlock() },
	})
}

// ask starts a clock and asks the servers once.
func (b *bench) ask(t *testing.T) clock.Reading {
	t.Helper()
	k := b.start()
	k.Fresh(t.Context())
	return k.Reading()
}

func off(r clock.Reading) time.Duration { return time.Until(r.Now).Abs() }

func wantState(t *testing.T, r clock.Reading, want clock.State) {
	t.Helper()
	if r.State != want {
		t.Errorf("state is %s, want %s: %+v", r.State, want, r)
	}
}

// R139 (h)
func TestTheServersTimeCountsAndTheDriftIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.system = -3*time.Minute - 12*time.Second
		k := b.start()
		r := k.Fresh(t.Context())
		wantState(t, r, clock.Synced)
		if off(r) > 10*time.Millisecond || !r.Trusted() || !r.Verified() {
			t.Errorf("off by %v", off(r))
		}
		if want := "This NAS's clock is 3 min 12 s slow; codes are checked against network time."; r.Message() != want {
			t.Errorf("got %q, want %q", r.Message(), want)
		}
		if r.Agreeing != 4 || r.Answering != 4 || r.Level() != clock.Warn {
			t.Errorf("got %+v", r)
		}
	})
}

// R139 (a)
func TestOneServerThatIsAnHourOffIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.servers[good2].off = time.Hour
		r := b.ask(t)
		wantState(t, r, clock.Synced)
		if off(r) > 10*time.Millisecond || r.Agreeing != 3 || r.Answering != 4 {
			t.Errorf("off by %v, %d of %d agree", off(r), r.Agreeing, r.Answering)
		}
		s := r.Servers[1]
		if s.State != clock.Ignored || (s.Offset-time.Hour).Abs() > 10*time.Millisecond {
			t.Errorf("the wrong server is %+v", s)
		}
	})
}

func TestAMinorityIsNeverTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.servers[good1].off, b.servers[good2].off = time.Hour, 2*time.Hour
		r := b.start().Fresh(t.Context())
		wantState(t, r, clock.Unsynced)
		if r.Trusted() {
			t.Error("two against two were trusted")
		}
		b = newBench()
		b.servers[good1].silent, b.servers[good2].silent = true, true
		wantState(t, b.start().Fresh(t.Context()), clock.Unsynced)
	})
}

// R139 (b) (c)
func TestAJumpOfTheMajorityIsSuspectAndTimeGoesOn(t *testing.T) {
	for _, jump := range []time.Duration{2 * time.Hour, -10 * time.Minute, 31 * time.Second, -31 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			before := k.Fresh(t.Context())
			for _, s := range b.servers {
				s.off = jump
			}
			time.Sleep(time.Hour)
			r := k.Fresh(t.Context())
			wantState(t, r, clock.Suspect)
			if r.Trusted() || off(r) > 10*time.Millisecond || !r.Now.After(before.Now) {
				t.Errorf("after a jump of %v: %v off, trusted %v", jump, off(r), r.Trusted())
			}
			for _, s := range b.servers {
				s.off = 0
			}
			time.Sleep(time.Minute)
			wantState(t, k.Fresh(t.Context()), clock.Synced)
		})
	}
}

func TestMiddlingCorrectionsNeedThreeAgreeingPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		for _, s := range b.servers {
			s.off = 10 * time.Second
		}
		for poll := 1; poll <= 3; poll++ {
			time.Sleep(time.Minute)
			k.Sync(t.Context())
			if moved := off(k.Reading()) > 5*time.Second; moved != (poll == 3) {
				t.Errorf("poll %d: moved %v", poll, moved)
			}
		}
	})
}

// R139
func TestASmallCorrectionBackwardsHoldsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		first := k.Fresh(t.Context()).Now
		for _, s := range b.servers {
			s.off = -1900 * time.Millisecond
		}
		time.Sleep(clock.MinSync)
		k.Sync(t.Context())
		last := first
		for range 40 {
			now := k.Now()
			if now.Before(last) {
				t.Fatalf("time went back from %v to %v", last, now)
			}
			last = now
			time.Sleep(100 * time.Millisecond)
		}
		if d := time.Since(k.Now()); (d - 1900*time.Millisecond).Abs() > 10*time.Millisecond {
			t.Errorf("after the hold the time is %v behind, want 1.9 s", d)
		}
	})
}

// R139 (d)
func TestARestartInTheYear2000WithoutServersKnowsTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench() // the bubble starts in the year 2000
		for _, s := range b.servers {
			s.silent = true
		}
		b.kept = true
		b.trusted = time.Now().Add(26 * 365 * 24 * time.Hour)
		k := b.start()
		time.Sleep(time.Minute)
		r := k.Fresh(t.Context())
		wantState(t, r, clock.Unsynced)
		if r.Now.Before(b.trusted.Add(time.Minute)) || r.Trusted() {
			t.Errorf("got %v, trusted %v; the floor is %v", r.Now, r.Trusted(), b.trusted)
		}
		if !strings.Contains(r.Message(), "does not know the time") {
			t.Errorf("got %q", r.Message())
		}
	})
}

func TestAKeptClockIsEnoughOnAnIsolatedNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.servers = nil
		b.kept, b.system = true, 40*time.Second
		r := b.ask(t)
		wantState(t, r, clock.Unverified)
		if !r.Trusted() || r.Verified() || off(r) != 40*time.Second {
			t.Errorf("trusted %v, verified %v, off %v", r.Trusted(), r.Verified(), off(r))
		}
		if s := r.Servers[0]; s.State != clock.Silent || s.Problem != "It cannot be reached." {
			t.Errorf("the server is %+v", s)
		}
	})
}

func TestABoxWithoutBatteryAndServersSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.servers = nil
		r := b.start().Fresh(t.Context())
		wantState(t, r, clock.Unsynced)
		if r.Trusted() || r.Level() != clock.Bad {
			t.Errorf("got %+v", r)
		}
	})
}

func TestHoldoverLastsUntilTheUncertaintyIsHalfAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		b.servers = nil
		time.Sleep(2 * time.Hour)
		r := k.Fresh(t.Context())
		wantState(t, r, clock.Holdover)
		if want := 1440 * time.Millisecond; !r.Trusted() || r.Uncertainty < want || r.Uncertainty > want+50*time.Millisecond {
			t.Errorf("trusted %v, uncertainty %v", r.Trusted(), r.Uncertainty)
		}
		if want := "No time server has answered for 2 h. App codes still work."; r.Message() != want || r.Reason != clock.NoAnswer {
			t.Errorf("%s: %q, want %q", r.Reason, r.Message(), want)
		}
		time.Sleep(20 * time.Hour) // 15 s / 200 ppm = 20 h 50 min
		if r = k.Fresh(t.Context()); r.Trusted() || r.State != clock.Holdover {
			t.Errorf("after 22 hours: %s, trusted %v, uncertainty %v", r.State, r.Trusted(), r.Uncertainty)
		}
		if want := "No time server has answered for 22 h. App codes cannot be checked."; r.Message() != want {
			t.Errorf("got %q, want %q", r.Message(), want)
		}
		b.kept = true // and the system clock is right
		time.Sleep(time.Minute)
		r = k.Fresh(t.Context())
		wantState(t, r, clock.Unverified)
		b.system = time.Hour
		time.Sleep(time.Minute)
		if r = k.Fresh(t.Context()); r.Trusted() || off(r) > 10*time.Millisecond {
			t.Errorf("a system clock that moved was believed: %+v", r)
		}
	})
}

func TestTheFirstAnswerMayNotContradictWhatWasKnown(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name    string
		trusted time.Duration // the last trusted time minus true time
		kept    bool
		system  time.Duration
		want    clock.State
	}{
		{"a new box", 0, false, -20 * 365 * day, clock.Synced},
		{"off for a week, no battery", -7 * day, false, -20 * 365 * day, clock.Synced},
		{"off for 40 days, no battery", -40 * day, false, -20 * 365 * day, clock.Suspect},
		{"off for 40 days, battery agrees", -40 * day, true, 20 * time.Second, clock.Synced},
		{"off for 40 days, battery says otherwise", -40 * day, true, -40 * day, clock.Suspect},
		{"servers before the last trusted time", time.Hour, true, 0, clock.Suspect},
	}
	for _, tc := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.floor = time.Now().Add(-400 * day)
			b.kept, b.system = tc.kept, tc.system
			if tc.trusted != 0 {
				b.trusted = time.Now().Add(tc.trusted)
			}
			if r := b.start().Fresh(t.Context()); r.State != tc.want {
				t.Errorf("%s: %s, want %s", tc.name, r.State, tc.want)
			}
		})
	}
}

// R139 (i)
func TestSilentServersCostTheBudgetAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		for _, s := range b.servers {
			s.silent = true
		}
		k := b.start()
		start := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { k.Fresh(t.Context()) })
		}
		all.Wait()
		if took := time.Since(start); took > clock.Budget {
			t.Errorf("twenty sign-ins waited %v, the budget is %v", took, clock.Budget)
		}
		start = time.Now()
		k.Fresh(t.Context())
		if took := time.Since(start); took != 0 {
			t.Errorf("the next sign-in waited %v", took)
		}
	})
}

func TestConcurrentSignInsAskEachServerOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		var mu sync.Mutex
		asked := 0
		for _, s := range b.servers {
			s.lie = func(r []byte) []byte { mu.Lock(); asked++; mu.Unlock(); return r }
		}
		k := b.start()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { k.Fresh(t.Context()) })
		}
		all.Wait()
		k.Fresh(t.Context())
		if asked != 4 {
			t.Errorf("%d questions for 4 servers", asked)
		}
	})
}

func TestRunPollsGentlyAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		var mu sync.Mutex
		asked := 0
		b.servers[good1].lie = func(r []byte) []byte { mu.Lock(); asked++; mu.Unlock(); return r }
		k := b.start()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		wantState(t, k.Reading(), clock.Synced)
		mu.Lock()
		// 64, 128, 256, 512 s, then every 1024 s, or up to a tenth sooner.
		if asked < 75 || asked > 98 {
			t.Errorf("asked %d times in a day", asked)
		}
		mu.Unlock()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(b.changes) != 1 || b.changes[0].To != clock.Synced || b.changes[0].From != clock.Unsynced {
			t.Errorf("changes: %+v", b.changes)
		}
	})
}

// serve sets the system clock while a clock runs, as a service does that tells the kernel, or as somebody else.
func (b *bench) serve(system time.Duration, told bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.system, b.served = system, told
}
