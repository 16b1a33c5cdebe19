// Package announce has the box found by its name on the local network, by multicast DNS (RFC 6762) and DNS-SD (RFC 6763): through
// Avahi where it runs, as two responders on one box confuse those who ask, and otherwise by itself.
//
// The responder is the room's own and no library. The one that was looked at takes a name that a neighbour with a lower address already has, joins
// interfaces only at its start, so that a card which comes later is never heard, and weighs 1 MB of the 15 MiB that the binary may have.
package announce

import (
	"context"
	"log/slog"
	"net/netip"
	"reflect"
	"sync"
	"time"
)

// kind is what the box is found as: a page over TLS.
const kind = "_https._tcp"

const (
	// askTime is how long Avahi may take to answer.
	askTime = 5 * time.Second
	// patience is how long after it vanished Avahi may come back before the box speaks for itself, and how long after
	// something failed it is tried again.
	patience = 5 * time.Second
)

// By says who announces the box.
type By string

// Those who do.
const (
	Avahi  By = "avahi"
	Itself By = "castellan"
	Nobody By = "nobody"
)

// What is what is announced.
type What struct {
	On        bool
	Name      string // of the NAS: one label
	Port      int    // of HTTPS
	Addresses []netip.Addr
}

// Status is how the box is found now.
type Status struct {
	By      By
	Host    string // such as nas.local; empty: by none
	Renamed bool   // another machine has the name
	Trouble string // why it is not found, as a sentence
}

// Config says what an Announcer works with.
type Config struct {
	// Bus is the address of the system's D-Bus; "" means where this system says that it is.
	Bus string
	// Changed is told that the Status is another one. It must not wait.
	Changed func()
	Out     *slog.Logger
}

// Announcer announces the box. It is safe for concurrent use.
type Announcer struct {
	config Config
	wake   chan struct{}

	mu     sync.Mutex
	what   What
	status Status
}

// New returns an Announcer that announces nothing yet.
func New(c Config) *Announcer {
	return &Announcer{config: c, wake: make(chan struct{}, 1), status: Status{By: Nobody}}
}

// Use has something announced from now on. It waits for nothing.
func (a *Announcer) Use(w What) {
	a.mu.Lock()
	same := reflect.DeepEqual(a.what, w)
	a.what = w
	a.mu.Unlock()
	if same {
		return
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Status returns how the box is found now.
func (a *Announcer) Status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

func (a *Announcer) wanted() What {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.what
}

// say tells a new status to those who ask.
func (a *Announcer) say(s Status) {
	a.mu.Lock()
	same := a.status == s
	a.status = s
	a.mu.Unlock()
	if same {
		return
	}
	if s.Trouble != "" {
		a.config.Out.Warn("be found on the local network", "trouble", s.Trouble)
	}
	if a.config.Changed != nil {
		a.config.Changed()
	}
}

// Run announces what Use says until the context ends, and says goodbye then.
func (a *Announcer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if !a.wanted().On {
			a.say(Status{By: Nobody})
			a.pause(ctx, 0)
			continue
		}
		if err := a.announce(ctx); err != nil && ctx.Err() == nil {
			a.say(Status{By: Nobody, Trouble: "This NAS could not be announced on the local network: " + err.Error() + "."})
			a.pause(ctx, patience)
		}
	}
	return nil
}

// pause waits for something else to announce, or for a time, if it is not 0.
func (a *Announcer) pause(ctx context.Context, most time.Duration) {
	var over <-chan time.Time
	if most > 0 {
		over = time.After(most)
	}
	select {
	case <-a.wake:
	case <-over:
	case <-ctx.Done():
	}
}

// announce announces the box through whoever is there, until that changes or nothing is to be announced any more.
func (a *Announcer) announce(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bus, err := a.connect(ctx)
	if err != nil {
		return a.byItself(ctx, nil) // a system without a bus is quite ordinary
	}
	defer func() { _ = bus.Close() }()
	watch, err := watchAvahi(ctx, bus)
	if err != nil {
		return a.byItself(ctx, nil)
	}
	if watch.running(ctx) {
		return a.byAvahi(ctx, watch)
	}
	return a.byItself(ctx, watch)
}
