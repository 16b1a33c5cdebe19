package clock_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
)

// questions notes when each server is asked.
type questions struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (q *questions) watch(b *bench) {
	q.at = map[string][]time.Time{}
	for name, s := range b.servers {
		s.asked = func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.at[name] = append(q.at[name], time.Now())
		}
	}
}

// of returns how often a server was asked; total how often the one was that was asked most.
func (q *questions) of(name string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.at[name])
}

func (q *questions) total() (most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, at := range q.at {
		most = max(most, len(at))
	}
	return most
}

func (q *questions) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.at)
}

// most returns how many questions one server was asked within a minute at most.
func (q *questions) most() (most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, at := range q.at {
		for i := range at {
			n := 0
			for _, later := range at[i:] {
				if later.Sub(at[i]) < time.Minute {
					n++
				}
			}
			most = max(most, n)
		}
	}
	return most
}

// R139 (i), T26: ten thousand sign-ins in an hour ask no server more than once a minute, polls included,
// whatever the servers do, and nobody waits longer than the budget.
func TestTenThousandSignInsDoNotFloodTheServers(t *testing.T) {
	const signIns = 10000
	kiss := func(code string) func([]byte) []byte {
		return func(r []byte) []byte { r[1] = 0; copy(r[12:], code); return r }
	}
	tests := map[string]func(s *timeServer){
		"good":             func(*timeServer) {},
		"silent":           func(s *timeServer) { s.silent = true },
		"refusing":         func(s *timeServer) { s.lie = kiss("DENY") },
		"asking for less":  func(s *timeServer) { s.lie = kiss("RATE") },
		"talking nonsense": func(s *timeServer) { s.lie = func(r []byte) []byte { return r[:20] } },
	}
	for name, as := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			for _, s := range b.servers {
				as(s)
			}
			var q questions
			q.watch(b)
			k := b.start()
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- k.Run(ctx) }()
			time.Sleep(5 * time.Minute) // the first polls are soon after each other
			synctest.Wait()
			q.forget()
			var all sync.WaitGroup
			for range signIns {
				time.Sleep(time.Hour / signIns)
				all.Go(func() {
					start := time.Now()
					k.Fresh(ctx)
					if took := time.Since(start); took > clock.Budget {
						t.Errorf("%s: a sign-in waited %v", name, took)
					}
				})
			}
			all.Wait()
			stop()
			<-ended
			total := q.total()
			if most := q.most(); most > 1 || total > 60 {
				t.Errorf("%s: %d questions within a minute, %d in an hour", name, most, total)
			}
			if name == "good" && total > 11 {
				t.Errorf("a good server was asked %d times in an hour", total)
			}
			if (name == "refusing" && total > 1) || (name == "asking for less" && total > 4) {
				t.Errorf("%s: asked %d times in an hour", name, total)
			}
			t.Logf("%s: %d questions to a server in an hour", name, total)
		})
	}
}

// T26: refusals that somebody forged for a while cost no codes later.
func TestForgedRefusalsDoNotOutlastTheHoldover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		time.Sleep(2 * time.Hour)
		b.each(func(s *timeServer) {
			s.lie = func(r []byte) []byte { r[1] = 0; copy(r[12:], "DENY"); return r }
		})
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		b.each(func(s *timeServer) { s.lie = nil })
		for range 30 * 60 {
			time.Sleep(time.Minute)
			if r := k.Fresh(ctx); !r.Trusted() {
				t.Fatalf("%s, %v after the last agreement", r.State, r.CheckedAgo)
			}
		}
		stop()
		<-ended
	})
}

func TestWhoeverRetriesLearnsWhenItHelpsToTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		for _, s := range b.servers {
			s.silent = true
		}
		var q questions
		q.watch(b)
		k := b.start()
		begun := time.Now()
		_, again := k.Retry(t.Context())
		if want := clock.MinAsk - time.Since(begun); again != want {
			t.Errorf("again in %v, want %v", again, want)
		}
		time.Sleep(20 * time.Second)
		for range 5 {
			_, again = k.Retry(t.Context())
		}
		if want := clock.MinAsk - time.Since(begun); again != want || q.of(good1) != 1 {
			t.Errorf("again in %v, want %v; asked %d times", again, want, q.of(good1))
		}
		time.Sleep(again)
		for _, s := range b.servers {
			s.silent = false
		}
		r, _ := k.Retry(t.Context())
		wantState(t, r, clock.Synced)
		if q.of(good1) != 2 {
			t.Errorf("asked %d times", q.of(good1))
		}
	})
}

func TestAnAdministratorMayAskSoonerButNotOverAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		var q questions
		q.watch(b)
		k := b.start()
		for range 100 {
			k.Sync(t.Context())
			time.Sleep(100 * time.Millisecond)
		}
		if n := q.of(good1); n != 2 {
			t.Errorf("asked %d times in ten seconds", n)
		}
	})
}

