package presence_test

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/presence"
	"castellan/internal/store"
)

type bench struct {
	*presence.Waits
	t       *testing.T
	elapsed time.Duration
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, elapsed: time.Hour}
	b.Waits = presence.New(func() time.Duration { return b.elapsed })
	return b
}

func (b *bench) begin(p presence.Purpose) string {
	b.t.Helper()
	id, err := b.Begin(p, "about "+string(p))
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) want(p presence.Purpose, id string, want presence.State) {
	b.t.Helper()
	got, _, err := b.Look(p, id)
	if err != nil && !errors.Is(err, presence.ErrGone) || got != want {
		b.t.Errorf("%s: got %q, %v; want %q", p, got, err, want)
	}
}

var purposes = []presence.Purpose{presence.Claim, presence.SignIn, presence.Unlock}

func TestAPressConfirmsTheOneThatWaitsOnce(t *testing.T) {
	for _, p := range purposes {
		b := newBench(t)
		id := b.begin(p)
		b.want(p, id, presence.Waiting)
		if _, err := b.Take(p, id); !errors.Is(err, presence.ErrNone) {
			t.Errorf("%s: taken without a press: %v", p, err)
		}
		if a := b.Press(); a != (presence.Answer{For: p, Waiting: 1, Unlocks: p == presence.Unlock}) || !a.Confirmed() {
			t.Errorf("%s: got %+v", p, a)
		}
		b.want(p, id, presence.Confirmed)
		if err := b.Confirmed(p, id); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		for _, other := range purposes {
			if other == p {
				continue
			}
			if _, err := b.Take(other, id); !errors.Is(err, presence.ErrGone) {
				t.Errorf("a press for %s was taken for %s: %v", p, other, err)
			}
		}
		if about, err := b.Take(p, id); err != nil || about != "about "+string(p) {
			t.Errorf("%s: got %q, %v", p, about, err)
		}
		if _, err := b.Take(p, id); !errors.Is(err, presence.ErrGone) {
			t.Errorf("%s: one press was taken twice: %v", p, err)
		}
		if a := b.Press(); a != (presence.Answer{}) || a.Confirmed() {
			t.Errorf("with nobody waiting: %+v", a)
		}
	}
}

// R140 (f)
func TestAPressWhileTwoWaitDropsBoth(t *testing.T) {
	for _, p := range purposes {
		b := newBench(t)
		one, two := b.begin(p), b.begin(p)
		if a := b.Press(); a != (presence.Answer{For: p, Waiting: 2, Unlocks: p == presence.Unlock}) || a.Confirmed() {
			t.Errorf("got %+v", a)
		}
		for _, id := range []string{one, two} {
			b.want(p, id, presence.Dropped)
			if _, err := b.Take(p, id); !errors.Is(err, presence.ErrDropped) {
				t.Errorf("a dropped wait was taken: %v", err)
			}
		}
		if a := b.Press(); a.Waiting != 0 {
			t.Errorf("the dropped ones wait on: %+v", a)
		}
	}
}

