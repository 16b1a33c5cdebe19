package clock_test

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

// R139 (e)
func TestLyingRepliesAreDiscarded(t *testing.T) {
	put := func(at int, v ...byte) func([]byte) []byte {
		return func(r []byte) []byte { copy(r[at:], v); return r }
	}
	lies := map[string]func([]byte) []byte{
		"client mode":         put(0, 0<<6|4<<3|3),
		"broadcast mode":      put(0, 0<<6|4<<3|5),
		"leap alarm":          put(0, 3<<6|4<<3|4),
		"stratum 16":          put(1, 16),
		"stratum 255":         put(1, 255),
		"another origin":      put(24, 1, 2, 3, 4, 5, 6, 7, 8),
		"no origin":           put(24, 0, 0, 0, 0, 0, 0, 0, 0),
		"root delay 4 s":      put(4, 0, 4, 0, 0),
		"root dispersion 2 s": put(8, 0, 2, 0, 0),
		"short":               func(r []byte) []byte { return r[:20] },
		"one byte":            func(r []byte) []byte { return r[:1] },
		"transmit zero":       put(40, 0, 0, 0, 0, 0, 0, 0, 0),
		"reference ahead": func(r []byte) []byte {
			binary.BigEndian.PutUint64(r[16:], ntpTime(time.Now().Add(3*time.Hour)))
			return r
		},
		"reference two days old": func(r []byte) []byte {
			binary.BigEndian.PutUint64(r[16:], ntpTime(time.Now().Add(-48*time.Hour)))
			return r
		},
		"KoD RATE":     func(r []byte) []byte { r[1] = 0; copy(r[12:], "RATE"); return r },
		"another mode": put(0, 0<<6|4<<3|1),
		"version 2":    put(0, 0<<6|2<<3|4),
		"version 5":    put(0, 0<<6|5<<3|4),
		"version 7":    put(0, 0<<6|7<<3|4),
		"sent before it was received": func(r []byte) []byte {
			binary.BigEndian.PutUint64(r[32:], ntpTime(time.Now().Add(time.Hour+time.Second)))
			return r
		},
		"received an hour before it was sent": func(r []byte) []byte {
			binary.BigEndian.PutUint64(r[32:], ntpTime(time.Now()))
			return r
		},
		"root distance 1.5 s":    put(4, 0, 3, 0, 0),
		"a field without an end": func(r []byte) []byte { return append(r, 1, 4, 255, 255) },
		"too late":               func(r []byte) []byte { time.Sleep(2 * time.Second); return r },
		"replayed": func(r []byte) []byte { // what it answered to another question
			for i, b := range r[24:32] {
				r[24+i] = ^b
			}
			return r
		},
		"KoD RSTR":       func(r []byte) []byte { r[1] = 0; copy(r[12:], "RSTR"); return r },
		"KoD XXXX":       func(r []byte) []byte { r[1] = 0; copy(r[12:], "XXXX"); return r },
		"KoD unreadable": func(r []byte) []byte { r[1] = 0; copy(r[12:], "\x00\x01\xfe\xff"); return r },
		"KoD DENY":       func(r []byte) []byte { r[1] = 0; copy(r[12:], "DENY"); return r },
	}
	for name, lie := range lies {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			for _, s := range b.servers {
				s.off, s.lie = time.Hour, lie
			}
			r := b.ask(t)
			time.Sleep(5 * time.Second) // whatever comes late has come
			if r.State != clock.Unsynced {
				t.Errorf("%s: %s", name, r.State)
			}
			for _, s := range r.Servers {
				if s.State != clock.Silent && s.State != clock.Refused || s.Problem == "" {
					t.Errorf("%s: the server is %+v", name, s)
				}
			}
		})
	}
}

// R139 (e): an answer from another port than the one that was asked does not count, and packets that answer nothing do
// not keep the right answer out.
func TestAnswersFromElsewhereAreNotHeard(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]clock.State{"wrong port": clock.Unsynced, "noise before it": clock.Synced} {
		l, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		elsewhere, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			request := make([]byte, 1024)
			n, from, err := l.ReadFrom(request)
			if err != nil {
				return
			}
			answer := timeServer{}.reply(request[:n], time.Now())
			if name == "wrong port" {
				_, _ = elsewhere.WriteTo(answer, from)
				return
			}
			lie := timeServer{off: time.Hour}.reply(make([]byte, 48), time.Now()) // to no question
			for _, noise := range [][]byte{lie, lie[:20], {}, lie} {
				_, _ = l.WriteTo(noise, from)
			}
			_, _ = l.WriteTo(answer, from)
		}()
		k := clock.New(clock.Config{
			Sources: plain([]string{l.LocalAddr().String()}), Floor: time.Now().Add(-day), Elapsed: clock.Elapsed, System: time.Now,
			Kept: func() bool { return false },
		})
		k.Sync(t.Context())
		if r := k.Reading(); r.State != want || want == clock.Synced && time.Until(r.Now).Abs() > 100*time.Millisecond {
			t.Errorf("%s: %+v", name, r)
		}
		_, _ = l.Close(), elsewhere.Close()
	}
}

// R139: the era of NTP ends in 2036, and 32 bits of Unix time in 2038; neither is noticed.
func TestTheErasOfTimeEndUnnoticed(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2036, 2, 7, 6, 28, 14, 0, time.UTC), time.Date(2036, 2, 8, 0, 0, 0, 0, time.UTC),
		time.Date(2038, 1, 19, 3, 14, 6, 0, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			shift := time.Until(now)
			b.all(shift)
			b.system, b.kept = shift+2*time.Second, true
			b.floor, b.trusted = now.Add(-year), now.Add(-20*day)
			k := b.start()
			for range 3 { // before, in and after the second in which it ends
				k.Sync(t.Context())
				r := k.Reading()
				if r.State != clock.Synced || r.Agreeing != 4 || (time.Until(r.Now)-shift).Abs() > 2*time.Second+10*time.Millisecond {
					t.Errorf("%v: %s, off by %v, %d agree, %q", now, r.State, time.Until(r.Now)-shift, r.Agreeing, r.Servers[0].Problem)
				}
				time.Sleep(clock.MinSync)
			}
		})
	}
}

func TestKissOfDeathIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		asked := map[string]int{}
		var mu sync.Mutex
		kiss := func(host, code string) {
			b.servers[host].lie = func(r []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				asked[host]++
				r[1] = 0
				copy(r[12:], code)
				return r
			}
		}
		kiss(good1, "RATE")
		kiss(good2, "DENY")
		k := b.start()
		for range 40 {
			k.Sync(t.Context())
			time.Sleep(time.Minute)
		}
		if asked[good1] > 9 || asked[good1] < 2 {
			t.Errorf("the server that asked for less was asked %d times in 40 minutes", asked[good1])
		}
		if asked[good2] != 1 {
			t.Errorf("the server that serves us not was asked %d times", asked[good2])
		}
		time.Sleep(24 * time.Hour)
		b.servers[good2].lie = nil // it was a mistake, or was forged
		k.Sync(t.Context())
		if s := k.Reading().Servers[1]; s.State != clock.Agrees {
			t.Errorf("a day later it is %+v", s)
		}
	})
}
