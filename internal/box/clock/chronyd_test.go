package clock_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// wantNear looks whether the trusted time of a reading, taken since then, is as near as that to the real one.
func wantNear(t *testing.T, r clock.Reading, since time.Time, within time.Duration) {
	t.Helper()
	if d := max(since.Sub(r.Now), time.Until(r.Now)); d > within {
		t.Errorf("trusted time is off by %v, more than %v", d, within)
	}
}

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
		since := time.Now()
		r := k.Reading()
		near := max(100*time.Millisecond, r.Uncertainty) // an answer may be off by half of what it took
		if r.State != clock.Synced || r.Agreeing != 3 || r.Answering != 3 {
			t.Fatalf("system clock off by %v: %+v", off, r)
		}
		wantNear(t, r, since, near)
		if (r.Offset - off).Abs() > near {
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

// udp serves a time server over a real socket, and returns its port.
func udp(t *testing.T, s *timeServer) (port string) {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		request := make([]byte, 1024)
		for {
			n, from, err := l.ReadFrom(request)
			if err != nil {
				return
			}
			if n >= 48 {
				_, _ = l.WriteTo(s.reply(request[:n], time.Now()), from)
			}
		}
	}()
	_, port, _ = net.SplitHostPort(l.LocalAddr().String())
	return port
}

// R139 (a) (b): real servers outvote one that is an hour off; when three of four suddenly jump they are not followed.
func TestRealServersThatAreOffAndThatJump(t *testing.T) {
	t.Parallel()
	var jump atomic.Int64
	port := udp(t, &timeServer{moved: func() time.Duration { return time.Duration(jump.Load()) }})
	names := []string{"127.0.0.1:" + realtest.Chronyd(t)}
	for _, off := range []time.Duration{0, 0, time.Hour} {
		names = append(names, "127.0.0.1:"+realtest.ChronydBehind(t, port, off))
	}
	asking := func(names ...string) *clock.Clock {
		return clock.New(clock.Config{
			Sources: plain(names), Floor: time.Now().Add(-year), Kept: func() bool { return false }, Elapsed: clock.Elapsed, System: time.Now,
		})
	}
	k := asking(names...)
	k.Sync(t.Context())
	since := time.Now()
	r := k.Reading()
	doubt := r.Uncertainty
	wantState(t, r, clock.Synced)
	if s := r.Servers[3]; r.Agreeing != 3 || r.Answering != 4 || s.State != clock.Ignored || (s.Offset-time.Hour).Abs() > 100*time.Millisecond+doubt+s.Delay/2 {
		t.Errorf("%d of %d agree, the one that is off: %+v", r.Agreeing, r.Answering, s)
	}
	wantNear(t, r, since, max(50*time.Millisecond, doubt))

	third := "127.0.0.1:" + realtest.ChronydBehind(t, port, 0)
	jump.Store(int64(2 * time.Hour))
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(100 * time.Millisecond) { // they take a moment to follow
		probe := asking(names[1], names[2], third)
		if probe.Sync(t.Context()); probe.Reading().Agreeing == 3 && time.Until(probe.Now()) > time.Hour {
			break
		}
	}
	k.Use(plain([]string{names[0], names[1], names[2], third}))
	k.Sync(t.Context())
	since = time.Now()
	r = k.Reading()
	wantState(t, r, clock.Suspect)
	if p := r.Proposal; r.Reason != clock.Jumped || r.Trusted() || p == nil || p.Servers != 3 || p.By < time.Hour {
		t.Errorf("got %+v, proposal %+v", r, p)
	}
	wantNear(t, r, since, max(100*time.Millisecond, doubt))
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
