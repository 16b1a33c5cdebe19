package network

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wire is a service whose settings are words only: what is tried is forgotten by cut, what was kept is not.
type wire struct {
	mu          sync.Mutex
	kept, tried map[string]Setting
	broken      error
	slow        time.Duration
	calls       []string
	card        Card
	before      func(what string) // the power may go in there
}

func newWire() *wire {
	return &wire{
		kept: map[string]Setting{"eth0": AutomaticSetting("eth0")}, tried: map[string]Setting{},
		card: Card{Index: 2, Name: "eth0", Up: true, Carrier: true, MTU: 1500},
	}
}

func (w *wire) call(what string) error {
	if w.before != nil {
		w.before(what)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, what)
	return w.broken
}

func (w *wire) Settings(context.Context) (map[string]Setting, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]Setting{}
	for name, s := range w.kept {
		all[name] = s
	}
	for name, s := range w.tried {
		all[name] = s
	}
	return all, w.broken
}

func (w *wire) Try(ctx context.Context, all []Setting, _ time.Duration) error {
	if err := w.call("try"); err != nil {
		return err
	}
	select {
	case <-time.After(w.slow):
	case <-ctx.Done():
		return ErrSlow
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range all {
		w.tried[s.Interface] = s
	}
	return nil
}

func (w *wire) Settle(_ context.Context, keep bool) error {
	if err := w.call(map[bool]string{true: "keep", false: "back"}[keep]); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if keep {
		for name, s := range w.tried {
			w.kept[name] = s
		}
	}
	w.tried = map[string]Setting{}
	return nil
}

// cards are those of the box, with the addresses that their settings give them.
func (w *wire) cards() ([]Card, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, s := w.card, w.kept["eth0"]
	if t, ok := w.tried["eth0"]; ok {
		s = t
	}
	p := netip.MustParsePrefix("192.0.2.50/24")
	if s.IPv4.Method == Manual {
		p = s.IPv4.Address
	}
	c.Addresses = []Address{{Prefix: p}, {Prefix: netip.MustParsePrefix("2001:db8:1::50/64")}}
	return []Card{c}, nil
}

// cable connects the card, or not.
func (w *wire) cable(there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.card.Carrier = there
}

// desk is a Network over a wire, in a bubble of synctest.
type desk struct {
	*Network
	wire  *wire
	t     *testing.T
	ended []Change
	stop  func()
}

// start is a start of the daemon.
func start(t *testing.T, w *wire, folder string) *desk {
	t.Helper()
	d := &desk{wire: w, t: t}
	begun := time.Now()
	d.Network = New(Config{Folder: folder, Elapsed: func() time.Duration { return time.Since(begun) }, Ended: func(c Change) { d.ended = append(d.ended, c) }})
	d.parts = parts{
		cards: w.cards, taken: func(context.Context, Card, netip.Addr) (string, bool, error) { return "", false, nil },
		find: func(context.Context) (service, Kind, error) { return w, Networkd, nil }, of: func(Kind) service { return w },
		watch: func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil },
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.Run(ctx) }()
	d.stop = func() { cancel(); <-done }
	t.Cleanup(d.stop)
	return d
}

var (
	wished = manual("eth0", "192.0.2.20/24", "192.0.2.1")
	at     = netip.MustParseAddr("192.0.2.20")
)

// asks makes a change.
func (d *desk) asks(s Setting) string {
	d.t.Helper()
	trial, err := d.Try(context.Background(), s, "admin")
	if err != nil {
		d.t.Fatal(err)
	}
	return trial.Token
}

