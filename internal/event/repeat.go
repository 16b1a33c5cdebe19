package event

import (
	"strconv"
	"sync"
	"time"
)

// What anybody can bring about as often as they like must not push everything else out of the log.
const (
	// RepeatsFree refusals of one source, and RepeatsFreeAll of all sources, are recorded each; more are counted,
	// and the count is recorded every RepeatsEvery until there was none for RepeatsQuiet.
	RepeatsFree    = 20
	RepeatsFreeAll = 200
	RepeatsQuiet   = 10 * time.Minute
	RepeatsEvery   = time.Minute
	// maxSources bounds what strangers can make the box remember.
	maxSources = 4096
)

// repeatable are the kinds that need no proof of anything, or no fresh one.
var repeatable = map[Kind]bool{
	AccessRefused: true, SignInRefused: true, SignInSlowed: true, CodeRefused: true, StepUpRefused: true, PasswordRefused: true,
	TwoStepRefused: true, TwoStepLater: true, EnrolmentStarted: true, EnrolmentDiscarded: true, DeviceRenamed: true, EmailRefused: true,
	CodeSent: true, PasswordForgotten: true, AddressRefused: true, UnlockAsked: true, BrowserForgotten: true,
	TokenRefused: true, TokenSessionRefused: true, TokenSessionSold: true,
}

// repeats reports whether an event is counted instead of recorded when there are too many of its sort.
func (e Event) repeats() bool {
	switch e.Kind {
	case AccountChanged, SessionEnded, SessionsEnded:
		return e.Get("account") == e.Actor
	default:
		return repeatable[e.Kind]
	}
}

// source is what repeats are counted by.
func (e Event) source() string {
	if e.Source != "" {
		return e.Source
	}
	return e.Address
}

// tally counts the repeats of one source, or of all.
type tally struct {
	count  int // since it was quiet
	seen   time.Duration
	held   int // counted and not recorded yet
	since  time.Duration
	latest Event
}

func (t *tally) add(now time.Duration) {
	if now-t.seen > RepeatsQuiet {
		t.count = 0
	}
	t.count++
	t.seen = now
}

func (t *tally) hold(e Event, now time.Duration) {
	if t.held == 0 {
		t.since = now
	}
	t.held++
	t.latest = e
}

// repeats counts what is not recorded one by one. Its clock never steps.
type repeats struct {
	mu      sync.Mutex
	sources map[string]*tally
	all     tally
}

// admit reports whether an event is recorded by itself; otherwise it was counted.
func (r *repeats) admit(e Event, now time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.of(e.source(), now)
	t.add(now)
	if t != &r.all {
		r.all.add(now)
	}
	switch {
	case t != &r.all && t.count > RepeatsFree:
		t.hold(e, now)
	case r.all.count > RepeatsFreeAll:
		r.all.hold(e, now)
	default:
		return true
	}
	return false
}

// count counts an event that is never recorded by itself.
func (r *repeats) count(e Event, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.of(e.source(), now)
	t.seen = now
	t.hold(e, now)
}

// of returns the tally of a source, or that of all when there are too many sources. It needs mu.
func (r *repeats) of(source string, now time.Duration) *tally {
	t := r.sources[source]
	if t == nil && len(r.sources) >= maxSources {
		for key, old := range r.sources {
			if old.held == 0 && now-old.seen > RepeatsQuiet {
				delete(r.sources, key)
			}
		}
		if len(r.sources) >= maxSources {
			return &r.all
		}
	}
	if t == nil {
		t = &tally{seen: now}
		r.sources[source] = t
	}
	return t
}

// due takes out the counts that are to be recorded now: those that were begun RepeatsEvery ago, or, at the end,
// all of them.
func (r *repeats) due(now time.Duration, end bool) (events []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	take := func(t *tally) {
		if t.held == 0 || now-t.since < RepeatsEvery && !end {
			return
		}
		e := Event{Kind: Repeated, Actor: t.latest.Actor, Address: t.latest.Address, Agent: t.latest.Agent}
		events = append(events, e.With("count", strconv.Itoa(t.held)).With("last", t.latest.Message()))
		t.held, t.latest = 0, Event{}
	}
	for _, t := range r.sources {
		take(t)
	}
	take(&r.all)
	return events
}
