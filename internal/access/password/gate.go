package password

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
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

type (
	sourceKey struct{}
	knownKey  struct{}
)

// From returns a context whose hashes are computed for a source. Sources take turns, so that one of them cannot
// keep the others waiting. Without it a hash is the box's own.
func From(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Known returns a context whose hashes are computed for a browser that an account knows. One place beside the queue is
// kept for those, and they take turns with all others. Of the accounts each has the place in its turn.
func Known(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, knownKey{}, account)
}

// gate lets one hash run at a time. Sixty-four at once would take 1.25 GB. The sources that wait take turns, and
// when the queue is full, the source with the most places gives one up for a source that has fewer.
type gate struct {
	mu      sync.Mutex
	busy    bool
	turned  bool     // the last one called was a known browser, so that others come next
	round   int      // that is being served
	waiting []*place // in the order in which they came
	served  []string // the accounts that were called last as known ones, the last one last
}

// remembered is how many accounts a gate remembers to have served.
const remembered = 64

// place is a hash that waits for its turn.
type place struct {
	source string
	known  string    // the account, if the browser is one that it knows
	round  int       // a source has one place in each
	called chan bool // true: it is its turn; false: its place was given to another source
}

func newGate() *gate { return &gate{} }

// enter waits for a turn and returns the function that ends it.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	source, _ := ctx.Value(sourceKey{}).(string)
	known, _ := ctx.Value(knownKey{}).(string)
	p, err := g.queue(source, known)
	if err != nil {
		return nil, err
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case turn := <-p.called:
		if turn {
			return g.leave, nil
		}
		return nil, ErrBusy
	case <-patience.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ErrBusy.Because(ctx.Err())
	}
	if g.forsake(p) {
		return nil, err
	}
	if <-p.called { // its turn came at that very moment
		return g.leave, nil
	}
	return nil, err
}

// queue gives a source a place, which is called at once where nothing runs. Beside the queue there is one place for a
// known browser.
func (g *gate) queue(source, known string) (*place, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &place{source: source, known: known, round: g.round, called: make(chan bool, 1)}
	for _, one := range g.waiting {
		if one.source == source {
			p.round = max(p.round, one.round+1)
		}
	}
	if !g.busy {
		g.call(p)
		return p, nil
	}
	if places, taken := g.places(); places >= Queue && (known == "" || taken) && !g.makeRoom(source) && !g.takeOver(known) {
		return nil, ErrBusy
	}
	g.waiting = append(g.waiting, p)
	return p, nil
}

// places counts those of the queue that are taken, without the one that is kept for a known browser, which may be
// taken, too. It needs mu.
func (g *gate) places() (n int, kept bool) {
	kept = slices.ContainsFunc(g.waiting, func(p *place) bool { return p.known != "" })
	if n = len(g.waiting); kept {
		n--
	}
	return n, kept
}

// makeRoom turns away the newest hash of the source that has the most places, if that has two more than the
// source that wants one. It needs mu.
func (g *gate) makeRoom(source string) bool {
	places := map[string]int{}
	greediest := source
	for _, one := range g.waiting {
		if one.known != "" {
			continue
		}
		places[one.source]++
		if places[one.source] > places[greediest] {
			greediest = one.source
		}
	}
	if places[greediest] < places[source]+2 {
		return false
	}
	for i, one := range slices.Backward(g.waiting) {
		if one.source == greediest && one.known == "" {
			g.turnAway(i)
			return true
		}
	}
	return false
}

// takeOver turns away the known browser that waits whose account was served last, if the account that wants its place
// was served longer ago: somebody who signs in again and again does not hold the place. It needs mu.
func (g *gate) takeOver(known string) bool {
	if known == "" {
		return false
	}
	last, turn := -1, slices.Index(g.served, known)
	for i, one := range g.waiting {
		if at := slices.Index(g.served, one.known); one.known != "" && at > turn {
			last, turn = i, at
		}
	}
	if last < 0 {
		return false
	}
	g.turnAway(last)
	return true
}

// turnAway gives a place to somebody else. It needs mu.
func (g *gate) turnAway(i int) {
	g.waiting[i].called <- false
	g.waiting = slices.Delete(g.waiting, i, i+1)
}

// forsake gives a place up, unless it was called already.
func (g *gate) forsake(p *place) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, p)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// call gives a place its turn. It needs mu.
func (g *gate) call(p *place) {
	g.busy, g.turned = true, p.known != ""
	if g.turned {
		g.served = append(slices.DeleteFunc(g.served, func(one string) bool { return one == p.known }), p.known)
		g.served = g.served[max(len(g.served)-remembered, 0):]
	} else {
		g.round = p.round
	}
	p.called <- true
}

// leave gives the memory of the hash back to the system before the next one may take as much again. Collecting
// it alone is not enough: the next hash may find its place elsewhere, and both count. Then it calls the next one.
func (g *gate) leave() {
	debug.FreeOSMemory()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy = false
	if len(g.waiting) == 0 {
		return
	}
	next := slices.MinFunc(g.waiting, func(a, b *place) int { // the first of the lowest
		switch known := a.known != ""; {
		case known == (b.known != ""):
			return a.round - b.round
		case known != g.turned:
			return -1
		default:
			return 1
		}
	})
	g.waiting = slices.DeleteFunc(g.waiting, func(p *place) bool { return p == next })
	g.call(next)
}
