package network

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// wire is a service whose settings are words only: what is tried is forgotten by cut, what was kept is not.
type wire struct {
	mu          sync.Mutex
	kept, tried map[string]Setting
	broken      error
	gone        bool // it is not found
	slow        time.Duration
	calls       []string
	card        Card
	more        []Card            // others beside it
	stuck       string            // an interface that cannot be changed
	before      func(what string) // the power may go in there
}

func newWire() *wire {
	return &wire{
		kept: map[string]Setting{"eth0": AutomaticSetting("eth0")}, tried: map[string]Setting{},
		card: Card{Index: 2, Name: "eth0", Up: true, Carrier: true, MTU: 1500},
	}
}

func (w *wire) call(what string) error {
	w.mu.Lock()
	before := w.before
	w.mu.Unlock()
	if before != nil {
		before(what)
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
		if s.Interface == w.stuck {
			return errors.New("it follows another file")
		}
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
	return append([]Card{c}, w.more...), nil
}

// set changes what the service does.
func (d *desk) set(change func(*wire)) {
	d.wire.mu.Lock()
	defer d.wire.mu.Unlock()
	change(d.wire)
}

// told returns how changes ended, and called what was asked of the service.
func (d *desk) told() []Change {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.ended)
}

func (d *desk) called() []string {
	d.wire.mu.Lock()
	defer d.wire.mu.Unlock()
	return slices.Clone(d.wire.calls)
}

func (d *desk) tried() int {
	d.wire.mu.Lock()
	defer d.wire.mu.Unlock()
	return len(d.wire.tried)
}

// cable connects the card, or not.
func (w *wire) cable(there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.card.Carrier = there
}

// desk is a Network over a wire, in a bubble of synctest.
type desk struct {
	tester
	wire *wire
	t    *testing.T
	stop func()

	mu    sync.Mutex
	ended []Change
}

// start is a start of the daemon.
func start(t *testing.T, w *wire, folder string) *desk {
	t.Helper()
	d := &desk{wire: w, t: t}
	begun := time.Now()
	d.Network = New(Config{Folder: folder, Elapsed: func() time.Duration { return time.Since(begun) }, Ended: func(c Change) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ended = append(d.ended, c)
	}})
	d.parts = parts{
		cards: w.cards, taken: func(context.Context, Card, netip.Addr) (string, bool, error) { return "", false, nil },
		find: func(context.Context) (service, Kind, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.gone {
				return nil, None, nil
			}
			return w, Networkd, nil
		},
		of:    func(Kind) service { return w },
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
