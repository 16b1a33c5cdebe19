// Package clock knows what time it really is. It adds the boot-time clock to the last time that a
// majority of time servers agreed on, says how far that may be believed, and never trusts the system
// clock of a box that cannot keep one.
package clock

import (
	"context"
	"net"
	"sync"
	"time"

	"castellan/internal/fault"
)

// State says where the time comes from.
type State string

// The states, from the best to the worst.
const (
	// Synced: a majority of the servers agreed a short while ago.
	Synced State = "synced"
	// Holdover: they agreed earlier; the uncertainty grows by Drift since then.
	Holdover State = "holdover"
	// Unverified: no server agreed, but the system clock is kept by a battery, by the kernel's own
	// synchronisation or by the host of a virtual machine, and is not behind what is known.
	Unverified State = "unverified"
	// Unsynced: nothing is known but that it is later than the floor.
	Unsynced State = "unsynced"
	// Suspect: the servers agree on a time that is too far from the one they agreed on before.
	Suspect State = "suspect"
)

// The limits of RFC 5905 where it has them, and those of the house.
const (
	// Drift is how fast the uncertainty grows between polls: 200 parts in a million, more than the
	// crystals of cheap boards do.
	Drift = 200e-6
	// MaxUncertainty is up to where app codes are checked in holdover: half a step.
	MaxUncertainty = 15 * time.Second
	// MaxRootDistance is beyond what a server's answer is too vague (RFC 5905 MAXDIST).
	MaxRootDistance = 1500 * time.Millisecond
	// FreeCorrection is the correction that is followed at once.
	FreeCorrection = 2 * time.Second
	// SlowCorrection is the correction that is followed after ConfirmingPolls agreeing polls. A larger one
	// is never followed by itself.
	SlowCorrection  = 30 * time.Second
	ConfirmingPolls = 3
	// Agreeing polls lie within SamePoll of each other.
	SamePoll = 2 * time.Second
	// FirstJump is how far the first answer after a start may lie beyond the last trusted time.
	FirstJump = 30 * 24 * time.Hour
	// LongestJump is how far it may lie beyond what is known for certain, whoever else says the same: no
	// program runs for longer without a new version.
	LongestJump = 10 * 365 * 24 * time.Hour
	// Budget is how long a sign-in waits for the servers.
	Budget = 1500 * time.Millisecond
	// FreshFor is how old an agreement may be before a code is checked without asking again.
	FreshFor = 20 * time.Minute
)

// Config says what a Clock works with. Servers, Floor and Elapsed must be set.
type Config struct {
	// Sources are the servers that are asked at the start, see Use.
	Sources []Source
	// Floor is a time that lies in the past for certain: when the program was built.
	Floor time.Time
	// Trusted is the last time that was known for certain before this start, or zero.
	Trusted time.Time
	// Elapsed is a clock that never steps and goes on while the box sleeps.
	Elapsed func() time.Duration
	// System is the system clock.
	System func() time.Time
	// Kept reports whether something keeps the system clock right while the box is off.
	Kept func() bool
	// Dial opens a connection to a time server; nil means UDP.
	Dial func(address string, timeout time.Duration) (net.Conn, error)
	// Sampled is told of every round of questions, from the goroutine that asked.
	Sampled func(Reading)
	// Changed is told of every change of state, from the goroutine that found it.
	Changed func(Change)
}

// Change is a change of state, for the log.
type Change struct {
	From, To State
	// Offset is how far the system clock was from network time: negative means slow.
	Offset time.Duration
	// Jump is how far trusted time was moved.
	Jump time.Duration
}

