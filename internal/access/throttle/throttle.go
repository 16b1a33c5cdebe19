// Package throttle decides how fast anyone may guess. It counts failed tries, each in a transaction that
// is committed even though the sign-in fails, on a clock that never steps. Nothing is closed for ever to
// somebody who is in the room, and a stranger's guesses slow only the stranger.
package throttle

import (
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// The rules. SECURITY.md explains each of them.
const (
	// FreeTries wrong passwords for one account from one source cost nothing; then a try has to wait for
	// FirstWait, doubling with each failure up to LongestWait.
	FreeTries   = 5
	FirstWait   = time.Second
	LongestWait = 300 * time.Second
	// Forget is how long after its last failure a password lane is kept.
	Forget = 24 * time.Hour
	// FreeCodes wrong codes in a row cost nothing, over all ways, sessions and sources of an account
	// together; then a try has to wait for CodeWait after the last one.
	FreeCodes = 10
	CodeWait  = 15 * time.Minute
	// MaxCodes wrong codes in a row close the second factor of the account.
	MaxCodes = 100
	// MaxLanes bounds what strangers can make the box remember.
	MaxLanes = 4096
	// purgeEvery is how often old lanes are looked for.
	purgeEvery = time.Hour
	// forgetStarts of the kernel later a lane is old, too: how long they took nobody knows.
	forgetStarts = 3
)

// The refusals. A try that is refused was not evaluated, right or wrong.
var (
	ErrSlowDown = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Too many wrong tries. Wait before the next one."}
	ErrClosed   = &fault.Error{
		Kind: fault.Forbidden, Code: "factor_closed",
		Message: "Too many wrong codes in a row. An administrator, the reset button or castellan recover on the NAS lets you in again.",
	}
)

// Config says what a Throttle works with.
type Config struct {
	Elapsed func() time.Duration // a clock that never steps
	Boot    string               // identifies the run of that clock
	Key     secret.Key           // hides the names that were typed
}

// Throttle counts failed tries. It is safe for concurrent use.
type Throttle struct {
	config Config

	mu        sync.Mutex
	passwords counter
	codes     counter
}

// counter holds the lanes of one rule.
type counter struct {
	table  store.Table[record]
	lanes  map[string]*lane
	wait   func(l *lane, now time.Duration) (time.Duration, error)
	most   int // lanes; 0: as many as there are accounts, and none is too old
	purged time.Duration
}

// lane is what is known of the tries that share a key.
type lane struct {
	failures int           // in a row
	last     time.Duration // when the last one happened
	busy     int           // tries under way, each counted as a failure until it ends
	told     bool          // a try was refused since
	starts   int           // of the kernel since
}

type record struct {
	Failures int           `json:"failures"`
	Last     time.Duration `json:"last"` // on the clock of Boot, in nanoseconds
	Boot     string        `json:"boot"`
	Starts   int           `json:"starts,omitempty"` // of the kernel since
}

// New returns a Throttle that knows of no failures.
func New(c Config) *Throttle {
	return &Throttle{
		config:    c,
		passwords: counter{table: store.NewTable[record]("password_tries"), lanes: map[string]*lane{}, wait: (*lane).passwordWait, most: MaxLanes},
		codes:     counter{table: store.NewTable[record]("code_tries"), lanes: map[string]*lane{}, wait: (*lane).codeWait},
	}
}

// Load reads the failures that were counted before this start, and forgets old ones. After a start of the kernel
// nobody knows how long ago they were; they then count as of now.
func (t *Throttle) Load(tx *store.Tx) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	for _, c := range []*counter{&t.passwords, &t.codes} {
		moved := map[string]record{}
		err := c.table.Each(tx, "", func(key string, r record) error {
			if r.Boot != t.config.Boot || r.Boot == "" || r.Last > now {
				r.Last, r.Boot, r.Starts = now, t.config.Boot, r.Starts+1
				moved[key] = r
			}
			c.lanes[key] = &lane{failures: r.Failures, last: r.Last, starts: r.Starts}
			return nil
		})
		for key, r := range moved {
			err = errors.Join(err, c.table.Put(tx, key, r))
		}
		if err = errors.Join(err, c.purge(tx, now)); err != nil {
			return err
		}
	}
	return nil
}

// Password asks to evaluate a password for a name, known or not, from a source.
func (t *Throttle) Password(name, source string) (*Attempt, error) {
	return t.attempt(&t.passwords, t.nameKey(name)+"/"+source)
}

// Code asks to evaluate a second factor of an account.
func (t *Throttle) Code(account string) (*Attempt, error) {
	return t.attempt(&t.codes, account)
}

var errFirst = errors.New("the first refusal since the last wrong try")

// First reports whether a refusal is the first one since the last wrong try, and so worth a record.
func First(refused error) bool { return errors.Is(refused, errFirst) }

// nameLength is the length of what stands for a name in a key, in hex digits.
const nameLength = 32

// nameKey keeps what was typed as a name out of the database, where nobody without the device key can try what it
// may have been: people type passwords into name fields.
func (t *Throttle) nameKey(name string) string {
	return hex.EncodeToString(t.config.Key.MAC([]byte("name/" + strings.ToLower(name))))[:nameLength]
}

func (t *Throttle) attempt(c *counter, key string) (*Attempt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := c.lanes[key]
	if l == nil {
		l = &lane{}
		c.lanes[key] = l
	}
	left, err := c.wait(l, t.config.Elapsed())
	if err != nil || left > 0 {
		refused := ErrClosed
		if err == nil {
			refused = ErrSlowDown.After(left)
		}
		if !l.told {
			l.told = true
			refused = refused.Because(errFirst)
		}
		return nil, refused
	}
	l.busy++
	return &Attempt{throttle: t, counter: c, key: key, lane: l}, nil
}

