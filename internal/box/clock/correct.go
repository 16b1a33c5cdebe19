package clock

import (
	"slices"
	"time"

	"castellan/internal/fault"
)

// How far trusted time is moved, and by whom.
const (
	// FreeCorrection is the correction that is followed at once.
	FreeCorrection = 2 * time.Second
	// SlowCorrection is the correction that is followed after ConfirmingPolls agreeing polls. A larger one
	// is never followed by itself, unless the servers were silent for so long that a crystal may be off by it.
	SlowCorrection  = 30 * time.Second
	ConfirmingPolls = 3
	// WorstDrift is what corrections may add up to for ever: the most that NTP takes a clock to be off (RFC 5905
	// section 11.3). Beyond it all of them together are no more than one SlowCorrection.
	WorstDrift = 500e-6
	// Agreeing polls lie within SamePoll of each other.
	SamePoll = 2 * time.Second
	// FirstJump is how far the first answer after a start may lie beyond the last trusted time, if it is not
	// that of servers that are asked by NTS, and nothing else says the same.
	FirstJump = 30 * 24 * time.Hour
	// FirstAuthentic is how many servers that are asked by NTS are enough for a first answer that lies further:
	// nobody on the network can forge theirs.
	FirstAuthentic = 2
	// LongestJump is how far it may lie beyond what is known for certain, whoever else says the same: no
	// program runs for longer without a new version.
	LongestJump = 10 * 365 * 24 * time.Hour
	// ChangesAnHour is how many changes of state are told in an hour, but for those that come with a move of the time.
	ChangesAnHour = 6
	// sameProposal is how far a proposal may change while an administrator decides.
	sameProposal = 5 * time.Second
)

// Why trusted time was moved.
type Why string

// The reasons for a move.
const (
	WhyFirst    Why = "first"   // the first agreement since the start
	WhyServers  Why = "servers" // a correction that is followed by itself
	WhyAccepted Why = "accepted"
	WhyByHand   Why = "by_hand"
	WhyVouched  Why = "vouched" // an administrator signed in without an app's code
)

// Change is a change of state or a move of trusted time, for the log.
type Change struct {
	From, To State
	// Offset is how far the system clock was from network time: negative means slow.
	Offset time.Duration
	// Jump is how far trusted time was moved. Where nobody said so, a move back is a hold: it stands still until
	// that is true again.
	Jump time.Duration
	Why  Why // empty without a jump
	// After is what the clock said right after it, without the servers.
	After Reading
}

// Proposal is a time that a majority of the servers says and that waits for an administrator's word.
type Proposal struct {
	Now     time.Time
	By      time.Duration // how far trusted time would be moved; negative: back
	Servers int

	agreement agreement
}

var (
	// ErrChanged says that the servers no longer say what was accepted.
	ErrChanged = &fault.Error{Kind: fault.Conflict, Code: "time_changed", Message: "The time servers say something else by now. Look at it again."}
	errEarly   = fault.InvalidField("now", "too_early", "It cannot be that early: this version of Castellan did not exist yet. Look at the date.")
	errLate    = fault.InvalidField("now", "too_late", "It cannot be that late: that is more than ten years after this version of Castellan was made. Look at the date.")
)

// waiting returns what a majority says and trusted time does not follow, or nil: a jump that is too far, or one
// back for which trusted time stands still. It needs mu.
func (k *Clock) waiting(m moment) *Proposal {
	a := k.proposal
	if a == nil {
		if k.basis != servers || k.suspect != "" || k.held(m) <= SlowCorrection {
			return nil
		}
		a = &agreement{offset: k.offset, doubt: k.doubt, at: k.since, servers: make([]int, k.behind)}
	}
	p := Proposal{Now: k.scale(m.elapsed).Add(a.offset), Servers: len(a.servers), agreement: *a}
	if k.check(p.Now) != nil {
		return nil
	}
	p.By = p.Now.Sub(k.time(m))
	return &p
}

// Proposed returns the proposal that waits, if it still moves trusted time by about by. One for which trusted
// time stands still may have become smaller.
func (k *Clock) Proposed(by time.Duration) (Proposal, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.waiting(k.moment())
	switch {
	case p == nil:
		return Proposal{}, ErrChanged
	case (p.By - by).Abs() <= sameProposal:
		return *p, nil
	case k.proposal == nil && p.By < 0 && by < p.By:
		return *p, nil
	default:
		return Proposal{}, ErrChanged
	}
}

