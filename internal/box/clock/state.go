package clock

import "time"

// samePair is how long the two clocks of a moment may take to be read.
const samePair = time.Millisecond

// moment is what the two clocks of the box said at the same time.
type moment struct {
	elapsed time.Duration
	system  time.Time
}

// moment reads both clocks, again where a machine was paused between them: a difference that was never there
// must not look like a clock that was set. The monotonic part of the system clock is dropped, because a step of
// the clock has to be seen.
func (k *Clock) moment() (m moment) {
	for range 4 {
		before := k.config.Elapsed()
		m.system = k.config.System().Round(0).UTC()
		m.elapsed = k.config.Elapsed()
		if m.elapsed-before <= samePair {
			break
		}
	}
	return m
}

// judge says which state the clock is in, and how uncertain its time is.
func (k *Clock) judge(m moment) (State, time.Duration) {
	switch {
	case k.suspect != "":
		return Suspect, 0
	case k.basis == nothing && (k.kept || k.served) && k.steady(m):
		return Unverified, OwnDoubt + grown(m.elapsed-k.ownSince)
	case k.basis == nothing:
		return Unsynced, 0
	case k.basis == servers && k.held(m) > SlowCorrection:
		return Suspect, 0
	}
	age := m.elapsed - k.since
	uncertainty := k.doubt + grown(age)
	switch {
	case k.basis == hand:
		return Unverified, uncertainty
	case age <= FreshFor && k.why != Disagreement: // too few answers may be an accident, a contradiction is none
		return Synced, uncertainty
	case uncertainty <= MaxUncertainty:
		return Holdover, uncertainty
	}
	// Too long without an agreement. A kept system clock that still says the same takes over.
	off := m.system.Sub(k.target(m))
	if (k.kept || k.served) && off.Abs() <= min(uncertainty, SlowCorrection) {
		return Unverified, uncertainty
	}
	return Holdover, uncertainty
}

// grown is by how much the uncertainty grows in a time.
func grown(age time.Duration) time.Duration { return time.Duration(float64(age) * Drift) }

// reason says why the clock is in the state of a reading.
func (k *Clock) reason(r Reading, m moment) Reason {
	switch {
	case r.held:
		return LongOff
	case r.State == Suspect:
		return k.suspect
	case r.State == Unsynced && k.ownSet && !k.steady(m):
		return Jumped
	case r.State == Unverified && k.basis == hand:
		return ByHand
	case r.State == Unverified:
		return OwnClock
	case r.State != Synced && k.why != "":
		return k.why
	case r.State != Synced:
		return NoAnswer
	case r.Offset.Abs() >= OffBy:
		return SystemOff
	case !k.asksAny():
		return NoServer
	case k.unauthenticated(m):
		return Unauthenticated
	case r.Single:
		return SingleSource
	default:
		return InStep
	}
}

// time returns what the time is. It never goes back: where it ran ahead it is held until that is true again. What
// the box's own clock said is a guess, though, that nobody stood behind: it does not go back by itself either, but
// the first agreement of servers takes its place, back as well as forward. A clock that was set to local time is
// hours ahead, and must close nobody out for hours.
func (k *Clock) time(m moment) time.Time {
	if k.basis == nothing && k.ownSet {
		k.high = latest(k.high, k.floor(m.elapsed))
		k.guess = latest(latest(k.high, k.guess), k.target(m))
		return k.guess
	}
	k.high = latest(k.high, k.target(m))
	return k.high
}

// held is by how much the time that was given out is ahead of what is known now.
func (k *Clock) held(m moment) time.Duration { return k.high.Sub(k.target(m)) }

// target is the time by what is known now, be it later or earlier than what was given out.
func (k *Clock) target(m moment) time.Time {
	switch {
	case k.basis != nothing:
		return k.scale(m.elapsed).Add(k.offset)
	case k.ownSet && k.steady(m):
		return m.system
	case k.ownSet:
		return k.scale(m.elapsed).Add(k.own)
	default:
		return k.floor(m.elapsed)
	}
}

// unauthenticated reports whether servers are asked by NTS, and none of them has answered for long: whoever keeps
// their answers away may forge those of the others. That must not go unsaid.
func (k *Clock) unauthenticated(m moment) bool {
	some := false
	for _, s := range k.peers {
		if !s.NTS {
			continue
		}
		last := k.started
		if s.answered {
			last = s.answeredAt
		}
		if some = true; m.elapsed-last <= AuthenticFor {
			return false
		}
	}
	return some
}

// adopt believes a kept system clock from now on, unless it lies before what is known for certain, or so far
// beyond it that a battery must have been flat. One that only a service set may be as far ahead as a first answer of
// servers. Believing it once is enough: a clock that is set while the program runs moves nothing by more than
// SlowCorrection, unless a service set it and no server of the owner's ever answered: then that service is all there is.
func (k *Clock) adopt(m moment) {
	k.track(m)
	ahead := m.system.Sub(k.floor(m.elapsed))
	near := !k.trusted || ahead <= FirstJump
	switch {
	case ahead < 0 || ahead > LongestJump || !k.kept && (!k.served || !near):
		return
	case k.ownSet && (k.basis != nothing || k.heard || !k.served || !near || k.steady(m)):
		return
	}
	k.guess = time.Time{}
	k.own, k.ownSet, k.ownSince, k.ownAt = m.system.Sub(k.scale(m.elapsed)), true, m.elapsed, m.elapsed
}

// steady reports whether the system clock was believed and goes on as it did then.
func (k *Clock) steady(m moment) bool {
	return k.ownSet && k.strayed(m).Abs() <= SlowCorrection+grown(m.elapsed-k.ownAt)
}

// strayed is how far the system clock is from where it would be if nobody had touched it.
func (k *Clock) strayed(m moment) time.Duration {
	return m.system.Sub(k.scale(m.elapsed).Add(k.own))
}

// track follows a steady system clock as fast as crystals drift: a service that keeps it right makes it run at
// another rate than Elapsed, and after a month that must not look like a step.
func (k *Clock) track(m moment) {
	if k.steady(m) {
		most := grown(m.elapsed - k.ownAt)
		k.own += min(max(k.strayed(m), -most), most)
	}
	k.ownAt = m.elapsed // also of one that was set: no step is forgiven for having been long ago
}

// scale is the time since the anchor: only differences on it mean anything.
func (k *Clock) scale(elapsed time.Duration) time.Time { return k.anchor.Add(elapsed - k.started) }

// floor is the earliest that it can be: known lies in the past, and time has passed since.
func (k *Clock) floor(elapsed time.Duration) time.Time { return k.known.Add(elapsed - k.started) }
