package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// restoreTime bounds a restore of all interfaces, of which each has makeTime.
const restoreTime = time.Minute

// thorough is a service that knows of more to restore than its Settings tell.
type thorough interface {
	// Unread names the interfaces that the service manages although it cannot be told how they are set up.
	Unread(ctx context.Context) ([]string, error)
	// RestoreAbsent has interfaces that are not there ask for addresses once they are.
	RestoreAbsent(ctx context.Context) error
}

// Unserved says why nobody here changes the network.
func (n *Network) Unserved() error {
	if n.config.Alone {
		return ErrNoService.Saying(alone)
	}
	return ErrNoService
}

// RestoreAutomatic has every interface ask the network for its addresses from now on; a change that waits ends by that. done tells
// whether they all do, which it never says beside an error; without a service nothing is changed. It takes a minute at most, and may be repeated.
func (n *Network) RestoreAutomatic(ctx context.Context) (done bool, err error) {
	return n.RestoreWanted(ctx, func() bool { return true })
}

// RestoreWanted is RestoreAutomatic where wanted says so once nobody else changes anything.
func (n *Network) RestoreWanted(ctx context.Context, wanted func() bool) (done bool, err error) {
	if n.config.Alone {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, restoreTime)
	defer cancel()
	if err := n.take(ctx); err != nil {
		return false, err
	}
	defer n.give()
	defer n.rouse()
	if !wanted() {
		return false, nil
	}
	if t := n.current(); t != nil {
		n.because(t, "All interfaces were then set to ask the network for their addresses.")
		t.hurried = true
		if err := n.goBack(ctx, t); err != nil && (!t.Restoring || !t.Keeping) {
			return false, fmt.Errorf("end the change of the network that waits: %w", err)
		}
	}
	service, kind, err := n.found(ctx)
	if err != nil || service == nil {
		return false, err
	}
	err = n.restoreAll(ctx, service, kind)
	return err == nil, err
}

// restoreAll restores one interface after another, so that one which cannot be changed holds up no other one, and says which did not come
// along. The caller has the turn.
func (n *Network) restoreAll(ctx context.Context, s service, kind Kind) (failed error) {
	failure := func(err error) {
		switch {
		case err == nil:
		case failed == nil:
			failed = err
		default:
			failed = fmt.Errorf("%w; %w", failed, err)
		}
	}
	managed, err := s.Settings(ctx)
	if err != nil {
		return fmt.Errorf("ask the network service: %w", err)
	}
	all, err := n.cards()
	if err != nil {
		return fmt.Errorf("look at the interfaces: %w", err)
	}
	var names []string
	for name, now := range managed {
		if !alike(now, AutomaticSetting(name)) {
			names = append(names, name)
		}
	}
	var unread []string
	if more, ok := s.(thorough); ok {
		failure(more.RestoreAbsent(ctx))
		unread, err = more.Unread(ctx)
		failure(err)
		// What is part of another interface has its addresses there, and what no owner would know is not set up here.
		unread = slices.DeleteFunc(unread, func(name string) bool {
			return !slices.ContainsFunc(all, func(c Card) bool { return c.Name == name && !c.Port })
		})
	}
	names = append(names, unread...)
	slices.Sort(names)
	for _, name := range names {
		failure(n.restore(ctx, s, kind, AutomaticSetting(name)))
		if t := n.current(); t != nil && !t.Keeping {
			return failed // Run has it go back first
		}
	}
	if t := n.current(); t != nil && failed == nil {
		failure(fmt.Errorf("restore %s: that it asks for addresses is not saved yet", t.Setting.Interface))
	}
	failure(leftOut(all, managed, unread))
	return failed
}

// leftOut names the cards that the service does not manage, or not yet: a box whose service has only begun to look at them is not restored.
func leftOut(all []Card, managed map[string]Setting, unread []string) error {
	var names []string
	for _, c := range all {
		_, known := managed[c.Name]
		// Wireless cards that nobody uses are in many boxes, and no service has to manage them.
		if !known && !c.Port && !slices.Contains(unread, c.Name) && (c.Type == "ethernet" || c.Type == "wifi" && c.Carrier) {
			names = append(names, c.Name)
		}
	}
	switch {
	case len(names) > 0:
		return ErrUnmanaged.Saying("The network service of this NAS does not manage %s, which keeps its addresses. The interfaces that it does manage ask for theirs.", strings.Join(names, " and "))
	case len(managed)+len(unread) == 0:
		return ErrUnmanaged.Saying("The network service of this NAS manages none of its interfaces.")
	}
	return nil
}

// restore has an interface follow a setting for good. That it cannot be noted for the next start, on a disk that is full, stops nobody from
// getting their way back. The caller has the turn.
func (n *Network) restore(ctx context.Context, s service, kind Kind, want Setting) error {
	ctx, cancel := context.WithTimeout(ctx, makeTime)
	defer cancel()
	unsaved := n.current() // of an interface before, which is to be kept as well
	t := &trial{note: note{Kind: kind, Setting: want, Restoring: true}, begun: true, since: n.config.Elapsed(), reason: "It was not finished."}
	if err := n.write(t.note); err != nil {
		n.config.Out.Error("restore automatic addresses without a note of it", "interface", want.Interface, "err", err)
	}
	n.put(t)
	err := s.Try(ctx, []Setting{want}, TryTime)
	if err != nil && unsaved != nil {
		n.put(unsaved)
		return fmt.Errorf("restore automatic addresses of %s: %w", want.Interface, err)
	}
	settle, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	t.Keeping = err == nil
	settled := s.Settle(settle, t.Keeping)
	if settled == nil {
		n.end(t, Change{})
	} // otherwise Run has it go back, or be kept
	if err = errors.Join(err, settled); err != nil {
		return fmt.Errorf("restore automatic addresses of %s: %w", want.Interface, err)
	}
	return nil
}
