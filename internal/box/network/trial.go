package network

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
)

const (
	// answerFirst is how long after its answer a change is made: the address that the answer goes to may not be there after it.
	answerFirst = time.Second
	// makeTime bounds how long a service may take for a change, settleTime for keeping it or having it go back.
	makeTime   = 15 * time.Second
	settleTime = 10 * time.Second
	// pulledTime is how long a cable may be away: some cards let go of it for a few seconds while they are set up.
	pulledTime = 5 * time.Second
	// lookEvery is how often a change that waits is looked at.
	lookEvery = time.Second
	// againMost is the longest pause between two tries to have a change go back, and goneTime how long the service that made it
	// may be away until what it did counts as gone with it.
	againMost = time.Minute
	goneTime  = 5 * time.Minute
	// restTime is the pause of a Run that waits for nothing.
	restTime = time.Hour
)

// trial is a change that waits to be confirmed, or has still to go back.
type trial struct {
	note
	digest secret.Digest
	begin  time.Duration // when it is made, on Elapsed
	end    time.Duration // when it goes back
	begun  bool          // the service may have changed something
	made   bool          // the service has done it
	pulled bool          // there is no cable, since
	since  time.Duration // then, or since when it has to go back
	reason string        // why it goes back as soon as that is possible; "": it waits
	tries  int           // in vain, to have it go back
}

// take waits for the turn.
func (n *Network) take(ctx context.Context) error {
	select {
	case n.turn <- struct{}{}:
		n.recall()
		return nil
	case <-ctx.Done():
		return ErrSlow.Because(ctx.Err())
	}
}

func (n *Network) give() { <-n.turn }

func (n *Network) rouse() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// current returns the change that is not ended, if there is one.
func (n *Network) current() *trial {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change
}

func (n *Network) put(t *trial) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.change = t
}

// view is a change as others see it. The caller holds mu.
func (n *Network) view(t *trial) Change {
	return Change{Setting: t.Setting, By: t.By, Left: max(0, t.end-n.config.Elapsed()), Outcome: Waiting}
}

// Change returns the change that waits, or else how the last one of this run ended. ok: there was one.
func (n *Network) Change() (c Change, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.change != nil && !n.change.Restoring:
		return n.view(n.change), true
	case n.last != nil:
		return *n.last, true
	}
	return Change{}, false
}

// busy refuses a change while another one is not ended.
func (n *Network) busy() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch t := n.change; {
	case n.closed:
		return ErrSlow.Saying("Castellan is about to end. Nothing was changed.")
	case t == nil:
		return nil
	case t.reason != "" || t.Restoring:
		return ErrBusy.Saying("The last change of the network is still going back. Try again in a moment.").After(2 * time.Second)
	default:
		left := max(0, t.end-n.config.Elapsed()).Round(time.Second)
		return ErrBusy.Saying("%s has just changed %s and has %d more seconds to confirm that. Look again then.", t.By, t.Setting.Interface, int(left.Seconds())).After(left)
	}
}

// Try makes a provisional change, in the name of an account: ErrNoService, ErrUnknown, ErrUnmanaged, ErrNoCable, ErrBusy, ErrSlow,
// ErrRefused, or fields that are wrong. The change is made a moment after it returns, so that the answer still arrives; where the
// service then does not make it, it has gone back.
func (n *Network) Try(ctx context.Context, s Setting, by string) (Trial, error) {
	if err := n.busy(); err != nil {
		return Trial{}, err
	}
	turn, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	if err := n.take(turn); err != nil {
		return Trial{}, err
	}
	defer n.give()
	if err := n.busy(); err != nil {
		return Trial{}, err
	}
	kind, err := n.allow(ctx, s)
	if err != nil {
		return Trial{}, err
	}
	token, now := secret.Token(), n.config.Elapsed()
	t := &trial{note: note{Kind: kind, By: by, Setting: s}, digest: secret.DigestOf(token), begin: now + answerFirst, end: now + TryTime}
	if err := n.write(t.note); err != nil {
		return Trial{}, err
	}
	n.mu.Lock()
	n.change = t
	c := n.view(t)
	n.mu.Unlock()
	n.rouse()
	return Trial{Change: c, Token: token}, nil
}

