package clock_test

import (
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// R139 (h): real servers are asked over real sockets; a clock that is hours off is named and not believed.
func TestRealTimeServersAreBelievedOverTheSystemClock(t *testing.T) {
	var servers []string
	for range 3 {
		servers = append(servers, "127.0.0.1:"+realtest.Chronyd(t))
	}
	servers = append(servers, "127.0.0.1:9") // nobody
	for _, off := range []time.Duration{0, -3*time.Minute - 12*time.Second, 26 * 365 * 24 * time.Hour, -26 * 365 * 24 * time.Hour} {
		k := clock.New(clock.Config{
			Sources: plain(servers), Floor: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Elapsed: clock.Elapsed,
			System: func() time.Time { return time.Now().Add(off) }, Kept: func() bool { return true },
		})
		k.Sync(t.Context())
		r := k.Reading()
		if r.State != clock.Synced || r.Agreeing != 3 || r.Answering != 3 {
			t.Fatalf("system clock off by %v: %+v", off, r)
		}
		if d := time.Until(r.Now).Abs(); d > 100*time.Millisecond {
			t.Errorf("system clock off by %v: trusted time is off by %v", off, d)
		}
		if (r.Offset - off).Abs() > 100*time.Millisecond {
			t.Errorf("system clock off by %v: named as %v", off, r.Offset)
		}
		if s := r.Servers[3]; s.State != clock.Silent || s.Problem == "" {
			t.Errorf("the server that is not there: %+v", s)
		}
		if s := r.Servers[0]; s.Stratum != 1 || s.Delay <= 0 || s.Answers != servers[0] {
			t.Errorf("a server that is there: %+v", s)
		}
	}
}

func TestTheRealClockAndItsMachine(t *testing.T) {
	before := clock.Elapsed()
	time.Sleep(10 * time.Millisecond)
	if after := clock.Elapsed(); after-before < 10*time.Millisecond || after-before > 5*time.Second {
		t.Errorf("the boot-time clock went on by %v in 10 ms", after-before)
	}
	_ = clock.Kept()
	if clock.Boot() == "" {
		t.Skip("this system does not say which start of the kernel this is")
	}
}
