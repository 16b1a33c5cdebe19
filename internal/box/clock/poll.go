package clock

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	// MinPoll is the least time between rounds of questions that brought an agreement (RFC 5905 MINPOLL).
	MinPoll = 64 * time.Second
	// MaxPoll is the most (RFC 5905 MAXPOLL).
	MaxPoll = 1024 * time.Second
	// FirstRetry is the pause after the first round that brought no agreement; it doubles up to MinPoll.
	FirstRetry = 8 * time.Second
	// minPause keeps waiting sign-ins from asking the servers over and over.
	minPause = 15 * time.Second
)

// Run asks the servers from time to time until the context ends.
func (k *Clock) Run(ctx context.Context) error {
	pause := FirstRetry
	for {
		k.Sync(ctx)
		pause = k.plan(pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// plan decides when the next round is due. Agreement makes rounds rarer, disagreement more frequent; a
// random tenth keeps many boxes from asking in step.
func (k *Clock) plan(last time.Duration) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	elapsed := k.config.Elapsed()
	next := min(2*last, MinPoll)
	if k.agreed && k.agreedAt == k.lastRound {
		next = min(max(2*last, MinPoll), MaxPoll)
	}
	next += time.Duration(rand.Int64N(int64(next / 10)))
	k.nextPoll = elapsed + next
	return next
}

// Fresh makes sure that the time was agreed on a short while ago, or tries for at most Budget to have it
// agreed again. Concurrent callers share one round of questions, and a round that just failed is not
// repeated.
func (k *Clock) Fresh(ctx context.Context) Reading {
	k.mu.Lock()
	elapsed := k.config.Elapsed()
	fresh := k.agreed && !k.suspect && elapsed-k.agreedAt <= FreshFor
	recent := k.asking == nil && k.rounds > 0 && elapsed-k.lastRound < minPause
	if fresh || recent {
		k.mu.Unlock()
		return k.Reading()
	}
	done := k.join()
	k.mu.Unlock()
	budget := time.NewTimer(Budget)
	defer budget.Stop()
	select {
	case <-done:
	case <-budget.C:
	case <-ctx.Done():
	}
	return k.Reading()
}

// Sync asks all servers now and waits for the outcome, or until the context ends. A round that is
// already under way is joined.
func (k *Clock) Sync(ctx context.Context) {
	k.mu.Lock()
	done := k.join()
	k.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// join returns what is closed at the end of the running round, or of a new one. It needs mu.
func (k *Clock) join() chan struct{} {
	if k.asking == nil {
		k.asking = make(chan struct{})
		go k.round(k.asking)
	}
	return k.asking
}

// round puts one question to every server in parallel and follows what a majority says. It ends within
// Budget.
func (k *Clock) round(done chan struct{}) {
	defer close(done)
	due := k.due()
	answers := make([]answer, len(due))
	var all sync.WaitGroup
	for n, i := range due {
		all.Go(func() { answers[n] = k.ask(i, k.servers[i].address) })
	}
	all.Wait()
	kept := k.config.Kept()

	k.mu.Lock()
	k.asking, k.kept = nil, kept
	elapsed, system := k.config.Elapsed(), k.config.System().UTC()
	before := k.read(elapsed, system)
	k.rounds++
	k.lastRound = elapsed
	jump := k.digest(answers, elapsed, system)
	after := k.read(elapsed, system)
	change := Change{From: k.reported, To: after.State, Offset: after.Offset}
	if jump {
		change.Jump = after.Now.Sub(before.Now)
	}
	k.reported = after.State
	k.mu.Unlock()
	k.tell(change)
}

// tell tells of a change that is worth a word.
func (k *Clock) tell(c Change) {
	if k.config.Changed != nil && (c.From != c.To || c.Jump.Abs() > FreeCorrection) {
		k.config.Changed(c)
	}
}

// Forget drops what was known of the time before, and every doubt that came from it, so that the servers
// are believed anew. It is for whoever is beside the box: what lying servers once said, or how long it was
// off, must not close it for ever. It asks nobody; the caller also drops what is kept for the next start.
func (k *Clock) Forget() {
	k.mu.Lock()
	elapsed, system := k.config.Elapsed(), k.config.System().UTC()
	k.known, k.trusted = k.config.Floor.UTC(), false
	k.agreed, k.suspect, k.pending, k.rounds = false, false, nil, 0
	k.high = k.known
	for i := range k.servers {
		k.servers[i].rests = 0
	}
	after := k.read(elapsed, system)
	change := Change{From: k.reported, To: after.State, Offset: after.Offset}
	k.reported = after.State
	k.mu.Unlock()
	k.tell(change)
}

// due lists the servers that may be asked.
func (k *Clock) due() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	elapsed := k.config.Elapsed()
	var due []int
	for i, s := range k.servers {
		if elapsed >= s.rests {
			due = append(due, i)
		}
	}
	return due
}

// digest takes in the answers of a round and reports whether trusted time was moved. It needs mu.
func (k *Clock) digest(answers []answer, elapsed time.Duration, system time.Time) (moved bool) {
	var samples []sample
	for _, a := range answers {
		k.servers[a.sample.server].note(a, elapsed)
		if a.err == nil && a.kiss == "" {
			samples = append(samples, a.sample)
		}
	}
	found, ok := majority(samples, len(k.servers))
	k.agreeing = 0
	if ok {
		k.agreeing = len(found.servers)
		moved = k.follow(found, elapsed, system)
		for _, i := range found.servers {
			k.servers[i].State = Agrees
		}
	}
	for _, s := range samples {
		k.servers[s.server].Offset = s.offset - k.reference(elapsed, system)
	}
	return moved
}

// reference is trusted time on the scale, to which the servers' offsets are shown.
func (k *Clock) reference(elapsed time.Duration, system time.Time) time.Duration {
	state, _ := k.judge(elapsed, system)
	return k.time(state, elapsed, system).Sub(k.scale(elapsed))
}

// follow decides whether the servers are believed, and moves trusted time if so.
func (k *Clock) follow(found agreement, elapsed time.Duration, system time.Time) bool {
	correction := found.offset - k.offset
	switch {
	case !k.agreed:
		if k.incredible(found, elapsed, system) {
			return k.distrust()
		}
	case correction.Abs() <= FreeCorrection:
		k.pending = nil
	case correction.Abs() <= SlowCorrection:
		if !k.confirmed(correction) {
			return false
		}
		k.pending = nil
	default:
		return k.distrust()
	}
	k.suspect, k.agreed, k.single = false, true, len(found.servers) == 1
	k.offset, k.doubt, k.agreedAt = found.offset, found.doubt, elapsed
	return true
}

func (k *Clock) distrust() (moved bool) {
	k.suspect, k.pending = true, nil
	return false
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
// before it: it lies before that, or far beyond it. A kept system clock that says the same as the servers
// is a second witness that makes a far jump credible: the box was simply off for long.
func (k *Clock) incredible(found agreement, elapsed time.Duration, system time.Time) bool {
	now := k.scale(elapsed).Add(found.offset)
	jump := now.Sub(k.floor(elapsed))
	if jump < -SlowCorrection || jump > LongestJump {
		return true
	}
	far := k.trusted && jump > FirstJump
	witness := k.kept && system.Sub(now).Abs() <= time.Minute
	return far && !witness
}
