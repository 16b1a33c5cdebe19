package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
)

const (
	// answerFirst is how long after its answer a change is made: the address that the answer goes to may not be there after it.
	answerFirst = 2 * time.Second
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
	// watchAgain is the first pause before the interfaces are watched again, where that failed.
	watchAgain = time.Second
	// sayAgain is how often the log says that a change still has not gone back, in the same words.
	sayAgain = time.Hour
	// restTime is the pause of a Run that waits for nothing.
	restTime = time.Hour
)

// trial is a change that waits to be confirmed, or has still to go back.
type trial struct {
	note
	before Setting // how the interface was set up
	digest secret.Digest
	begin  time.Duration // when it is made, on Elapsed
	end    time.Duration // when it goes back
	begun  bool          // the service may have changed something
	made   bool          // the service has done it
	pulled bool          // there is no cable, since
	since  time.Duration // then, or since when it has to go back
	undone string        // who took it back by hand
	reason string        // why it goes back as soon as that is possible; "": it waits
	tries  int           // in vain, to have it go back
	// hurried: what was confirmed before a start is not waited for, as it ends anyway.
	hurried bool
	said    string        // the last error in the log
	saidAt  time.Duration // when that was
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
	return Change{Setting: t.Setting, Before: t.before, By: t.By, Left: max(0, t.end-n.config.Elapsed()), Outcome: Waiting}
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
		return ErrBusy.Saying("%s is trying new settings of %s. They are kept or go back within %d seconds; try again then.", t.By, t.Setting.Interface, int(left.Seconds())).After(left)
	}
}

// Try makes a provisional change, in the name of an account: ErrNoService, ErrUnknown, ErrUnmanaged, ErrNoCable, ErrBusy, ErrSlow,
// ErrRefused, or fields that are wrong. tried records that it is made, before anything changes; where that fails nothing does. The change is
// made a moment after Try returns, so that the answer still arrives; where the service then does not make it, it has gone back.
func (n *Network) Try(ctx context.Context, s Setting, by string, tried func() error) (Trial, error) {
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
	t, card, err := n.allow(ctx, s)
	if err != nil {
		return Trial{}, err
	}
	warning, err := n.free(ctx, card, s)
	if err == nil && ctx.Err() != nil {
		err = ErrSlow.Because(ctx.Err()) // whoever asked has gone, and could neither keep it nor know of it
	}
	if err == nil {
		err = tried()
	}
	if err != nil {
		return Trial{}, err
	}
	token, now := secret.Token(), n.config.Elapsed()
	t.By, t.digest, t.begin, t.end = by, secret.DigestOf(token), now+answerFirst, now+TryTime
	if err := n.write(t.note); err != nil {
		return Trial{}, err
	}
	n.mu.Lock()
	n.change = t
	c := n.view(t)
	n.mu.Unlock()
	n.rouse()
	return Trial{Change: c, Token: token, Warning: warning}, nil
}

// allow checks a change, and returns it as it is to be made, with the card that it is of. The caller has the turn.
func (n *Network) allow(ctx context.Context, s Setting) (*trial, Card, error) {
	ask, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	service, kind, err := n.found(ask)
	if err != nil {
		return nil, Card{}, err
	}
	if service == nil {
		return nil, Card{}, n.Unserved()
	}
	managed, err := service.Settings(ask)
	if err != nil {
		return nil, Card{}, gone(err)
	}
	all, err := n.cards()
	if err != nil {
		return nil, Card{}, fmt.Errorf("look at the interfaces: %w", err)
	}
	i := slices.IndexFunc(all, func(c Card) bool { return c.Name == s.Interface })
	if i < 0 {
		return nil, Card{}, ErrUnknown
	}
	before, ok := managed[s.Interface]
	if !ok {
		return nil, Card{}, ErrUnmanaged
	}
	if !all[i].Carrier {
		return nil, Card{}, ErrNoCable
	}
	others := map[string]Setting{}
	for name, o := range managed {
		if name != s.Interface {
			others[name] = o
		}
	}
	if err := s.check(all, others); err != nil {
		return nil, Card{}, err
	}
	return &trial{note: note{Kind: kind, Setting: s}, before: before}, all[i], nil
}

// free refuses manual addresses that another machine on the link has, and warns of a gateway that no machine has.
func (n *Network) free(ctx context.Context, card Card, s Setting) (warning string, err error) {
	var asked sync.WaitGroup
	var gateway bool
	if g := s.IPv4.Gateway; g.IsValid() { // one of IPv6 cannot be asked for on a network that is new
		asked.Go(func() { gateway = n.answers(ctx, card, g) != "" })
	} else {
		gateway = true
	}
	for field, f := range map[string]Family{"ipv4.address": s.IPv4, "ipv6.address": s.IPv6} {
		if f.Method != Manual || has(card, f.Address.Addr()) {
			continue
		}
		if mac := n.answers(ctx, card, f.Address.Addr()); mac != "" {
			err = fault.InvalidField(field, "taken", fmt.Sprintf("Another machine on this network (%s) has the address %s. Choose another one.", mac, f.Address.Addr()))
		}
	}
	if asked.Wait(); !gateway {
		warning = fmt.Sprintf("No machine answers at %s, the gateway. Without a router the NAS reaches neither time servers nor mail servers.", s.IPv4.Gateway)
	}
	return warning, err
}

// answers returns the MAC address of another machine on the link of a card that has an address; "": none answers.
func (n *Network) answers(ctx context.Context, card Card, a netip.Addr) string {
	mac, yes, err := n.taken(ctx, card, a)
	if err != nil {
		n.config.Out.Warn("ask whether an address is taken", "interface", card.Name, "err", err) // the service asks as well
	}
	if !yes {
		return ""
	}
	return mac
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