// noted returns what the folder of a Network holds.
func noted(t *testing.T, folder string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

func TestAChangeIsMadeAfterItsAnswerAndEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		if len(d.wire.calls) != 0 {
			t.Error("it was made before it was answered")
		}
		time.Sleep(2 * time.Second)
		if !slices.Equal(d.wire.calls, []string{"try"}) {
			t.Errorf("calls are %v", d.wire.calls)
		}
		time.Sleep(TryTime - 3*time.Second)
		if c, ok := d.Change(); !ok || c.Outcome != Waiting || c.Left != time.Second || c.By != "admin" {
			t.Errorf("after 59 s: %+v", c)
		}
		time.Sleep(2 * time.Second)
		want := Change{Setting: wished, By: "admin", Outcome: WentBack, Reason: "Nobody confirmed it within 60 seconds."}
		if c, _ := d.Change(); !cmp.Equal(c, want, byValue) || !cmp.Equal(d.ended, []Change{want}, byValue) || !slices.Equal(d.wire.calls, []string{"try", "back"}) {
			t.Errorf("got %+v, told %+v, called %v", c, d.ended, d.wire.calls)
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
			"an address elsewhere": {token, netip.MustParseAddr("2001:db8:9::1"), ErrElsewhere},
		} {
			if _, err := d.Confirm(t.Context(), c.token, c.at); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if c, err := d.Confirm(t.Context(), token, netip.MustParseAddr("2001:db8:1::50")); err != nil || c.Outcome != Kept {
			t.Errorf("over the other family of the same card: %+v, %v", c, err)
		}
		if _, err := d.Confirm(t.Context(), token, at); !errors.Is(err, ErrNoChange) || !strings.Contains(err.Error(), "stays") {
			t.Errorf("a second time: %v", err)
		}
		if time.Sleep(TryTime * 2); !slices.Equal(d.wire.calls, []string{"try", "keep"}) || len(d.ended) != 1 || len(noted(t, folder)) != 0 {
			t.Errorf("called %v, told %v", d.wire.calls, d.ended)
		}
	})
}

func TestAConfirmationThatIsNotSavedLeavesTheChangeWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		token := d.asks(wished)
		time.Sleep(2 * time.Second)
		d.wire.broken = errors.New("no space left")
		if _, err := d.Confirm(t.Context(), token, at); !errors.Is(err, d.wire.broken) {
			t.Errorf("got %v", err)
		}
		if c, _ := d.Change(); c.Outcome != Waiting {
			t.Errorf("got %+v", c)
		}
		time.Sleep(TryTime + time.Minute) // it is to go back, and does not yet
		if p := d.Look(t.Context()); !strings.Contains(p.Trouble, "does not answer") || len(d.ended) != 0 {
			t.Errorf("got %+v, told %v", p, d.ended)
		}
		if _, err := d.Try(t.Context(), wished, "ines"); !errors.Is(err, ErrBusy) {
			t.Errorf("another change: %v", err)
		}
		d.wire.broken = nil
		if time.Sleep(2 * time.Minute); len(d.ended) != 1 || d.ended[0].Outcome != WentBack {
			t.Errorf("told %v", d.ended)
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
		if len(d.ended) != 0 {
			t.Errorf("told %v", d.ended)
		}
		d.wire.cable(false)
		if time.Sleep(8 * time.Second); len(d.ended) != 1 || d.ended[0].Reason != "eth0 lost its cable." {
			t.Errorf("told %v", d.ended)
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
				if len(d.ended) != 1 || d.ended[0].Reason != c.want || len(d.wire.tried) != 0 {
					t.Errorf("told %+v", d.ended)
				}
			})
		})
	}
}

func TestAChangeGoesBackByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		if c, err := d.GoBack(t.Context()); err != nil || c.Outcome != WentBack || len(d.wire.calls) != 0 {
			t.Errorf("before it was made: %+v, %v, %v", c, err, d.wire.calls)
		}
		token := d.asks(wished)
		time.Sleep(5 * time.Second)
		if c, err := d.GoBack(t.Context()); err != nil || c.Reason != "It was taken back by hand." || len(d.wire.tried) != 0 {
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

// A power cut at each step: the next start finds the settings of before, or those that were confirmed, and nothing in between.
func TestAPowerCutAtEachStepLeavesOneOfTwoSettings(t *testing.T) {
	for _, moment := range []string{"noted", "try", "made", "keep", "kept", "back"} {
		for name, forgets := range map[string]bool{"power cut": true, "killed": false} {
			t.Run(moment+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { cutAt(t, moment, forgets) })
			})
		}
	}
}

