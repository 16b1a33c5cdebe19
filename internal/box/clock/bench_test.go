package clock_test

import (
	"testing"
	"time"

	"castellan/internal/box/clock"
)

func BenchmarkFresh(b *testing.B) {
	w := world{now: time.Now, servers: map[string]*timeServer{"a:123": {}, "b:123": {}, "c:123": {}, "d:123": {}}}
	k := clock.New(clock.Config{
		Sources: plain([]string{"a", "b", "c", "d"}), Floor: time.Now().Add(-day), Elapsed: clock.Elapsed, System: time.Now,
		Kept: clock.Kept, Dial: w.dial,
	})
	if r := k.Fresh(b.Context()); r.State != clock.Synced {
		b.Fatal(r.State)
	}
	b.ReportAllocs()
	for b.Loop() {
		k.Fresh(b.Context())
	}
}

// Before every check of a code: with a fresh time it costs no memory, and next to no time.
func TestAFreshTimeCostsNothing(t *testing.T) {
	w := world{now: time.Now, servers: map[string]*timeServer{"a:123": {}}}
	k := clock.New(clock.Config{
		Sources: plain([]string{"a"}), Floor: time.Now().Add(-day), Elapsed: clock.Elapsed, System: time.Now, Kept: clock.Kept, Dial: w.dial,
	})
	wantState(t, k.Fresh(t.Context()), clock.Synced)
	if n := testing.AllocsPerRun(100, func() { k.Fresh(t.Context()) }); n != 0 {
		t.Errorf("%v pieces of memory for a reading", n)
	}
	start := time.Now()
	const times = 1000
	for range times {
		k.Fresh(t.Context())
	}
	if took := time.Since(start) / times; took > 50*time.Microsecond {
		t.Errorf("took %v", took)
	}
}
