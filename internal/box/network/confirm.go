package network

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"time"

	"castellan/internal/secret"
)

// Confirm keeps the change that waits. at is the address at which the box was reached: ErrNoChange, ErrElsewhere, ErrSlow. kept records
// that it is kept, before another change can begin; where the power goes meanwhile the next start tells Ended instead.
func (n *Network) Confirm(ctx context.Context, token string, at netip.Addr, kept func(Change)) (Change, error) {
	return n.confirm(ctx, func() error { return n.knows(token) }, at, kept)
}

// Keep is Confirm for whoever is signed in, who needs no token. still is asked before anything is kept, as it may have to wait for its turn: it
// returns why they may not keep it any more.
func (n *Network) Keep(ctx context.Context, at netip.Addr, still func() error, kept func(Change)) (Change, error) {
	may := func() error { return cmp.Or(n.waits(), still()) }
	return n.confirm(ctx, may, at, kept)
}

func (n *Network) confirm(ctx context.Context, may func() error, at netip.Addr, kept func(Change)) (Change, error) {
	if err := n.awaitMade(ctx, may); err != nil {
		return Change{}, err
	}
	turn, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if n.take(turn) != nil {
		return Change{}, errNotYet
	}
	defer n.give()
	if err := may(); err != nil {
		return Change{}, err
	}
	t := n.current()
	switch {
	case n.config.Elapsed() >= t.end:
		return Change{}, ErrNoChange
	case !t.made:
		return Change{}, errNotYet
	case !n.reached(Change{Setting: t.Setting, Before: t.before}, at):
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
	c := Change{Setting: t.Setting, Before: t.before, By: t.By, Outcome: Kept}
	n.mu.Lock()
	n.kept = t.digest
	n.mu.Unlock()
	n.endTelling(t, c, kept)
	return c, nil
}

// errNotYet: the change was asked for and not made yet.
var errNotYet = ErrElsewhere.Saying("The change is still being made. Try again in a moment.").After(lookEvery)

// awaitMade waits until the change is made that is to be confirmed: a page at a new address is opened as soon as there is one.
func (n *Network) awaitMade(ctx context.Context, may func() error) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		if err := may(); err != nil {
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

// waits says that there is no change to be kept.
func (n *Network) waits() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.change; t != nil && t.reason == "" && !t.Restoring {
		return nil
	}
	return ErrNoChange
}

// knows refuses a token that is not that of the change that waits.
func (n *Network) knows(token string) error {
	d := secret.DigestOf(token)
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.change; t != nil && t.reason == "" && !t.Restoring && subtle.ConstantTimeCompare(d[:], t.digest[:]) == 1 {
		return nil
	}
	if subtle.ConstantTimeCompare(d[:], n.kept[:]) == 1 {
		return ErrNoChange.Saying("The change was confirmed already, and stays.")
	}
	return ErrNoChange
}

// Proves reports whether reaching the box at an address of a family proves that a change works: one family that was changed
// tells nothing of the other.
func (c Change) Proves(v4 bool) bool {
	four, six := c.IPv4.Method != Off, c.IPv6.Method != Off
	changed4, changed6 := four && c.IPv4 != c.Before.IPv4, six && c.IPv6 != c.Before.IPv6
	if changed4 || changed6 {
		four, six = changed4, changed6
	}
	return v4 && four || !v4 && six
}

// reached reports whether an address proves that the box is reached by a change: the changed interface has it now, and where the
// setting names one of that family it is that very one.
func (n *Network) reached(c Change, at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	f := c.IPv6
	if at.Is4() {
		f = c.IPv4
	}
	if !at.IsValid() || !c.Proves(at.Is4()) || f.Method == Manual && f.Address.Addr() != at {
		return false
	}
	all, err := n.cards()
	i := slices.IndexFunc(all, func(o Card) bool { return o.Name == c.Interface })
	return err == nil && i >= 0 && has(all[i], at)
}

// GoBack has the change that waits go back at once, as an account wants: ErrNoChange. still is asked when its turn has come, see Keep. Where the
// service does not answer it is tried again by Run.
func (n *Network) GoBack(ctx context.Context, by string, still func() error) (Change, error) {
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
	if err := still(); err != nil {
		return Change{}, err
	}
	n.mu.Lock()
	if t.reason == "" {
		t.undone = by
	}
	n.mu.Unlock()
	n.because(t, by+" took it back.")
	defer n.rouse()
	if err := n.goBack(context.WithoutCancel(ctx), t); err != nil {
		return Change{}, ErrSlow.Saying("The network service of this NAS does not answer. The change goes back as soon as it does.").Because(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return *n.last, nil
}
