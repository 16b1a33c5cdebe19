package event

import "strings"

// Outcome says what came of what somebody, or the NAS, set out to do.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome { return []Outcome{Done, Refused, Failed} }

// outcomes are those of the kinds whose names do not tell.
var outcomes = map[Kind]Outcome{
	Repeated: Refused, SignInSlowed: Refused, ClaimDropped: Refused, PressDropped: Refused, EnrolmentDiscarded: Refused, MailDropped: Failed, ForwardDropped: Failed,
}

// Outcome returns what came of it. A kind's name ends in it, where it was a refusal or a failure.
func (k Kind) Outcome() Outcome {
	o, named := outcomes[k]
	switch {
	case named:
		return o
	case strings.HasSuffix(string(k), "refused"):
		return Refused
	case strings.HasSuffix(string(k), "failed"):
		return Failed
	default:
		return Done
	}
}

// Outcome returns what came of it.
func (e Event) Outcome() Outcome {
	if e.Kind == ClockChanged && e.Level() == Error {
		return Failed
	}
	return e.Kind.Outcome()
}

// may reports whether an event of the kind can have an outcome.
func (k Kind) may(o Outcome) bool { return k.Outcome() == o || k == ClockChanged && o == Failed }