// allow checks a change, and returns the service that is to make it. The caller has the turn.
func (n *Network) allow(ctx context.Context, s Setting) (Kind, error) {
	ask, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	service, kind, err := n.found(ask)
	if err != nil {
		return kind, err
	}
	if service == nil {
		return kind, ErrNoService
	}
	managed, err := service.Settings(ask)
	if err != nil {
		return kind, gone(err)
	}
	all, err := n.cards()
	if err != nil {
		return kind, fmt.Errorf("look at the interfaces: %w", err)
	}
	i := slices.IndexFunc(all, func(c Card) bool { return c.Name == s.Interface })
	if i < 0 {
		return kind, ErrUnknown
	}
	if _, ok := managed[s.Interface]; !ok {
		return kind, ErrUnmanaged
	}
	if !all[i].Carrier {
		return kind, ErrNoCable
	}
	others := map[string]Setting{}
	for name, o := range managed {
		if name != s.Interface {
			others[name] = o
		}
	}
	if err := s.check(all, others); err != nil {
		return kind, err
	}
	return kind, n.free(ctx, all[i], s)
}

// free refuses manual addresses that another machine on the link has.
func (n *Network) free(ctx context.Context, card Card, s Setting) error {
	for field, f := range map[string]Family{"ipv4.address": s.IPv4, "ipv6.address": s.IPv6} {
		if f.Method != Manual || has(card, f.Address.Addr()) {
			continue
		}
		mac, yes, err := n.taken(ctx, card, f.Address.Addr())
		if err != nil {
			n.config.Out.Warn("ask whether an address is taken", "interface", card.Name, "err", err) // the service asks as well
		}
		if yes {
			return fault.InvalidField(field, "taken", fmt.Sprintf("Another machine on this network (%s) has the address %s. Choose another one.", mac, f.Address.Addr()))
		}
	}
	return nil
}

func has(card Card, a netip.Addr) bool {
	return slices.ContainsFunc(card.Addresses, func(o Address) bool { return o.Addr() == a && !o.Duplicate })
}

// gone has an error for people stand for a service that ended in between.
func gone(err error) error {
	if errors.Is(err, errGone) {
		return ErrNoService.Because(err)
	}
	return err
}

