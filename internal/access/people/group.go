package people

import (
	"slices"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// ErrInPolicy keeps a policy from naming a group that is not there.
var ErrInPolicy = &fault.Error{Kind: fault.Conflict, Code: "group_in_use", Message: "The policy for 2-step verification names this group. Change the policy first."}

// Members is a group with the accounts in it.
type Members struct {
	account.Group
	Accounts []account.Account
}

// Groups returns all groups with their members, the built-in ones first.
func (o *Office) Groups() (all []Members, err error) {
	err = o.DB.View(func(tx *store.Tx) error {
		everybody, _, err := account.Find(tx, account.Query{Limit: maxAccounts})
		if err != nil {
			return err
		}
		administrators := slices.DeleteFunc(slices.Clone(everybody), func(a account.Account) bool { return a.Role != account.Administrator })
		all = []Members{
			{account.Group{ID: account.AdministratorsGroup, Name: account.AdministratorsGroup, BuiltIn: true}, administrators},
			{account.Group{ID: account.EverybodyGroup, Name: account.EverybodyGroup, BuiltIn: true}, everybody},
		}
		own, err := account.Groups(tx)
		for _, g := range own {
			m, err := members(tx, g)
			if err != nil {
				return err
			}
			all = append(all, m)
		}
		return err
	})
	return all, err
}

// maxAccounts bounds what a list of members shows.
const maxAccounts = 10_000

func members(tx *store.Tx, g account.Group) (Members, error) {
	m := Members{Group: g}
	for _, id := range g.Members {
		a, err := account.Get(tx, id)
		if err != nil {
			return m, err
		}
		m.Accounts = append(m.Accounts, a)
	}
	slices.SortFunc(m.Accounts, func(a, b account.Account) int { return strings.Compare(a.Name, b.Name) })
	return m, nil
}

// PutGroup adds a group, or with an id changes one.
func (o *Office) PutGroup(by Actor, g account.Group) (m Members, err error) {
	err = o.update(by, func(tx *store.Tx) error {
		e := by.event(event.GroupAdded)
		if g.ID != "" {
			e = by.event(event.GroupChanged).With("what", "name or members changed")
		}
		put, err := account.PutGroup(tx, g)
		if err != nil {
			return err
		}
		if m, err = members(tx, put); err != nil {
			return err
		}
		return o.Log.Record(tx, e.With("group", put.Name))
	})
	return m, err
}

// DeleteGroup deletes a group that no policy names.
func (o *Office) DeleteGroup(by Actor, id string) error {
	return o.update(by, func(tx *store.Tx) error {
		p, err := settings.GetPolicy(tx)
		if err != nil {
			return err
		}
		if slices.Contains(p.Groups, id) {
			return ErrInPolicy
		}
		g, err := account.DeleteGroup(tx, id)
		if err != nil {
			return err
		}
		return o.Log.Record(tx, by.event(event.GroupDeleted).With("group", g.Name))
	})
}

// SetPolicy changes who must use 2-step verification, and who may get codes by e-mail.
func (o *Office) SetPolicy(by Actor, p settings.Policy) error {
	return o.update(by, func(tx *store.Tx) error {
		before, err := settings.GetPolicy(tx)
		if err != nil {
			return err
		}
		if err := account.KnownGroups(tx, p.Groups); err != nil {
			return err
		}
		if err := settings.PutPolicy(tx, p); err != nil {
			return err
		}
		for _, c := range []struct{ what, from, to string }{
			{"Who must use 2-step verification", string(before.TwoStep), string(p.TwoStep)},
			{"Who may get codes by e-mail", string(before.EmailCodes), string(p.EmailCodes)},
		} {
			if c.from == c.to && (p.TwoStep != settings.ChosenGroups || slices.Equal(before.Groups, p.Groups)) {
				continue
			}
			e := by.event(event.SettingsChanged).With("what", c.what).With("from", c.from).With("to", c.to)
			if err := o.Log.Record(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}