// The servers are exchanged while it runs: the new ones are asked soon, the old ones are not heard any more.
func TestServersAreExchangedWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.servers["slow:123"] = &timeServer{off: time.Hour, slow: time.Second}
		b.servers["new:123"] = &timeServer{}
		var q questions
		q.watch(b)
		k := b.start()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		wantState(t, k.Reading(), clock.Synced)

		k.Use([]clock.Source{{Address: "slow:123"}})
		time.Sleep(clock.MinSync + 500*time.Millisecond) // its answer is under way
		synctest.Wait()
		if q.of("slow:123") != 1 {
			t.Fatalf("the new server was asked %d times", q.of("slow:123"))
		}
		k.Use([]clock.Source{{Address: good1}, {Address: "new:123"}, {Address: good2, Offered: true}})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		r := k.Reading()
		wantState(t, r, clock.Synced)
		if r.Agreeing != 2 || r.Answering != 2 || len(r.Servers) != 3 || r.Proposal != nil {
			t.Errorf("got %+v", r)
		}
		if s := r.Servers[0]; s.Host != "a" || s.AnsweredAgo < 0 || s.State != clock.Agrees {
			t.Errorf("the server that stayed: %+v", s)
		}
		if q.of("new:123") != 1 || !r.Servers[2].Offered {
			t.Errorf("the new one was asked %d times; %+v", q.of("new:123"), r.Servers)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// R139: the owner's choice of servers ends a doubt that the old ones raised; what the network offers does not.
func TestOnlyTheOwnersChoiceOfServersEndsADoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		b.all(time.Hour)
		time.Sleep(time.Hour)
		k.Fresh(t.Context())
		wantState(t, k.Reading(), clock.Suspect)
		same := plain([]string{good4, good3, good2, good1})
		k.Use(append(same, offered([]string{"o:123", "p:123"})...))
		wantState(t, k.Reading(), clock.Suspect)
		k.Use(append(same[:3], clock.Source{Address: good1, Offered: true}))
		r := k.Reading()
		wantState(t, r, clock.Holdover)
		if off(r) > 10*time.Millisecond || !r.Trusted() {
			t.Errorf("got %+v", r)
		}
		k.Fresh(t.Context()) // and they say it again
		wantState(t, k.Reading(), clock.Suspect)
	})
}

// R139: what the local network offers is asked and shown, and moves nothing.
func TestOfferedServersAreShownAndNeverCount(t *testing.T) {
	const offer1, offer2 = "o:123", "p:123"
	start := func(names []string, off time.Duration) (b *bench, k *clock.Clock) {
		b = newBench()
		b.names, b.offered = names, []string{offer1, offer2, good4}
		b.servers[offer1], b.servers[offer2] = &timeServer{off: off}, &timeServer{off: off}
		return b, b.start()
	}
	synctest.Test(t, func(t *testing.T) { // three liars that are offered, against two of three
		b, k := start([]string{good1, good2, good3}, time.Hour)
		b.servers[good4].off, b.servers[good3].silent = time.Hour, true
		k.Fresh(t.Context())
		r := k.Reading()
		wantState(t, r, clock.Synced)
		if off(r) > 10*time.Millisecond || r.Agreeing != 2 || r.Answering != 2 {
			t.Errorf("got %+v", r)
		}
		if s := r.Servers[3]; s.State != clock.Ignored || !s.Offered || (s.Offset-time.Hour).Abs() > 10*time.Millisecond {
			t.Errorf("a server that is offered and lies: %+v", s)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the owner's are silent, those that are offered are right
		b, k := start([]string{good1, good2, good3}, 0)
		b.servers[good1].silent, b.servers[good2].silent, b.servers[good3].silent = true, true, true
		k.Fresh(t.Context())
		r := k.Reading()
		wantState(t, r, clock.Unsynced)
		if r.Answering != 0 || r.Reason != clock.NoAnswer || r.Servers[3].State != clock.Ignored {
			t.Errorf("got %+v", r)
		}
	})
	synctest.Test(t, func(t *testing.T) { // there are no others
		_, k := start([]string{}, 0)
		k.Fresh(t.Context())
		r := k.Reading()
		wantState(t, r, clock.Unsynced)
		if r.Reason != clock.NoServer {
			t.Errorf("reason %s", r.Reason)
		}
	})
	synctest.Test(t, func(t *testing.T) { // all are right
		_, k := start([]string{good1, good2, good3}, 0)
		k.Fresh(t.Context())
		if r := k.Reading(); r.Agreeing != 3 || r.Servers[3].State != clock.Agrees || r.Servers[5].State != clock.Agrees {
			t.Errorf("got %+v", r)
		}
	})
}

// Every round is told, for the history.
func TestEveryRoundIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		var told []clock.Reading
		b.sampled = func(r clock.Reading) { told = append(told, r) }
		k := b.start()
		for range 3 {
			k.Sync(t.Context())
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if len(told) != 3 || told[0].State != clock.Synced || len(told[0].Servers) != 4 {
			t.Errorf("told %d times", len(told))
		}
	})
}
