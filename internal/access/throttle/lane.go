package throttle

import (
	"errors"
	"slices"
	"strings"
	"time"

	"castellan/internal/store"
)

// counter holds the lanes of one rule.
type counter struct {
	rule   Rule
	table  store.Table[record]
	lanes  map[string]*lane
	forget time.Duration // after the last failure; 0: never, there are as many as there are accounts
	starts int           // of the kernel, after which a lane is forgotten, too
	purged time.Duration
}

func newCounter(r Rule, table string, forget time.Duration, starts int) *counter {
	return &counter{rule: r, table: store.NewTable[record](table), lanes: map[string]*lane{}, forget: forget, starts: starts}
}

// lane is what is known of the tries that share a key.
type lane struct {
	failures int           // in a row
	last     time.Duration // when the last one happened
	times    []time.Duration
	until    time.Duration // of a pause
	account  string        // the account that is guessed at, where there is one
	starts   int           // of the kernel since

	busy  int     // tries under way, each counted as a failure until it ends
	told  bool    // a try was refused since
	paced []paced // tries lately, while there are too many
}

// paced is a try of a source while an account is guessed at too often.
type paced struct {
	source string
	at     time.Duration
}

type record struct {
	Failures int             `json:"failures"`
	Last     time.Duration   `json:"last"` // on the clock of Boot, in nanoseconds
	Boot     string          `json:"boot"`
	Starts   int             `json:"starts,omitempty"`  // of the kernel since
	Times    []time.Duration `json:"times,omitempty"`   // of failures, the oldest first
	Until    time.Duration   `json:"until,omitempty"`   // of a pause
	Account  string          `json:"account,omitempty"` // that is guessed at
}

func (l *lane) record(boot string) record {
	return record{l.failures, l.last, boot, l.starts, l.times, l.until, l.account}
}

func (l *lane) clear() { l.failures, l.times, l.until, l.paced, l.told = 0, nil, 0, nil, false }

// idle reports whether a lane is as good as none.
func (l *lane) idle() bool {
	return l.busy == 0 && l.failures == 0 && len(l.times) == 0 && l.until == 0
}

// within counts the failures of a while.
func (l *lane) within(now, while time.Duration) (n int) {
	for _, at := range slices.Backward(l.times) {
		if now-at >= while {
			break
		}
		n++
	}
	return n
}

// keep forgets failures that were longer ago than a while, and more than so many.
func (l *lane) keep(now, while time.Duration, most int) {
	if n := min(l.within(now, while), most); n < len(l.times) {
		l.times = slices.Clone(l.times[len(l.times)-n:])
	}
}

// load reads the lanes of the counter.
func (c *counter) load(tx *store.Tx, now time.Duration, boot string) error {
	moved := map[string]record{}
	err := c.table.Each(tx, "", func(key string, r record) error {
		l := &lane{failures: r.Failures, last: r.Last, starts: r.Starts, times: slices.Clone(r.Times), until: r.Until, account: r.Account}
		if r.Boot != boot || r.Boot == "" || r.Last > now {
			for i := range l.times {
				l.times[i] = now
			}
			if l.until > 0 {
				l.until = now + max(l.until-l.last, 0)
			}
			l.last, l.starts = now, l.starts+1
			moved[key] = l.record(boot)
		}
		c.lanes[key] = l
		return nil
	})
	for key, r := range moved {
		err = errors.Join(err, c.table.Put(tx, key, r))
	}
	return errors.Join(err, c.purge(tx, now))
}

// lane returns the lane of a key, a new one where there is none.
func (c *counter) lane(key string) *lane {
	l := c.lanes[key]
	if l == nil {
		l = &lane{}
		c.lanes[key] = l
	}
	return l
}

// drop forgets a lane that says nothing any more.
func (c *counter) drop(key string, l *lane) {
	if l.idle() && c.lanes[key] == l {
		delete(c.lanes, key)
	}
}

// old reports whether a lane is no longer of use, or was stored under a plain hash of a name.
func (c *counter) old(key string, l *lane, now time.Duration) bool {
	if l.busy > 0 || l.until > now {
		return false
	}
	name, _, _ := strings.Cut(key, "/")
	plain := c.rule != Sources && len(name) != nameLength
	return plain || now-l.last > c.forget || l.starts >= c.starts
}

// purge forgets lanes whose last failure was long ago.
func (c *counter) purge(tx *store.Tx, now time.Duration) error {
	if c.forget == 0 {
		return nil
	}
	c.purged = now
	for key, l := range c.lanes {
		if !c.old(key, l, now) {
			continue
		}
		delete(c.lanes, key)
		if err := c.table.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// tidy forgets old lanes now and then, and the most dispensable ones when there are too many.
func (c *counter) tidy(tx *store.Tx, now time.Duration) error {
	if now-c.purged >= purgeEvery {
		if err := c.purge(tx, now); err != nil {
			return err
		}
	}
	for c.forget > 0 && len(c.lanes) > MaxLanes {
		key := c.dispensable(now)
		if key == "" {
			return nil
		}
		delete(c.lanes, key)
		if err := c.table.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// dispensable returns the key of the lane that is missed least: the oldest of those that are about no account, then of
// the closed names that no account has, then of those that are about one. Empty: there is none. A lane that has to
// wait for some minutes stays, and how fast passwords are hashed bounds how many those can be; a closed account stays,
// too, and there are only as many as there are accounts.
func (c *counter) dispensable(now time.Duration) (key string) {
	lowest := stays
	for k, l := range c.lanes {
		w := c.worth(l, now)
		if w < lowest || w == lowest && w != stays && l.last < c.lanes[key].last {
			key, lowest = k, w
		}
	}
	return key
}

const stays = 3 // as worth of a lane

// worth orders lanes by how much they would be missed.
func (c *counter) worth(l *lane, now time.Duration) int {
	switch {
	case l.busy > 0:
		return stays
	case c.rule.closed(l) && l.account == "":
		return 1
	case c.rule.closed(l) || c.rule.slows(l, now, Normal) && c.rule.left(l, now, Normal) > 0:
		return stays
	case l.account != "":
		return 2
	default:
		return 0
	}
}
