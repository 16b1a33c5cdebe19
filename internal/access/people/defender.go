package people

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"castellan/internal/access/account"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The refusals of the Defender.
var (
	ErrOwnAddress = &fault.Error{Kind: fault.Conflict, Code: "own_address"}
	ErrLifted     = &fault.Error{Kind: fault.NotFound, Code: "slow_down_over", Message: "This slow-down is over already."}
)

// SlowDown is somebody who is slowed down now.
type SlowDown struct {
	throttle.SlowDown
	Name string // of the account that is guessed at; empty where none has that name, or it is about no name
}

// Defender returns what the owner decided about addresses, who is slowed down now, and how many those are in all.
func (o *Office) Defender() (d settings.Defender, list []SlowDown, total int, err error) {
	err = o.DB.View(func(tx *store.Tx) error {
		if d, err = settings.GetDefender(tx); err != nil {
			return err
		}
		slow, n := o.Throttle.SlowDowns(throttle.LevelOf(string(d.Limits)))
		total = n
		for _, s := range slow {
			one, err := named(tx, s)
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		return nil
	})
	return d, list, total, err
}

// named finds the name of the account that a slow-down is about.
func named(tx *store.Tx, s throttle.SlowDown) (SlowDown, error) {
	if s.Account == "" {
		return SlowDown{SlowDown: s}, nil
	}
	a, err := account.Get(tx, s.Account)
	if errors.Is(err, account.ErrUnknown) {
		return SlowDown{SlowDown: s}, nil
	}
	return SlowDown{s, a.Name}, err
}

// SetDefender changes what is decided about addresses. A rule that blocks the address of whoever acts is refused
// with ErrOwnAddress, unless they have confirmed that.
func (o *Office) SetDefender(by Actor, d settings.Defender, confirmed bool) error {
	return o.update(by, func(tx *store.Tx) error {
		before, err := settings.GetDefender(tx)
		if err != nil {
			return err
		}
		if err := settings.PutDefender(tx, d); err != nil {
			return err
		}
		if own, err := netip.ParseAddr(by.Address); err == nil && !confirmed && d.Blocks(own) {
			at := slices.IndexFunc(d.Block, func(p netip.Prefix) bool { return p.Contains(own.Unmap().WithZone("")) })
			return ErrOwnAddress.Saying("%s", ownWords(own, d.Block[at]))
		}
		return o.recordDefender(tx, by.event(event.DefenderChanged), before, d)
	})
}

func ownWords(own netip.Addr, rule netip.Prefix) string {
	if rule.IsSingleIP() {
		return fmt.Sprintf("%s is your own address. Blocked, it would shut you out at once.", own)
	}
	return fmt.Sprintf("Your own address %s is in the network %s. Blocked, it would shut you out at once.", own, rule)
}

// recordDefender records what is different about the Defender, one event for each list.
func (o *Office) recordDefender(tx *store.Tx, e event.Event, before, after settings.Defender) error {
	return after.Changes(before, func(list, what string) error { return o.Log.Record(tx, e.With("list", list).With("what", what)) })
}

// Lift ends a slow-down.
func (o *Office) Lift(by Actor, id string) error {
	return o.update(by, func(tx *store.Tx) error {
		d, err := settings.GetDefender(tx)
		if err != nil {
			return err
		}
		lifted, found, err := o.Throttle.Lift(tx, id, throttle.LevelOf(string(d.Limits)))
		if err != nil {
			return err
		}
		if !found {
			return ErrLifted
		}
		s, err := named(tx, lifted)
		if err != nil {
			return err
		}
		return o.Log.Record(tx, by.event(event.SlowDownLifted).With("what", s.words()))
	})
}

// words says who was slowed down, for the log.
func (s SlowDown) words() string {
	who := "a name that no account has"
	if s.Name != "" {
		who = s.Name
	}
	switch s.Rule {
	case throttle.Passwords:
		return "passwords for " + who + " from " + s.Source
	case throttle.Browsers:
		return "passwords for " + who + " in a browser it knows"
	case throttle.Accounts:
		return "passwords for " + who + " from unknown browsers"
	case throttle.Codes:
		return "codes of " + who
	case throttle.Sources:
		return "sign-ins from " + s.Source
	default:
		return "stricter limits for unknown browsers"
	}
}

// unblock takes away what could keep somebody beside the box out whatever their account: the block list and the
// pauses of sources.
func (o *Office) unblock(tx *store.Tx, e event.Event) error {
	if err := o.Throttle.Unpause(tx); err != nil {
		return err
	}
	before, err := settings.GetDefender(tx)
	if err != nil || len(before.Block) == 0 {
		return err
	}
	after := before
	after.Block = nil
	if err := settings.PutDefender(tx, after); err != nil {
		return err
	}
	return o.recordDefender(tx, e, before, after)
}
