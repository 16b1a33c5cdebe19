package throttle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"castellan/internal/secret"
	"castellan/internal/store"
)

// MaxListed is how many slow-downs are listed.
const MaxListed = 200

// SlowDown is somebody, or an account, that is slowed down now.
type SlowDown struct {
	ID      string
	Rule    Rule
	Account string // the id of the account that is guessed at; empty: none has that name, or it is about no name
	Token   string // the id of the API token whose machine is slowed down; its owner, Account, is not
	Source  string // who guesses; empty: many
	Tries   int    // wrong ones: in a row, or of a source lately
	Left    time.Duration
	Closed  bool // it does not end by itself soon
}

// Counts returns by rule how many are slowed down now. level is the one of the settings.
func (t *Throttle) Counts(level Level) map[Rule]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, counts := t.config.Elapsed(), map[Rule]int{}
	for _, c := range t.counters() {
		for _, l := range c.lanes {
			if c.rule.slows(l, now, level) {
				counts[c.rule]++
			}
		}
	}
	if t.crowd.until > now {
		counts[Crowd] = 1
	}
	return counts
}

// SlowDowns lists who is slowed down now, what is closed first, then by how long they have to wait; total counts
// also those for which the list has no room. level is the one of the settings.
func (t *Throttle) SlowDowns(level Level) (list []SlowDown, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	for _, c := range t.counters() {
		for key, l := range c.lanes {
			if c.rule.slows(l, now, level) {
				list = append(list, c.describe(key, l, now, level))
			}
		}
	}
	if t.crowd.until > now {
		list = append(list, SlowDown{ID: crowdID, Rule: Crowd, Tries: len(t.crowd.misses), Left: t.crowd.until - now})
	}
	slices.SortFunc(list, func(a, b SlowDown) int {
		if a.Closed != b.Closed {
			if a.Closed {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Left, a.Left), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), MaxListed)], len(list)
}

var crowdID = secret.IDOf(string(Crowd))

func (c *counter) id(key string) string { return secret.IDOf(string(c.rule) + "/" + key) }

func (c *counter) describe(key string, l *lane, now time.Duration, level Level) SlowDown {
	s := SlowDown{ID: c.id(key), Rule: c.rule, Account: l.account, Tries: l.failures, Left: c.rule.left(l, now, level)}
	s.Closed = c.rule.closed(l)
	switch c.rule {
	case Passwords:
		_, s.Source, _ = strings.Cut(key, "/")
	case Sources:
		s.Source = key
	case Codes:
		if id, ok := strings.CutPrefix(key, machines); ok {
			s.Token = id
		} else {
			s.Account = cmp.Or(l.account, key)
		}
	case Accounts, Browsers, Crowd: // over many sources
	}
	return s
}

// closed reports whether a lane does not let anybody through until something else happens.
func (r Rule) closed(l *lane) bool {
	return r == Codes && l.failures >= MaxCodes || r == Accounts && l.failures >= MaxRow
}

// slows reports whether a lane slows the next try, or the one after it if that is wrong, too.
func (r Rule) slows(l *lane, now time.Duration, level Level) bool {
	switch r {
	case Passwords:
		return l.failures >= level.free(FreeTries) && now-l.last <= Forget
	case Browsers:
		return l.failures >= level.free(FreeTries)
	case Accounts:
		return l.failures >= MaxRow || l.within(now, time.Hour) > level.free(HourTries)
	case Sources:
		return l.until > now
	case Codes:
		return l.failures >= FreeCodes
	default:
		panic("no lane counts by " + string(r))
	}
}

// left says how long the next try has to wait; with accounts, how long they go on being slowed.
func (r Rule) left(l *lane, now time.Duration, level Level) time.Duration {
	switch r {
	case Passwords, Browsers:
		return l.passwordWait(now, r, level)
	case Accounts:
		free := level.free(HourTries)
		if n := l.within(now, time.Hour); n > free {
			return l.times[len(l.times)-free-1] + time.Hour - now
		}
		return 0
	case Sources:
		return max(l.until-now, 0)
	case Codes:
		left, _ := l.codeWait(now)
		return left
	default:
		panic("no lane counts by " + string(r))
	}
}

// Lift forgets what slows somebody down, when the transaction commits. found is false where that is over.
func (t *Throttle) Lift(tx *store.Tx, id string, level Level) (lifted SlowDown, found bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	if id == crowdID {
		if t.crowd.until <= now {
			return SlowDown{}, false, nil
		}
		return SlowDown{ID: crowdID, Rule: Crowd}, true, t.disperse(tx)
	}
	for _, c := range t.counters() {
		for key, l := range c.lanes {
			if c.id(key) != id || !c.rule.slows(l, now, level) {
				continue
			}
			tx.OnCommit(func() { t.clear(c, key) })
			return c.describe(key, l, now, level), true, c.table.Delete(tx, key)
		}
	}
	return SlowDown{}, false, nil
}

// disperse forgets that many sources guessed at once, when the transaction commits, and what a start would recall it
// from. It needs mu.
func (t *Throttle) disperse(tx *store.Tx) error {
	for key, l := range t.sources.lanes {
		if len(l.times) == 0 {
			continue
		}
		r := l.record(t.config.Boot)
		r.Times = nil
		if err := t.sources.table.Put(tx, key, r); err != nil {
			return err
		}
	}
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.crowd = crowd{}
		for _, l := range t.sources.lanes {
			l.times = nil
		}
	})
	return nil
}
