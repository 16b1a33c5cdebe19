package network

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// RestoreAutomatic has every interface that the service manages ask the network for its addresses from now on; a change that waits
// ends by that. done tells whether they do; without a service nothing is changed. It takes 30 seconds at most, and may be repeated.
func (n *Network) RestoreAutomatic(ctx context.Context) (done bool, err error) {
	return n.RestoreWanted(ctx, func() bool { return true })
}

// RestoreWanted is RestoreAutomatic where wanted says so once nobody else changes anything.
func (n *Network) RestoreWanted(ctx context.Context, wanted func() bool) (done bool, err error) {
	if n.config.Alone {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, makeTime)
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
		n.because(t, "All interfaces were set to ask the network for their addresses.")
		if err := n.goBack(ctx, t); err != nil {
			return false, fmt.Errorf("end the change of the network that waits: %w", err)
		}
	}
	service, kind, err := n.found(ctx)
	if err != nil || service == nil {
		return false, err
	}
	managed, err := service.Settings(ctx)
	if err != nil {
		return false, fmt.Errorf("ask the network service: %w", err)
	}
	var all []Setting
	for _, name := range slices.Sorted(maps.Keys(managed)) {
		if want := AutomaticSetting(name); !alike(managed[name], want) {
			all = append(all, want)
		}
	}
	if len(all) == 0 {
		return true, nil
	}
	return true, n.restore(ctx, service, kind, all)
}

// restore has interfaces follow settings for good. The caller has the turn.
func (n *Network) restore(ctx context.Context, s service, kind Kind, all []Setting) error {
	t := &trial{note: note{Kind: kind, Setting: all[0], Restoring: true}, begun: true, since: n.config.Elapsed(), reason: "It was not finished."}
	if err := n.write(t.note); err != nil {
		return err
	}
	n.put(t)
	err := s.Try(ctx, all, TryTime)
	if err == nil {
		settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
		t.Keeping = true
		err = s.Settle(settle, true)
	}
	if err != nil {
		return fmt.Errorf("restore automatic addresses: %w", err) // Run has it go back, or be kept
	}
	n.end(t, Change{})
	return nil
}
