// Package drift remembers how far the clock of the box was off, and when a clock jumped: the last day in
// memory, the last month in the store, where it is added to at most once an hour.
package drift

import (
	"slices"
	"sync"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/store"
)

const (
	// DayFor is how long every measurement is kept.
	DayFor = 24 * time.Hour
	// MonthFor is how long the worst of each hour and the jumps are kept.
	MonthFor = 30 * 24 * time.Hour
	// SaveEvery is how often the store is written to at most, but for the end of the program. Disks that sleep are
	// woken by it, so nothing is written where nothing was measured.
	SaveEvery = time.Hour
	// DayEvery is the usual distance of two measurements at most: the longest pause between questions to the
	// servers, with its random tenth.
	DayEvery = clock.MaxPoll + clock.MaxPoll/10
	// MaxPoints bounds the day.
	MaxPoints = 1500
	// MaxJumps bounds the jumps.
	MaxJumps = 100
	// leap is from where on the system clock did not drift but was set, beside creep, which is what crystals and
	// gentle corrections of other services make of it.
	leap  = 500 * time.Millisecond
	creep = 500e-6
)

// Config says what a Drift works with. All of it must be set.
type Config struct {
	DB  *store.DB
	Now func() time.Time // trusted time
	// Elapsed is a clock that never steps and goes on while the box sleeps.
	Elapsed func() time.Duration
	// System is the system clock.
	System func() time.Time
	// Trouble is told of what could not be saved.
	Trouble func(error)
}

// Point is one measurement, or the worst ones of an hour.
type Point struct {
	At          time.Time
	Offset      time.Duration // the system clock minus trusted time
	Uncertainty time.Duration
	State       clock.State
}

// measured reports whether servers stand behind a point. In any other state the system clock is compared with
// nothing but itself or a guess.
func (p Point) measured() bool { return p.State == clock.Synced || p.State == clock.Holdover }

// Of says whose clock jumped.
type Of string

// The clocks.
const (
	Trusted Of = "trusted" // trusted time
	System  Of = "system"  // the clock of the box
)

// The reasons for jumps of the system clock. Those of trusted time are the clock's own.
const (
	ByCastellan = "castellan"
	ByOther     = "other"
)

// Jump is a clock that was set.
type Jump struct {
	At  time.Time
	Of  Of
	By  time.Duration
	Why string
}

// Drift is the history of the clocks. It is safe for concurrent use.
type Drift struct {
	config Config

	mu    sync.Mutex
	day   []Point // the oldest first, measured ones only
	hours []Point // the worst of each hour of the month, the oldest first
	jumps []Jump  // the oldest first
	// dirty are the hours that the store does not know yet, by their beginning.
	dirty    map[int64]bool
	jumped   bool // the store does not know all jumps
	broken   bool // what the store knows cannot be read
	last     *mark
	expected time.Duration // by how much the system clock was set by the box itself since last
}

// mark is what both clocks said at a moment, to find out that one was set.
type mark struct {
	system  time.Time
	elapsed time.Duration
}

// New returns a Drift without a history.
func New(c Config) *Drift { return &Drift{config: c, dirty: map[int64]bool{}} }

// Note takes a measurement in, and finds out whether the system clock was set since the last one.
func (d *Drift) Note(p Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.compare(p)
	if !p.measured() {
		return
	}
	// What was noted at a time that is still to come was noted at a wrong one.
	d.day = slices.DeleteFunc(d.day, func(old Point) bool { return old.At.After(p.At) || p.At.Sub(old.At) > DayFor })
	d.day = append(d.day, p)
	if len(d.day) > MaxPoints {
		d.thin()
	}
	d.worst(p)
}

// samePair is how long the two clocks of a mark may take to be read: a machine that was paused between them must not
// look like a clock that was set.
const samePair = time.Millisecond

func (d *Drift) mark() (m mark) {
	for range 4 {
		before := d.config.Elapsed()
		m = mark{d.config.System().Round(0), d.config.Elapsed()} // without the monotonic part, which hides a step
		if m.elapsed-before <= samePair {
			break
		}
	}
	return m
}

// compare looks for a jump of the system clock. Both clocks are read here and not when the point was measured: the
// disk may have had to wake up in between. It needs mu.
func (d *Drift) compare(p Point) {
	now := d.mark()
	before, expected := d.last, d.expected
	d.last, d.expected = &now, 0
	if before == nil {
		return
	}
	passed := now.elapsed - before.elapsed
	moved := now.system.Sub(before.system) - passed - expected
	if moved.Abs() > leap+time.Duration(float64(passed)*creep) {
		d.add(Jump{At: p.At, Of: System, By: moved, Why: ByOther})
	}
}

// thin leaves out every other point of the older half, whichever of two says less. It needs mu.
func (d *Drift) thin() {
	half := len(d.day) / 4 * 2
	kept := make([]Point, 0, len(d.day))
	for i := 0; i < half; i += 2 {
		p := d.day[i]
		if other := d.day[i+1]; other.Offset.Abs() > p.Offset.Abs() {
			p = other
		}
		kept = append(kept, p)
	}
	d.day = append(kept, d.day[half:]...)
}

func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

// worst takes a point into its hour. It needs mu.
func (d *Drift) worst(p Point) {
	hour := hourOf(p.At)
	d.dirty[hour.Unix()] = true
	for n := len(d.hours); n > 0 && d.hours[n-1].At.After(hour); n = len(d.hours) {
		d.dirty[d.hours[n-1].At.Unix()] = true
		d.hours = d.hours[:n-1]
	}
	n := len(d.hours)
	if n == 0 || d.hours[n-1].At.Before(hour) {
		p.At = hour
		d.hours = slices.DeleteFunc(append(d.hours, p), func(old Point) bool { return hour.Sub(old.At) > MonthFor })
		return
	}
	w := &d.hours[n-1]
	if p.Offset.Abs() > w.Offset.Abs() {
		w.Offset = p.Offset
	}
	w.Uncertainty = max(w.Uncertainty, p.Uncertainty)
	if p.State != clock.Synced {
		w.State = p.State
	}
}

// NoteJump takes a jump in that somebody tells of.
func (d *Drift) NoteJump(j Jump) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.Of == System {
		d.expected += j.By
	}
	d.add(j)
}

// add needs mu.
func (d *Drift) add(j Jump) {
	j.At = j.At.UTC()
	d.jumps = slices.DeleteFunc(append(d.jumps, j), func(old Jump) bool { return j.At.Sub(old.At).Abs() > MonthFor })
	d.jumps = d.jumps[max(len(d.jumps)-MaxJumps, 0):]
	d.jumped = true
}

// Day returns the last 24 hours, oldest first. What is still to come was noted at a wrong time and is left out.
func (d *Drift) Day() []Point { return d.since(DayFor, func() []Point { return d.day }) }

// Month returns the last 30 days in hours, oldest first.
func (d *Drift) Month() []Point { return d.since(MonthFor, func() []Point { return d.hours }) }

func (d *Drift) since(span time.Duration, of func() []Point) []Point {
	now := d.config.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(of()), func(p Point) bool { return now.Sub(p.At) > span || p.At.After(now) })
}

// Jumps returns the jumps of the last 30 days, newest first.
func (d *Drift) Jumps() []Jump {
	now := d.config.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	jumps := slices.DeleteFunc(slices.Clone(d.jumps), func(j Jump) bool { return now.Sub(j.At) > MonthFor })
	slices.Reverse(jumps)
	return jumps
}
