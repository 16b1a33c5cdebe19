package clock_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
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

// R139 (g): what hinders a server is said in words, so that a wrong name server is told from a closed port.
func TestEveryFailureOfAServerHasWords(t *testing.T) {
	op := func(e error) error {
		return &net.OpError{Op: "dial", Net: "udp", Err: os.NewSyscallError("connect", e)}
	}
	tests := map[string]struct {
		err    error
		says   string
		reason clock.Reason
	}{
		"a wrong name":     {&net.DNSError{Err: "no such host", IsNotFound: true}, "name is not known", clock.NoNameServer},
		"no name server":   {&net.DNSError{Err: "i/o timeout", IsTimeout: true}, "name server does not answer", clock.NoNameServer},
		"no network":       {op(syscall.ENETUNREACH), "No way leads to it", clock.NoAnswer},
		"no host":          {op(syscall.EHOSTUNREACH), "No way leads to it", clock.NoAnswer},
		"nothing there":    {op(syscall.ECONNREFUSED), "No time server runs there", clock.NoAnswer},
		"a firewall":       {op(syscall.EPERM), "cannot be reached", clock.NoAnswer},
		"silence":          {os.ErrDeadlineExceeded, "No answer", clock.NoAnswer},
		"something unseen": {errors.New("odd"), "makes no sense", clock.NoAnswer},
	}
	for name, tc := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.fail = func(string) error { return tc.err }
			r := b.ask(t)
			if s := r.Servers[0]; s.State != clock.Silent || !strings.Contains(s.Problem, tc.says) {
				t.Errorf("%s: %q", name, s.Problem)
			}
			if r.Reason != tc.reason {
				t.Errorf("%s: reason %s, want %s", name, r.Reason, tc.reason)
			}
		})
	}
}

// Every reason has its own words for what is so, and its own for what to do.
func TestEveryReasonHasWordsAndAdvice(t *testing.T) {
	unreachable := func(b *bench) { b.servers = nil }
	states := map[clock.Reason]func(b *bench, k func() *clock.Clock) *clock.Clock{
		clock.InStep:       func(_ *bench, start func() *clock.Clock) *clock.Clock { return start() },
		clock.SystemOff:    func(b *bench, start func() *clock.Clock) *clock.Clock { b.system = time.Hour; return start() },
		clock.SingleSource: func(b *bench, start func() *clock.Clock) *clock.Clock { b.names = []string{good1}; return start() },
		clock.NoServer:     func(b *bench, start func() *clock.Clock) *clock.Clock { b.names = []string{}; return start() },
		clock.NoAnswer:     func(b *bench, start func() *clock.Clock) *clock.Clock { unreachable(b); return start() },
		clock.NoNameServer: func(b *bench, start func() *clock.Clock) *clock.Clock {
			b.fail = func(string) error { return &net.DNSError{Err: "i/o timeout", IsTimeout: true} }
			return start()
		},
		clock.Disagreement: func(b *bench, start func() *clock.Clock) *clock.Clock {
			b.servers[good1].off, b.servers[good2].off = time.Hour, time.Hour
			return start()
		},
		clock.OwnClock: func(b *bench, start func() *clock.Clock) *clock.Clock { unreachable(b); b.kept = true; return start() },
		clock.ByHand: func(b *bench, start func() *clock.Clock) *clock.Clock {
			unreachable(b)
			k := start()
			k.Set(time.Now())
			return k
		},
		clock.LongOff: func(b *bench, start func() *clock.Clock) *clock.Clock {
			b.floor, b.trusted = time.Now().Add(-year), time.Now().Add(-40*day)
			return start()
		},
		clock.Jumped: func(b *bench, start func() *clock.Clock) *clock.Clock {
			k := start()
			b.all(2 * time.Hour)
			time.Sleep(time.Hour)
			k.Sync(context.Background())
			return k
		},
	}
	messages, advice := map[string]clock.Reason{}, map[string]clock.Reason{}
	for reason, arrange := range states {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := arrange(b, func() *clock.Clock { k := b.start(); k.Sync(context.Background()); return k })
			r := k.Reading()
			if r.Reason != reason {
				t.Errorf("reason %s, want %s: %+v", r.Reason, reason, r)
			}
			if other, twice := messages[r.Message()]; twice {
				t.Errorf("%s and %s both say %q", reason, other, r.Message())
			}
			if other, twice := advice[r.Advice()]; twice && reason != clock.SingleSource && reason != clock.NoServer {
				t.Errorf("%s and %s both advise %q", reason, other, r.Advice())
			}
			messages[r.Message()], advice[r.Advice()] = reason, reason
			if (r.Advice() == "") != (reason == clock.InStep) {
				t.Errorf("%s advises %q", reason, r.Advice())
			}
		})
	}
}