// Run has what a former run left provisional go back, and has changes end in time, until the context ends. A change that waits
// then goes back before it returns. It also watches for addresses that change by themselves.
func (n *Network) Run(ctx context.Context) error {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := n.watch(ctx, func() { n.config.Moved(); n.rouse() }); err != nil && ctx.Err() == nil {
			n.config.Out.Warn("watch the interfaces", "err", err)
		}
	}()
	defer func() { <-watched }()
	for {
		n.tellName(ctx)
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

// goBack has a change go back, or be kept where it was confirmed before a power cut. The caller has the turn.
func (n *Network) goBack(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if t.begun {
		err := n.of(t.Kind).Settle(ctx, t.Keeping)
		if err != nil && !n.lost(ctx, t) {
			n.config.Out.Error("have a change of the network go back", "interface", t.Setting.Interface, "err", err)
			n.mu.Lock()
			defer n.mu.Unlock()
			t.tries++
			n.trouble = fmt.Sprintf("%s does not answer, so the change of %s has not gone back yet. That is tried again and again.", t.Kind.title(), t.Setting.Interface)
			return err
		}
	}
	c := Change{Setting: t.Setting, By: t.By, Outcome: WentBack, Reason: t.reason}
	if t.Keeping && !t.Restoring {
		if all, err := n.of(t.Kind).Settings(ctx); err == nil && alike(all[t.Setting.Interface], t.Setting) {
			c.Outcome, c.Reason = Kept, ""
		}
	}
	n.end(t, c)
	return nil
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
func (n *Network) end(t *trial, c Change) {
	n.erase()
	n.mu.Lock()
	n.change, n.trouble = nil, ""
	if !t.Restoring {
		n.last = &c
	}
	n.mu.Unlock()
	n.config.Moved()
	if !t.Restoring {
		n.config.Out.Info("a change of the network ended", "interface", c.Interface, "outcome", string(c.Outcome), "reason", c.Reason)
		n.config.Ended(c)
	}
}

// Confirm keeps the change that waits. at is the address at which the box was reached: ErrNoChange, ErrElsewhere, ErrSlow.
func (n *Network) Confirm(ctx context.Context, token string, at netip.Addr) (Change, error) {
	if err := n.awaitMade(ctx, token); err != nil {
		return Change{}, err
	}
	turn, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if n.take(turn) != nil {
		return Change{}, errNotYet
	}
	defer n.give()
	if err := n.knows(token); err != nil {
		return Change{}, err
	}
	t := n.current()
	switch {
	case n.config.Elapsed() >= t.end:
		return Change{}, ErrNoChange
	case !t.made:
		return Change{}, errNotYet
	case !n.reached(t.Setting, at):
		return Change{}, ErrElsewhere
	}
	keeping := t.note
	keeping.Keeping = true
	if err := n.write(keeping); err != nil {
		return Change{}, err
	}
	// Whoever asked may be gone by now; what they wanted is to be done.
	settle, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	if err := n.of(t.Kind).Settle(settle, true); err != nil {
		return Change{}, errors.Join(gone(err), n.write(t.note)) // it still waits
	}
	c := Change{Setting: t.Setting, By: t.By, Outcome: Kept}
	n.mu.Lock()
	n.kept = t.digest
	n.mu.Unlock()
	n.end(t, c)
	return c, nil
}

// errNotYet: the change was asked for and not made yet.
var errNotYet = ErrElsewhere.Saying("The change is still being made. Try again in a moment.").After(lookEvery)

// awaitMade waits until the change is made that a token confirms: a page at a new address is opened as soon as there is one.
func (n *Network) awaitMade(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		if err := n.knows(token); err != nil {
			return err
		}
		n.mu.Lock()
		made := n.change != nil && n.change.made
		n.mu.Unlock()
		if made {
			return nil
		}
		select {
		case <-ctx.Done():
			return errNotYet
		case <-time.After(lookEvery / 10):
		}
	}
}

// knows refuses a token that is not that of the change that waits.
func (n *Network) knows(token string) error {
	d := secret.DigestOf(token)
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.change; t != nil && t.reason == "" && subtle.ConstantTimeCompare(d[:], t.digest[:]) == 1 {
		return nil
	}
	if subtle.ConstantTimeCompare(d[:], n.kept[:]) == 1 {
		return ErrNoChange.Saying("The change was confirmed already, and stays.")
	}
	return ErrNoChange
}

// reached reports whether an address proves that the box is reached by a setting: the changed interface has it now, and where the
// setting names one of that family it is that very one.
func (n *Network) reached(s Setting, at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	f := s.IPv6
	if at.Is4() {
		f = s.IPv4
	}
	if !at.IsValid() || f.Method == Off || f.Method == Manual && f.Address.Addr() != at {
		return false
	}
	all, err := n.cards()
	i := slices.IndexFunc(all, func(c Card) bool { return c.Name == s.Interface })
	return err == nil && i >= 0 && has(all[i], at)
}

// GoBack has the change that waits go back at once: ErrNoChange. Where the service does not answer it is tried again by Run.
func (n *Network) GoBack(ctx context.Context) (Change, error) {
	if n.current() == nil {
		return Change{}, ErrNoChange
	}
	turn, cancel := context.WithTimeout(ctx, makeTime)
	defer cancel()
	if err := n.take(turn); err != nil {
		return Change{}, err
	}
	defer n.give()
	t := n.current()
	if t == nil || t.Restoring {
		return Change{}, ErrNoChange
	}
	n.because(t, "It was taken back by hand.")
	defer n.rouse()
	if err := n.goBack(context.WithoutCancel(ctx), t); err != nil {
		return Change{}, ErrSlow.Saying("The network service of this NAS does not answer. The change goes back as soon as it does.").Because(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return *n.last, nil
}
