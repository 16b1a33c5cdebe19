package daemon

import (
	"strconv"
	"time"

	"castellan/internal/access/presence"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/box/signal"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/reset"
)

// errReset is for whoever held the simulated button.
var errReset = &fault.Error{
	Kind: fault.Unavailable, Code: "reset_failed",
	Message: "The reset did not finish. The NAS's own log says why. Hold the button again.",
}

// pressed acts on a finished press of the button, and says what came of it.
func (h *house) pressed(p button.Press) (outcome string, err error) {
	var answer presence.Answer
	switch p.Outcome {
	case button.Reset:
		if outcome = "administrator defaults restored"; h.recovery != nil {
			outcome = "this NAS begins anew"
		}
		if err = h.restore(); err != nil {
			h.Out.Error("reset by the button", "err", err)
			outcome, err = "restoring administrator defaults did not finish", errReset.Because(err)
			h.signal.Tell(signal.Failed)
		} else if h.recovery == nil {
			h.signal.Tell(signal.Restored)
		}
	case button.Cancelled:
		outcome = "cancelled by holding on"
	case button.Presence:
		answer, outcome = h.present()
	case button.Nothing:
		if outcome = h.idly(p.Idle); p.Idle == button.IsResting {
			h.signal.Tell(signal.Failed)
		}
	}
	if h.figures != nil {
		h.figures.Pressed(p.Outcome)
	}
	h.record(event.Event{Kind: event.ButtonPressed}.With("held", clock.Words(p.Held)).With("outcome", outcome))
	if answer.Waiting > 1 {
		kind := event.PressDropped
		if answer.For == presence.Claim {
			kind = event.ClaimDropped
		}
		h.record(event.Event{Kind: kind}.With("count", strconv.Itoa(answer.Waiting)))
	}
	return outcome, err
}

// rest says for how long yet holding the button restores nothing. A house in need of recovery is founded anew at any time.
func (h *house) rest() time.Duration {
	if h.reset == nil {
		return -button.Restless
	}
	return h.reset.Rest()
}

// idly says why a press did nothing.
func (h *house) idly(why button.Idle) string {
	switch why {
	case button.IsTest:
		return "nothing, as a test was going on"
	case button.IsDisabled:
		return "nothing, as the button is turned off"
	case button.IsResting:
		return "nothing, as the defaults were restored less than " + clock.Words(reset.RestTime) + " ago; " + clock.Words(h.rest().Round(time.Second)) + " are left"
	default:
		return "nothing, as it was too long for a short press and too short for a reset"
	}
}

// present acts on a short press: it confirms the one browser that waits. Where nobody waits to claim the box or to sign
// in, or somebody waits as well whom strangers have locked out, it ends the waits after wrong passwords as well: strangers
// who keep asking for an unlock take that from nobody, and then have nothing to unlock.
func (h *house) present() (a presence.Answer, outcome string) {
	if h.recovery != nil {
		return a, nobodyWaited
	}
	a = h.waits.Press()
	outcome = meaning(a)
	if a.For == "" || a.Unlocks {
		outcome = h.pardon(outcome)
	}
	return a, outcome
}

const nobodyWaited = "nobody was waiting for it"

// meaning puts what a short press came to into words.
func meaning(a presence.Answer) string {
	switch {
	case a.For == "":
		return nobodyWaited
	case !a.Confirmed():
		return "more than one browser was waiting for it, so none was let in"
	case a.For == presence.SignIn:
		return "a sign-in was confirmed"
	case a.For == presence.Unlock:
		return "a browser was confirmed"
	default:
		return "presence confirmed"
	}
}

// pardon ends the waits after wrong passwords, for whoever stands at the box, and says what a press did.
func (h *house) pardon(otherwise string) string {
	slowed, err := h.reset.Pardon()
	switch {
	case err != nil:
		h.Out.Error("pardon wrong passwords", "err", err)
		return "the waits after wrong passwords could not be ended"
	case slowed:
		return "the waits after wrong passwords ended"
	default:
		return otherwise
	}
}
