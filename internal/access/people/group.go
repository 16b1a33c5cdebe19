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
		administrators, err := account.Administrators(tx)
		if err != nil {
			return err
		}
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
		before, err := groupOf(tx, g.ID)
		if err != nil {
			return err
		}
		put, err := account.PutGroup(tx, g)
		if err != nil {
			return err
		}
		if m, err = members(tx, put); err != nil {
			return err
		}
		e := by.event(event.GroupAdded)
		if g.ID != "" {
			what := groupDifferences(before, m)
			if what == "" {
				return nil
			}
			e = by.event(event.GroupChanged).With("what", what)
		}
		return o.Log.Record(tx, e.With("group", put.Name))
	})
	return m, err
}

// groupOf returns a group as it is, or nothing.
func groupOf(tx *store.Tx, id string) (Members, error) {
	all, err := account.Groups(tx)
	if err != nil {
		return Members{}, err
	}
	for _, g := range all {
		if g.ID == id {
			return members(tx, g)
		}
	}
	return Members{}, nil
}

// groupDifferences says in words what changed about a group.
func groupDifferences(before, after Members) string {
	var what []string
	if before.Name != after.Name {
		what = append(what, "renamed from "+before.Name)
	}
	missing := func(from, in []account.Account) (names []string) {
		for _, a := range from {
			if !slices.ContainsFunc(in, func(b account.Account) bool { return b.ID == a.ID }) {
				names = append(names, a.Name)
			}
		}
		return names
	}
	if added := missing(after.Accounts, before.Accounts); added != nil {
		what = append(what, "added "+strings.Join(added, ", "))
	}
	if removed := missing(before.Accounts, after.Accounts); removed != nil {
		what = append(what, "removed "+strings.Join(removed, ", "))
	}
	return strings.Join(what, "; ")
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
