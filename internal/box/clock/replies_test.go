package clock_test

import (
	"encoding/binary"
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
		"KoD RATE": func(r []byte) []byte { r[1] = 0; copy(r[12:], "RATE"); return r },
		"KoD DENY": func(r []byte) []byte { r[1] = 0; copy(r[12:], "DENY"); return r },
	}
	for name, lie := range lies {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			for _, s := range b.servers {
				s.off, s.lie = time.Hour, lie
			}
			r := b.ask(t)
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
