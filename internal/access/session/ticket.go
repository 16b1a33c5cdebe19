package session

import (
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// TicketLife is how long a sign-in may stay half way.
	TicketLife = 5 * time.Minute
	// ClaimLife is how long the first administrator has for choosing a name and a password.
	ClaimLife = 30 * time.Minute
	// TicketTries wrong codes end a ticket.
	TicketTries = 5
	// MaxTickets bounds what strangers can make the box remember. Only a right password or an unclaimed box gives a ticket.
	// For one more the oldest goes, first of those that proved nothing; one that proved nothing pushes out no other sort.
	MaxTickets = 512
)

// Stage is what a ticket waits for.
type Stage uint8

// The stages.
const (
	AwaitCode     Stage = iota // a second factor
	AwaitPassword              // a password of one's own
	AwaitClaim                 // the first administrator
	AwaitPress                 // a press of the button
)

// The refusals of a ticket.
var (
	ErrNoTicket    = &fault.Error{Kind: fault.Unauthenticated, Code: "no_ticket", Message: "There is no such half-finished sign-in. Start again with your password."}
	ErrManyTickets = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Too many sign-ins are half finished. Try again in five minutes.", RetryIn: TicketLife}
	ErrUnderway    = &fault.Error{Kind: fault.Conflict, Code: "sign_in_underway", Message: "This step is being checked already. Wait for the answer to the first try."}
)

// Ticket is a half-finished sign-in. It opens nothing but the steps that finish it.
type Ticket struct {
	Stage   Stage
	Account string
	// Hash is the stored password that was found right: a ticket dies with it.
	Hash string
	// Proof says with what it was earned, for the log.
	Proof string
	// Repair tells that a recovery code or a press of the button was used, Enrol that it was a press.
	Repair, Enrol bool
	// Generation is that of the box when the ticket was earned, see package claim: a ticket dies with it.
	Generation uint64
	// Wait names the wait for a press, see package presence.
	Wait          string
	Token         string
	Source, Agent string

	out     bool // a request is finishing it
	tries   int
	created time.Duration
}

// proved reports whether the ticket took more than to ask for it.
func (t Ticket) proved() bool { return t.Stage != AwaitPress }

// left says for how long a ticket lasts.
func (t Ticket) left(now time.Duration) time.Duration {
	if t.Stage == AwaitClaim {
		return t.created + ClaimLife - now
	}
	return t.created + TicketLife - now
}

// Tickets keeps all tickets. It is safe for concurrent use.
type Tickets struct {
	elapsed func() time.Duration

	mu  sync.Mutex
	all map[secret.Digest]Ticket
}

// NewTickets returns no tickets. elapsed is a clock that never steps.
func NewTickets(elapsed func() time.Duration) *Tickets {
	return &Tickets{elapsed: elapsed, all: map[secret.Digest]Ticket{}}
}

// Issue makes a ticket and returns its cookie. The error is ErrManyTickets for one that proved nothing where all others did.
func (t *Tickets) Issue(n Ticket) (cookie string, issued Ticket, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.Token, n.created, n.tries, n.out = secret.Token(), t.elapsed(), 0, false
	if !t.room(n) {
		return "", Ticket{}, ErrManyTickets
	}
	cookie = secret.Token()
	t.all[secret.DigestOf(cookie)] = n
	return cookie, n, nil
}

// Find returns the ticket of a cookie while it lasts, and for how long that is.
func (t *Tickets) Find(cookie string) (Ticket, time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.all[secret.DigestOf(cookie)]
	left := one.left(t.elapsed())
	return one, left, ok && left > 0
}

// Confirm moves the ticket of a cookie from waiting for a press on to the claim.
func (t *Tickets) Confirm(cookie, proof string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	digest := secret.DigestOf(cookie)
	if one, ok := t.all[digest]; ok && one.Stage == AwaitPress {
		one.Stage, one.Proof, one.Wait = AwaitClaim, proof, ""
		t.all[digest] = one
	}
}

// Await notes for which press a ticket waits, beside the code that it goes on waiting for, and returns the wait that it
// replaces.
func (t *Tickets) Await(cookie, wait string) (replaced string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	digest := secret.DigestOf(cookie)
	one, ok := t.all[digest]
	if !ok || one.Stage != AwaitCode || one.left(t.elapsed()) <= 0 {
		return "", false
	}
	replaced, one.Wait = one.Wait, wait
	t.all[digest] = one
	return replaced, true
}

// Take takes a ticket of a stage, so that only one request can finish it: whoever has it ends it or returns it.
// The error is ErrNoTicket, or ErrUnderway while another request has it.
func (t *Tickets) Take(cookie string, stage Stage) (Ticket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	digest := secret.DigestOf(cookie)
	one, ok := t.all[digest]
	switch {
	case !ok || one.Stage != stage || one.left(t.elapsed()) <= 0:
		return Ticket{}, ErrNoTicket
	case one.out:
		return Ticket{}, ErrUnderway
	}
	one.out = true
	t.all[digest] = one
	return one, nil
}

// Return gives a ticket back that could not be finished. wrong counts a wrong try; left says how many remain,
// and at none the ticket is gone. A ticket that was ended meanwhile stays so.
func (t *Tickets) Return(cookie string, wrong bool) (left int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	digest := secret.DigestOf(cookie)
	one, ok := t.all[digest]
	if !ok {
		return 0
	}
	one.out = false
	if wrong {
		one.tries++
	}
	if left = TicketTries - one.tries; left <= 0 {
		delete(t.all, digest)
		return 0
	}
	t.all[digest] = one
	return left
}

// End forgets a ticket.
func (t *Tickets) End(cookie string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, secret.DigestOf(cookie))
}

// EndAll forgets every ticket when the transaction commits, those that a request has taken included: what was
// proved before a reset proves nothing after it.
func (t *Tickets) EndAll(tx *store.Tx) {
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		clear(t.all)
	})
}

// room forgets tickets that have lapsed and, when there are too many for a new one, the oldest of those that proved least.
// It reports whether there is room, and needs mu.
func (t *Tickets) room(fresh Ticket) bool {
	now := t.elapsed()
	var goes secret.Digest
	var least Ticket
	for digest, one := range t.all {
		switch {
		case one.left(now) <= 0:
			delete(t.all, digest)
		case goes == secret.Digest{} || one.before(least):
			goes, least = digest, one
		}
	}
	if len(t.all) < MaxTickets {
		return true
	}
	if least.proved() && !fresh.proved() {
		return false
	}
	delete(t.all, goes)
	return true
}

// before reports whether a ticket goes before another one where there are too many.
func (t Ticket) before(other Ticket) bool {
	if t.proved() != other.proved() {
		return other.proved()
	}
	return t.created < other.created
}
