package network

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAChangeIsMadeAfterItsAnswerAndEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		if len(d.called()) != 0 {
			t.Error("it was made before it was answered")
		}
		time.Sleep(answerFirst + time.Second)
		if !slices.Equal(d.called(), []string{"try"}) {
			t.Errorf("calls are %v", d.called())
		}
		time.Sleep(TryTime - answerFirst - 2*time.Second)
		if c, ok := d.Change(); !ok || c.Outcome != Waiting || c.Left != time.Second || c.By != "admin" {
			t.Errorf("after 59 s: %+v", c)
		}
		time.Sleep(2 * time.Second)
		want := Change{Setting: wished, Before: AutomaticSetting("eth0"), By: "admin", Outcome: WentBack, Reason: "Nobody confirmed it within 60 seconds."}
		if c, _ := d.Change(); !cmp.Equal(c, want, byValue) || !cmp.Equal(d.told(), []Change{want}, byValue) || !slices.Equal(d.called(), []string{"try", "back"}) {
			t.Errorf("got %+v, told %+v, called %v", c, d.told(), d.called())
		}
	})
}

// byValue has addresses compared by what they are.
var byValue = cmp.Options{cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

func TestOneChangeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		var wait sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 9 {
			wait.Go(func() {
				_, err := d.Try(context.Background(), wished, "admin")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
			})
		}
		if wait.Wait(); made != 1 {
			t.Errorf("%d changes are made", made)
		}
	})
}

func TestOnlyTheTokenAndTheChangedInterfaceConfirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		d := start(t, newWire(), folder)
		token := d.asks(wished)
		for name, c := range map[string]struct {
			token string
			at    netip.Addr
			want  error
		}{
			"no token":             {"", at, ErrNoChange},
			"another token":        {strings.Repeat("a", len(token)), at, ErrNoChange},
			"the former address":   {token, netip.MustParseAddr("192.0.2.50"), ErrElsewhere},
			"another address":      {token, netip.MustParseAddr("198.51.100.1"), ErrElsewhere},
			"the loopback":         {token, netip.MustParseAddr("127.0.0.1"), ErrElsewhere},
			"the local socket":     {token, netip.Addr{}, ErrElsewhere},
			"the other family":     {token, netip.MustParseAddr("2001:db8:1::50"), ErrElsewhere},
			"an address elsewhere": {token, netip.MustParseAddr("2001:db8:9::1"), ErrElsewhere},
		} {
			if _, err := d.Confirm(t.Context(), c.token, c.at); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if c, err := d.Confirm(t.Context(), token, at); err != nil || c.Outcome != Kept {
			t.Errorf("got %+v, %v", c, err)
		}
		if _, err := d.Confirm(t.Context(), token, at); !errors.Is(err, ErrNoChange) || !strings.Contains(err.Error(), "stays") {
			t.Errorf("a second time: %v", err)
		}
		if time.Sleep(TryTime * 2); !slices.Equal(d.called(), []string{"try", "keep"}) || len(d.told()) != 1 || len(noted(t, folder)) != 0 {
			t.Errorf("called %v, told %v", d.called(), d.told())
		}
	})
}

func TestAConfirmationThatIsNotSavedLeavesTheChangeWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		token := d.asks(wished)
		time.Sleep(answerFirst + time.Second)
		d.set(func(w *wire) { w.broken = errors.New("no space left") })
		if _, err := d.Confirm(t.Context(), token, at); !errors.Is(err, d.wire.broken) {
			t.Errorf("got %v", err)
		}
		if c, _ := d.Change(); c.Outcome != Waiting {
			t.Errorf("got %+v", c)
		}
		time.Sleep(TryTime + time.Minute) // it is to go back, and does not yet
		if p := d.Look(t.Context()); !strings.Contains(p.Trouble, "does not answer") || len(d.told()) != 0 {
			t.Errorf("got %+v, told %v", p, d.told())
		}
		if _, err := d.Try(t.Context(), wished, "ines"); !errors.Is(err, ErrBusy) {
			t.Errorf("another change: %v", err)
		}
		d.set(func(w *wire) { w.broken = nil })
		if time.Sleep(2 * time.Minute); len(d.told()) != 1 || d.told()[0].Outcome != WentBack {
			t.Errorf("told %v", d.told())
		}
		if p := d.Look(t.Context()); p.Trouble != "" {
			t.Errorf("got %q", p.Trouble)
		}
	})
}

func TestACableThatIsAwayForAMomentEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		for range 5 { // as while a card is set up
			time.Sleep(3 * time.Second)
			d.wire.cable(false)
			time.Sleep(3 * time.Second)
			d.wire.cable(true)
		}
		if len(d.told()) != 0 {
			t.Errorf("told %v", d.told())
		}
		d.wire.cable(false)
		if time.Sleep(8 * time.Second); len(d.told()) != 1 || d.told()[0].Reason != "eth0 lost its cable." {
			t.Errorf("told %v", d.told())
		}
		if _, err := d.Try(t.Context(), wished, "admin"); !errors.Is(err, ErrNoCable) {
			t.Errorf("without a cable: %v", err)
		}
	})
}

