package clock

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// When the servers are asked. A round of questions asks all of them that do not rest.
const (
	// MinPoll is the least time between rounds of questions that brought an agreement (RFC 5905 MINPOLL).
	MinPoll = 64 * time.Second
	// MaxPoll is the most (RFC 5905 MAXPOLL).
	MaxPoll = 1024 * time.Second
	// FirstRetry is the pause after the first round that brought no agreement; it doubles up to MinPoll.
	FirstRetry = 8 * time.Second
	// MinAsk is the least time between two questions to one server that sign-ins cause, however many they are.
	MinAsk = time.Minute
	// MinSync is the least time between two that administrators cause.
	MinSync = 5 * time.Second
	// Budget is how long a sign-in waits for the servers.
	Budget = 1500 * time.Millisecond
	// wakeUp is how often Run looks at the time: its timer stands still while the box sleeps.
	wakeUp = time.Minute
)

// Run asks the servers from time to time until the context ends.
func (k *Clock) Run(ctx context.Context) error {
	defer k.end()
	pause := FirstRetry / 2
	for ctx.Err() == nil {
		k.await(ctx, 0)
		pause = k.plan(pause)
		for rest := k.rest(); rest > 0; rest = k.rest() {
			timer := time.NewTimer(min(rest, wakeUp))
			select {
			case <-ctx.Done():
				timer.Stop()
				return nil
			case <-timer.C:
			case <-k.wake:
				pause = FirstRetry / 2
			}
			timer.Stop()
		}
	}
	return nil
}

// end waits for the last round of questions, so that nobody is told of anything afterwards.
func (k *Clock) end() {
	k.mu.Lock()
	k.over = true
	k.mu.Unlock()
	k.rounds.Wait()
}

// plan decides when the next round is due, and returns the pause without the random part. Agreement makes
// rounds rarer, disagreement more frequent; a random tenth keeps many boxes from asking in step.
func (k *Clock) plan(last time.Duration) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := min(2*last, MinPoll)
	tenth := time.Duration(rand.Int64N(int64(next / 10)))
	wait := next + tenth
	if k.why == "" && k.suspect == "" && k.pending == nil {
		next = min(max(2*last, MinPoll), MaxPoll)
		wait = min(max(next-time.Duration(rand.Int64N(int64(next/10))), MinPoll+tenth), MaxPoll)
	}
	k.nextPoll = k.config.Elapsed() + wait
	return next
}

// rest is the time until the next round is due. Servers that were never asked make it due soon.
func (k *Clock) rest() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	elapsed := k.config.Elapsed()
	if k.hurry {
		k.nextPoll = min(k.nextPoll, k.lastAsk+MinSync)
	}
	return k.nextPoll - elapsed
}

// Fresh makes sure that the time was agreed on a short while ago, or tries for at most Budget to have it
// agreed again. Concurrent callers share one round of questions, and a server is asked for them once in MinAsk
// at most. The reading has no servers: this stands before every check of a code, and with a fresh time it
// costs no memory and next to no time.
func (k *Clock) Fresh(ctx context.Context) Reading {
	k.mu.Lock()
	m := k.moment()
	r := k.read(m)
	fresh := r.State == Synced || r.State == Suspect && k.suspect == "" && m.elapsed-k.since <= FreshFor
	k.mu.Unlock()
	if fresh {
		return r
	}
	k.await(ctx, MinAsk)
	return k.brief()
}

