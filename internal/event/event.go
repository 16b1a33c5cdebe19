// Package event keeps the security log: who did what, from where, and what came of it. An event is
// written in the transaction of what it reports, so that neither is there without the other.
package event

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"time"

	"castellan/internal/secret"
	"castellan/internal/store"
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
	Request string // the id of the request that brought it about; the answer to it bears the same
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
	Request string    `json:"request,omitempty"`
	// MAC chains the record to the one before it, see chain.go. Entries of earlier versions have none, and
	// packed ones share that of their block.
	MAC []byte `json:"mac,omitempty"`
}

// noClock is the state of trusted time where an entry does not tell it, see package clock.
const noClock = "unsynced"

func (r record) event(n uint64) Event {
	return Event{
		Number: n, Time: r.Time, Clock: cmp.Or(r.Clock, noClock), Kind: r.Kind, Actor: r.Actor, Address: r.Address, Agent: r.Agent,
		Details: r.Details, Request: r.Request,
	}
}

// recordOf takes out of an event what could forge a line, wherever it came from.
func recordOf(e Event) record {
	r := record{
		Time: e.Time.UTC(), Clock: e.Clock, Kind: e.Kind, Actor: clean(e.Actor), Address: clean(e.Address), Agent: clean(e.Agent),
		Request: clean(e.Request),
	}
	for _, d := range e.Details {
		r.Details = append(r.Details, Detail{clean(d.Name), clean(d.Value)})
	}
	return r
}

type floorRecord struct {
	Trusted time.Time `json:"trusted"`
}

var (
	journal = store.NewJournal[record]("events").Or(record{Kind: Unreadable})
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
	key     secret.Key
	tee     func(Event)
	each    func(Event)
	kept    uint64
	bytes   int64
}

// New returns a Log that takes the time from now and repeats every event to out.
func New(now func() Moment, out *slog.Logger) *Log {
	return &Log{now: now, out: out, kept: Kept, bytes: KeptBytes, repeats: repeats{sources: map[string]*tally{}}}
}

// Keyed has the chain of the log made with a key of the box, so that nobody else can make one. It returns l.
func (l *Log) Keyed(key secret.Key) *Log {
	l.key = key
	return l
}

// Tee has every event told to forward after its transaction has reached the disk. Forward must not block. It
// returns l.
func (l *Log) Tee(forward func(Event)) *Log {
	l.tee = forward
	return l
}

// Each has every event told to count, also those that are counted and not recorded; one that is recorded after its transaction
// has reached the disk. Count must not block. It returns l.
func (l *Log) Each(count func(Event)) *Log {
	l.each = count
	return l
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
		tx.OnCommit(func() { l.counted(e) })
		return nil
	}
	return l.append(tx, e, m)
}

// Count counts an event that is not worth a record of its own. The count is recorded with a later event.
func (l *Log) Count(e Event) {
	l.repeats.count(e, l.now().Elapsed)
	l.counted(e)
}

func (l *Log) counted(e Event) {
	if l.each != nil {
		l.each(e)
	}
}

func (l *Log) append(tx *store.Tx, e Event, m Moment) error {
	e.Time, e.Clock = m.Now, m.State
	h, err := l.head(tx)
	if err != nil {
		return err
	}
	n, r, err := journal.Add(tx, func(n uint64) record {
		r := recordOf(e)
		r.MAC = l.mac(h.MAC, n, r)
		return r
	})
	if err != nil {
		return err
	}
	h.Number, h.MAC = n, r.MAC
	filled, err := h.tidy(tx, l.kept, l.bytes)
	if err != nil {
		return err
	}
	if err := heads.Put(tx, headKey, l.sealed(h)); err != nil {
		return err
	}
	if m.Verified {
		if err := floors.Put(tx, floorKey, floorRecord{m.Now}); err != nil {
			return err
		}
	}
	tx.OnCommit(func() { l.tell(r.event(n)) })
	if filled {
		return l.append(tx, Event{Kind: LogFull}, m)
	}
	return nil
}

// tell hands an event on to whoever listens.
func (l *Log) tell(e Event) {
	l.print(e)
	l.counted(e)
	if l.tee != nil {
		l.tee(e)
	}
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
	for name, value := range map[string]string{"actor": e.Actor, "address": e.Address, "request": e.Request} {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	for _, d := range e.Details {
		attrs = append(attrs, slog.String(d.Name, d.Value))
	}
	l.out.LogAttrs(context.Background(), level, e.Message(), attrs...)
}

// Floor returns the last time that was known for certain, or zero.
func Floor(tx *store.Tx) (time.Time, error) {
	f, _, err := floors.Get(tx, floorKey)
	return f.Trusted, err
}

// SetFloor keeps a time that an administrator gave as the one that is known for certain, where it was moved back, too.
func SetFloor(tx *store.Tx, now time.Time) error {
	return floors.Put(tx, floorKey, floorRecord{now.UTC()})
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