func (b *bench) beginIdle() string {
	b.t.Helper()
	id, err := b.BeginIdle(presence.Unlock, "")
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// R021: whoever waits for an unlock and has nothing to unlock spoils nobody's press.
func TestAnUnlockOfNothingGivesWay(t *testing.T) {
	for _, p := range []presence.Purpose{presence.Claim, presence.SignIn} {
		b := newBench(t)
		var strangers []string
		for range presence.Most {
			strangers = append(strangers, b.beginIdle())
		}
		if _, err := b.Begin(presence.Unlock, ""); !errors.Is(err, presence.ErrCrowded) {
			t.Errorf("got %v, want ErrCrowded", err)
		}
		owner := b.begin(p)
		if a := b.Press(); a != (presence.Answer{For: p, Waiting: 1, Yielded: presence.Most}) {
			t.Errorf("got %+v", a)
		}
		b.want(p, owner, presence.Confirmed)
		for _, id := range strangers {
			b.want(presence.Unlock, id, presence.Dropped)
		}
	}
}

// T27: a finger that was meant for an unlock confirms no sign-in that waits beside it; a claim has nobody to lock out.
func TestAnUnlockOfAClosedAccountSendsASignInAway(t *testing.T) {
	b := newBench(t)
	thief, owner, stranger := b.begin(presence.SignIn), b.begin(presence.Unlock), b.beginIdle()
	if a := b.Press(); a != (presence.Answer{For: presence.SignIn, Waiting: 2, Yielded: 1, Unlocks: true}) || a.Confirmed() {
		t.Errorf("got %+v", a)
	}
	b.want(presence.SignIn, thief, presence.Dropped)
	b.want(presence.Unlock, owner, presence.Dropped)
	b.want(presence.Unlock, stranger, presence.Dropped)
	claim, unlock := b.begin(presence.Claim), b.begin(presence.Unlock)
	if a := b.Press(); a != (presence.Answer{For: presence.Claim, Waiting: 1, Yielded: 1}) {
		t.Errorf("got %+v", a)
	}
	b.want(presence.Claim, claim, presence.Confirmed)
	b.want(presence.Unlock, unlock, presence.Dropped)
}

// R029: among those who wait for an unlock it makes no difference whether there is something to unlock.
func TestUnlocksCountAlikeAmongThemselves(t *testing.T) {
	for _, begin := range [][]func(*bench) string{
		{(*bench).beginIdle}, {(*bench).beginIdle, (*bench).beginIdle}, {func(b *bench) string { return b.begin(presence.Unlock) }, (*bench).beginIdle},
	} {
		b, want := newBench(t), presence.Confirmed
		if len(begin) > 1 {
			want = presence.Dropped
		}
		var ids []string
		for _, one := range begin {
			ids = append(ids, one(b))
		}
		if a := b.Press(); a != (presence.Answer{For: presence.Unlock, Waiting: len(begin), Unlocks: true}) {
			t.Errorf("got %+v", a)
		}
		for _, id := range ids {
			b.want(presence.Unlock, id, want)
		}
	}
}

func TestABrowserThatNoLongerAsksNoLongerWaits(t *testing.T) {
	b := newBench(t)
	gone, here := b.begin(presence.SignIn), b.begin(presence.SignIn)
	b.elapsed += presence.Grace
	b.want(presence.SignIn, here, presence.Waiting)
	b.elapsed += time.Second
	if a := b.Press(); a.Waiting != 1 {
		t.Errorf("%d waited", a.Waiting)
	}
	b.want(presence.SignIn, here, presence.Confirmed)
	b.want(presence.SignIn, gone, presence.Waiting)
	if a := b.Press(); a.Waiting != 1 { // the one that came back
		t.Errorf("%d waited after it came back", a.Waiting)
	}
}

func TestAWaitLapsesHoweverOftenItAsks(t *testing.T) {
	for p, life := range map[presence.Purpose]time.Duration{presence.Claim: 2 * time.Minute, presence.SignIn: time.Minute, presence.Unlock: time.Minute} {
		b := newBench(t)
		id := b.begin(p)
		for range life / time.Second {
			b.want(p, id, presence.Waiting)
			b.elapsed += time.Second
		}
		b.want(p, id, presence.Waiting)
		b.elapsed += time.Second
		if a := b.Press(); a.Waiting != 0 {
			t.Errorf("%s: it still waits", p)
		}
		b.want(p, id, "")
	}
}

// A press in the last moment is worth as much as one in the first, and none is worth anything for ever.
func TestAPressIsGoodForAMinute(t *testing.T) {
	b := newBench(t)
	late := b.begin(presence.SignIn)
	for range presence.Life / time.Second {
		b.elapsed += time.Second
		b.want(presence.SignIn, late, presence.Waiting)
	}
	b.Press()
	b.elapsed += presence.Life
	if _, err := b.Take(presence.SignIn, late); err != nil {
		t.Error(err)
	}
	early := b.begin(presence.SignIn)
	b.Press()
	b.elapsed += presence.Life + time.Second
	if _, err := b.Take(presence.SignIn, early); !errors.Is(err, presence.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

// R021: browsers that ask once and no more do not keep the owner's from waiting.
func TestACrowdThatNoLongerAsksMakesRoom(t *testing.T) {
	b := newBench(t)
	for range presence.Most {
		b.begin(presence.Claim)
	}
	if _, err := b.Begin(presence.Claim, ""); !errors.Is(err, presence.ErrCrowded) {
		t.Errorf("got %v, want ErrCrowded", err)
	}
	b.begin(presence.SignIn) // a crowd of one sort takes no place of another
	b.elapsed += presence.Grace + time.Second
	owner := b.begin(presence.Claim)
	if a := b.Press(); a.Waiting != 1 {
		t.Errorf("%d waited", a.Waiting)
	}
	b.want(presence.Claim, owner, presence.Confirmed)
}

func TestWhoeverLeavesOrIsSentHomeWaitsNoLonger(t *testing.T) {
	b := newBench(t)
	one := b.begin(presence.SignIn)
	b.Leave(one)
	b.Leave("")
	if a := b.Press(); a.Waiting != 0 {
		t.Errorf("%d waited", a.Waiting)
	}
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stays, goes := b.begin(presence.SignIn), errors.New("no commit")
	_ = db.Update(func(tx *store.Tx) error { b.EndAll(tx); return goes })
	b.want(presence.SignIn, stays, presence.Waiting)
	b.Press()
	if err := db.Update(func(tx *store.Tx) error { b.EndAll(tx); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Take(presence.SignIn, stays); !errors.Is(err, presence.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

// One press is taken once, however many take it at a time; and of many who press and begin at a time, no two are
// confirmed by one press.
func TestOnePressConfirmsOne(t *testing.T) {
	b := newBench(t)
	for range 200 {
		var all sync.WaitGroup
		var confirmed, taken atomic.Int64
		ids := make([]string, 4)
		for i := range ids {
			all.Go(func() { ids[i], _ = b.Begin(presence.SignIn, "") })
		}
		all.Go(func() {
			if b.Press().Confirmed() {
				confirmed.Add(1)
			}
		})
		all.Wait()
		for _, id := range ids {
			for range 2 {
				all.Go(func() {
					if _, err := b.Take(presence.SignIn, id); err == nil {
						taken.Add(1)
					}
				})
			}
		}
		all.Wait()
		if taken.Load() != confirmed.Load() {
			t.Fatalf("%d confirmed, %d taken", confirmed.Load(), taken.Load())
		}
		for _, id := range ids {
			b.Leave(id)
		}
	}
}
