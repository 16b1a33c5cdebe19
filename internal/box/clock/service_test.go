package clock_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// R139, T25: a service that was led years ahead by the same liars is no witness for them, also after a restart.
func TestASynchronisedClockIsNoBattery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.floor, b.trusted = time.Now().Add(-200*day), time.Now().Add(-time.Hour)
		b.served, b.system = true, 5*year
		b.all(5 * year)
		k := b.start()
		wantState(t, k.Reading(), clock.Unsynced)
		for range 3 {
			wantState(t, k.Fresh(t.Context()), clock.Suspect)
			time.Sleep(2 * time.Minute)
		}
		b = newBench()
		b.trusted = time.Now().Add(-time.Hour)
		b.served, b.names = true, []string{}
		wantState(t, b.start().Reading(), clock.Unverified) // on an isolated network it is all there is
	})
}

// R139: on a network of its own, where only a service of the system hears a server, the clock that it sets is followed.
func TestAServiceMaySetTheClockOfAnIsolatedBox(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Minute, time.Minute, 3 * time.Hour} {
		for _, served := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				b.names, b.kept, b.system = []string{}, true, wrong
				b.floor = time.Now().Add(-day)
				k := b.start()
				ctx, stop := context.WithCancel(t.Context())
				go func() { _ = k.Run(ctx) }()
				defer synctest.Wait()
				defer stop()
				synctest.Wait()
				wantState(t, k.Reading(), clock.Unverified)
				time.Sleep(time.Minute)
				b.serve(0, served) // the service is up
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				r := k.Reading()
				if !served {
					wantState(t, r, clock.Unsynced)
					return
				}
				wantState(t, r, clock.Unverified)
				if off(r) > 10*time.Millisecond || !r.Trusted() {
					t.Errorf("it was %v off, and is %v off", wrong, off(r))
				}
			})
		}
	}
}

// R139: the longer ago a time was set by hand, the less it says: servers far from it want three polls, and those beyond
// what a crystal drifts an administrator.
func TestAnOldTimeSetByHandIsFollowedByConfirmation(t *testing.T) {
	for ahead, want := range map[time.Duration]struct {
		first, third clock.State
	}{
		time.Minute:      {clock.Synced, clock.Synced},
		50 * time.Minute: {clock.Unverified, clock.Synced},
		5 * time.Hour:    {clock.Suspect, clock.Suspect},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.all(ahead)
			for _, s := range b.servers {
				s.silent = true
			}
			k := b.start()
			k.Set(time.Now())
			time.Sleep(200 * day)
			for _, s := range b.servers {
				s.silent = false
			}
			k.Sync(t.Context())
			wantState(t, k.Reading(), want.first)
			for range 2 {
				time.Sleep(time.Minute)
				k.Sync(t.Context())
			}
			wantState(t, k.Reading(), want.third)
		})
	}
}

// Servers that agree only now and then do not fill the log.
func TestChangesOfStateAreToldAFewTimesAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		for i := range 600 {
			b.all(time.Duration(i%2)*time.Hour + time.Duration(i)*time.Microsecond)
			k.Sync(t.Context())
			time.Sleep(time.Minute)
		}
		b.all(0)
		time.Sleep(2 * time.Hour)
		k.Sync(t.Context())
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := len(b.changes); n < 10 || n > 10*clock.ChangesAnHour+1 {
			t.Errorf("told %d times in ten hours", n)
		}
		if last := b.changes[len(b.changes)-1]; last.To != clock.Synced || last.After.State != clock.Synced {
			t.Errorf("told last: %+v", last)
		}
	})
}

// Whoever waits for the time does not wait for those who are told of it, and nobody is told anything after the end.
func TestNobodyWaitsForTheLogAndNothingIsToldAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		told := time.Duration(0)
		start := time.Now()
		b.sampled = func(clock.Reading) { time.Sleep(time.Minute); told = time.Since(start) } // a disk wakes up
		k := b.start()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		synctest.Wait()
		wantState(t, k.Fresh(t.Context()), clock.Synced)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("a sign-in waited %v", waited)
		}
		stop()
		if err := <-ended; err != nil || told != time.Minute {
			t.Errorf("Run ended with %v, told after %v", err, told)
		}
		k.Sync(t.Context())
		time.Sleep(time.Hour)
		if told != time.Minute {
			t.Error("told after the end")
		}
	})
}

// A list without servers is said, also while the time is still known.
func TestAnEmptyListIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		k.Use(nil)
		r := k.Reading()
		wantState(t, r, clock.Synced)
		if r.Reason != clock.NoServer || r.Level() != clock.Warn {
			t.Errorf("reason %s, %q", r.Reason, r.Message())
		}
	})
}

// R139, T26: where the servers that are asked by NTS fall silent, the others are believed, and that is said.
func TestSilentNTSServersAreSaid(t *testing.T) {
	t.Parallel()
	plainly := "127.0.0.1:" + realtest.Chronyd(t)
	closed := "127.0.0.1:" + realtest.FreePort(t, "tcp")
	slept := time.Duration(0)
	k := clock.New(clock.Config{
		Sources: []clock.Source{{Address: plainly}, {Address: plainly}, {Address: plainly}, {Address: closed, NTS: true}},
		Floor:   time.Now().Add(-year), Elapsed: func() time.Duration { return clock.Elapsed() + slept },
		System: time.Now, Kept: func() bool { return false },
	})
	k.Sync(t.Context())
	if r := k.Reading(); r.State != clock.Synced || r.Reason == clock.Unauthenticated {
		t.Errorf("at first: %s, %s", r.State, r.Reason)
	}
	slept = clock.AuthenticFor
	k.Forget()
	k.Sync(t.Context())
	if r := k.Reading(); r.State != clock.Synced || r.Reason != clock.Unauthenticated || r.Level() != clock.Warn {
		t.Errorf("an hour later: %s, %s, %q", r.State, r.Reason, r.Message())
	}
}

// A server with NTS may send questions to a time server, and not to just any service.
func TestAKeyExchangeNamesTimeServersOnly(t *testing.T) {
	udp := func(s string) net.Addr {
		a, err := net.ResolveUDPAddr("udp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for address, want := range map[string]bool{
		"192.0.2.1:123": true, "192.0.2.1:4123": true, "[2001:db8::1]:123": true,
		"192.0.2.1:53": false, "127.0.0.1:123": false, "[::1]:123": false, "169.254.169.254:123": false, "[fe80::1]:123": false, "224.0.1.1:123": false, "0.0.0.0:123": false,
	} {
		if got := clock.MayName(clock.Source{Address: "time.example.org", NTS: true}, udp(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if !clock.MayName(clock.Source{Address: "127.0.0.1:4460", NTS: true}, udp("127.0.0.1:4123")) {
		t.Error("a server on the box itself may name itself")
	}
}

// R139: servers that contradict each other are said at once, however short ago they agreed. Codes are still checked: the
// time that they agreed on goes on.
func TestAContradictionIsSaidAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		b.servers[good1].off, b.servers[good2].off = 2*time.Hour, 2*time.Hour
		time.Sleep(time.Minute)
		k.Sync(t.Context())
		r := k.Reading()
		wantState(t, r, clock.Holdover)
		if r.Reason != clock.Disagreement || r.Level() != clock.Warn || !r.Trusted() || off(r) > 10*time.Millisecond {
			t.Errorf("reason %s, trusted %v, %v off", r.Reason, r.Trusted(), off(r))
		}
		b.all(0)
		time.Sleep(time.Minute)
		wantState(t, k.Fresh(t.Context()), clock.Synced)
	})
}
