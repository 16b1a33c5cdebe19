package button

import (
	"context"
	"time"

	"castellan/internal/fault"
)

// Simulation is a button without hardware, for trying Castellan out.
type Simulation struct{ edges chan Edge }

// NewSimulation returns a simulated button.
func NewSimulation() *Simulation { return &Simulation{edges: make(chan Edge)} }

// Kind is Simulated.
func (s *Simulation) Kind() Kind { return Simulated }

// Name is what people call it.
func (s *Simulation) Name() string { return "simulated button" }

// Open claims the simulated line, which is never refused.
func (s *Simulation) Open() (Line, error) {
	return Line{Edges: s.edges, Close: func() error { return nil }}, nil
}

// ErrNotSimulated says that there is a real button, which wants a finger.
var ErrNotSimulated = &fault.Error{
	Kind: fault.Conflict, Code: "not_simulated",
	Message: "The button of this NAS is not simulated. Press it with a finger.",
}

// Hold presses the simulated button for a while and returns what came of it, also in words, and the error of acting on it.
func (b *Button) Hold(ctx context.Context, hold time.Duration) (Press, string, error) {
	s, ok := b.config.Source.(*Simulation)
	if !ok {
		return Press{}, "", ErrNotSimulated
	}
	b.mu.Lock()
	done := b.done
	b.mu.Unlock()
	for _, pressed := range []bool{true, false} {
		select {
		case s.edges <- Edge{Pressed: pressed, At: b.local()}:
		case <-ctx.Done():
			return Press{}, "", ctx.Err()
		}
		wait := hold
		if !pressed {
			wait = b.config.Times.Settle + time.Second
		}
		select {
		case <-done:
			return b.outcome()
		case <-time.After(wait):
		case <-ctx.Done():
			if pressed { // a finger that is pulled away releases the button
				s.edges <- Edge{At: b.local()}
			}
			return Press{}, "", ctx.Err()
		}
	}
	b.mu.Lock()
	acting := b.acting
	b.mu.Unlock()
	if !acting {
		if hold < b.config.Times.ShortFrom {
			return Press{Outcome: Nothing, Held: hold}, "nothing, as that was too short for a finger", nil
		}
		return Press{Outcome: Nothing, Held: hold}, "nothing, as a button that reads pressed for so long counts as stuck", nil
	}
	select { // what a press sets off may take its time
	case <-done:
		return b.outcome()
	case <-ctx.Done():
		return Press{}, "", ctx.Err()
	}
}

// outcome returns the last press, and what acting on it said.
func (b *Button) outcome() (Press, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.last, b.said, b.failed
}
