package password

import (
	"context"
	"runtime"
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

// leave collects the memory of the hash before the next one may take as much again. The last one out
// gives it back to the system as well.
func (g *gate) leave() {
	if len(g.queue) > 1 {
		runtime.GC()
	} else {
		debug.FreeOSMemory()
	}
	<-g.turn
	<-g.queue
}
