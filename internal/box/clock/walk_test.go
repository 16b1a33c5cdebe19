package clock_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

// walk is a random life of a box: servers of which fewer than half lie, outages, sleeps, restarts, and a system clock
// that is set by whoever likes to. In half of them nobody says a word; in the others an administrator does.
type walk struct {
	*bench
	*rand.Rand
	t       *testing.T
	seed    uint64
	human   bool
	k       *clock.Clock
	liars   int // the first of the servers
	rate    float64
	last    time.Time // trusted time that was given out last
	guessed bool      // no server and nobody else stood behind it
	floor   time.Time // the last that servers stood behind: it outlives a restart
	log     []string
}

func (w *walk) failf(format string, args ...any) {
	w.t.Helper()
	for _, line := range w.log[max(0, len(w.log)-12):] {
		w.t.Log(line)
	}
	w.t.Fatalf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
}

// now is true time: it goes on while the box sleeps.
func (w *walk) now() time.Time { return time.Now().Add(w.slept) }

func newWalk(t *testing.T, seed uint64) *walk {
	w := &walk{bench: newBench(), Rand: rand.New(rand.NewPCG(seed, 139)), t: t, seed: seed, human: seed%2 == 1}
	w.world.now = w.now
	n := 3 + w.IntN(5)
	w.liars, w.rate = w.IntN((n+1)/2), 1+(w.Float64()-0.5)*300e-6 // crystals off by up to 150 ppm
	w.names, w.servers = nil, map[string]*timeServer{}
	for i := range n {
		name := fmt.Sprintf("s%d:123", i)
		w.names = append(w.names, name)
		w.servers[name] = &timeServer{}
	}
	w.offered = []string{"o1:123", "o2:123", "o3:123"}[:w.IntN(4)]
	for _, name := range w.offered {
		w.servers[name] = &timeServer{}
	}
	w.bench.floor = w.now().Add(-time.Duration(w.Int64N(int64(400 * day))))
	w.restart()
	return w
}

// restart starts the program anew, after some time. What the system clock says by then is anybody's guess.
func (w *walk) restart() {
	w.slept += time.Duration(w.Int64N(int64(20 * day)))
	w.kept = w.IntN(2) == 0
	w.system = []time.Duration{0, 0, 3 * time.Second, -3 * time.Minute, time.Hour, -26 * year, 20 * year}[w.IntN(7)]
	w.trusted = w.floor
	started, slept := time.Now(), w.slept
	k := clock.New(clock.Config{
		Sources: append(plain(w.names), offered(w.offered)...), Floor: w.bench.floor, Trusted: w.trusted,
		Elapsed: func() time.Duration {
			return time.Duration(float64(time.Since(started)+w.slept-slept) * w.rate)
		},
		System: func() time.Time { return w.now().Add(w.system) },
		Kept:   func() bool { return w.kept }, Dial: w.dial, Changed: w.told,
	})
	w.k, w.last = k, latestOf(w.floor, w.bench.floor)
	w.note("restart, kept %v, system %v", w.kept, w.system)
}

func latestOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (w *walk) note(format string, args ...any) {
	w.log = append(w.log, w.now().Format(time.DateTime)+" "+fmt.Sprintf(format, args...))
}

func (w *walk) told(c clock.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("told %+v", c)
	if w.human {
		return // a time that was set by hand may be corrected by more
	}
	if c.Why == clock.WhyServers && c.Jump.Abs() > 2*clock.SlowCorrection { // a hold of a step and a correction of one
		w.t.Errorf("seed %d: the servers moved the time by %v", w.seed, c.Jump)
	}
	if c.Why == clock.WhyAccepted || c.Why == clock.WhyByHand {
		w.t.Errorf("seed %d: nobody said so: %+v", w.seed, c)
	}
}

// shuffle changes what one server does.
func (w *walk) shuffle() {
	names := append(append([]string{}, w.names...), w.offered...)
	i := w.IntN(len(names))
	s, honest := w.servers[names[i]], i >= w.liars && i < len(w.names)
	*s = timeServer{silent: w.IntN(3) == 0, off: time.Duration(w.Int64N(int64(10*time.Millisecond))) - 5*time.Millisecond}
	if code := []string{"", "", "RATE", "DENY"}[w.IntN(4)]; code != "" && w.IntN(4) == 0 {
		s.lie = func(r []byte) []byte { r[1] = 0; copy(r[12:], code); return r }
	}
	if !honest {
		s.off = []time.Duration{0, time.Second, -3 * time.Second, 20 * time.Second, time.Hour, -time.Hour, 9 * year, -year}[w.IntN(8)]
		if w.IntN(3) == 0 {
			// The liars agree with each other on something.
			for _, name := range names[:w.liars] {
				*w.servers[name] = *s
			}
		}
	}
	w.note("%s: honest %v, %+v", names[i], honest, *s)
}

