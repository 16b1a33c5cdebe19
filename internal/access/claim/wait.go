package claim

import (
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
)

const (
	// WaitLife is how long a browser may wait for a press.
	WaitLife = 2 * time.Minute
	// WaitGrace is how long after its last question a browser still counts as waiting.
	WaitGrace = 10 * time.Second
	// MaxWaits bounds what strangers can make the box remember; from two on, a press confirms nobody.
	MaxWaits = 64
)

// WaitState is where a wait stands.
type WaitState string

// The states of a wait.
const (
	Waiting   WaitState = "waiting"
	Confirmed WaitState = "confirmed"
	Dropped   WaitState = "dropped" // others were waiting too when the press came
)

// The refusals of a wait.
var (
	ErrNoWait  = &fault.Error{Kind: fault.Gone, Code: "wait_gone", Message: "This browser no longer waits for the button. Begin again."}
	ErrOutside = &fault.Error{Kind: fault.Forbidden, Code: "not_local", Message: "This NAS can be claimed from its own network only. Use a browser there."}
	ErrCrowded = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Too many browsers wait for the button. Use the default password, or try again in two minutes.", RetryIn: WaitLife}
)

type wait struct {
	state        WaitState
	began, asked time.Duration
}

// waits are the browsers that wait for a short press of the button.
type waits struct {
	elapsed func() time.Duration

	mu  sync.Mutex
	all map[string]*wait
}

// Wait lets a browser wait for a press, and returns the name of the wait.
func (b *Box) Wait() (string, error) { return b.waits.begin() }

// Waited tells where a wait stands and for how long it goes on. Asking keeps it going.
func (b *Box) Waited(id string) (WaitState, time.Duration, error) { return b.waits.look(id) }

// Leave ends a wait.
func (b *Box) Leave(id string) {
	b.waits.mu.Lock()
	defer b.waits.mu.Unlock()
	delete(b.waits.all, id)
}

// Press takes in a short press of the button and returns how many browsers were waiting. If it was one,
// that one is confirmed; if they were more, all of them are dropped.
func (b *Box) Press() int { return b.waits.press() }

// Confirm ends a confirmed wait, once.
func (b *Box) Confirm(id string) error {
	b.waits.mu.Lock()
	defer b.waits.mu.Unlock()
	one := b.waits.all[id]
	if one == nil || one.state != Confirmed {
		return ErrNoWait
	}
	delete(b.waits.all, id)
	return nil
}

func (w *waits) begin() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.elapsed()
	for id, one := range w.all {
		gone := one.state == Waiting && now-one.asked > WaitGrace
		if now-one.began > WaitLife || gone && len(w.all) >= MaxWaits {
			delete(w.all, id)
		}
	}
	if len(w.all) >= MaxWaits {
		return "", ErrCrowded
	}
	id := secret.ID()
	w.all[id] = &wait{Waiting, now, now}
	return id, nil
}

func (w *waits) look(id string) (WaitState, time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, now := w.all[id], w.elapsed()
	if one == nil || now-one.began > WaitLife {
		delete(w.all, id)
		return "", 0, ErrNoWait
	}
	one.asked = now
	return one.state, one.began + WaitLife - now, nil
}

func (w *waits) press() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.elapsed()
	var here []*wait
	for _, one := range w.all {
		if one.state == Waiting && now-one.asked <= WaitGrace && now-one.began <= WaitLife {
			here = append(here, one)
		}
	}
	for _, one := range here {
		one.state = Dropped
		if len(here) == 1 {
			one.state = Confirmed
		}
	}
	return len(here)
}

// clear forgets everybody who waits.
func (w *waits) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.all)
}
