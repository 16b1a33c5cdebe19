package clock

import (
	"fmt"
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
	case r.State != Synced || r.Offset.Abs() >= OffBy:
		return Warn
	default:
		return OK
	}
}

// Message says what is so with the time, then what follows.
func (r Reading) Message() string {
	switch {
	case r.State == Suspect:
		return "The time servers suddenly say a very different time. App codes are not checked until they agree with the NAS again. If the servers are right, hold the reset button for 5 to 10 seconds, or run castellan recover on the NAS: either makes it believe them."
	case r.State == Unsynced:
		return "This NAS does not know the time: no time server answers and its clock was not kept. App codes cannot be checked."
	case r.State == Holdover && !r.Trusted():
		return "No time server has answered for " + Words(r.CheckedAgo) + ". App codes cannot be checked."
	case r.Offset.Abs() >= OffBy && r.State != Unverified:
		return "This NAS's clock is " + SlowOrFast(r.Offset) + "; codes are checked against network time."
	case r.State == Unverified:
		return "No time server answers. App codes are checked against the NAS's own clock."
	case r.State == Holdover:
		return "No time server has answered for " + Words(r.CheckedAgo) + ". App codes still work."
	case r.Single:
		return "The time comes from one time server alone, and no other confirms it. Name at least three in the config file."
	default:
		return "Clock in step with network time."
	}
}

// Advice says what to do about the reading; it is empty where there is nothing to do.
func (r Reading) Advice() string { return "" }

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