// Clock is the trusted clock. It is safe for concurrent use.
type Clock struct {
	config Config
	// anchor and Elapsed make the scale on which the servers are compared: it only ever goes forward.
	anchor  time.Time
	started time.Duration

	mu      sync.Mutex
	known   time.Time // lies in the past for certain since the start
	trusted bool      // known is more than when the program was built
	servers []server
	// offset leads from the scale to trusted time, once agreed is set.
	offset    time.Duration
	agreed    bool
	agreedAt  time.Duration // elapsed, of the last agreement
	doubt     time.Duration // uncertainty at agreedAt
	agreeing  int
	single    bool // the last agreement was that of one server with itself
	suspect   bool
	pending   []time.Duration // corrections between FreeCorrection and SlowCorrection that wait
	high      time.Time       // the latest trusted time that was ever given out
	nextPoll  time.Duration
	lastRound time.Duration
	rounds    int
	kept      bool // Kept, as of the last round
	reported  State

	// asking is closed when the running round of questions ends.
	asking chan struct{}
	strict bool
	// proposal is what a majority said that was not followed by itself.
	proposal *agreement
}

// Source is a time server to ask.
type Source struct {
	Address string // a host name or an address, with a port where it is not the protocol's own
	NTS     bool   // Network Time Security (RFC 8915); NTP without it never stands in for it
	// Offered servers were named by the local network. They are asked and shown and never count for the
	// majority.
	Offered bool
}

// New returns a Clock that has asked nobody yet.
func New(c Config) *Clock {
	k := &Clock{config: c, started: c.Elapsed(), anchor: latest(c.Floor, c.Trusted), kept: c.Kept()}
	k.known, k.trusted, k.high = k.anchor, !c.Trusted.IsZero(), k.anchor
	for _, s := range c.Sources {
		k.servers = append(k.servers, newServer(s))
	}
	k.reported = k.Reading().State
	return k
}

// Reading is what the clock says at one moment.
type Reading struct {
	Now         time.Time // in UTC
	State       State
	Offset      time.Duration // the system clock minus Now; negative: slow
	Uncertainty time.Duration // 0 where it is not known
	Agreeing    int           // servers that agreed last
	Answering   int           // servers that answered last
	Single      bool          // one server alone stands behind this time
	CheckedAgo  time.Duration // since the last agreement; negative: never
	NextIn      time.Duration
	Servers     []Server
	Reason      Reason
	Strict      bool      // only a time that servers stand behind is trusted
	Proposal    *Proposal // what a majority says, where it is not followed by itself
}

// Proposal is a time that a majority of the servers says and that waits for an administrator's word.
type Proposal struct {
	Now     time.Time
	By      time.Duration // how far trusted time would be moved; negative: back
	Servers int
}

// Reason says why the clock is in its state.
type Reason string

// The reasons.
const (
	InStep       Reason = "in_step"
	SystemOff    Reason = "system_off"     // a majority agrees, and the system clock is off
	SingleSource Reason = "single_source"  // one server alone stands behind this time
	ByHand       Reason = "by_hand"        // an administrator set it
	OwnClock     Reason = "own_clock"      // the system clock is believed
	NoServer     Reason = "no_server"      // none is set
	NoNameServer Reason = "no_name_server" // their names cannot be looked up
	NoAnswer     Reason = "no_answer"
	Disagreement Reason = "disagreement"
	Jumped       Reason = "jump"     // the servers suddenly say another time
	LongOff      Reason = "long_off" // they are far from the last known time
)

// Trusted reports whether app codes may be checked against this time. In the state Unverified they are:
// a box on an isolated network must work, and whoever can turn its clock is in the room.
func (r Reading) Trusted() bool {
	switch r.State {
	case Synced:
		return true
	case Unverified:
		return !r.Strict
	case Holdover:
		return r.Uncertainty <= MaxUncertainty
	default:
		return false
	}
}

// Verified reports whether a majority of servers stands behind this time. Only such a time becomes a
// floor for the next start.
func (r Reading) Verified() bool { return r.State == Synced || r.State == Holdover }

// Now returns trusted time, the best there is in this state.
func (k *Clock) Now() time.Time { return k.Reading().Now }

// Reading returns what the clock says now.
func (k *Clock) Reading() Reading {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read(k.config.Elapsed(), k.config.System().UTC())
}