func TestAChangeThatTheServiceDoesNotMakeHasGoneBack(t *testing.T) {
	for name, c := range map[string]struct {
		broken error
		slow   time.Duration
		want   string
	}{
		"refused": {broken: ErrRefused, want: ErrRefused.Message},
		"slow":    {slow: time.Hour, want: "The network service of this NAS did not make it in time."},
		"failed":  {broken: errors.New("secret detail"), want: "The network service of this NAS could not make it. The journal of the NAS says why."},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire()
				w.slow = c.slow
				d := start(t, w, t.TempDir())
				token := d.asks(wished)
				w.before = func(what string) {
					if w.broken = c.broken; what != "try" {
						w.broken = nil
					}
				}
				if _, err := d.Confirm(t.Context(), token, at); err == nil {
					t.Error("it was confirmed before it was made")
				}
				time.Sleep(makeTime + time.Second)
				if len(d.told()) != 1 || d.told()[0].Reason != c.want || d.tried() != 0 {
					t.Errorf("told %+v", d.told())
				}
			})
		})
	}
}

// R093: whoever may not any more, once their turn has come, neither keeps a change nor takes it back.
func TestWhoeverMayNotAnyMoreDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		gone := errors.New("signed out")
		not := func() error { return gone }
		token := d.asks(wished)
		time.Sleep(5 * time.Second)
		if _, err := d.Network.GoBack(t.Context(), "admin", not); !errors.Is(err, gone) {
			t.Errorf("taken back: %v", err)
		}
		if _, err := d.Keep(t.Context(), at, not, func(Change) { t.Error("it is recorded") }); !errors.Is(err, gone) {
			t.Errorf("kept: %v", err)
		}
		if _, err := d.Confirm(t.Context(), token, at); err != nil {
			t.Errorf("it does not wait any more: %v", err)
		}
	})
}

func TestAChangeGoesBackByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		if c, err := d.GoBack(t.Context()); err != nil || c.Outcome != WentBack || len(d.called()) != 0 {
			t.Errorf("before it was made: %+v, %v, %v", c, err, d.called())
		}
		token := d.asks(wished)
		time.Sleep(5 * time.Second)
		if c, err := d.GoBack(t.Context()); err != nil || c.Reason != "admin took it back." || c.Undone != "admin" || d.tried() != 0 {
			t.Errorf("got %+v, %v", c, err)
		}
		if _, err := d.GoBack(t.Context()); !errors.Is(err, ErrNoChange) {
			t.Errorf("again: %v", err)
		}
		if _, err := d.Confirm(t.Context(), token, at); !errors.Is(err, ErrNoChange) {
			t.Errorf("confirmed: %v", err)
		}
	})
}

func TestTheRestoreOfAutomaticAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, w := t.TempDir(), newWire()
		d := start(t, w, folder)
		token := d.asks(wished)
		time.Sleep(3 * time.Second)
		if _, err := d.Confirm(t.Context(), token, at); err != nil {
			t.Fatal(err)
		}
		if done, err := d.RestoreWanted(t.Context(), func() bool { return false }); done || err != nil || !alike(w.kept["eth0"], wished) {
			t.Errorf("not wanted any more: %v, %v", done, err)
		}
		d.set(func(w *wire) { w.broken = errors.New("no answer") })
		if done, err := d.RestoreAutomatic(t.Context()); done || err == nil {
			t.Errorf("done %v, %v", done, err)
		}
		d.set(func(w *wire) { w.broken = nil })
		if done, err := d.RestoreAutomatic(t.Context()); !done || err != nil || !alike(w.kept["eth0"], AutomaticSetting("eth0")) || len(noted(t, folder)) != 0 {
			t.Errorf("done %v, %v, kept %+v", done, err, w.kept)
		}
		d.set(func(w *wire) { w.calls = nil })
		if done, err := d.RestoreAutomatic(t.Context()); !done || err != nil || len(w.calls) != 0 {
			t.Errorf("again: %v, %v, called %v", done, err, w.calls)
		}
		if len(d.told()) != 1 {
			t.Errorf("told %v", d.told())
		}
		d.set(func(w *wire) { w.gone = true })
		if done, err := d.RestoreAutomatic(t.Context()); done || err != nil {
			t.Errorf("without a service: %v, %v", done, err)
		}
	})
}

// manual is a card with an address of its own and a gateway.
func manual(card, address, gateway string) Setting {
	s := AutomaticSetting(card)
	s.IPv4 = Family{Method: Manual, Address: netip.MustParsePrefix(address), Gateway: netip.MustParseAddr(gateway)}
	return s
}

// A browser that gave up while it was still being asked whether the address is taken knows nothing of a change.
func TestNothingIsTriedForSomebodyWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		ctx, leave := context.WithCancel(t.Context())
		d.taken = func(ctx context.Context, _ Card, _ netip.Addr) (string, bool, error) {
			leave()
			return "", false, ctx.Err()
		}
		wish := wished
		wish.IPv4.Gateway = netip.MustParseAddr("192.0.2.1")
		if _, err := d.Try(ctx, wish, "admin"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, waits := d.Change(); waits || len(d.called()) != 0 {
			t.Error("it was tried")
		}
	})
}