// Accept follows a proposal, back as well as forward. The caller has asked for it with Proposed and recorded
// it, so it is followed whatever the servers say in the meantime.
func (k *Clock) Accept(p Proposal) {
	if len(p.agreement.servers) > 0 { // else it was not proposed
		k.accept(p, WhyAccepted)
	}
}

func (k *Clock) accept(p Proposal, why Why) {
	k.act(why, func(m moment) { k.settle(p.agreement, m) })
}

// settle lays an agreement as the basis of trusted time, on a person's word. It needs mu.
func (k *Clock) settle(a agreement, m moment) {
	k.follow(a)
	k.crawled, k.hurry = 0, true
	k.descend(m)
	k.rouse()
}

// CheckHand says whether it may be that late or that early at all. The error is about the field "now".
func (k *Clock) CheckHand(now time.Time) error {
	if err := k.check(now); err != nil {
		return err
	}
	return nil
}

func (k *Clock) check(now time.Time) *fault.Error {
	switch {
	case now.Before(k.config.Floor):
		return errEarly
	case now.Sub(k.config.Floor) > LongestJump:
		return errLate
	default:
		return nil
	}
}

// Set sets trusted time by hand. The caller has looked at CheckHand and recorded it.
func (k *Clock) Set(now time.Time) {
	k.act(WhyByHand, func(m moment) {
		k.basis, k.offset, k.since, k.doubt = hand, now.Sub(k.scale(m.elapsed)), m.elapsed, HandDoubt
		k.suspect, k.proposal, k.pending = "", nil, nil
		k.descend(m)
	})
}

// descend lets trusted time be earlier than it was, because a person said so. It needs mu.
func (k *Clock) descend(m moment) {
	k.high = k.target(m).UTC()
	if k.high.Before(k.floor(m.elapsed)) {
		k.known = k.high.Add(k.started - m.elapsed)
	}
}

// Vouch follows a first answer that lies far ahead of the last known time: an administrator has proven
// themselves by another way than an app's code. It does nothing where the servers say anything else.
func (k *Clock) Vouch() {
	k.mu.Lock()
	p := k.waiting(k.moment())
	first := k.suspect == LongOff && k.basis == nothing
	k.mu.Unlock()
	if first && p != nil && p.By > 0 {
		k.accept(*p, WhyVouched)
	}
}

// Forget drops what was known of the time before, and every doubt that came from it, so that the servers
// are believed anew. It is for whoever is beside the box: what lying servers once said, or how long it was
// off, must not close it for ever. It asks nobody; the caller also drops what is kept for the next start.
func (k *Clock) Forget() {
	k.act("", func(m moment) {
		k.known, k.trusted = k.config.Floor.UTC(), false
		k.basis, k.agreed, k.ownSet = nothing, false, false
		k.suspect, k.proposal, k.pending = "", nil, nil
		k.hurry = true
		for _, s := range k.peers {
			s.rests, s.pause = 0, 0
		}
		k.adopt(m)
		k.high, k.guess = k.floor(m.elapsed).UTC(), time.Time{}
	})
}

// act changes the clock on a person's word, and tells of it.
func (k *Clock) act(why Why, change func(moment)) {
	k.mu.Lock()
	m := k.moment()
	before := k.time(m)
	change(m)
	c := k.changed(before, m, why)
	k.note(c)
	k.mu.Unlock()
	k.tell()
}

// changed makes the word on what became of the state since it was last told, and of the time since before, if
// there is a reason why it was moved. It needs mu.
func (k *Clock) changed(before time.Time, m moment, why Why) Change {
	after := k.read(m)
	c := Change{From: k.reported, To: after.State, Offset: after.Offset, After: after}
	if c.Jump = k.target(m).Sub(before); why == "" || c.Jump == 0 {
		c.Jump, why = 0, ""
	}
	c.Why = why
	if c.From != c.To && c.Jump.Abs() <= FreeCorrection && !k.mayTell(m.elapsed) {
		c.To = c.From
	}
	k.reported = c.To
	return c
}

// mayTell reports whether one more change of state may be told. Servers that agree only now and then would fill the log
// and keep disks awake: some are told in an hour, and what it is then is told later.
func (k *Clock) mayTell(elapsed time.Duration) bool {
	k.told = slices.DeleteFunc(k.told, func(at time.Duration) bool { return elapsed-at > time.Hour })
	if len(k.told) >= ChangesAnHour {
		return false
	}
	k.told = append(k.told, elapsed)
	return true
}

