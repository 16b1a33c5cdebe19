package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"castellan/internal/fault"
)

// Run has what a former run left provisional go back, and has changes end in time, until the context ends. A change that waits
// then goes back before it returns. It also watches for addresses that change by themselves.
func (n *Network) Run(ctx context.Context) error {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		n.keepWatch(ctx)
	}()
	named := make(chan struct{})
	go func() { defer close(named); n.tellNames(ctx) }()
	defer func() { <-watched; <-named }()
	for {
		pause := n.step(ctx)
		select {
		case <-ctx.Done():
			n.leave(ctx)
			return nil
		case <-n.wake:
		case <-time.After(pause):
		}
	}
}

// keepWatch watches for addresses that change by themselves, until the context ends. Where that fails it is begun anew, and whatever
// happened meanwhile counts as a change.
func (n *Network) keepWatch(ctx context.Context) {
	moved := func() { n.forgetReach(); n.config.Moved(); n.rouse() }
	said := ""
	for pause := watchAgain; ; pause = min(2*pause, againMost) {
		begun := n.config.Elapsed()
		err := n.watch(ctx, moved)
		if ctx.Err() != nil {
			return
		}
		if words := fmt.Sprint(err); words != said {
			n.config.Out.Warn("watch the interfaces", "err", err)
			said = words
		}
		if n.config.Elapsed()-begun > againMost {
			pause = watchAgain // it worked for a while
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		moved()
	}
}

// leave has a change that waits go back. What does not by then is left to the next start.
func (n *Network) leave(ctx context.Context) {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime/2)
	defer cancel()
	if n.take(ctx) != nil {
		return
	}
	defer n.give()
	if t := n.current(); t != nil {
		n.because(t, "Castellan was stopped before the change was confirmed.")
		_ = n.goBack(ctx, t)
	}
}

// step does what is to be done now, and says for how long there is nothing more to do.
func (n *Network) step(ctx context.Context) (pause time.Duration) {
	if n.take(ctx) != nil {
		return restTime
	}
	defer n.give()
	t := n.current()
	if t == nil {
		return restTime
	}
	now := n.config.Elapsed()
	switch {
	case t.reason != "":
		if n.goBack(ctx, t) == nil {
			return restTime
		}
		return min(againMost, lookEvery<<min(t.tries, 6))
	case now >= t.end:
		n.because(t, fmt.Sprintf("Nobody confirmed it within %d seconds.", int(TryTime.Seconds())))
		return 0
	case now < t.begin:
		return t.begin - now
	case !t.made:
		n.make(ctx, t)
		return 0
	case n.unplugged(t):
		n.because(t, fmt.Sprintf("%s lost its cable.", t.Setting.Interface))
		return 0
	}
	return min(lookEvery, t.end-now)
}

// because has a change go back, with the first reason that there was.
func (n *Network) because(t *trial, reason string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t.reason == "" {
		t.reason, t.since = reason, n.config.Elapsed()
	}
}

// make has the service make a change. The caller has the turn.
func (n *Network) make(ctx context.Context, t *trial) {
	n.mu.Lock()
	t.begun = true
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, makeTime)
	defer cancel()
	err := n.of(t.Kind).Try(ctx, []Setting{t.Setting}, t.end-n.config.Elapsed())
	n.config.Moved()
	if err != nil {
		n.config.Out.Error("change the network", "interface", t.Setting.Interface, "err", err)
		n.because(t, whyNot(err))
		return
	}
	n.mu.Lock()
	t.made = true
	n.mu.Unlock()
}

// whyNot says why a service did not make a change.
func whyNot(err error) string {
	var f *fault.Error
	switch {
	case errors.Is(err, ErrSlow), errors.Is(err, context.DeadlineExceeded):
		return "The network service of this NAS did not make it in time."
	case errors.As(err, &f):
		return f.Message
	}
	return "The network service of this NAS could not make it. The journal of the NAS says why."
}

