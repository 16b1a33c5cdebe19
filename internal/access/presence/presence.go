// Package presence knows who waits for a short press of the button, and decides whom a press confirms: the one that
// waits. Where two wait nobody can tell whose finger it was, so both are sent away.
package presence

import (
	"slices"
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// ClaimLife is how long a browser may wait for the press that claims a box.
	ClaimLife = 2 * time.Minute
	// Life is how long it may wait for one that finishes a sign-in or makes it known, and how long it may take to come
	// for a press that confirmed it.
	Life = time.Minute
	// Grace is how long after its last question a browser still counts as waiting.
	Grace = 10 * time.Second
	// Most browsers may wait for each purpose at once: strangers must not make the box remember more. From two on, a
	// press confirms nobody.
	Most = 64
)

// Purpose is what somebody waits for.
type Purpose string

// The purposes.
const (
	Claim  Purpose = "claim"   // to own a box that nobody owns
	SignIn Purpose = "sign_in" // the second factor of a sign-in whose password was right
	Unlock Purpose = "unlock"  // to become known to an account that strangers have closed
)

func (p Purpose) life() time.Duration {
	if p == Claim {
		return ClaimLife
	}
	return Life
}

// State is where a wait stands.
type State string

// The states of a wait.
const (
	Waiting   State = "waiting"
	Confirmed State = "confirmed"
	Dropped   State = "dropped" // others were waiting, too, when the press came
)

// The refusals of a wait.
var (
	ErrGone    = &fault.Error{Kind: fault.Gone, Code: "wait_gone", Message: "This browser no longer waits for the button. Begin again."}
	ErrNone    = &fault.Error{Kind: fault.Conflict, Code: "not_pressed", Message: "The button has not been pressed yet."}
	ErrDropped = &fault.Error{Kind: fault.Gone, Code: "wait_dropped", Message: "More than one browser was waiting when the button was pressed, so none was let in. Begin again when you are the only one."}
	ErrCrowded = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Too many browsers wait for the button. Choose another way, or try again in two minutes.", RetryIn: ClaimLife}
)

type wait struct {
	purpose      Purpose
	about        string
	idle         bool // there is nothing that a press could do for it
	state        State
	until, asked time.Duration
}

// Waits are the browsers that wait for a short press of the button. It is safe for concurrent use.
type Waits struct {
	elapsed func() time.Duration

	mu  sync.Mutex
	all map[string]*wait
}

// New returns Waits with nobody in them. elapsed is a clock that never steps.
func New(elapsed func() time.Duration) *Waits {
	return &Waits{elapsed: elapsed, all: map[string]*wait{}}
}

// Begin lets a browser wait for a press, and returns the name of the wait, which only that browser may learn. about is
// kept for whoever takes the confirmed wait.
func (w *Waits) Begin(p Purpose, about string) (id string, err error) {
	return w.begin(wait{purpose: p, about: about})
}

// BeginIdle is Begin for a browser for which a press can do nothing: it is told the same, and gives way to those who wait
// for something else. Anybody on the network may wait like that, and must not spoil somebody's press.
func (w *Waits) BeginIdle(p Purpose, about string) (id string, err error) {
	return w.begin(wait{purpose: p, about: about, idle: true})
}

func (w *Waits) begin(one wait) (id string, err error) {
	p := one.purpose
	w.mu.Lock()
	defer w.mu.Unlock()
	now, others := w.elapsed(), 0
	for _, one := range w.all {
		if one.purpose == p {
			others++
		}
	}
	for id, one := range w.all {
		gone := one.state == Waiting && now-one.asked > Grace && one.purpose == p && others >= Most
		if now > one.until || gone {
			delete(w.all, id)
			if one.purpose == p {
				others--
			}
		}
	}
	if others >= Most {
		return "", ErrCrowded
	}
	id = secret.Token()
	one.state, one.until, one.asked = Waiting, now+p.life(), now
	w.all[id] = &one
	return id, nil
}

// Look tells where a wait stands and for how long it goes on. Asking keeps it going. The error is ErrGone when there is no
// such wait, or none any more.
func (w *Waits) Look(p Purpose, id string) (State, time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, err := w.find(p, id)
	if err != nil {
		return "", 0, err
	}
	one.asked = w.elapsed()
	return one.state, one.until - one.asked, nil
}

// Confirmed reports why a wait cannot be made use of, and changes nothing.
func (w *Waits) Confirmed(p Purpose, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.confirmed(p, id)
	return err
}

// Take ends a confirmed wait, so that a press is made use of once, and returns what it was about.
func (w *Waits) Take(p Purpose, id string) (about string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, err := w.confirmed(p, id)
	if err != nil {
		return "", err
	}
	delete(w.all, id)
	return one.about, nil
}

// Leave ends a wait.
func (w *Waits) Leave(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, id)
}

// EndAll ends every wait when the transaction commits: the box changes hands, and whoever waited waits for something else.
func (w *Waits) EndAll(tx *store.Tx) {
	tx.OnCommit(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		clear(w.all)
	})
}

// Answer is what a press came to.
type Answer struct {
	// For is what those were waiting for whom the press was meant, or the first of it by the order of the purposes; empty
	// when nobody waited.
	For Purpose
	// Waiting is how many those were. One was confirmed; more were dropped.
	Waiting int
	// Yielded is how many others were dropped in favour of them.
	Yielded int
	// Unlocks tells that some of those for whom it was meant wait for an unlock.
	Unlocks bool
}

// Confirmed reports whether the press confirmed somebody.
func (a Answer) Confirmed() bool { return a.Waiting == 1 }

// Press takes in a short press of the button. If exactly one browser waits it is confirmed; if more do, all of them are
// dropped. Those who wait for an unlock give way to a claim, and to a sign-in where there is nothing to unlock for them: the
// press of an owner whom strangers have locked out must not confirm a sign-in that waits beside. Among themselves they count
// alike, so nobody learns from it whose account is closed.
func (w *Waits) Press() (a Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, here := w.elapsed(), map[Purpose][]*wait{}
	var idle []*wait
	for _, one := range w.all {
		switch {
		case one.state != Waiting || now > one.until || now-one.asked > Grace:
		case one.idle:
			idle = append(idle, one)
		default:
			here[one.purpose] = append(here[one.purpose], one)
		}
	}
	first, second := append(here[Claim], here[SignIn]...), idle
	switch {
	case len(first) == 0:
		first, second = append(here[Unlock], idle...), nil
	case len(here[SignIn]) > 0:
		first = append(first, here[Unlock]...)
	default:
		second = append(idle, here[Unlock]...)
	}
	for _, one := range slices.Concat(second, first) {
		one.state, one.until = Dropped, now+Life
	}
	a.Waiting, a.Yielded = len(first), len(second)
	if a.Waiting > 0 {
		a.For, a.Unlocks = first[0].purpose, first[a.Waiting-1].purpose == Unlock
	}
	if a.Confirmed() {
		first[0].state = Confirmed
	}
	return a
}

// find needs mu.
func (w *Waits) find(p Purpose, id string) (*wait, error) {
	one := w.all[id]
	if one == nil || one.purpose != p || w.elapsed() > one.until {
		return nil, ErrGone
	}
	return one, nil
}

// confirmed needs mu.
func (w *Waits) confirmed(p Purpose, id string) (*wait, error) {
	one, err := w.find(p, id)
	switch {
	case err != nil:
		return nil, err
	case one.state == Dropped:
		return nil, ErrDropped
	case one.state != Confirmed:
		return nil, ErrNone
	}
	return one, nil
}
