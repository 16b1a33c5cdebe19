// Package throttle decides how fast anyone may guess. It counts failed tries, each in a transaction that
// is committed even though the sign-in fails, on a clock that never steps. Nothing is closed for ever to
// somebody who is in the room, and a stranger's guesses slow only strangers: a browser that the account
// knows has a lane of its own.
package throttle

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// The refusals. A try that is refused was not evaluated, right or wrong.
var (
	ErrSlowDown = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Too many wrong tries. Wait before the next one."}
	ErrClosed   = &fault.Error{
		Kind: fault.Forbidden, Code: "factor_closed",
		Message: "Too many wrong codes in a row. An administrator, the reset button or castellan recover on the NAS lets you in again.",
	}
	// ErrKnownOnly is for names, of accounts or not, that somebody guessed at too often.
	ErrKnownOnly = &fault.Error{
		Kind: fault.Forbidden, Code: "known_browser_required",
		Message: "Somebody tried too many wrong passwords for this name, so it lets in only browsers it knows. Use one in which you have signed in before.",
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
	passwords *counter // by name and source
	browsers  *counter // by name and known browser
	accounts  *counter // by name, over all unknown browsers
	sources   *counter // by source, over all names
	codes     *counter // by account
	crowd     crowd
}

// New returns a Throttle that knows of no failures.
func New(c Config) *Throttle {
	return &Throttle{
		config:    c,
		passwords: newCounter(Passwords, "password_tries", Forget, forgetStarts),
		browsers:  newCounter(Browsers, "browser_tries", ForgetRow, forgetRowStarts),
		accounts:  newCounter(Accounts, "account_tries", ForgetRow, forgetRowStarts),
		sources:   newCounter(Sources, "source_tries", Forget, forgetStarts),
		codes:     newCounter(Codes, "code_tries", 0, 0),
	}
}

func (t *Throttle) counters() []*counter {
	return []*counter{t.passwords, t.browsers, t.accounts, t.sources, t.codes}
}

// Load reads the failures that were counted before this start, and forgets old ones. After a start of the kernel
// nobody knows how long ago they were; they then count as of now.
func (t *Throttle) Load(tx *store.Tx) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	for _, c := range t.counters() {
		if err := c.load(tx, now, t.config.Boot); err != nil {
			return err
		}
	}
	t.crowd.recall(t.sources, now)
	return nil
}

// Guess is a password that somebody wants to try.
type Guess struct {
	Name   string // as it was typed, of an account or not
	Source string // where from
	// Browser is the id of a browser that the account of that name knows, and empty for every other one.
	Browser string
	// Inside is true where only the own lane of name and source counts: for somebody who is signed in, and on a box
	// that nobody owns.
	Inside bool
	// Allowed is true where the owner wants the source never to be paused or closed out: its own lane alone counts.
	Allowed bool
	Level   Level
}

// Password asks to evaluate a password.
func (t *Throttle) Password(g Guess) (*Attempt, error) {
	name := t.nameKey(g.Name)
	switch {
	case g.Browser != "":
		return t.attempt(g, stake{t.browsers, name + "/" + t.browserKey(g.Browser)})
	case g.Inside, g.Allowed:
		return t.attempt(g, stake{t.passwords, name + "/" + g.Source})
	default:
		return t.attempt(g, stake{t.passwords, name + "/" + g.Source}, stake{t.accounts, name + "/"}, stake{t.sources, g.Source})
	}
}

// machines begins the keys under which codes of machines are counted.
const machines = "token/"

// OfToken is the key of Code for the machine of an API token: its codes are counted away from those of its owner, so that a stray machine
// closes nobody out.
func OfToken(id string) string { return machines + id }

// Code asks to evaluate a second factor of an account, or of a machine, see OfToken.
func (t *Throttle) Code(account string) (*Attempt, error) {
	return t.attempt(Guess{}, stake{t.codes, account})
}

// CodesClosed reports whether no code is evaluated any more under a key of Code.
func (t *Throttle) CodesClosed(account string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.codes.lanes[account]
	return l != nil && Codes.closed(l)
}

// Closed reports whether a name is closed for browsers that its account does not know.
func (t *Throttle) Closed(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.accounts.lanes[t.nameKey(name)+"/"]
	return l != nil && l.failures >= MaxRow
}

var errFirst = errors.New("the first refusal since the last wrong try")

// First reports whether a refusal is the first one since the last wrong try, and so worth a record.
func First(refused error) bool { return errors.Is(refused, errFirst) }