// Retry asks the servers again for somebody at the door, as Fresh does, and says after what time it would do so
// once more.
func (k *Clock) Retry(ctx context.Context) (Reading, time.Duration) {
	r := k.Fresh(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	elapsed := k.config.Elapsed()
	if !k.asked || k.hurry {
		return r, 0
	}
	again := k.lastAsk + MinAsk
	if soonest := k.soonest(); soonest > again {
		again = soonest
	}
	return r, max(again-elapsed, 0)
}

// soonest is when the first of the servers ends its rest.
func (k *Clock) soonest() (at time.Duration) {
	for i, s := range k.peers {
		if i == 0 || s.rests < at {
			at = s.rests
		}
	}
	return at
}

// Sync asks all servers for an administrator and waits for the outcome, or until the context ends. A round that
// is under way is joined, and one that began less than MinSync ago is enough.
func (k *Clock) Sync(ctx context.Context) { k.await(ctx, MinSync) }

// await waits for the end of a round of questions, for at most Budget. It joins the one that is under way, or
// begins one unless the last began less than since ago.
func (k *Clock) await(ctx context.Context, since time.Duration) {
	k.mu.Lock()
	done := k.join(since)
	k.mu.Unlock()
	if done == nil {
		return
	}
	budget := time.NewTimer(Budget)
	defer budget.Stop()
	select {
	case <-done:
	case <-budget.C:
	case <-ctx.Done():
	}
}

// join returns what is closed at the end of the running round or of a new one, or nil where none is due. It
// needs mu.
func (k *Clock) join(since time.Duration) chan struct{} {
	if k.asking != nil {
		return k.asking
	}
	if k.over {
		return nil
	}
	elapsed := k.config.Elapsed()
	due := k.due(elapsed)
	if since > 0 && k.asked && !k.hurry && (len(due) == 0 || elapsed-k.lastAsk < since) {
		return nil
	}
	k.lastAsk, k.asked, k.hurry = elapsed, true, false
	k.nextPoll = max(k.nextPoll, elapsed+MinAsk) // for whomever it is: Run plans its own anew
	for _, s := range due {
		if s.askedAt > 0 {
			s.interval = elapsed - s.askedAt
		}
		s.askedAt = elapsed
	}
	k.asking = make(chan struct{})
	done := k.asking
	k.rounds.Go(func() { k.round(done, due) })
	return k.asking
}

// due lists the servers that may be asked.
func (k *Clock) due(elapsed time.Duration) (due []*server) {
	for _, s := range k.peers {
		if elapsed >= s.rests {
			due = append(due, s)
		}
	}
	return due
}

// round puts one question to every server in parallel and follows what a majority says. It ends within
// Budget; those who wait for it do not wait until everybody was told.
func (k *Clock) round(done chan struct{}, due []*server) {
	answers := make([]answer, len(due))
	var all sync.WaitGroup
	for i, s := range due {
		all.Go(func() { answers[i] = k.ask(s) })
	}
	all.Wait()
	kept, served := k.config.Kept(), k.config.Synchronised()

	k.mu.Lock()
	k.asking, k.kept, k.served = nil, kept, served
	m := k.moment()
	before := k.target(m)
	// Who was replaced while it was asked is not heard.
	answers = slices.DeleteFunc(answers, func(a answer) bool { return !slices.Contains(k.peers, a.server) })
	why := k.digest(answers, m)
	if k.suspect == "" { // a service may have set the system clock by the very servers that are in doubt
		k.adopt(m)
	}
	change := k.changed(before, m, why)
	k.note(change)
	if k.config.Sampled != nil {
		r := k.full(m)
		k.news = append(k.news, func() { k.config.Sampled(r) })
	}
	close(done)
	k.mu.Unlock()
	k.tell()
}

// digest takes in the answers of a round and says why trusted time was moved, if it was. It needs mu.
func (k *Clock) digest(answers []answer, m moment) (why Why) {
	var samples []sample
	for _, a := range answers {
		a.note(a, m.elapsed)
		if a.good() && !a.Offered {
			samples = append(samples, a.sample)
			k.heard = true
		}
	}
	configured := len(k.owners())
	found, overlap, ok := majority(samples, configured)
	if ok && outvoted(samples, found) {
		ok, overlap = false, 0
	}
	k.agreeing, k.answering = 0, len(samples)
	if ok {
		found.at = m.elapsed
		k.agreeing = len(found.servers)
		k.why = ""
		for _, i := range found.servers {
			s := samples[i].server
			s.State = Agrees
			if s.NTS {
				found.authentic++
			}
		}
		why = k.weigh(found, m)
	} else {
		k.proposal, k.pending = nil, nil
		k.why = k.blame(samples, overlap)
	}
	k.place(answers, found, ok, m)
	return why
}

// place shows where the answers lie, beside trusted time. An offered server agrees where it overlaps with what
// the others agreed on, or else with the time that is known.
func (k *Clock) place(answers []answer, found agreement, ok bool, m moment) {
	state, uncertainty := k.judge(m)
	reference := k.time(m).Sub(k.scale(m.elapsed))
	middle, width := found.offset, found.doubt
	if !ok {
		middle, width, ok = reference, uncertainty, state == Synced || state == Holdover
	}
	for _, a := range answers {
		if !a.good() {
			continue
		}
		a.Offset = a.sample.offset - reference
		if a.Offered && ok && (a.sample.offset-middle).Abs() <= a.sample.distance+width {
			a.State = Agrees
		}
	}
}

// blame says why there was no agreement.
func (k *Clock) blame(samples []sample, overlap int) Reason {
	named, nameless := 0, 0
	for _, s := range k.peers {
		switch {
		case s.Offered:
		case s.nameless:
			nameless++
		default:
			named++
		}
	}
	switch {
	case named+nameless == 0:
		return NoServer
	case overlap < len(samples):
		return Disagreement
	case named == 0:
		return NoNameServer
	default:
		return NoAnswer // or too few of them
	}
}
