// Package clock knows what time it really is. It adds the boot-time clock to the last time that a
// majority of time servers agreed on, says how far that may be believed, and never trusts the system
// clock of a box that cannot keep one.
//
// clock.go has what a reading says; state.go which state the clock is in; poll.go when the servers are asked;
// ask.go and nts.go one question to one of them; select.go whom to believe; correct.go whether that moves the
// time, and an administrator's word on it.
package clock

import (
	"crypto/x509"
	"net"
	"slices"
	"sync"
	"time"
)

// State says where the time comes from.
type State string

// The states, from the best to the worst.
const (
	// Synced: a majority of the servers agreed a short while ago.
	Synced State = "synced"
	// Holdover: they agreed earlier; the uncertainty grows by Drift since then.
	Holdover State = "holdover"
	// Unverified: no server agreed, but an administrator set the time, or the system clock is kept by a
	// battery, by the kernel's own synchronisation or by the host of a virtual machine, and is not behind what
	// is known.
	Unverified State = "unverified"
	// Unsynced: nothing is known but that it is later than the floor.
	Unsynced State = "unsynced"
	// Suspect: the servers agree on a time that is too far from the one that was known before.
	Suspect State = "suspect"
)

// The limits of RFC 5905 where it has them, and those of the house.
const (
	// Drift is how fast the uncertainty grows between polls: 200 parts in a million, more than the
	// crystals of cheap boards do.
	Drift = 200e-6
	// MaxUncertainty is up to where app codes are checked in holdover: half a step.
	MaxUncertainty = 15 * time.Second
	// FreshFor is how old an agreement may be before a code is checked without asking again.
	FreshFor = 20 * time.Minute
	// AuthenticFor is how long servers that are asked by NTS may be silent before that is said.
	AuthenticFor = time.Hour
	// OwnDoubt is how far a kept system clock is taken to be off, as nobody says how far it is.
	OwnDoubt = time.Minute
	// HandDoubt is how far a time that was set by hand is taken to be off.
	HandDoubt = 2 * time.Minute
)

// Config says what a Clock works with. Floor, Elapsed, System and Kept must be set.
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
	// Kept reports whether something keeps the system clock right while the box is off: a battery, or the host of
	// a virtual machine.
	Kept func() bool
	// Synchronised reports whether the kernel calls its clock synchronised: a service set it, which may have asked
	// anybody. Nil means that it never does.
	Synchronised func() bool
	// Dial opens a connection to a time server; nil means UDP.
	Dial func(address string, timeout time.Duration) (net.Conn, error)
	// Authorities are who certifies the servers that are asked by NTS; nil means those of the system.
	Authorities *x509.CertPool
	// Sampled is told of every round of questions, from the goroutine that asked.
	Sampled func(Reading)
	// Changed is told of every change of state and of every move of trusted time, from the goroutine that found
	// it, which may be that of a caller.
	Changed func(Change)
}

// basis is what trusted time is counted from.
type basis uint8

const (
	nothing basis = iota // the system clock if it is kept, else the floor
	servers
	hand
)

// Clock is the trusted clock. It is safe for concurrent use.
type Clock struct {
	config Config
	// anchor and Elapsed make the scale on which the servers are compared: it only ever goes forward.
	anchor  time.Time
	started time.Duration

	mu      sync.Mutex
	known   time.Time // lies in the past for certain since the start
	trusted bool      // known is more than when the program was built
	strict  bool      // see Demand
	high    time.Time // the latest time that was ever given out with servers or a person behind it
	guess   time.Time // the latest that the system clock alone stood behind

	// offset leads from the scale to trusted time, where there is a basis for it.
	basis  basis
	offset time.Duration
	since  time.Duration // elapsed, when the basis was laid
	doubt  time.Duration // uncertainty then
	behind int           // servers that stand behind it

	agreedAt time.Duration   // elapsed, of the last agreement that was followed
	agreed   bool            // there was one
	suspect  Reason          // why the servers are not followed; empty: they are
	proposal *agreement      // what a majority says that is not followed
	pending  []time.Duration // corrections between FreeCorrection and SlowCorrection that wait

	crawled   time.Duration // the corrections that were followed, less what crystals drift
	crawledAt time.Duration // elapsed, of the last of them

	// own leads from the scale to what the system clock said when it was first believed.
	own      time.Duration
	ownSet   bool
	ownSince time.Duration // elapsed, when it was
	ownAt    time.Duration // elapsed, when it was compared last
	kept     bool          // Kept, as of the last round
	served   bool          // Synchronised, likewise
	heard    bool          // a server of the owner's answered since the start

	peers     []*server
	agreeing  int    // servers in the last round
	answering int    // likewise
	why       Reason // the last round brought no agreement
	nextPoll  time.Duration
	lastAsk   time.Duration // elapsed, when the last round began
	asked     bool          // there was one
	hurry     bool          // the next round may begin at once, see Use
	reported  State
	told      []time.Duration // elapsed, of changes of state that were told lately
	news      []func()        // what is still to be told, in its order
	telling   bool            // somebody is at it

	asking chan struct{} // closed when the running round of questions ends; nil without one
	rounds sync.WaitGroup
	over   bool          // Run has ended: nobody is asked any more
	wake   chan struct{} // a word to Run that the next round is due
}

