package event

import (
	"slices"
	"time"

	"castellan/internal/store"
)

const (
	// LookFor is how long one question looks through the log before it answers with what it has found so far and
	// where to go on.
	LookFor = 15 * time.Millisecond
	// LookAt is how many entries it looks at in that time at most.
	LookAt = 100_000
)

// Query says which events are looked for. Its zero value finds all.
type Query struct {
	Area    Area
	Kind    Kind
	Outcome Outcome
	Who     string // who acted, or whose account it is about, in any case
	From    time.Time
	To      time.Time
	Text    string // words that all are in the message, the names, the address or the details, in any case

	// Before wants events with a smaller number, the newest first; it begins with the newest when it is 0.
	// After wants events with a greater number instead.
	Before, After uint64
	Limit         int
}

// Found is a page of what was looked for.
type Found struct {
	Events []Event // the newest first
	Next   uint64  // Before of the page that follows; 0 when there is nothing older
	// Seen is the time of the last entry that was looked at, where the page is not full because the search took
	// long; otherwise it is zero.
	Seen time.Time
	// Newest is After of the next look for newer events; Behind tells that there are some already.
	Newest uint64
	Behind bool
	Kept   int // entries in the log, whether they match or not
}

// Find returns a page of events. It never looks at more than LookAt entries, nor for longer than LookFor.
func (l *Log) Find(tx *store.Tx, q Query) (Found, error) { return l.find(tx, q, q.After > 0) }

// exportAtOnce is how many events Export hands over at a time.
const exportAtOnce = 1000

// Export hands over every event that matches and is there when it begins, the oldest first, a part at a time. No
// transaction is open while write works.
func (l *Log) Export(db *store.DB, q Query, write func([]Event) error) error {
	q.Before, q.After, q.Limit = 0, 0, exportAtOnce
	last := uint64(0)
	for {
		var f Found
		err := db.View(func(tx *store.Tx) (err error) {
			if h, err := ends(tx); err != nil {
				return err
			} else if last == 0 {
				last = h.Number
			}
			f, err = l.find(tx, q, true)
			return err
		})
		if err != nil {
			return err
		}
		slices.Reverse(f.Events)
		part := slices.DeleteFunc(f.Events, func(e Event) bool { return e.Number > last })
		if err := write(part); err != nil || !f.Behind || f.Newest >= last {
			return err
		}
		q.After = f.Newest
	}
}

func (l *Log) find(tx *store.Tx, q Query, forward bool) (Found, error) {
	h, err := ends(tx)
	if err != nil {
		return Found{}, err
	}
	p := Found{Kept: int(h.Number + 1 - h.Oldest), Newest: h.Number}
	s := search{tx: tx, head: h, matcher: matcherOf(q), elapsed: l.Elapsed, near: l.now().Now}
	s.until = s.elapsed() + LookFor
	if forward {
		err = s.forward(q, &p)
	} else {
		err = s.backward(q, &p)
	}
	return p, err
}

// Page returns up to limit events of an area, or of all areas, before a number; the newest first. more reports
// whether there are older ones.
func Page(tx *store.Tx, area Area, before uint64, limit int) (page []Event, more bool, err error) {
	l := Log{now: func() Moment { return Moment{} }}
	found, err := l.Find(tx, Query{Area: area, Before: before, Limit: limit})
	return found.Events, found.Next > 0, err
}

// Elapsed is the clock of the log that never steps.
func (l *Log) Elapsed() time.Duration { return l.now().Elapsed }

// Total returns how many events are kept.
func Total(tx *store.Tx) int {
	h, _ := ends(tx)
	return int(h.Number + 1 - h.Oldest)
}

// search is one look through the log.
type search struct {
	tx      *store.Tx
	head    headRecord
	matcher matcher
	looked  int
	rest    int // when the clock is looked at again
	unpack  unpacker
	elapsed func() time.Duration
	until   time.Duration
	near    time.Time // of the entry that was looked at last
}

