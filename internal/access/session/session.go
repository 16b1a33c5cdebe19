// Package session keeps who is signed in, and who is half way. Both live in memory only: a restart ends
// them. Their clocks never step. It also knows the browsers in which people signed in before: those are kept.
package session

import (
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// The limits (OWASP ASVS 5.0 section 7.3; NIST SP 800-63B-4 section 2.2.3).
const (
	// Idle ends a session in which nothing was done.
	Idle = 30 * time.Minute
	// AdministratorLife and UserLife end a session whatever was done.
	AdministratorLife = 12 * time.Hour
	UserLife          = 24 * time.Hour
	// Most sessions an account may have; the oldest makes room for a new one.
	Most = 10
	// activityGrain keeps busy sessions from writing on every call.
	activityGrain = time.Second
	// RepairFor is how long a session that began with a recovery code needs no other second factor for mending
	// one's ways in.
	RepairFor = 30 * time.Minute
	// StepUpFor is how long a proof of identity opens sensitive changes.
	StepUpFor = 5 * time.Minute
)

// ErrEnded says that there is no such session, or none any more.
var ErrEnded = &fault.Error{Kind: fault.Unauthenticated, Code: "signed_out", Message: "You are signed out. Sign in to go on."}

// Session is somebody's signed-in browser.
type Session struct {
	ID            string // to name it by; of no use as a cookie
	Account       string
	Token         string // to be sent with every change, against forged requests
	Administrator bool
	// Claimed tells that the box was claimed in this session.
	Claimed bool
	// Repair tells that a recovery code was used, and the ways in were not mended since.
	Repair        bool
	Source, Agent string
	// Browser names the known browser in which it began.
	Browser string

	created, active, proved time.Duration
	epoch                   uint64 // how often the account's sessions had been ended when it began
}

// Left says for how long a session goes on.
type Left struct {
	Idle, Life, StepUp, Repair time.Duration
}

// Renewal says on what occasion a session gets a new cookie.
type Renewal uint8

// The occasions.
const (
	Changed Renewal = iota // a way in was changed
	Proved                 // its owner has just proved who they are
	Mended                 // a way in was added, so that nothing is left to repair
)

// Sessions keeps all sessions. It is safe for concurrent use.
type Sessions struct {
	elapsed func() time.Duration

	mu  sync.RWMutex
	all map[secret.Digest]*Session
	// epochs counts how often the sessions of an account were ended. It is moved inside transactions, which run
	// one after the other; what happens at their commit may overtake each other.
	epochs map[string]uint64
}

// New returns no sessions. elapsed is a clock that never steps.
func New(elapsed func() time.Duration) *Sessions {
	return &Sessions{elapsed: elapsed, all: map[secret.Digest]*Session{}, epochs: map[string]uint64{}}
}

// Create starts a session when the transaction commits, and returns its cookie. Whoever signs in has just
// proved who they are. evicted tells that the account's oldest session has to go for it.
func (s *Sessions) Create(tx *store.Tx, n Session) (cookie string, created Session, evicted bool) {
	now := s.elapsed()
	n.ID, n.Token = secret.ID(), secret.Token()
	n.created, n.active, n.proved = now, now, now
	cookie = secret.Token()
	oldest, count, epoch := s.oldest(n.Account)
	evicted, n.epoch = count >= Most, epoch
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.epochs[n.Account] != n.epoch {
			return // a later transaction has ended the account's sessions already
		}
		s.sweep()
		if evicted {
			delete(s.all, oldest)
		}
		s.all[secret.DigestOf(cookie)] = &n
	})
	return cookie, n, evicted
}

// oldest returns the session of an account that began first, how many there are, and how often they were ended.
func (s *Sessions) oldest(account string) (oldest secret.Digest, count int, epoch uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var first time.Duration
	for digest, one := range s.all {
		if one.Account != account || !s.alive(one) {
			continue
		}
		if count++; count == 1 || one.created < first {
			oldest, first = digest, one.created
		}
	}
	return oldest, count, s.epochs[account]
}

// Find returns the session of a cookie while it lasts. active tells that something is being done in it.
func (s *Sessions) Find(cookie string, active bool) (Session, Left, bool) {
	digest := secret.DigestOf(cookie)
	s.mu.RLock()
	one, ok := s.all[digest]
	if !ok || !s.alive(one) {
		s.mu.RUnlock()
		return Session{}, Left{}, false
	}
	found, left := *one, s.left(one)
	s.mu.RUnlock()
	if active && left.Idle < Idle-activityGrain {
		s.mu.Lock()
		one.active = s.elapsed()
		found, left = *one, s.left(one)
		s.mu.Unlock()
	}
	return found, left, true
}

// Renew gives the session of a cookie a new cookie when the transaction commits; the old one is dead then.
// The result is empty when there is no such session.
func (s *Sessions) Renew(tx *store.Tx, cookie string, on Renewal) (renewed string, next Session) {
	s.mu.RLock()
	one, ok := s.all[secret.DigestOf(cookie)]
	if !ok {
		s.mu.RUnlock()
		return "", Session{}
	}
	next = *one
	s.mu.RUnlock()
	next.Token, next.active = secret.Token(), s.elapsed()
	if on == Proved {
		next.proved = next.active
	}
	next.Repair = next.Repair && on != Mended
	renewed = secret.Token()
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.all[secret.DigestOf(cookie)]; !ok {
			return // it was ended meanwhile
		}
		delete(s.all, secret.DigestOf(cookie))
		s.all[secret.DigestOf(renewed)] = &next
	})
	return renewed, next
}

// End ends the session of a cookie at once.
func (s *Sessions) End(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, secret.DigestOf(cookie))
}

// EndAll ends an account's sessions when the transaction commits, but for the one named except, and
// returns how many that are.
func (s *Sessions) EndAll(tx *store.Tx, account, except string) (count int) {
	s.mu.Lock()
	for _, one := range s.all {
		if one.Account == account && one.ID != except && s.alive(one) {
			count++
		}
	}
	s.epochs[account]++
	epoch := s.epochs[account]
	s.mu.Unlock()
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for digest, one := range s.all {
			if one.Account == account && one.ID != except && one.epoch < epoch {
				delete(s.all, digest)
			}
		}
	})
	return count
}

func (s *Sessions) alive(one *Session) bool {
	left := s.left(one)
	return left.Idle > 0 && left.Life > 0
}

func (s *Sessions) left(one *Session) Left {
	now := s.elapsed()
	life := UserLife
	if one.Administrator {
		life = AdministratorLife
	}
	left := Left{
		Idle:   one.active + Idle - now,
		Life:   one.created + life - now,
		StepUp: max(one.proved+StepUpFor-now, 0),
	}
	if one.Repair {
		left.Repair = max(one.created+RepairFor-now, 0)
	}
	return left
}

// sweep forgets sessions that have lapsed. It needs mu.
func (s *Sessions) sweep() {
	for digest, one := range s.all {
		if !s.alive(one) {
			delete(s.all, digest)
		}
	}
}