// New returns a Clock that has asked nobody yet.
func New(c Config) *Clock {
	k := &Clock{
		config: c, started: c.Elapsed(), anchor: latest(c.Floor, c.Trusted), wake: make(chan struct{}, 1),
	}
	if c.Synchronised == nil {
		k.config.Synchronised = func() bool { return false }
	}
	k.kept, k.served = c.Kept(), k.config.Synchronised()
	k.known, k.trusted, k.high = k.anchor, !c.Trusted.IsZero(), k.anchor
	for _, s := range c.Sources {
		k.peers = append(k.peers, newServer(s))
	}
	k.why = k.unheard()
	m := k.moment()
	k.adopt(m)
	k.reported = k.read(m).State
	return k
}

// Reading is what the clock says at one moment.
type Reading struct {
	Now         time.Time // in UTC
	State       State
	Reason      Reason
	Offset      time.Duration // the system clock minus Now; negative: slow
	Uncertainty time.Duration // 0 where it is not known
	Agreeing    int           // servers that agreed last; offered ones do not count
	Answering   int           // servers that answered last, likewise
	Single      bool          // one server alone stands behind this time
	CheckedAgo  time.Duration // since the last agreement; negative: never
	NextIn      time.Duration
	Strict      bool      // only a time that servers stand behind is trusted
	Proposal    *Proposal // what a majority says, where it is not followed by itself
	// Servers are those that are asked. Fresh leaves them out.
	Servers []Server

	why   Reason // there was no agreement last
	wrong bool   // what keeps the system clock has an impossible time
	held  bool   // it stands still, because it ran ahead of what the servers say
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
	NoAnswer     Reason = "no_answer"      // none answers, or too few do
	Disagreement Reason = "disagreement"
	Jumped       Reason = "jump"     // the servers, or the system clock, suddenly say another time
	LongOff      Reason = "long_off" // they are far from the last known time
	// Unauthenticated: a majority agrees, and no server that is asked by NTS has answered for long.
	Unauthenticated Reason = "unauthenticated"
)

// Trusted reports whether app codes may be checked against this time. In the state Unverified they are
// unless the owner demands more: a box on an isolated network must work, and whoever can turn its clock is in
// the room.
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
func (k *Clock) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.time(k.moment())
}

// Reading returns what the clock says now.
func (k *Clock) Reading() Reading {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.full(k.moment())
}

// brief is a Reading without the servers, which costs no memory.
func (k *Clock) brief() Reading {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read(k.moment())
}

// full is read with the servers. It needs mu.
func (k *Clock) full(m moment) Reading {
	r := k.read(m)
	r.Servers = make([]Server, 0, len(k.peers))
	for _, s := range k.peers {
		r.Servers = append(r.Servers, s.view(m.elapsed))
	}
	return r
}

// read needs mu.
func (k *Clock) read(m moment) Reading {
	r := Reading{
		Agreeing: k.agreeing, Answering: k.answering, CheckedAgo: -1, NextIn: max(k.nextPoll-m.elapsed, 0),
		Single: k.basis == servers && k.behind == 1, Strict: k.strict, why: k.why, wrong: k.kept && !k.ownSet,
	}
	if k.agreed {
		r.CheckedAgo = m.elapsed - k.agreedAt
	}
	r.State, r.Uncertainty = k.judge(m)
	r.Now = k.time(m)
	r.Offset = m.system.Sub(r.Now)
	r.held = r.State == Suspect && k.suspect == ""
	r.Reason = k.reason(r, m)
	r.Proposal = k.waiting(m)
	return r
}

// Demand says whether only a time that servers stand behind is trusted for codes of apps.
func (k *Clock) Demand(verified bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.strict = verified
}

// Use asks these servers from now on, and soon. What is known of those that stay is kept; what the others
// answer is not heard any more. Whoever changes the list says whom to believe: a doubt that the old servers
// raised ends with it, and the new ones are weighed against the known time. Offered servers raise none.
func (k *Clock) Use(sources []Source) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.owners()
	k.peers = reuse(k.peers, sources)
	if after := k.owners(); !sameSources(before, after) {
		k.suspect, k.proposal, k.pending = "", nil, nil
		k.agreeing, k.answering = 0, 0
		k.why, k.hurry = k.unheard(), true
	} else {
		k.nextPoll = min(k.nextPoll, k.lastAsk+MinPoll)
	}
	k.rouse()
}

// owners lists the sources that count for the majority. It needs mu.
func (k *Clock) owners() (all []Source) {
	for _, s := range k.peers {
		if !s.Offered {
			all = append(all, s.Source)
		}
	}
	return all
}

// asksAny reports whether there is a server that counts for the majority. It needs mu.
func (k *Clock) asksAny() bool {
	return slices.ContainsFunc(k.peers, func(s *server) bool { return !s.Offered })
}

// unheard is why there is no agreement before anybody was asked. It needs mu.
func (k *Clock) unheard() Reason {
	if !k.asksAny() {
		return NoServer
	}
	return NoAnswer
}

// rouse has Run look again when the next round is due.
func (k *Clock) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b.UTC()
	}
	return a.UTC()
}
