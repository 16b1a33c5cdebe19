package drift_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/drift"
	"castellan/internal/store"
)

// bench is a box in a bubble whose system clock is off from trusted time, which is the bubble's plus shift.
type bench struct {
	*drift.Drift
	t             *testing.T
	db            *store.DB
	path          string
	begun         time.Time
	shift, offset time.Duration
	stop          func()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "castellan.db"), begun: time.Now()}
	var err error
	if b.db, err = store.Create(b.path); err != nil {
		t.Fatal(err)
	}
	b.start()
	return b
}

func (b *bench) now() time.Time { return time.Now().Add(b.shift) }

// start begins with what the store knows.
func (b *bench) start() {
	b.t.Helper()
	b.Drift = drift.New(drift.Config{
		DB: b.db, Now: b.now, Elapsed: func() time.Duration { return time.Since(b.begun) },
		System:  func() time.Time { return b.now().Add(b.offset) },
		Trouble: func(err error) { b.t.Error(err) },
	})
	if err := b.db.View(b.Load); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Run(ctx) }()
	b.stop = func() { cancel(); <-done }
}

func (b *bench) end() {
	b.t.Helper()
	b.stop()
	if err := b.db.Close(); err != nil {
		b.t.Error(err)
	}
}

// measure notes for a while, every poll.
func (b *bench) measure(long, poll time.Duration) {
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(poll) {
		b.note(clock.Synced)
	}
}

func (b *bench) note(state clock.State) {
	b.Note(drift.Point{At: b.now(), Offset: b.offset, Uncertainty: 5 * time.Millisecond, State: state})
}

// The store is written to once an hour at most, and does not grow without end.
func TestFortyDaysOfMeasurements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		commits, largest := 0, int64(0)
		state := content(t, b.path)
		for day := range 40 {
			for range 24 * 4 {
				b.offset += 10 * time.Microsecond
				b.measure(15*time.Minute, 15*time.Minute)
				synctest.Wait()
				if now := content(t, b.path); now != state {
					commits, state = commits+1, now
				}
			}
			info, err := os.Stat(b.path)
			if err != nil {
				t.Fatal(err)
			}
			if day == 31 {
				largest = info.Size()
			}
			if day > 31 && info.Size() > largest {
				t.Errorf("on day %d the file has %d bytes, and %d on day 31", day, info.Size(), largest)
			}
		}
		if commits > 40*24 || commits < 40*23 {
			t.Errorf("%d commits in %d hours", commits, 40*24)
		}
		month, dayPoints := b.Month(), b.Day()
		if n := len(month); n < 719 || n > 722 || !slices.IsSortedFunc(month, func(a, b drift.Point) int { return a.At.Compare(b.At) }) {
			t.Errorf("%d hours in the month", n)
		}
		if n := len(dayPoints); n < 95 || n > 97 {
			t.Errorf("%d points in the day", n)
		}
	})
}

// content is what the header pages of the file say: they change with every commit.
func content(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pages := make([]byte, 8192)
	if _, err := f.ReadAt(pages, 0); err != nil {
		t.Fatal(err)
	}
	return string(pages)
}

func TestNothingIsWrittenWhereNothingWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		before := content(t, b.path)
		for _, state := range []clock.State{clock.Unsynced, clock.Suspect, clock.Unverified} {
			b.note(state)
			time.Sleep(5 * time.Hour)
		}
		b.stop()
		if content(t, b.path) != before {
			t.Error("the disk was woken")
		}
		if len(b.Day()) != 0 || len(b.Month()) != 0 {
			t.Errorf("points: %v", b.Day())
		}
	})
}

func TestTheHistorySurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		b.offset = -3 * time.Minute
		b.measure(5*time.Hour, 10*time.Minute)
		b.note(clock.Holdover)
		b.NoteJump(drift.Jump{At: b.now(), Of: drift.Trusted, By: 7 * time.Second, Why: "servers"})
		day, month, jumps := b.Day(), b.Month(), b.Jumps()
		b.stop()
		b.start()
		if got := b.Day(); !slices.EqualFunc(got, day, same) || len(got) != 31 || got[30].State != clock.Holdover {
			t.Errorf("the day: %v, want %v", got, day)
		}
		if got := b.Month(); !slices.EqualFunc(got, month, same) || got[0].Offset != -3*time.Minute {
			t.Errorf("the month: %v, want %v", got, month)
		}
		if got := b.Jumps(); !slices.Equal(got, jumps) || len(got) != 1 {
			t.Errorf("jumps: %v, want %v", got, jumps)
		}
		b.offset = -4 * time.Minute // the same hour goes on
		b.note(clock.Synced)
		if got := b.Month(); len(got) != len(month) || got[len(got)-1].Offset != -4*time.Minute || got[len(got)-1].State != clock.Holdover {
			t.Errorf("the hour that goes on: %v", got[len(got)-1])
		}
		if jumps := b.Jumps(); len(jumps) != 1 {
			t.Errorf("a restart is no jump: %v", jumps)
		}
	})
}

