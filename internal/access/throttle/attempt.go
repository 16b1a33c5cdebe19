package throttle

import (
	"slices"

	"castellan/internal/store"
)

// Attempt is a try that may be evaluated. Fail or Succeed ends it; Drop gives it back unused and does
// nothing after the other two, so that it can be deferred.
type Attempt struct {
	throttle *Throttle
	guess    Guess
	parts    []part // the first one is the lane of whoever tries
	begun    []Rule
	ended    bool
}

// stake is a lane that a try takes part in.
type stake struct {
	counter *counter
	key     string
}

type part struct {
	stake
	lane *lane
}

// Of says at which account the try is, where there is one. Its lanes outlast those of names that nobody has.
func (a *Attempt) Of(account string) {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	for _, p := range a.parts {
		if account != "" && p.counter.rule != Sources {
			p.lane.account = account
		}
	}
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
	now := t.config.Elapsed()
	for _, p := range a.parts {
		l := p.lane
		l.failures++
		l.told, l.starts, l.last = false, 0, now
		if begun := p.counter.rule.miss(l, now, a.guess); begun != "" {
			a.begun = append(a.begun, begun)
		}
		p.counter.lanes[p.key] = l
	}
	if slices.ContainsFunc(a.parts, func(p part) bool { return p.counter == t.sources }) && t.crowd.miss(a.guess.Source, now) {
		a.begun = append(a.begun, Crowd)
	}
	for _, p := range a.parts {
		if err := p.counter.table.Put(tx, p.key, p.lane.record(t.config.Boot)); err != nil {
			return err
		}
		if err := p.counter.tidy(tx, now); err != nil { // this very lane may have to go
			return err
		}
	}
	return nil
}

// Begun says what began with a failure: a pause of the source (Sources), an account that closed (Accounts), a
// browser that is no longer known (Browsers), or a box on its guard (Crowd).
func (a *Attempt) Begun() []Rule { return a.begun }

// Succeed clears the count, when the transaction commits. What a source did to other names still counts, and so
// does how often the account was guessed at within the hour.
func (a *Attempt) Succeed(tx *store.Tx) error {
	t := a.throttle
	t.mu.Lock()
	now, err := t.config.Elapsed(), error(nil)
	for _, p := range a.parts {
		if err = p.counter.tidy(tx, now); err != nil {
			break
		}
		if err = a.forgive(tx, p); err != nil {
			break
		}
	}
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
		for _, p := range a.parts {
			if p.counter != t.sources {
				p.lane.failures = 0
			}
			p.counter.drop(p.key, p.lane)
		}
	})
	return nil
}

// forgive takes the failures in a row of a lane out of the database.
func (a *Attempt) forgive(tx *store.Tx, p part) error {
	switch {
	case p.counter.rule == Sources || p.lane.failures == 0:
		return nil
	case len(p.lane.times) == 0:
		return p.counter.table.Delete(tx, p.key)
	}
	r := p.lane.record(a.throttle.config.Boot)
	r.Failures = 0
	return p.counter.table.Put(tx, p.key, r)
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
	for _, p := range a.parts {
		if i := slices.IndexFunc(p.lane.paced, func(one paced) bool { return one.source == a.guess.Source }); i >= 0 {
			p.lane.paced = slices.Delete(p.lane.paced, i, i+1)
		}
		p.counter.drop(p.key, p.lane)
	}
}

func (a *Attempt) end() {
	a.ended = true
	for _, p := range a.parts {
		p.lane.busy--
	}
}

// Failures returns how many wrong tries whoever tries has seen in a row.
func (a *Attempt) Failures() int {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	return a.parts[0].lane.failures
}