// outage silences every server, or none.
func (w *walk) outage(silent bool) {
	for _, s := range w.servers {
		s.silent = silent
	}
	w.note("outage %v", silent)
}

// speak is an administrator's word: only that may turn the time back, and it does not by itself make a time one that
// servers stand behind.
func (w *walk) speak() {
	switch w.IntN(4) {
	case 0:
		w.k.Vouch()
		w.note("vouched")
	case 1:
		if p := w.k.Reading().Proposal; p != nil {
			p, err := w.k.Proposed(p.By)
			if err != nil {
				w.failf("what waits cannot be accepted: %v", err)
			}
			w.k.Accept(p)
			w.last, w.floor = time.Time{}, time.Time{}
			w.note("accepted %+v", p)
		}
	case 2:
		if now := w.now().Add(time.Duration(w.IntN(200)-100) * time.Second); w.k.CheckHand(now) == nil {
			w.k.Set(now)
			w.last, w.floor = time.Time{}, time.Time{}
			w.note("set to %v", now)
		}
	default:
		w.k.Demand(w.IntN(2) == 0)
	}
}

func (w *walk) step() {
	if w.human && w.IntN(12) == 0 {
		w.speak()
		return
	}
	switch w.IntN(16) {
	case 0, 1, 2:
		w.shuffle()
	case 3:
		w.system += []time.Duration{time.Hour, -time.Hour, 5 * time.Second, -5 * time.Second, -year, 20 * time.Second}[w.IntN(6)]
		w.note("system clock set to %v", w.system)
	case 4:
		w.outage(w.IntN(3) == 0)
	case 5:
		w.slept += time.Duration(w.Int64N(int64(12 * time.Hour)))
		w.note("slept")
	case 6:
		if w.IntN(4) == 0 {
			w.restart()
		}
	case 7, 8, 9:
		w.k.Fresh(w.t.Context())
	case 10:
		w.k.Sync(w.t.Context())
	default:
		time.Sleep(time.Duration(w.Int64N(int64(time.Hour))))
	}
}

// check holds the rules.
func (w *walk) check() (synced bool) {
	synctest.Wait() // who is told of the round may still be at it
	r := w.k.Reading()
	// What the own clock said is a guess that the first agreement replaces.
	if r.Now.Before(w.last) && (!w.guessed || !r.Verified() || r.Now.Before(w.floor)) {
		w.failf("time went back by %v: %+v", w.last.Sub(r.Now), r)
	}
	w.last, w.guessed = r.Now, !r.Verified() && r.CheckedAgo < 0 && r.Reason != clock.ByHand
	if !r.Verified() || !r.Trusted() {
		return false
	}
	w.floor = r.Now
	// Trusted time may stand still for a step, where something before said that it is later.
	off, most := r.Now.Sub(w.now()), r.Uncertainty+50*time.Millisecond
	if off < -most || off > most+clock.SlowCorrection {
		w.failf("trusted time is off by %v, it may be by %v: %+v", off, most, r)
	}
	if r.CheckedAgo == 0 && r.Agreeing <= len(w.names)/2 {
		w.failf("a minority was followed: %+v", r)
	}
	return r.State == clock.Synced
}

// R139: whatever a minority of the servers, the network and the system clock do, time never goes back, trusted time
// is right, and nothing moves it by more than the rules allow.
func TestTrustedTimeKeepsItsPromisesOnRandomWalks(t *testing.T) {
	walks, steps := uint64(400), 80
	synced := 0
	for seed := range walks {
		synctest.Test(t, func(t *testing.T) {
			w := newWalk(t, seed)
			ever := false
			for range steps {
				w.step()
				ever = w.check() || ever
			}
			if ever {
				synced++
			}
			synctest.Wait()
		})
		if t.Failed() {
			return
		}
	}
	if t.Logf("%d of %d walks were synced at some time", synced, walks); synced < int(walks)*3/4 {
		t.Error("too few walks prove anything")
	}
}
