package people

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"

	"castellan/internal/access/account"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
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
	Name    string // of the account that is guessed at; empty where none has that name, or it is about no name
	Machine string // the name of the API token whose machine is slowed down, of that account
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

// named finds the names of the account and of the API token that a slow-down is about.
func named(tx *store.Tx, s throttle.SlowDown) (one SlowDown, err error) {
	one.SlowDown = s
	if s.Account == "" {
		return one, nil
	}
	a, err := account.Get(tx, s.Account)
	if err == nil && s.Token != "" {
		one.Machine, err = token.Name(tx, s.Account, s.Token)
	}
	if errors.Is(err, account.ErrUnknown) || errors.Is(err, token.ErrUnknown) {
		err = nil
	}
	one.Name = a.Name
	return one, err
}

// SetDefender changes what is decided about addresses. A rule that would block whoever acts, now or where they signed
// in lately, or a whole network of the house is refused with ErrOwnAddress, unless they have confirmed that.
func (o *Office) SetDefender(by Actor, d settings.Defender, confirmed bool) error {
	return o.update(by, func(tx *store.Tx) error {
		before, err := settings.GetDefender(tx)
		if err != nil {
			return err
		}
		if err := settings.PutDefender(tx, d); err != nil {
			return err
		}
		if !confirmed {
			if err := o.shutsOut(tx, by, before, d); err != nil {
				return err
			}
		}
		return o.recordDefender(tx, by.event(event.DefenderChanged), before, d)
	})
}

// shutsOut refuses what a change would newly block of the places that whoever acts comes from.
func (o *Office) shutsOut(tx *store.Tx, by Actor, before, after settings.Defender) error {
	browsers, err := o.Browsers.List(tx, by.ID)
	if err != nil {
		return err
	}
	refused := func(address, words string) error {
		a, _ := netip.ParseAddr(address) // it is none on the socket of the box
		if !a.IsValid() || !after.Blocks(a) || before.Blocks(a) {
			return nil
		}
		at := slices.IndexFunc(after.Block, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
		return ErrOwnAddress.Saying(words, a, settings.RuleWords(after.Block[at]))
	}
	err = refused(by.Address, "%s is your own address. With %s blocked you would be shut out at once.")
	for _, one := range o.Sessions.List(by.ID) {
		err = cmp.Or(err, refused(one.Source, "You are signed in at %s, too. With %s blocked you would be shut out there."))
	}
	for _, one := range browsers {
		err = cmp.Or(err, refused(one.Address, "You have signed in at %s before. With %s blocked you would be shut out there."))
	}
	return cmp.Or(err, o.shutsHouseOut(before, after))
}

// shutsHouseOut refuses a rule that newly blocks a whole network of the house.
func (o *Office) shutsHouseOut(before, after settings.Defender) error {
	for _, network := range o.House() {
		for _, p := range after.Block {
			if !slices.Contains(before.Block, p) && p.Bits() <= network.Bits() && p.Overlaps(network) {
				return ErrOwnAddress.Saying("The NAS itself is in the network %s. With %s blocked everybody there would be shut out.", network, settings.RuleWords(p))
			}
		}
	}
	return nil
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
	case throttle.Codes:
		if s.Token != "" {
			return "codes of the API token “" + s.Machine + "” of " + who
		}
		return "codes of " + who
	case throttle.Passwords:
		return "passwords for " + who + " from " + s.Source
	case throttle.Browsers:
		return "passwords for " + who + " in a browser it knows"
	case throttle.Accounts:
		return "passwords for " + who + " from unknown browsers"
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
