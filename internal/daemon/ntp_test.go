package daemon_test

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
)

// system is the clock that anybody may set; step sets it.
func (h *house) system() time.Time { return time.Now().Add(time.Duration(h.stepped.Load())) }

func (h *house) step(d time.Duration) { h.stepped.Add(int64(d)) }

func (h *house) elapsed() time.Duration {
	now := clock.Elapsed()
	if at := time.Duration(h.stood.Load()); at != 0 {
		now = at
	}
	return now + time.Duration(h.passed.Load())
}

// freezes keeps that clock where it is, but for what is passed, until goOn is called: what a busy machine takes for a few requests
// does not count.
func (h *house) freezes() (goOn func()) {
	h.stood.Store(int64(clock.Elapsed()))
	return func() { h.stood.Store(0) }
}

// pass moves the clock that never steps, on which guesses and sessions are limited.
func (h *house) pass(d time.Duration) { h.passed.Add(int64(d)) }

// hands set the system clock of a house, which is not that of the machine under the test.
type hands house

// Look says what the kernel of the house would.
func (h *hands) Look() (keeper.Kernel, error) {
	at := clock.Elapsed()
	return keeper.Kernel{At: at, Base: time.Duration((*house)(h).system().UnixNano()) - at, MaySet: true}, nil
}

// Step sets the clock at once.
func (h *hands) Step(by, _ time.Duration, _ bool) error {
	(*house)(h).step(by)
	return nil
}

// Slew has it gain so much; in a house that is at once.
func (h *hands) Slew(by, _ time.Duration) error {
	(*house)(h).step(by)
	return nil
}

// timeServer answers NTP questions on a port of its own with a time that is off by Load().
type timeServer struct {
	atomic.Int64
	address string
	silent  atomic.Bool
	asked   atomic.Int64
}

func newTimeServer(t *testing.T) *timeServer {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := &timeServer{address: c.LocalAddr().String()}
	go func() {
		request := make([]byte, 1024)
		for {
			n, from, err := c.ReadFrom(request)
			if err != nil {
				return
			}
			s.asked.Add(1)
			if n >= 48 && !s.silent.Load() {
				_, _ = c.WriteTo(s.reply(request), from)
			}
		}
	}()
	return s
}

// reply is an answer of a good server but for the time in it (RFC 5905 section 7.3).
func (s *timeServer) reply(request []byte) []byte {
	now := time.Now().Add(time.Duration(s.Load()))
	stamp := func(t time.Time) uint64 { return uint64(t.Unix()+2208988800)<<32 | uint64(t.Nanosecond())<<32/1e9 }
	r := make([]byte, 48)
	copy(r, []byte{4<<3 | 4, 2, 6, 0xec, 0, 0, 1, 0, 0, 0, 1, 0, 10, 0, 0, 1})
	binary.BigEndian.PutUint64(r[16:], stamp(now.Add(-10*time.Second)))
	copy(r[24:32], request[40:48])
	binary.BigEndian.PutUint64(r[32:], stamp(now))
	binary.BigEndian.PutUint64(r[40:], stamp(now))
	return r
}

// awaitClock waits until the clock is in a state.
func (h *house) awaitClock(want string) {
	h.t.Helper()
	b, got := h.browser(), any(nil)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = b.must(200, "GET", "/status", nil).body["clock"].(obj)["state"]; got == want {
			return
		}
	}
	h.t.Fatalf("the clock is %v, want %s", got, want)
}

// timed starts a house that asks servers of the test, which tell the right time unless something is done to them
// before.
func timed(t *testing.T, count int, before ...func(*house, []*timeServer)) (h *house, servers []*timeServer) {
	t.Helper()
	h = newHouse(t)
	for range count {
		s := newTimeServer(t)
		servers = append(servers, s)
		h.file.Time.Servers = append(h.file.Time.Servers, s.address)
	}
	for _, do := range before {
		do(h, servers)
	}
	return h.start(), servers
}

// tell has servers tell a time that is off by so much.
func tell(servers []*timeServer, off time.Duration) {
	for _, s := range servers {
		s.Store(int64(off))
	}
}

// hush silences servers.
func hush(servers []*timeServer, silent bool) {
	for _, s := range servers {
		s.silent.Store(silent)
	}
}

// syncs asks the servers until the clock is in a state, and returns what /time shows then.
func (b *browser) syncs(state string) obj {
	b.t.Helper()
	var v obj
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		if v = b.must(200, "POST", "/time/sync", nil).body; v["clock"].(obj)["state"] == state {
			return v
		}
	}
	b.t.Fatalf("the clock is %v, want %s", v["clock"], state)
	return nil
}

// clockOf is the clock in an answer.
func clockOf(v obj) obj { return v["clock"].(obj) }

// at is a time in an answer.
func at(t *testing.T, v any) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, v.(string))
	if err != nil {
		t.Fatal(err)
	}
	return when
}
