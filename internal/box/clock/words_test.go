package clock_test

import (
	"testing"
	"time"

	"castellan/internal/box/clock"
)

func TestWordsForTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		3 * time.Millisecond: "3 ms", 1500 * time.Millisecond: "1.5 s", 3 * time.Second: "3 s", 9960 * time.Millisecond: "10 s", 59600 * time.Millisecond: "1 min", 42 * time.Second: "42 s",
		192 * time.Second: "3 min 12 s", 2 * time.Minute: "2 min", 90 * time.Minute: "1 h 30 min",
		26 * time.Hour: "1 day 2 h", 50 * time.Hour: "2 days 2 h", 26 * 365 * 24 * time.Hour: "26 years",
	} {
		if got := clock.Words(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := clock.SlowOrFast(95 * time.Second); got != "1 min 35 s fast" {
		t.Errorf("got %q", got)
	}
}
