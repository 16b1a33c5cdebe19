package clock

import (
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"
)

// R099: many at once see a clock that only goes forward, and about as fast as the kernel's other clocks.
func TestElapsedOnlyGoesForward(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for last, n := Elapsed(), 0; n < 20000; n++ {
				next := Elapsed()
				if next < last {
					t.Errorf("%v came after %v", next, last)
					return
				}
				last = next
			}
		})
	}
	all.Wait()
	before, boot := Elapsed(), since(unix.CLOCK_BOOTTIME)
	time.Sleep(200 * time.Millisecond)
	if off := (Elapsed() - before) - (since(unix.CLOCK_BOOTTIME) - boot); off.Abs() > 20*time.Millisecond {
		t.Errorf("off by %v within 200 ms", off)
	}
}

// The module of a real-time clock may be loaded when the house runs already.
func TestARealTimeClockIsSeenWheneverItComes(t *testing.T) {
	sys := fstest.MapFS{}
	for _, there := range []bool{false, true} {
		if hasRTC(sys) != there {
			t.Errorf("not %v", there)
		}
		sys["class/rtc/rtc0/name"] = &fstest.MapFile{}
	}
}

func BenchmarkElapsed(b *testing.B) {
	for b.Loop() {
		Elapsed()
	}
}
