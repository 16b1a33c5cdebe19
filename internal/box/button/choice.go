package button

import (
	"time"

	"castellan/internal/fault"
)

// Choice is what the owner decided about the button.
type Choice struct {
	Key      *InputKey // the one that the NAS learnt; nil: the one that is found by itself
	Disabled bool      // presses do nothing, not even restore the administrator's defaults
}

// Idle says why a press does nothing.
type Idle string

// The reasons.
const (
	IsTest     Idle = "test"
	IsDisabled Idle = "disabled"
	IsResting  Idle = "rest" // a reset was done just now
)

// TestTime is for how long presses are only shown.
const TestTime = 60 * time.Second

// disabledWords say that the button is turned off, and what is lost by that.
const disabledWords = "The reset button is turned off. Whoever loses every other way in gets back with castellan recover on the NAS itself only. An administrator turns it on again in Settings › Reset button."

// The refusals of the button.
var (
	ErrAbsent = &fault.Error{Kind: fault.Conflict, Code: "no_button", Message: "The button of this NAS does not answer, so there is nothing to test."}
	ErrFixed  = &fault.Error{Kind: fault.Conflict, Code: "button_fixed", Message: "The config file of this NAS says which button it has, so there is nothing to learn."}
	ErrUnlike = &fault.Error{Kind: fault.Conflict, Code: "not_heard", Message: "The NAS has not heard that button lately. Let it listen, press the button and release it, then confirm."}
)

// Follow has the button be what the owner decided, from now on.
func (b *Button) Follow(c Choice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.choice.Key
	b.choice = c
	if (before == nil) != (c.Key == nil) || before != nil && *before != *c.Key {
		b.lesson.until = 0
		b.problem, b.claimed = "", false
		b.again()
	}
}

// open reports whether the config file leaves open which button it is.
func (b *Button) open() bool {
	_, ok := b.config.Source.(*Auto)
	return ok
}

// source is the button to watch. The lock must be held.
func (b *Button) source() Source {
	if b.choice.Key != nil && b.open() {
		return *b.choice.Key
	}
	return b.config.Source
}

// CanTest returns ErrAbsent unless there is a button that can be tested.
func (b *Button) CanTest() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.claimed {
		return ErrAbsent
	}
	return nil
}

// Test has presses be shown and do nothing for TestTime.
func (b *Button) Test() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tested = b.local() + TestTime
}

// EndTest has presses act again. One that has begun does nothing yet.
func (b *Button) EndTest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tested = min(b.tested, b.local())
}

// judge says whether a press that has just ended counts. One that began or ended during a test does not. The lock must be
// held.
func (b *Button) judge(p Press) Press {
	began := b.local() - p.Held - b.config.Times.Settle
	switch {
	case b.tested > 0 && began < b.tested:
		p.Idle = IsTest
	case b.choice.Disabled:
		p.Idle = IsDisabled
	case p.Outcome == Reset && b.resting(p.Held+b.config.Times.Settle):
		p.Idle = IsResting
	default:
		return p
	}
	p.Means, p.Outcome = p.Outcome, Nothing
	return p
}

// resting reports whether resets were still refused when a button that has been held for so long first told the finger to let
// go: what it is told then is what holds, however long it holds on. The lock must be held.
func (b *Button) resting(held time.Duration) bool {
	return b.config.Rest()+held-b.config.Times.ResetFrom > 0
}
