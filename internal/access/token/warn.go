package token

import (
	"slices"
	"time"

	"castellan/internal/store"
)

// How many days before its end the owner of a token is told of it, once each (ASVS 6.4.5). Second factors do not end.
const (
	FirstNotice  = 14
	SecondNotice = 7
	LastNotice   = 1
)

const (
	// warnings is how many are given in one transaction; the next look has the others.
	warnings = 16
	// warnAgain is how long nothing is tried after what could not be written.
	warnAgain = time.Hour
)

// notices are those days, the most first.
func notices() []int { return []int{FirstNotice, SecondNotice, LastNotice} }

// outlook is what is known of when a token has to be spoken of next, so that no disk is woken to find out that none has.
type outlook struct {
	looked time.Time     // when the table was read; zero: not since the start
	next   time.Time     // the first notice after that; zero: there is none
	given  time.Time     // the first one of those given since a look began; zero: there is none
	rest   time.Duration // until when nothing is tried, on the clock that never steps
}

// sooner returns the earlier time. Zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// at is when the notice of so many days is due. One whose time was over before the token was made is none.
func (r record) at(days int) (at time.Time, is bool) {
	at = r.Expires.Add(-time.Duration(days) * 24 * time.Hour)
	return at, at.After(r.Created)
}

// due returns the notice that is to be given now, in days; 0: none. Only the last one whose time has come is: a box that was off over two
// does not speak twice.
func (r record) due(now time.Time) (days int) {
	if !now.Before(r.Expires) {
		return 0
	}
	for _, one := range notices() {
		if at, is := r.at(one); is && !now.Before(at) {
			days = one
		}
	}
	if slices.Contains(r.Told, days) {
		return 0
	}
	return days
}

// next is when the next notice will be due, unless it was given; zero: none will.
func (r record) next(now time.Time) (next time.Time) {
	for _, one := range notices() {
		if at, is := r.at(one); is && at.After(now) {
			next = sooner(next, at)
		}
	}
	return next
}

// foresee notes when a token has to be spoken of that is in use from now on, when the transaction commits.
func (t *Tokens) foresee(tx *store.Tx, r record) {
	next := r.next(r.Created)
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.outlook.next, t.outlook.given = sooner(t.outlook.next, next), sooner(t.outlook.given, next)
	})
}

// Warn has the owners of tokens told that these end soon: 14, 7 and 1 days before, once each, whatever the clock does and however often the box
// starts. tell runs in the transaction that notes it. While time is not known nobody is told anything, and where no token is due nothing is
// read, but once after a start or where time went back.
func (t *Tokens) Warn(tell func(tx *store.Tx, one Token, days int) error) error {
	t.warning.Lock()
	defer t.warning.Unlock()
	now, known := t.config.Now()
	if !known || !t.look(now) {
		return nil
	}
	due, next, err := t.ending(now)
	if err == nil && len(due) > 0 {
		err = t.config.DB.Update(func(tx *store.Tx) error { return t.warn(tx, due, now, tell) })
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.outlook.rest = t.config.Elapsed() + warnAgain
		return err
	}
	t.outlook.looked, t.outlook.next = now, sooner(next, t.outlook.given)
	return nil
}

// look reports whether the table is worth reading, and begins to.
func (t *Tokens) look(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := &t.outlook
	if t.config.Elapsed() < o.rest {
		return false
	}
	if !o.looked.IsZero() && !now.Before(o.looked) && (o.next.IsZero() || now.Before(o.next)) {
		return false
	}
	o.given = time.Time{}
	return true
}

// ending returns the keys of tokens that are due, not more than are told of at once, and when others will be.
func (t *Tokens) ending(now time.Time) (due []string, next time.Time, err error) {
	err = t.config.DB.View(func(tx *store.Tx) error {
		return tokens.Each(tx, "", func(key string, r record) error {
			if r.Digest == "" {
				return nil // foreseen when its machine has it
			}
			next = sooner(next, r.next(now))
			switch {
			case r.due(now) == 0 || !t.whole(key, r):
			case len(due) == warnings:
				next = now
				return store.ErrStop
			default:
				due = append(due, key)
			}
			return nil
		})
	})
	return due, next, err
}

// warn tells of tokens that are still due, and notes it.
func (t *Tokens) warn(tx *store.Tx, due []string, now time.Time, tell func(*store.Tx, Token, int) error) error {
	for _, key := range due {
		r, found, err := tokens.Get(tx, key)
		if err != nil {
			return err
		}
		days := r.due(now)
		if !found || days == 0 || !t.whole(key, r) {
			continue
		}
		r.Told = append(slices.Clone(r.Told), days)
		if err := tokens.Put(tx, key, r); err != nil {
			return err
		}
		if err := tell(tx, r.token(key), days); err != nil {
			return err
		}
	}
	return nil
}
