package session

import (
	"cmp"
	"slices"
	"time"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// The refusals about sessions that are named.
var (
	ErrUnknown = &fault.Error{Kind: fault.NotFound, Code: "unknown_session", Message: "This session has ended already."}
	ErrActing  = &fault.Error{Kind: fault.Conflict, Code: "acting_session", Message: "This is the session you are using. Sign out instead."}
)

// Open is a session that goes on, to be shown. It holds nothing that could be presented.
type Open struct {
	ID, Account   string
	Browser       string // the known browser in which it began
	Source, Agent string
	Since, Active time.Duration // how long ago it began, and how long ago something was done in it
	Left          time.Duration // until it ends if nothing more is done
}

// List returns the sessions of an account that go on, or everybody's for an empty one; the one that began last first.
func (s *Sessions) List(account string) []Open {
	return s.find(func(one *Session) bool { return account == "" || one.Account == account })
}

// Count returns how many sessions are open.
func (s *Sessions) Count() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, one := range s.all {
		if s.alive(one) {
			n++
		}
	}
	return n
}

func (s *Sessions) find(which func(*Session) bool) (list []Open) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.elapsed()
	for _, one := range s.all {
		if !which(one) || !s.alive(one) {
			continue
		}
		left := s.left(one)
		list = append(list, Open{
			ID: one.ID, Account: one.Account, Browser: one.Browser, Source: one.Source, Agent: one.Agent,
			Since: now - one.created, Active: now - one.active, Left: min(left.Idle, left.Life),
		})
	}
	slices.SortFunc(list, func(a, b Open) int { return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.ID, b.ID)) })
	return list
}

// EndOne ends the session of an id when the transaction commits, and returns what it was. Where account is not empty,
// only that account's are looked at. The error is ErrUnknown when there is no such session.
func (s *Sessions) EndOne(tx *store.Tx, account, id string) (Open, error) {
	ended := s.endSome(tx, func(one *Session) bool { return one.ID == id && (account == "" || one.Account == account) })
	if len(ended) == 0 {
		return Open{}, ErrUnknown
	}
	return ended[0], nil
}

// EndIn ends the sessions that an account began in a known browser, but for the one named except, when the transaction
// commits. It returns how many.
func (s *Sessions) EndIn(tx *store.Tx, account, browser, except string) (count int) {
	return len(s.endSome(tx, func(one *Session) bool {
		return one.Account == account && one.Browser == browser && one.ID != except
	}))
}

// endSome ends sessions when the transaction commits. A session keeps its id when it gets a new cookie meanwhile.
func (s *Sessions) endSome(tx *store.Tx, which func(*Session) bool) []Open {
	ended := s.find(which)
	seen := s.mark(tx, ended)
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen()
		for digest, one := range s.all {
			if slices.ContainsFunc(ended, func(o Open) bool { return o.ID == one.ID }) {
				s.end(digest)
			}
		}
	})
	return ended
}

// EndEverybody ends all sessions when the transaction commits, but for the one named except, and returns how many that
// are.
func (s *Sessions) EndEverybody(tx *store.Tx, except string) int {
	ended := s.find(func(one *Session) bool { return one.ID != except })
	seen := s.mark(tx, ended)
	s.mu.Lock()
	s.era++
	era := s.era
	s.mu.Unlock()
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen()
		for digest, one := range s.all {
			if one.ID != except && one.era < era {
				s.end(digest)
			}
		}
	})
	return len(ended)
}

// Stand returns ErrEnded where the session of an id has ended. It is asked inside a transaction and knows of those before that one: a request
// that is under way when somebody's rights end, such as with a press of the reset button, changes nothing after it.
func (s *Sessions) Stand(_ *store.Tx, id string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ending[id] > 0 {
		return ErrEnded
	}
	for _, one := range s.all {
		if one.ID == id && s.alive(one) {
			return nil
		}
	}
	return ErrEnded
}

// mark has sessions be ended for the transactions that follow: what this one does at its commit may run late. What it returns is called
// there, and needs mu.
func (s *Sessions) mark(tx *store.Tx, ended []Open) (seen func()) {
	count := func(by int) {
		for _, one := range ended {
			if s.ending[one.ID] += by; s.ending[one.ID] == 0 {
				delete(s.ending, one.ID)
			}
		}
	}
	back := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		count(-1)
	}
	tx.OnAbort(back)
	s.mu.Lock()
	defer s.mu.Unlock()
	count(1)
	return func() { count(-1) }
}