// note has a change told that is worth a word. It needs mu.
func (k *Clock) note(c Change) {
	if k.config.Changed != nil && (c.From != c.To || c.Jump.Abs() > FreeCorrection) {
		k.news = append(k.news, func() { k.config.Changed(c) })
	}
}

// tell tells what was noted, one after the other and in its order. Where somebody is at it, they do it.
func (k *Clock) tell() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.telling {
		return
	}
	k.telling = true
	for len(k.news) > 0 {
		next := k.news[0]
		k.news = k.news[1:]
		k.mu.Unlock()
		next()
		k.mu.Lock()
	}
	k.telling = false
}

// weigh decides whether the servers are believed, moves trusted time if so, and says why.
func (k *Clock) weigh(found agreement, m moment) Why {
	correction := found.offset - k.offset
	why := WhyServers
	switch {
	case k.basis == nothing && k.incredible(found, m):
		return k.distrust(found, LongOff)
	case k.basis == nothing:
		why = WhyFirst
	case k.basis == hand && correction.Abs() <= HandDoubt+found.doubt:
	case k.basis == hand:
		if correction.Abs() > HandDoubt+grown(m.elapsed-k.since)+found.doubt {
			return k.distrust(found, LongOff)
		}
		if !k.confirmed(correction) {
			return ""
		}
	case correction.Abs() <= FreeCorrection && k.crawls(correction, m):
	case correction.Abs() <= max(SlowCorrection, k.doubt+grown(m.elapsed-k.since)):
		k.proposal = nil
		if !k.confirmed(correction) {
			return ""
		}
		if correction.Abs() <= FreeCorrection || !k.crawls(correction, m) {
			return k.distrust(found, Jumped)
		}
	default:
		return k.distrust(found, Jumped)
	}
	k.follow(found)
	return why
}

// follow lays what the servers say as the basis of trusted time.
func (k *Clock) follow(found agreement) {
	if k.basis != servers {
		k.crawled, k.crawledAt = 0, found.at // nothing was corrected yet, however long the box runs
	}
	k.basis, k.agreed, k.behind = servers, true, len(found.servers)
	k.suspect, k.proposal, k.pending, k.why = "", nil, nil, ""
	k.offset, k.doubt, k.since, k.agreedAt = found.offset, found.doubt, found.at, found.at
}

// crawls reports whether all corrections together, less what the worst crystal drifts in the meantime, are one that
// may be followed, and counts this one: many small ones must not become what a large one is refused for.
func (k *Clock) crawls(correction time.Duration, m moment) bool {
	drift := time.Duration(float64(m.elapsed-k.crawledAt) * WorstDrift)
	sum := k.crawled + correction
	if sum -= min(max(sum, -drift), drift); sum.Abs() > SlowCorrection {
		return false
	}
	k.crawled, k.crawledAt = sum, m.elapsed
	return true
}

func (k *Clock) distrust(found agreement, because Reason) Why {
	k.suspect, k.proposal, k.pending = because, &found, nil
	return ""
}

// confirmed reports whether enough polls in a row said the same correction, this one among them.
func (k *Clock) confirmed(correction time.Duration) bool {
	other := func(before time.Duration) bool { return (correction - before).Abs() > SamePoll }
	if slices.ContainsFunc(k.pending, other) {
		k.pending = nil
	}
	k.pending = append(k.pending, correction)
	return len(k.pending) >= ConfirmingPolls
}

// incredible reports whether the first agreement since the start contradicts what was known for certain
// before it: it lies before that, or far beyond it. A far jump is credible when enough servers whose answers are
// authenticated are among those that agree, or when a kept system clock says the same: the box was simply off for
// long.
func (k *Clock) incredible(found agreement, m moment) bool {
	now := k.scale(m.elapsed).Add(found.offset)
	jump := now.Sub(k.floor(m.elapsed))
	if jump < -SlowCorrection || jump > LongestJump {
		return true
	}
	far := k.trusted && jump > FirstJump
	authentic := found.authentic >= min(FirstAuthentic, quorum(len(k.owners())))
	witness := k.kept && k.steady(m) && m.system.Sub(now).Abs() <= OwnDoubt
	return far && !authentic && !witness
}