func cutAt(t *testing.T, moment string, forgets bool) {
	folder, w := t.TempDir(), newWire()
	var left []byte // the note as it was at that moment
	happened := false
	take := func() {
		happened = true
		left, _ = os.ReadFile(filepath.Join(folder, noteFile))
	}
	w.before = func(what string) {
		if what == moment && !happened {
			take()
			if what == "keep" || what == "back" {
				w.broken = errors.New("the power is gone")
			}
		}
	}
	d := start(t, w, folder)
	token := d.asks(wished)
	if moment == "noted" {
		take()
	}
	time.Sleep(3 * time.Second)
	switch moment {
	case "made":
		take()
	case "keep", "kept":
		_, _ = d.Confirm(t.Context(), token, at)
	case "back":
		time.Sleep(TryTime)
	}
	if moment == "kept" {
		take()
	}
	saved := w.tried
	d.stop() // which a power cut does not: what it did is undone
	w.before, w.broken = nil, nil
	if w.tried = saved; forgets || moment == "noted" || moment == "try" {
		w.tried = map[string]Setting{}
	}
	if left != nil {
		if err := os.WriteFile(filepath.Join(folder, noteFile), left, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		_ = os.Remove(filepath.Join(folder, noteFile))
	}
	if !happened {
		t.Fatal("the test proves nothing")
	}

	d = start(t, w, folder)
	time.Sleep(time.Second)
	want, outcome := AutomaticSetting("eth0"), WentBack
	if moment == "kept" || moment == "keep" && !forgets {
		want, outcome = wished, Kept
	}
	now, _ := w.Settings(t.Context())
	if !alike(now["eth0"], want) || len(w.tried) != 0 || len(noted(t, folder)) != 0 {
		t.Errorf("it is %+v, tried %v, noted %v", now["eth0"], w.tried, noted(t, folder))
	}
	if moment == "kept" {
		if len(d.ended) != 0 { // that was told before
			t.Errorf("told %+v", d.ended)
		}
		return
	}
	if len(d.ended) != 1 || d.ended[0].Outcome != outcome || d.ended[0].By != "admin" {
		t.Errorf("told %+v", d.ended)
	}
}

func TestANoteThatCannotBeReadStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, noteFile), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := start(t, newWire(), folder)
		time.Sleep(time.Second)
		d.asks(wished)
	})
}

func TestANoteKeepsItsForm(t *testing.T) {
	text, err := json.Marshal(note{Kind: Networkd, By: "admin", Setting: manual("eth0", "192.0.2.20/24", "192.0.2.1")})
	const want = `{"kind":"networkd","by":"admin","setting":{"Interface":"eth0","IPv4":{"Method":"manual","Address":"192.0.2.20/24","Gateway":"192.0.2.1"},` +
		`"IPv6":{"Method":"automatic","Address":"","Gateway":""},"DNS":null,"Search":null,"MTU":0},"keeping":false,"restoring":false}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

// A service that ended for good took with it what it did in memory.
func TestAChangeOfAServiceThatIsGoneForGoodEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		time.Sleep(3 * time.Second)
		d.wire.broken = errGone
		d.find = func(context.Context) (service, Kind, error) { return nil, None, nil }
		time.Sleep(TryTime + goneTime/2)
		if len(d.ended) != 0 {
			t.Fatalf("told %v", d.ended)
		}
		if time.Sleep(goneTime); len(d.ended) != 1 || d.ended[0].Outcome != WentBack {
			t.Errorf("told %v", d.ended)
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
		w.broken = errors.New("no answer")
		if done, err := d.RestoreAutomatic(t.Context()); done || err == nil {
			t.Errorf("done %v, %v", done, err)
		}
		w.broken = nil
		if done, err := d.RestoreAutomatic(t.Context()); !done || err != nil || !alike(w.kept["eth0"], AutomaticSetting("eth0")) || len(noted(t, folder)) != 0 {
			t.Errorf("done %v, %v, kept %+v", done, err, w.kept)
		}
		w.calls = nil
		if done, err := d.RestoreAutomatic(t.Context()); !done || err != nil || len(w.calls) != 0 {
			t.Errorf("again: %v, %v, called %v", done, err, w.calls)
		}
		if len(d.ended) != 1 {
			t.Errorf("told %v", d.ended)
		}
		d.find = func(context.Context) (service, Kind, error) { return nil, None, nil }
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