func same(a, b drift.Point) bool {
	return a.At.Sub(b.At).Abs() < time.Millisecond && a.Offset == b.Offset && a.Uncertainty == b.Uncertainty && a.State == b.State
}

// A clock that was set is told from one that drifts, and from trusted time that was moved.
func TestAJumpOfTheSystemClockIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		b.measure(time.Hour, 10*time.Minute)
		b.offset += 300 * time.Millisecond // a correction of another service
		b.measure(time.Hour, 10*time.Minute)
		b.shift, b.offset = b.shift+20*time.Second, b.offset-20*time.Second // trusted time was moved, the system clock was not
		b.measure(time.Hour, 10*time.Minute)
		if jumps := b.Jumps(); len(jumps) != 0 {
			t.Fatalf("jumps: %v", jumps)
		}
		b.offset += time.Hour // somebody set it
		b.note(clock.Suspect)
		late := drift.Point{At: b.now(), Offset: b.offset, State: clock.Synced}
		time.Sleep(5 * time.Second) // the disk woke up before the measurement was told
		b.Note(late)
		b.measure(time.Hour, 10*time.Minute)
		b.NoteJump(drift.Jump{At: b.now(), Of: drift.System, By: -time.Hour, Why: drift.ByCastellan})
		b.offset -= time.Hour
		b.measure(time.Hour, 10*time.Minute)
		jumps := b.Jumps()
		if len(jumps) != 2 || jumps[0].Why != drift.ByCastellan || jumps[1].Why != drift.ByOther || (jumps[1].By-time.Hour).Abs() > time.Second {
			t.Errorf("got %+v", jumps)
		}
	})
}

// What was noted at a wrong time goes when the time goes back.
func TestTheHistoryGoesBackWithTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		b.measure(3*time.Hour, 10*time.Minute)
		b.shift = 26 * time.Hour
		b.measure(3*time.Hour, 10*time.Minute)
		b.shift = 0
		if p := b.Day(); len(p) > 0 && p[len(p)-1].At.After(b.now()) {
			t.Error("a point is shown that is still to come")
		}
		b.measure(time.Hour, 10*time.Minute)
		check := func() {
			t.Helper()
			for _, list := range [][]drift.Point{b.Day(), b.Month()} {
				for i, p := range list {
					if p.At.After(b.now()) || i > 0 && !p.At.After(list[i-1].At) {
						t.Errorf("%v is not in order or still to come", p.At)
					}
				}
			}
		}
		check()
		b.stop()
		b.start()
		check()
	})
}

func TestPointsAndJumpsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		for i := range 3 * drift.MaxPoints {
			b.offset = 0
			if i == 100 {
				b.offset = 400 * time.Millisecond
			}
			b.note(clock.Synced)
			b.NoteJump(drift.Jump{At: b.now(), Of: drift.Trusted, By: 3 * time.Second, Why: "servers"})
			time.Sleep(10 * time.Second)
		}
		day := b.Day()
		if len(day) > drift.MaxPoints || len(b.Jumps()) != drift.MaxJumps {
			t.Errorf("%d points, %d jumps", len(day), len(b.Jumps()))
		}
		if !slices.ContainsFunc(day, func(p drift.Point) bool { return p.Offset == 400*time.Millisecond }) {
			t.Error("the largest offset was thinned out")
		}
		time.Sleep(31 * 24 * time.Hour)
		if len(b.Day()) != 0 || len(b.Month()) != 0 || len(b.Jumps()) != 0 {
			t.Error("old things are shown")
		}
	})
}

// A chart keeps nobody out: where its history cannot be read, it begins anew.
func TestAHistoryThatCannotBeReadBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.end()
		b.measure(5*time.Hour, 10*time.Minute)
		b.NoteJump(drift.Jump{At: b.now(), Of: drift.Trusted, By: 7 * time.Second, Why: "servers"})
		b.stop()
		for table, key := range map[string]string{"drift_hours": "yesterday", "drift_points": "today", "drift_jumps": "all"} {
			err := b.db.Update(func(tx *store.Tx) error { return store.NewTable[any](table).Put(tx, key, "no record") })
			if err != nil {
				t.Fatal(err)
			}
			fresh := drift.New(drift.Config{Now: b.now})
			if err := b.db.View(fresh.Load); err == nil || len(fresh.Day())+len(fresh.Month())+len(fresh.Jumps()) != 0 {
				t.Errorf("%s: %v, and %v", table, err, fresh.Month())
			}
		}
		b.Drift = drift.New(drift.Config{
			DB: b.db, Now: b.now, Elapsed: func() time.Duration { return time.Since(b.begun) }, System: b.now, Trouble: func(err error) { t.Error(err) },
		})
		_ = b.db.View(b.Load)
		b.note(clock.Synced)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = b.Run(ended) // saves once
		b.start()
		if day, month, jumps := b.Day(), b.Month(), b.Jumps(); len(day) != 1 || len(month) != 1 || len(jumps) != 0 {
			t.Errorf("%v, %v, %v", day, month, jumps)
		}
	})
}