// loose makes an event of an entry that is in no block. One that cannot be read has the time of its neighbour.
func (s *search) loose(n uint64, r record) Event {
	if r.Kind == Unreadable && r.Time.IsZero() {
		r.Time = s.near
	}
	s.near = r.Time
	return r.event(n)
}

// tired reports whether the search has taken long enough, after it looked at some more.
func (s *search) tired(more int) bool {
	s.looked += more
	if s.looked < s.rest {
		return false
	}
	s.rest = s.looked + pause
	return s.looked >= LookAt || s.elapsed() > s.until
}

// pause is after how many entries the search looks at the clock.
const pause = 64

func (s *search) backward(q Query, p *Found) error {
	before := s.head.Number + 1
	if q.Before > 0 {
		before = min(q.Before, before)
	}
	visit := func(e Event, matches bool) error {
		if matches {
			p.Events = append(p.Events, e)
		}
		if e.Number > s.head.Oldest && (len(p.Events) >= q.Limit || s.tired(1)) {
			p.Next = e.Number
			if len(p.Events) < q.Limit {
				p.Seen = e.Time
			}
			return store.ErrStop
		}
		return nil
	}
	if before > s.head.Packed+1 {
		err := journal.Backward(s.tx, before, func(n uint64, r record) error {
			e := s.loose(n, r)
			return visit(e, s.matcher.event(e))
		})
		if err != nil || p.Next > 0 {
			return err
		}
		before = s.head.Packed + 1
	}
	from, first := s.head.place(s.tx, before-1)
	if from == 0 {
		return nil
	}
	return indexes.Backward(s.tx, from+1, func(n uint64, i index) (err error) {
		first := first - (from-n)*PerBlock
		if !s.matcher.block(i) {
			return visit(Event{Number: first, Time: i.Oldest}, false)
		}
		lines := s.open(n)
		for at := len(lines) - 1; at >= 0 && err == nil; at-- {
			if number := first + uint64(at); number < before {
				err = visit(s.matcher.line(number, lines[at], i))
			}
		}
		return err
	})
}

func (s *search) forward(q Query, p *Found) error {
	p.Newest = max(min(q.After, s.head.Number), s.head.Oldest-1)
	visit := func(e Event, matches bool) error {
		if matches {
			p.Events = append(p.Events, e)
		}
		p.Newest = max(p.Newest, e.Number)
		if p.Newest < s.head.Number && (len(p.Events) >= q.Limit || s.tired(1)) {
			p.Behind, p.Seen = true, e.Time
			return store.ErrStop
		}
		return nil
	}
	if from, first := s.head.place(s.tx, p.Newest+1); from > 0 {
		after := p.Newest
		err := indexes.Forward(s.tx, from-1, func(n uint64, i index) (err error) {
			first := first + (n-from)*PerBlock
			if !s.matcher.block(i) {
				return visit(Event{Number: first + PerBlock - 1, Time: i.Newest}, false)
			}
			lines := s.open(n)
			for at := 0; at < len(lines) && err == nil; at++ {
				if number := first + uint64(at); number > after {
					err = visit(s.matcher.line(number, lines[at], i))
				}
			}
			return err
		})
		if err != nil || p.Behind {
			return reversed(p, err)
		}
	}
	return reversed(p, journal.Forward(s.tx, p.Newest, func(n uint64, r record) error {
		e := s.loose(n, r)
		return visit(e, s.matcher.event(e))
	}))
}

func reversed(p *Found, err error) error {
	slices.Reverse(p.Events)
	return err
}

// open unpacks a block. One that cannot be read is one line that cannot be read.
func (s *search) open(n uint64) [][]byte {
	b, found, err := blocks.Get(s.tx, n)
	var lines [][]byte
	if err == nil && found {
		lines, err = s.unpack.lines(b)
	}
	if err != nil || !found {
		return [][]byte{nil}
	}
	s.looked += pause / 2 // unpacking costs as much
	return lines
}
