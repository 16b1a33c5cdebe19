package clock

import (
	"fmt"
	"strings"
	"time"
)

// OffBy is from where the difference between the NAS's clock and trusted time is worth a word to people.
const OffBy = 30 * time.Second

// Level says how urgent a reading is.
type Level uint8

// The levels.
const (
	OK Level = iota
	Warn
	Bad
)

// Level says how urgent the reading is.
func (r Reading) Level() Level {
	switch {
	case !r.Trusted():
		return Bad
	case r.State != Synced || r.Offset.Abs() >= OffBy || r.Reason == Unauthenticated || r.Reason == NoServer:
		return Warn
	default:
		return OK
	}
}

// Message says what is so with the time, then what follows for codes.
func (r Reading) Message() string {
	switch {
	case r.State == Suspect:
		return r.doubt()
	case r.State == Unsynced && r.Reason == Jumped:
		return "The NAS's own clock was changed by much while the NAS ran, and " + r.silence() + ". App codes cannot be checked."
	case r.State == Unsynced && r.wrong:
		return "This NAS does not know the time: " + r.silence() + " and its own clock says an impossible one. App codes cannot be checked."
	case r.State == Unsynced:
		return "This NAS does not know the time: " + r.silence() + " and its clock was not kept. App codes cannot be checked."
	case r.State == Holdover && !r.Trusted():
		return r.lately() + " App codes cannot be checked."
	case r.Offset.Abs() >= OffBy && r.State != Unverified:
		return "This NAS's clock is " + SlowOrFast(r.Offset) + "; codes are checked against network time."
	case r.State == Unverified && r.Strict:
		return sentence(r.silence()) + ", and on this NAS only verified time counts. App codes are not checked."
	case r.State == Unverified && r.Reason == ByHand:
		return "The time was set by hand. App codes are checked against it until time servers agree."
	case r.State == Unverified:
		return sentence(r.silence()) + ". App codes are checked against the NAS's own clock."
	case r.State == Holdover:
		return r.lately() + " App codes still work."
	case r.Reason == NoServer:
		return "No time server is set any more. The time was right when they last agreed."
	case r.Reason == Unauthenticated:
		return "The time comes from servers that anybody on the way can imitate: those with NTS do not answer."
	case r.Single:
		return "The time comes from one time server alone, and no other confirms it."
	default:
		return "Clock in step with network time."
	}
}

// doubt says what the servers say that is not followed.
func (r Reading) doubt() string {
	says := "another time"
	if p := r.Proposal; p != nil {
		says = "that it is " + EarlierOrLater(p.By)
	}
	if r.held {
		return "The NAS ran ahead: the time servers say " + says + ". App codes are checked again when they have caught up, or an administrator confirms it."
	}
	if r.Reason == LongOff {
		return "The time servers say " + says + " than the NAS last knew. App codes are not checked until an administrator confirms it."
	}
	return "The time servers suddenly say " + says + ". App codes are not checked until they agree with the NAS again, or an administrator confirms it."
}

// silence says why the servers do not tell the time, as a part of a sentence.
func (r Reading) silence() string {
	switch r.why {
	case NoServer:
		return "no time server is set"
	case NoNameServer:
		return "the names of the time servers cannot be looked up"
	case Disagreement:
		return "the time servers disagree"
	default:
		if r.Answering > 0 {
			return "too few time servers answer"
		}
		return "no time server answers"
	}
}

// lately says since when the servers do not tell the time.
func (r Reading) lately() string {
	if r.why == Disagreement {
		return "The time servers have not agreed for " + Words(r.CheckedAgo) + "."
	}
	return "No time server has answered for " + Words(r.CheckedAgo) + "."
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Advice says what to do about the reading; it is empty where there is nothing to do.
func (r Reading) Advice() string {
	switch r.Reason {
	case SystemOff:
		return "Codes work all the same. Settings › Date & Time says who sets the clock of the NAS."
	case SingleSource:
		return "Name at least three time servers in Settings › Date & Time."
	case Unauthenticated:
		return "Let the firewall pass TCP port 4460 and UDP port 123, or turn the servers with NTS off in Settings › Date & Time."
	case ByHand:
		return "Compare it with a clock you trust now and then: codes work while it is right to half a minute."
	case OwnClock:
		return "Compare it with your phone: codes work while both are right to half a minute. " + advice(r.why)
	case Jumped:
		if r.State == Unsynced {
			return "Sign in another way and set the time in Settings › Date & Time. " + advice(r.why)
		}
		return "Look at a clock you trust. If the servers are wrong, replace them in Settings › Date & Time. If they are right, " + confirm
	case LongOff:
		return "This is as it should be if the NAS was off for long or its clock ran wrong. Look at a clock you trust. If the servers are right, " + confirm
	default:
		return advice(r.Reason)
	}
}

const confirm = "an administrator who signed in another way confirms it in Settings › Date & Time. Without one, hold the reset button for 5 to 10 seconds, or run castellan recover on the NAS: either makes it believe them."

// advice says what to do about servers that do not tell the time.
func advice(why Reason) string {
	switch why {
	case NoServer:
		return "Name at least three time servers in Settings › Date & Time."
	case NoNameServer:
		return "Check the name server (DNS) that the NAS was given, or name time servers by their addresses."
	case NoAnswer:
		return "Check the cable, the internet connection, and that the firewall lets the NAS ask for the time (UDP port 123, and TCP port 4460 for NTS)."
	case Disagreement:
		return "Settings › Date & Time shows which servers differ. Replace those that do not tell what a clock you trust tells."
	default:
		return ""
	}
}

// SlowOrFast puts an offset into words: "3 min 12 s slow".
func SlowOrFast(offset time.Duration) string {
	if offset < 0 {
		return Words(-offset) + " slow"
	}
	return Words(offset) + " fast"
}

// Words puts a length of time into at most two units; seconds below ten have a decimal where they need one.
func Words(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%g s", d.Round(100*time.Millisecond).Seconds())
	case d.Round(time.Second) < time.Minute:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < day:
		return two(d, time.Hour, "h", time.Minute, "min")
	case d < 730*day:
		return two(d, day, "days", time.Hour, "h")
	default:
		return fmt.Sprintf("%d years", int(d/(365*day)))
	}
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	n, rest := d/large, d%large/small
	if largeName == "days" && n == 1 {
		largeName = "day"
	}
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, largeName)
	}
	return fmt.Sprintf("%d %s %d %s", n, largeName, rest, smallName)
}
