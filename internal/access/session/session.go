// Package session keeps who is signed in, and who is half way. Both live in memory only: a restart ends
// them. Their clocks never step. It also knows the browsers in which people signed in before: those are kept.
package session

import (
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The limits (OWASP ASVS 5.0 section 7.3; NIST SP 800-63B-4 section 2.2.3).
const (
	// Idle ends a session in which nothing was done, unless the owner set another time.
	Idle = settings.IdleDefault * time.Minute
	// AdministratorLife and UserLife end a session whatever was done.
	AdministratorLife = 12 * time.Hour
	UserLife          = 24 * time.Hour
	// Most sessions an account may have; the oldest makes room for a new one.
	Most = 10
	// activityGrain keeps busy sessions from writing on every call.
	activityGrain = time.Second
	// RepairFor is how long a session that began with a recovery code or a press of the button needs no other second factor for mending
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
	// Repair tells that a recovery code or a press of the button was used, and the ways in were not mended since.
	Repair bool
	// Enrol tells that it was a press: until a way in is added, the session is good for nothing else.
	Enrol bool
	// ResetAt is when the button restored the administrator's defaults, where nobody told the person of that before.
	ResetAt       time.Time
	Source, Agent string
	// Browser names the known browser in which it began.
	Browser string

	created, active, proved time.Duration
	epoch                   uint64 // how often the account's sessions had been ended when it began
	era                     uint64 // and how often everybody's
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
	era    uint64        // counts the same for the sessions of everybody
	idle   time.Duration // ends a session in which nothing was done
	// gone are the cookies of sessions that somebody ended elsewhere, with when that was: their browsers are told.
	gone map[secret.Digest]time.Duration
	// ending counts, by id, the transactions that end a session and whose commits have not been seen to here.
	ending map[string]int
}

// New returns no sessions. elapsed is a clock that never steps.
func New(elapsed func() time.Duration) *Sessions {
	return &Sessions{elapsed: elapsed, all: map[secret.Digest]*Session{}, epochs: map[string]uint64{}, idle: Idle, gone: map[secret.Digest]time.Duration{}, ending: map[string]int{}}
}

// Load takes the time after which idle sessions end from the policy.
func (s *Sessions) Load(tx *store.Tx) error {
	p, err := settings.GetPolicy(tx)
	if err == nil {
		s.EndIdleAfter(tx, p.Idle)
	}
	return err
}

// EndIdleAfter sets how long nothing may be done in a session, from the commit on and for those that go on as well.
func (s *Sessions) EndIdleAfter(tx *store.Tx, minutes int) {
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle = time.Duration(minutes) * time.Minute
	})
}

// IdleLimit is how long nothing may be done in a session.
func (s *Sessions) IdleLimit() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.idle
}

// Create starts a session when the transaction commits, and returns its cookie. Whoever signs in has just
// proved who they are. evicted tells that the account's oldest session has to go for it.
func (s *Sessions) Create(tx *store.Tx, n Session) (cookie string, created Session, evicted bool) {
	now := s.elapsed()
	n.ID, n.Token = secret.ID(), secret.Token()
	n.created, n.active, n.proved = now, now, now
	cookie = secret.Token()
	oldest, count := s.oldest(&n)
	evicted = count >= Most
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.epochs[n.Account] != n.epoch || s.era != n.era {
			return // a later transaction has ended such sessions already
		}
		s.sweep()
		if evicted {
			delete(s.all, oldest)
		}
		s.all[secret.DigestOf(cookie)] = &n
	})
	return cookie, n, evicted
}

// oldest returns the session of the new one's account that began first and how many there are, and tells the new one
// how often such were ended.
func (s *Sessions) oldest(n *Session) (oldest secret.Digest, count int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var first time.Duration
	for digest, one := range s.all {
		if one.Account != n.Account || !s.alive(one) {
			continue
		}
		if count++; count == 1 || one.created < first {
			oldest, first = digest, one.created
		}
	}
	n.epoch, n.era = s.epochs[n.Account], s.era
	return oldest, count
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
	found, left, fresh := *one, s.left(one), s.idle-activityGrain
	s.mu.RUnlock()
	if active && left.Idle < fresh {
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
	if !ok || s.ending[one.ID] > 0 {
		s.mu.RUnlock()
		return "", Session{}
	}
	next = *one
	s.mu.RUnlock()
	next.Token, next.active = secret.Token(), s.elapsed()
	if on == Proved {
		next.proved = next.active
	}
	if on == Mended {
		next.Repair, next.Enrol = false, false
	}
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
func (s *Sessions) EndAll(tx *store.Tx, account, except string) int {
	ended := s.find(func(one *Session) bool { return one.Account == account && one.ID != except })
	seen := s.mark(tx, ended)
	s.mu.Lock()
	s.epochs[account]++
	epoch := s.epochs[account]
	s.mu.Unlock()
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen()
		for digest, one := range s.all {
			if one.Account == account && one.ID != except && one.epoch < epoch {
				s.end(digest)
			}
		}
	})
	return len(ended)
}

// maxGone bounds what is remembered of sessions that were ended elsewhere.
const maxGone = 1000

// end ends a session from elsewhere. It needs mu.
func (s *Sessions) end(digest secret.Digest) {
	if len(s.gone) >= maxGone {
		clear(s.gone)
	}
	delete(s.all, digest)
	s.gone[digest] = s.elapsed()
}

// Ended says to the browser of a cookie that opens no session, or none any more, what became of it.
func (s *Sessions) Ended(cookie string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at, ok := s.gone[secret.DigestOf(cookie)]; ok && s.elapsed()-at < UserLife {
		return ErrEnded.Saying("You were signed out from another browser or by an administrator. Sign in to go on.")
	}
	return ErrEnded
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
		Idle:   one.active + s.idle - now,
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