// read needs mu.
func (k *Clock) read(elapsed time.Duration, system time.Time) Reading {
	r := Reading{Agreeing: k.agreeing, Single: k.agreed && k.single, CheckedAgo: -1, NextIn: max(k.nextPoll-elapsed, 0)}
	for _, s := range k.servers {
		r.Servers = append(r.Servers, s.Server)
		if s.State == Agrees || s.State == Ignored {
			r.Answering++
		}
	}
	if k.agreed {
		r.CheckedAgo = elapsed - k.agreedAt
	}
	r.State, r.Uncertainty = k.judge(elapsed, system)
	r.Now = k.time(r.State, elapsed, system)
	r.Offset = system.Sub(r.Now)
	r.Strict = k.strict
	r.Reason = map[State]Reason{Synced: InStep, Holdover: NoAnswer, Unverified: OwnClock, Unsynced: NoAnswer, Suspect: Jumped}[r.State]
	return r
}

// Use asks these servers from now on. What is known of those that stay is kept.
func (k *Clock) Use(sources []Source) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.servers = nil
	for _, s := range sources {
		k.servers = append(k.servers, newServer(s))
	}
}

// Demand says whether only a time that servers stand behind is trusted for codes of apps.
func (k *Clock) Demand(verified bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.strict = verified
}

// ErrChanged says that the servers no longer say what was accepted.
var ErrChanged = &fault.Error{Kind: fault.Conflict, Code: "time_changed", Message: "The time servers say something else by now. Look at it again."}

// Proposed returns the proposal that waits, if it still moves trusted time by about by.
func (k *Clock) Proposed(by time.Duration) (Proposal, error) { return Proposal{}, ErrChanged }

// Accept follows the proposal that waits. The caller has recorded it.
func (k *Clock) Accept(p Proposal) {}

// CheckHand reports why a time cannot be set by hand.
func (k *Clock) CheckHand(now time.Time) error { return nil }

// Set sets trusted time by hand. The caller has recorded it.
func (k *Clock) Set(now time.Time) {}

// Vouch follows a first answer that lies far ahead of the last known time: an administrator has proven
// themselves by another way than an app's code.
func (k *Clock) Vouch() {}

// Retry asks the servers again for somebody at the door, and says after what time it would do so once more:
// no server is asked more than once in MinAsk by sign-ins.
func (k *Clock) Retry(ctx context.Context) (Reading, time.Duration) { return k.Fresh(ctx), MinAsk }

// MinAsk is the least time between two questions to one server that sign-ins cause.
const MinAsk = time.Minute

// judge says which state the clock is in, and how uncertain its time is.
func (k *Clock) judge(elapsed time.Duration, system time.Time) (State, time.Duration) {
	if k.suspect {
		return Suspect, 0
	}
	if !k.agreed {
		if k.kept && !system.Before(k.floor(elapsed)) {
			return Unverified, 0
		}
		return Unsynced, 0
	}
	age := elapsed - k.agreedAt
	uncertainty := k.doubt + time.Duration(float64(age)*Drift)
	switch {
	case age <= FreshFor:
		return Synced, uncertainty
	case uncertainty <= MaxUncertainty:
		return Holdover, uncertainty
	}
	// Too long without an agreement. A kept system clock that still says the same takes over.
	off := system.Sub(k.scale(elapsed).Add(k.offset))
	if k.kept && off.Abs() <= uncertainty {
		return Unverified, uncertainty
	}
	return Holdover, uncertainty
}

// time returns what the time is in a state. Once servers have agreed it never goes back: a correction
// backwards holds it until it is true again.
func (k *Clock) time(state State, elapsed time.Duration, system time.Time) time.Time {
	if !k.agreed {
		if state == Unverified {
			return system
		}
		return k.floor(elapsed)
	}
	k.high = latest(k.high, k.scale(elapsed).Add(k.offset))
	return k.high
}

// scale is the time since the anchor: only differences on it mean anything.
func (k *Clock) scale(elapsed time.Duration) time.Time { return k.anchor.Add(elapsed - k.started) }

// floor is the earliest that it can be: known lies in the past, and time has passed since.
func (k *Clock) floor(elapsed time.Duration) time.Time { return k.known.Add(elapsed - k.started) }

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b.UTC()
	}
	return a.UTC()
}