// unplugged reports whether the cable has been away for pulledTime.
func (n *Network) unplugged(t *trial) bool {
	all, err := n.cards()
	if err != nil {
		return false
	}
	there := slices.ContainsFunc(all, func(c Card) bool { return c.Name == t.Setting.Interface && c.Carrier })
	n.mu.Lock()
	defer n.mu.Unlock()
	if there {
		t.pulled = false
		return false
	}
	now := n.config.Elapsed()
	if !t.pulled {
		t.pulled, t.since = true, now
	}
	return now-t.since >= pulledTime
}

// The Reasons of a change that was confirmed in a former run: kept by this one, and of an interface that did not come back.
const (
	keptLate = "It was confirmed just before the NAS, or Castellan on it, was started again."
	keptAway = "The NAS was started again while it was being kept, and the interface has not been there since, so it may have stayed."
)

// errAway: it cannot be seen yet what became of a change.
var errAway = errors.New("the network service does not tell of the interface yet")

// goBack has a change go back, or be kept where it was confirmed before a power cut. The caller has the turn.
func (n *Network) goBack(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if t.begun {
		err := n.of(t.Kind).Settle(ctx, t.Keeping)
		if err != nil && !n.lost(ctx, t) {
			n.stuck(t, err, fmt.Sprintf("%s does not answer, so the change of %s has not gone back yet. That is tried again and again.", t.Kind.title(), t.Setting.Interface))
			return err
		}
	}
	c := Change{Setting: t.Setting, Before: t.before, By: t.By, Undone: t.undone, Outcome: WentBack, Reason: t.reason}
	if t.Keeping && !t.Restoring {
		all, err := n.of(t.Kind).Settings(ctx)
		now, there := all[t.Setting.Interface]
		switch away := err != nil || !there; {
		case away && !t.hurried && n.config.Elapsed()-t.since < goneTime:
			// Early in the start of a box its service knows no interface yet.
			n.stuck(t, errors.Join(errAway, err), fmt.Sprintf("The NAS was started again while a change of %s was being kept. Whether it stays is seen once the interface is there.", t.Setting.Interface))
			return errAway
		case away:
			c.Reason = keptAway
		case alike(now, t.Setting):
			c.Outcome, c.Reason = Kept, keptLate
		}
	}
	n.end(t, c)
	return nil
}

// stuck takes in that a change cannot end yet. The log says so once, and again when there is something else to say or after sayAgain: every
// line of it can wake a disk.
func (n *Network) stuck(t *trial, err error, trouble string) {
	now := n.config.Elapsed()
	if words := err.Error(); words != t.said || now-t.saidAt >= sayAgain {
		n.config.Out.Error("have a change of the network go back", "interface", t.Setting.Interface, "err", err)
		t.said, t.saidAt = words, now
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	t.tries++
	n.trouble = trouble
}

// lost reports whether the service that made a change has been away for so long that what it did is gone with it.
func (n *Network) lost(ctx context.Context, t *trial) bool {
	if n.config.Elapsed()-t.since < goneTime {
		return false
	}
	_, kind, err := n.found(ctx)
	return err == nil && kind != t.Kind
}

func alike(a, b Setting) bool {
	return a.Interface == b.Interface && a.IPv4 == b.IPv4 && a.IPv6 == b.IPv6 && a.MTU == b.MTU && slices.Equal(a.DNS, b.DNS) && slices.Equal(a.Search, b.Search)
}

// end ends a change and tells how. The caller has the turn.
func (n *Network) end(t *trial, c Change) { n.endTelling(t, c, n.config.Ended) }

// endTelling is end with somebody else who is told. The note goes last: what was not told is told by the next start.
func (n *Network) endTelling(t *trial, c Change, tell func(Change)) {
	if !t.Restoring {
		n.config.Out.Info("a change of the network ended", "interface", c.Interface, "outcome", string(c.Outcome), "reason", c.Reason)
		tell(c)
	}
	n.erase()
	n.mu.Lock()
	n.change, n.trouble = nil, ""
	if !t.Restoring {
		n.last = &c
	}
	n.mu.Unlock()
	n.config.Moved()
}
