package daemon_test

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// timeServer answers NTP questions on a port of its own with a time that is off by Load().
type timeServer struct {
	atomic.Int64
	address string
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
			if n >= 48 {
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

// R139: time servers that once lied close a box only until somebody beside it says so, with the button or on
// the command line, and also after a restart.
func TestADoubtAboutTheTimeEndsBesideTheBox(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*house){
		"button":            func(h *house) { h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200}) },
		"castellan recover": func(h *house) { h.local().must(200, "POST", "/local/recover", obj{"name": "admin"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			server := newTimeServer(t)
			h.file.Time.Servers = []string{server.address}
			server.Store(int64(9 * 365 * 24 * time.Hour))
			h.start()
			h.claim()
			h.awaitClock("synced")
			server.Store(0)
			h.restart()
			h.awaitClock("suspect")
			end(h)
			for range 2 {
				h.awaitClock("synced")
				h.restart()
			}
		})
	}
}

// awaitClock waits until the clock is in a state.
func (h *house) awaitClock(want string) {
	h.t.Helper()
	b, got := h.browser(), any(nil)
	for range 100 {
		if got = b.must(200, "GET", "/status", nil).body["clock"].(obj)["state"]; got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("the clock is %v, want %s", got, want)
}
