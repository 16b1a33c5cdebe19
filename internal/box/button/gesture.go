package button

import "time"

// Edge is a change of the button's line. At is the kernel's time stamp: only differences mean anything.
type Edge struct {
	Pressed bool
	At      time.Duration
}

// Outcome is what a press means.
type Outcome string

// The outcomes.
const (
	Presence  Outcome = "presence"  // a short press: somebody stands beside the NAS
	Nothing   Outcome = "nothing"   // too long for the one and too short for the other
	Reset     Outcome = "reset"     // held, and released inside the window
	Cancelled Outcome = "cancelled" // held on past the window: the way to change one's mind
)

// Times are the bounds of the gesture. Each zone reaches from its bound to just before the next.
type Times struct {
	ShortFrom  time.Duration
	ShortUntil time.Duration
	ResetFrom  time.Duration
	ResetUntil time.Duration
	Stuck      time.Duration // a line that reads "pressed" for longer is stuck or has the wrong polarity
	Settle     time.Duration // a release counts when the line has stayed released for this long
}

// DefaultTimes returns the times of the house.
func DefaultTimes() Times {
	return Times{
		ShortFrom:  50 * time.Millisecond,
		ShortUntil: 2 * time.Second,
		ResetFrom:  5 * time.Second,
		ResetUntil: 10 * time.Second,
		Stuck:      60 * time.Second,
		Settle:     30 * time.Millisecond,
	}
}

// Outcome says what releasing after held means. A touch too short to be a finger is Nothing.
func (t Times) Outcome(held time.Duration) Outcome {
	switch {
	case held < t.ShortFrom:
		return Nothing
	case held < t.ShortUntil:
		return Presence
	case held < t.ResetFrom:
		return Nothing
	case held < t.ResetUntil:
		return Reset
	default:
		return Cancelled
	}
}

// Stage is what a finger on the button is told while it holds: what would come of letting go now.
type Stage uint8

// The stages, in their order.
const (
	NotHeld    Stage = iota // or not for long enough to be a finger, or for so long that the line is stuck
	HeldShort               // presence
	HeldLong                // nothing: too long for the one and too short for the other
	ReleaseNow              // a reset
	HeldOver                // nothing: the way to change one's mind
)

// Stage says what a button that has been held for so long tells the finger on it.
func (t Times) Stage(held time.Duration) Stage {
	switch {
	case held < t.ShortFrom:
		return NotHeld
	case held < t.ShortUntil:
		return HeldShort
	case held < t.ResetFrom:
		return HeldLong
	case held < t.ResetUntil:
		return ReleaseNow
	default:
		return HeldOver
	}
}

// after returns how long a button is held when the stage ends.
func (t Times) after(s Stage) time.Duration {
	switch s {
	case NotHeld:
		return t.ShortFrom
	case HeldShort:
		return t.ShortUntil
	case HeldLong:
		return t.ResetFrom
	case ReleaseNow:
		return t.ResetUntil
	default:
		return t.Stuck
	}
}

// Phase is where a gesture stands.
type Phase uint8

// The phases.
const (
	Unarmed  Phase = iota // pressed from the start, or for too long: only a release helps
	Released              // waiting for a press
	Pressed
	settling // released just now, perhaps only a bounce
)

// Gesture turns edges into outcomes. It is a pure state machine: the same edges and times give the same
// outcomes. It acts on release inside a window, never on a press alone.
type Gesture struct {
	times    Times
	phase    Phase
	pressed  time.Duration // when the press began
	released time.Duration
	stage    Stage // as of the last look
}

// NewGesture returns a Gesture for a line that reads pressed or not at the start. One that reads pressed
// is not armed: it may be stuck, wired the other way round, or held since before.
func NewGesture(times Times, pressed bool) Gesture {
	g := Gesture{times: times, phase: Released}
	if pressed {
		g.phase = Unarmed
	}
	return g
}

// Edge takes in a change of the line, after the time that passed until then. Equal edges in a row
// change nothing.
func (g Gesture) Edge(e Edge) (Gesture, Press, bool) {
	g, press, ended := g.At(e.At)
	switch {
	case e.Pressed && g.phase == Released:
		g.phase, g.pressed = Pressed, e.At
	case e.Pressed && g.phase == settling:
		g.phase = Pressed // the release was a bounce
		g.stage = g.times.Stage(e.At - g.pressed)
	case !e.Pressed && g.phase == Pressed:
		g.phase, g.released = settling, e.At
	case !e.Pressed && g.phase == Unarmed:
		g.phase = Released
	}
	return g, press, ended
}

// Lost takes in that edges were missed and what the line reads now. Nothing that was going on counts.
func (g Gesture) Lost(pressed bool) Gesture { return NewGesture(g.times, pressed) }

// At takes in that it is now. It returns the outcome of a press that ended, with true, exactly once.
func (g Gesture) At(now time.Duration) (Gesture, Press, bool) {
	switch {
	case g.phase == settling && now-g.released >= g.times.Settle:
		held := g.released - g.pressed
		g.phase, g.stage = Released, NotHeld
		if held < g.times.ShortFrom {
			return g, Press{}, false
		}
		return g, Press{Outcome: g.times.Outcome(held), Held: held}, true
	case g.phase == Pressed && now-g.pressed >= g.times.Stuck:
		g.phase, g.stage = Unarmed, NotHeld
	case g.phase == Pressed:
		g.stage = g.times.Stage(now - g.pressed)
	}
	return g, Press{}, false
}

// Next returns when At has to be called again, if it has to.
func (g Gesture) Next() (at time.Duration, ok bool) {
	switch g.phase {
	case settling:
		return g.released + g.times.Settle, true
	case Pressed:
		return g.pressed + g.times.after(g.stage), true
	default:
		return 0, false
	}
}

// Stage returns what the finger is to be told, as of the last edge or look.
func (g Gesture) Stage() Stage { return g.stage }

// Held returns for how long the button has been pressed.
func (g Gesture) Held(now time.Duration) time.Duration {
	switch g.phase {
	case Pressed:
		return max(now-g.pressed, 0)
	case settling:
		return g.released - g.pressed
	default:
		return 0
	}
}

// Press is a finished press.
type Press struct {
	Outcome Outcome
	Held    time.Duration
	// Idle says why it does nothing whatever it means, and Means what it would have done; both are empty for a press that
	// counts.
	Idle  Idle
	Means Outcome
}
