package password

import (
	"context"
	"runtime/debug"
	"time"

	"castellan/internal/fault"
)

const (
	// Queue is how many hashes may wait for their turn.
	Queue = 8
	// Patience is how long each of them waits.
	Patience = 3 * time.Second
)

// ErrBusy says that too many sign-ins are being checked right now.
var ErrBusy = &fault.Error{
	Kind: fault.Unavailable, Code: "busy", RetryIn: Patience,
	Message: "Too many sign-ins are being checked right now. Try again in a few seconds.",
}

// gate lets one hash run at a time. Sixty-four at once would take 1.25 GB.
type gate struct {
	turn  chan struct{}
	queue chan struct{}
}

func newGate() *gate {
	return &gate{turn: make(chan struct{}, 1), queue: make(chan struct{}, Queue+1)}
}

// enter waits for a turn and returns the function that ends it.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case g.turn <- struct{}{}:
		return g.leave, nil
	case <-patience.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ErrBusy.Because(ctx.Err())
	}
	<-g.queue
	return nil, err
}

// leave gives the memory of the hash back to the system before the next one may take as much again. Collecting
// it alone is not enough: the next hash may find its place elsewhere, and both count.
func (g *gate) leave() {
	debug.FreeOSMemory()
	<-g.turn
	<-g.queue
}