// nameLength is the length of what stands for a name or a browser in a key, in hex digits.
const nameLength = 32

// nameKey keeps what was typed as a name out of the database, where nobody without the device key can try what it
// may have been: people type passwords into name fields.
func (t *Throttle) nameKey(name string) string { return t.hidden("name/" + strings.ToLower(name)) }

func (t *Throttle) browserKey(id string) string { return t.hidden("browser/" + id) }

func (t *Throttle) hidden(text string) string {
	return hex.EncodeToString(t.config.Key.MAC([]byte(text)))[:nameLength]
}

// attempt takes a place in every lane of a try, or in none.
func (t *Throttle) attempt(g Guess, stakes ...stake) (*Attempt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	g.Level = t.crowd.level(g, now)
	a := &Attempt{throttle: t, guess: g}
	var longest time.Duration
	var slowest *lane
	var refused *fault.Error
	for _, s := range stakes {
		l := s.counter.lane(s.key)
		a.parts = append(a.parts, part{s, l})
		left, err := s.counter.rule.wait(l, now, g)
		switch {
		case refused != nil:
		case err != nil:
			slowest, refused = l, err
		case left > longest:
			longest, slowest = left, l
		}
	}
	if slowest != nil {
		for _, p := range a.parts {
			p.counter.drop(p.key, p.lane)
		}
		if refused == nil {
			refused = ErrSlowDown.After(longest)
		}
		return nil, slowest.tell(refused)
	}
	for _, p := range a.parts {
		p.counter.rule.take(p.lane, now, g)
		p.lane.busy++
	}
	return a, nil
}

// tell marks the first refusal since the last wrong try.
func (l *lane) tell(refused *fault.Error) error {
	if l.told {
		return refused
	}
	l.told = true
	return refused.Because(errFirst)
}

// Pardon forgets the failures of an account, when the transaction commits: after a reset, or when
// somebody who may do so has let the person in again.
func (t *Throttle) Pardon(tx *store.Tx, account, name string) error {
	if err := t.PardonPasswords(tx, name); err != nil {
		return err
	}
	return t.PardonCodes(tx, account)
}

// PardonCodes forgets the wrong codes that were counted under a key of Code, when the transaction commits.
func (t *Throttle) PardonCodes(tx *store.Tx, account string) error {
	if err := t.codes.table.Delete(tx, account); err != nil {
		return err
	}
	tx.OnCommit(func() { t.clear(t.codes, account) })
	return nil
}

// PardonPasswords forgets the wrong passwords of a name and no codes, when the transaction commits: the account has
// another password now, of which nobody guessed anything.
func (t *Throttle) PardonPasswords(tx *store.Tx, name string) error {
	prefix := t.nameKey(name) + "/"
	for _, c := range []*counter{t.passwords, t.browsers, t.accounts} {
		if err := t.forgive(tx, c, prefix); err != nil {
			return err
		}
	}
	return nil
}

// Amnesty forgets the wrong passwords of all names, sources and browsers, and no codes, when the transaction commits: for
// somebody who presses the button of the box. It reports whether anybody was slowed down by any.
func (t *Throttle) Amnesty(tx *store.Tx, level Level) (slowed bool, err error) {
	list, _ := t.SlowDowns(level)
	slowed = slices.ContainsFunc(list, func(s SlowDown) bool { return s.Rule != Codes })
	for _, c := range []*counter{t.passwords, t.browsers, t.accounts} {
		if err := t.forgive(tx, c, ""); err != nil {
			return false, err
		}
	}
	return slowed, t.Unpause(tx)
}

// Unpause forgets the pauses of all sources and that many guessed at once, when the transaction commits: for
// somebody beside the box, who cannot wait.
func (t *Throttle) Unpause(tx *store.Tx) error {
	if err := t.forgive(tx, t.sources, ""); err != nil {
		return err
	}
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.crowd = crowd{}
	})
	return nil
}

// forgive clears the lanes of a counter whose keys begin with prefix.
func (t *Throttle) forgive(tx *store.Tx, c *counter, prefix string) error {
	var keys []string
	err := c.table.Each(tx, prefix, func(key string, _ record) error {
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
		if err := c.table.Delete(tx, key); err != nil {
			return err
		}
	}
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for key, l := range c.lanes {
			if strings.HasPrefix(key, prefix) {
				l.clear()
			}
		}
	})
	return nil
}

// clear forgets what a lane has counted.
func (t *Throttle) clear(c *counter, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := c.lanes[key]; l != nil {
		l.clear()
	}
}
