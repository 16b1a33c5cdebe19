package reset

import (
	"time"

	"castellan/internal/box/button"
	"castellan/internal/store"
)

// RestTime is how long after a finished reset the next one is refused: whoever holds the button again does not undo what the
// new owner is setting up. A start of the kernel ends it, as that takes a hand on the box as well.
const RestTime = 10 * time.Minute

// restRecord is when the last reset was finished.
type restRecord struct {
	At   time.Duration `json:"at"`   // on the clock of Boot, in nanoseconds
	Boot string        `json:"boot"` // names that run of the kernel
}

var rests = store.NewTable[restRecord]("reset_rest")

const restKey = "last"

// Begin notes that a reset is finished at a time on the clock that never steps, of the given run of the kernel, but for the network, which
// Follow restores.
func Begin(tx *store.Tx, at time.Duration, boot string) error {
	if err := wishes.Put(tx, wishKey, wish{}); err != nil {
		return err
	}
	return rests.Put(tx, restKey, restRecord{at, boot})
}

// Load reads when the last reset was finished.
func (r *Reset) Load(tx *store.Tx) error {
	last, found, err := rests.Get(tx, restKey)
	if err == nil && found && last.Boot == r.Boot && last.Boot != "" && last.At <= r.Elapsed() {
		r.finished(last.At)
	}
	return err
}

func (r *Reset) finished(at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.last = true, at
}

// Rest says for how long yet a reset is refused, as button.Config wants it.
func (r *Reset) Rest() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done {
		return -button.Restless
	}
	return r.last + RestTime - r.Elapsed()
}

// rest begins the time in which no other reset is done, when the transaction commits.
func (r *Reset) rest(tx *store.Tx) error {
	now := r.Elapsed()
	tx.OnCommit(func() { r.finished(now) })
	return Begin(tx, now, r.Boot)
}
