// Package event keeps the security log: who did what, from where, and what came of it. An event is
// written in the transaction of what it reports, so that neither is there without the other.
package event

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"castellan/internal/store"
)

// Kept is how many events are kept. The oldest go first, trimStep at a time.
const (
	Kept     = 20_000
	trimStep = 200
)

// Event is one entry of the log. Recording fills in number, time and the state of the clock.
type Event struct {
	Number  uint64
	Time    time.Time
	Clock   string // the state of trusted time, see package clock
	Kind    Kind
	Actor   string // the account that acted, or that somebody tried to be
	Address string // where from
	Agent   string // with which browser
	Source  string // what repeats are counted by, see RepeatsFree; empty: Address. It is not kept.
	Details []Detail
}

// Detail is one fact about an event.
type Detail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// With returns a copy of e with one more detail.
func (e Event) With(name, value string) Event {
	e.Details = append(e.Details[:len(e.Details):len(e.Details)], Detail{name, clean(value)})
	return e
}

// Get returns the value of a detail, or nothing.
func (e Event) Get(name string) string {
	for _, d := range e.Details {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

type record struct {
	Time    time.Time `json:"time"`
	Clock   string    `json:"clock"`
	Kind    Kind      `json:"kind"`
	Actor   string    `json:"actor,omitempty"`
	Address string    `json:"address,omitempty"`
	Agent   string    `json:"agent,omitempty"`
	Details []Detail  `json:"details,omitempty"`
}

type floorRecord struct {
	Trusted time.Time `json:"trusted"`
}

var (
	journal = store.NewJournal[record]("events")
	floors  = store.NewTable[floorRecord]("clock")
)

const floorKey = "floor"

// Moment is what the clock says when an event is recorded.
type Moment struct {
	Now      time.Time
	State    string
	Verified bool // a majority of time servers stands behind it
	// Elapsed is a clock that never steps.
	Elapsed time.Duration
}

// Log records events.
type Log struct {
	now     func() Moment
	out     *slog.Logger
	repeats repeats
}

// New returns a Log that takes the time from now and repeats every event to out.
func New(now func() Moment, out *slog.Logger) *Log {
	return &Log{now: now, out: out, repeats: repeats{sources: map[string]*tally{}}}
}

// Record appends an event in the transaction of what it reports, or counts it where too many of its sort came.
// With it the time is kept, if it is known for certain: the next start then knows that it is later (no write of
// its own wakes the disk for that).
func (l *Log) Record(tx *store.Tx, e Event) error {
	m := l.now()
	for _, counted := range l.repeats.due(m.Elapsed, e.Kind == Stopped) {
		if err := l.append(tx, counted, m); err != nil {
			return err
		}
	}
	if e.repeats() && !l.repeats.admit(e, m.Elapsed) {
		return nil
	}
	return l.append(tx, e, m)
}

// Count counts an event that is not worth a record of its own. The count is recorded with a later event.
func (l *Log) Count(e Event) { l.repeats.count(e, l.now().Elapsed) }

func (l *Log) append(tx *store.Tx, e Event, m Moment) error {
	e.Time, e.Clock = m.Now, m.State
	n, err := journal.Append(tx, record{e.Time, e.Clock, e.Kind, clean(e.Actor), e.Address, clean(e.Agent), e.Details})
	if err != nil {
		return err
	}
	e.Number = n
	if n%trimStep == 0 && n > Kept {
		if err := journal.Trim(tx, n-Kept); err != nil {
			return err
		}
	}
	if m.Verified {
		if err := floors.Put(tx, floorKey, floorRecord{m.Now}); err != nil {
			return err
		}
	}
	tx.OnCommit(func() { l.print(e) })
	return nil
}

// print repeats an event on the program's own log.
func (l *Log) print(e Event) {
	level := slog.LevelInfo
	if e.Level() != Info {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("event", string(e.Kind)), slog.Uint64("number", e.Number),
		slog.Time("trusted_time", e.Time), slog.String("clock", e.Clock),
	}
	for name, value := range map[string]string{"actor": e.Actor, "address": e.Address} {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	for _, d := range e.Details {
		attrs = append(attrs, slog.String(d.Name, d.Value))
	}
	l.out.LogAttrs(context.Background(), level, e.Message(), attrs...)
}

// Page returns up to limit events of an area, or of all areas, before a number; the newest first. more
// reports whether there are older ones.
func Page(tx *store.Tx, area Area, before uint64, limit int) (page []Event, more bool, err error) {
	err = journal.Backward(tx, before, func(n uint64, r record) error {
		if area != "" && r.Kind.Area() != area {
			return nil
		}
		if len(page) == limit {
			more = true
			return store.ErrStop
		}
		page = append(page, Event{Number: n, Time: r.Time, Clock: r.Clock, Kind: r.Kind, Actor: r.Actor, Address: r.Address, Agent: r.Agent, Details: r.Details})
		return nil
	})
	return page, more, err
}

// Total returns how many events are kept.
func Total(tx *store.Tx) int {
	oldest, newest := journal.Bounds(tx)
	if newest == 0 {
		return 0
	}
	return int(newest - oldest + 1)
}

// Floor returns the last time that was known for certain, or zero.
func Floor(tx *store.Tx) (time.Time, error) {
	f, _, err := floors.Get(tx, floorKey)
	return f.Trusted, err
}

// ForgetFloor drops that time, where somebody beside the box says that it may have been wrong.
func ForgetFloor(tx *store.Tx) error { return floors.Delete(tx, floorKey) }

// maxText bounds what strangers can write into the log.
const maxText = 200

// clean takes out of a text what could forge a line of the log or turn its letters around, and cuts it.
func clean(text string) string {
	safe := make([]rune, 0, min(len(text), maxText))
	for _, r := range text {
		if len(safe) == maxText {
			return string(safe) + "…"
		}
		if !strconv.IsPrint(r) {
			r = '\uFFFD'
		}
		safe = append(safe, r)
	}
	return string(safe)
}