// passwordWait says how long the next password has to wait.
func (l *lane) passwordWait(now time.Duration) (time.Duration, error) {
	if now-l.last > Forget {
		l.failures = 0
	}
	pause := LongestWait
	if over := l.failures - FreeTries; over < 9 { // 2^9 s is beyond the longest wait
		pause = min(FirstWait<<max(over, 0), LongestWait)
	}
	return l.wait(now, FreeTries, pause), nil
}

// codeWait says how long the next code has to wait.
func (l *lane) codeWait(now time.Duration) (time.Duration, error) {
	if l.failures+l.busy >= MaxCodes {
		return 0, ErrClosed
	}
	return l.wait(now, FreeCodes, CodeWait), nil
}

// wait lets the first tries through and every later one only when a pause has passed since the last
// failure and no other try is under way, whose outcome decides.
func (l *lane) wait(now time.Duration, free int, pause time.Duration) time.Duration {
	switch {
	case l.failures+l.busy < free:
		return 0
	case l.busy > 0:
		return FirstWait
	default:
		return max(l.last+pause-now, 0)
	}
}

// Attempt is a try that may be evaluated. Fail or Succeed ends it; Drop gives it back unused and does
// nothing after the other two, so that it can be deferred.
type Attempt struct {
	throttle *Throttle
	counter  *counter
	key      string
	lane     *lane
	ended    bool
}

// Fail counts a wrong try. The caller commits the transaction although the sign-in fails. If that is not
// possible, the failure still counts until the next start.
func (a *Attempt) Fail(tx *store.Tx) error {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.ended {
		return nil
	}
	a.end()
	a.lane.failures++
	a.lane.told, a.lane.starts = false, 0
	a.lane.last = t.config.Elapsed()
	a.counter.lanes[a.key] = a.lane
	if err := a.counter.tidy(tx, t.config.Elapsed()); err != nil {
		return err
	}
	return a.counter.table.Put(tx, a.key, record{Failures: a.lane.failures, Last: a.lane.last, Boot: t.config.Boot})
}

// Succeed clears the count, when the transaction commits.
func (a *Attempt) Succeed(tx *store.Tx) error {
	t := a.throttle
	t.mu.Lock()
	had := a.lane.failures > 0
	err := a.counter.tidy(tx, t.config.Elapsed())
	t.mu.Unlock()
	if err != nil {
		return err
	}
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if a.ended {
			return
		}
		a.end()
		a.lane.failures = 0
		if a.lane.busy == 0 {
			delete(a.counter.lanes, a.key)
		}
	})
	if !had {
		return nil
	}
	return a.counter.table.Delete(tx, a.key)
}

// Drop gives the try back: it was not evaluated.
func (a *Attempt) Drop() {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.ended {
		return
	}
	a.end()
	if a.lane.busy == 0 && a.lane.failures == 0 {
		delete(a.counter.lanes, a.key)
	}
}

func (a *Attempt) end() {
	a.ended = true
	a.lane.busy--
}

// Failures returns how many wrong tries this lane has seen in a row.
func (a *Attempt) Failures() int {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	return a.lane.failures
}

// purge forgets lanes whose last failure was long ago, and those that were stored under a plain hash of a name.
func (c *counter) purge(tx *store.Tx, now time.Duration) error {
	if c.most == 0 {
		return nil
	}
	c.purged = now
	for key, l := range c.lanes {
		name, _, _ := strings.Cut(key, "/")
		if l.busy > 0 || now-l.last <= Forget && l.starts < forgetStarts && len(name) == nameLength {
			continue
		}
		delete(c.lanes, key)
		if err := c.table.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// tidy forgets old lanes now and then, and the oldest of all when there are too many. One that still has to wait
// stays: how fast passwords are hashed bounds how many those can be.
func (c *counter) tidy(tx *store.Tx, now time.Duration) error {
	full := c.most > 0 && len(c.lanes) > c.most
	if full || now-c.purged >= purgeEvery {
		if err := c.purge(tx, now); err != nil {
			return err
		}
	}
	if !full || len(c.lanes) <= c.most {
		return nil
	}
	var oldest string
	for key, l := range c.lanes {
		if l.busy > 0 {
			continue
		}
		if left, _ := c.wait(l, now); left <= 0 && (oldest == "" || l.last < c.lanes[oldest].last) {
			oldest = key
		}
	}
	if oldest == "" {
		return nil
	}
	delete(c.lanes, oldest)
	return c.table.Delete(tx, oldest)
}

// Pardon forgets the failures of an account, when the transaction commits: after a reset, or when
// somebody who may do so has let the person in again.
func (t *Throttle) Pardon(tx *store.Tx, account, name string) error {
	prefix := t.nameKey(name) + "/"
	var keys []string
	err := t.passwords.table.Each(tx, prefix, func(key string, _ record) error {
		if !strings.HasPrefix(key, prefix) {
			return store.ErrStop
		}
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := t.passwords.table.Delete(tx, key); err != nil {
			return err
		}
	}
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for key, l := range t.passwords.lanes {
			if strings.HasPrefix(key, prefix) {
				l.failures = 0
			}
		}
		if l := t.codes.lanes[account]; l != nil {
			l.failures = 0
		}
	})
	return t.codes.table.Delete(tx, account)
}
