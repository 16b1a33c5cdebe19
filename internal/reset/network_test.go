package reset_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/network"
	"castellan/internal/event"
	"castellan/internal/reset"
	"castellan/internal/store"
)

// following has a reset follow its network for a while, as a run of the daemon does.
func following(t *testing.T, r *reset.Reset, while time.Duration, during func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Follow(ctx) }()
	if during != nil {
		during()
	}
	time.Sleep(while)
	cancel()
	<-done
}

// count says how many events of a kind there are.
func (b *bench) count(k event.Kind) (n int) {
	for _, o := range b.kinds() {
		if o == k {
			n++
		}
	}
	return n
}

// R140 (d)
func TestAResetRestoresTheNetworkOnceItsServiceIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{broken: errors.New("the network service does not answer"), done: true}
		b, _ := newBench(t, w)
		following(t, b.Reset, 20*time.Second, func() {
			if err := b.Run(t.Context()); err != nil {
				t.Error(err)
			}
			b.isDone() // whoever holds the button waits for no network
			time.Sleep(5 * time.Second)
			w.mend()
		})
		if b.count(event.ResetFailed) != 1 || b.count(event.NetworkRestored) != 1 || w.asked < 3 {
			t.Errorf("asked %d times, events are %v", w.asked, b.kinds())
		}
		asked := w.asked
		if following(t, b.Reset, time.Hour, nil); w.asked != asked {
			t.Error("a restored network was restored again")
		}
	})
}

// R140 (c): the power goes while the network is still wished for.
func TestTheNetworkIsRestoredByTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{broken: errors.New("the network service does not answer"), done: true}
		b, _ := newBench(t, w)
		if err := b.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		following(t, b.Reset, time.Hour, nil) // it is not tried for ever
		asked := w.asked
		if asked < 5 || asked > 12 || b.count(event.NetworkRestored) != 0 {
			t.Errorf("asked %d times, events are %v", asked, b.kinds())
		}
		w.broken = nil
		following(t, b.again("two"), time.Second, nil)
		if w.asked != asked+1 || b.count(event.NetworkRestored) != 1 || b.count(event.ResetFailed) != 1 {
			t.Errorf("asked %d times, events are %v", w.asked-asked, b.kinds())
		}
	})
}

// R140: what the new owner set up is not taken back by a wish of before.
func TestAKeptChangeEndsTheWishForAutomaticAddresses(t *testing.T) {
	for name, meanwhile := range map[string]bool{"before the next try": false, "while the next try waits for its turn": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{broken: errors.New("the network service does not answer"), done: true}
				b, _ := newBench(t, w)
				if err := b.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				following(t, b.Reset, time.Second, nil)
				asked := w.asked
				keep := func() {
					if err := b.KeepNetwork(event.Event{Kind: event.NetworkKept}); err != nil {
						t.Error(err)
					}
				}
				if w.broken = nil; meanwhile {
					w.during = keep
				} else {
					keep()
				}
				following(t, b.again("two"), time.Hour, nil)
				if w.asked != asked || b.count(event.NetworkRestored) != 0 {
					t.Errorf("asked %d times, events are %v", w.asked-asked, b.kinds())
				}
			})
		})
	}
}

// R140: months later the new owner's addresses are not taken back by a wish that could not be granted when it was fresh.
func TestAWishForAutomaticAddressesEnds(t *testing.T) {
	for name, c := range map[string]struct {
		starts int
		while  time.Duration
		ended  bool
	}{
		"after some starts":         {reset.WishStarts, time.Hour, true},
		"not before":                {reset.WishStarts - 1, time.Hour, false},
		"after a day in one run":    {1, reset.WishTime + time.Hour, true},
		"or in that of the reset":   {0, reset.WishTime + time.Hour, true},
		"starts without a full try": {2 * reset.WishStarts, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{broken: network.ErrRefused, done: false}
				b, _ := newBench(t, w)
				following(t, b.Reset, c.while, func() {
					synctest.Wait() // it follows already, as in a run that is reset
					if err := b.Run(t.Context()); err != nil {
						t.Error(err)
					}
				})
				for range c.starts {
					following(t, b.again("two"), c.while, nil)
				}
				w.asked, w.broken, w.done = 0, nil, true // a package brings the rules
				following(t, b.again("three"), time.Hour, nil)
				given, restored := b.count(event.NetworkGivenUp), b.count(event.NetworkRestored)
				if c.ended && (given != 1 || restored != 0 || w.asked != 0) || !c.ended && (given != 0 || restored != 1) {
					t.Errorf("asked %d times, events are %v", w.asked, b.kinds())
				}
			})
		})
	}
}

// A box on which nothing sets up the network says so once, and does not wait for ever for such a service.
func TestWhereNothingSetsUpTheNetworkTheLogSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBench(t, network.New(network.Config{Alone: true}))
		if err := b.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		following(t, b.Reset, time.Hour, nil)
		following(t, b.again("two"), time.Hour, nil)
		w := &wire{done: true}
		late := b.again("three")
		late.Network = w
		following(t, late, time.Hour, nil)
		if b.count(event.NetworkPending) != 1 || b.count(event.NetworkGivenUp) != 1 || w.asked != 0 {
			t.Errorf("asked %d times, events are %v", w.asked, b.kinds())
		}
	})
}

// R140: the box that a hold founded anew in need of recovery wishes for automatic addresses as well.
func TestABoxThatIsFoundedAnewRestoresItsNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{done: true}
		b, _ := newBench(t, w)
		b.update(func(tx *store.Tx) error { return reset.Begin(tx, b.passed, "one") })
		following(t, b.Reset, time.Second, nil)
		if w.asked != 1 || !slices.Contains(b.kinds(), event.NetworkRestored) {
			t.Errorf("asked %d times, events are %v", w.asked, b.kinds())
		}
	})
}
