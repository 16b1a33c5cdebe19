package account

import (
	"regexp"
	"slices"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// The ids of the built-in groups, whose members follow from their role.
const (
	AdministratorsGroup = "administrators"
	EverybodyGroup      = "users"
)

// Group is a number of accounts under a name.
type Group struct {
	ID      string
	Name    string // lower case, unique
	BuiltIn bool
	Members []string // ids of accounts; of a built-in group none are kept
}

type groupRecord struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

var groups = store.NewTable[groupRecord]("groups")

// maxMembers bounds a group.
const maxMembers = 10_000

// The refusals about groups.
var (
	ErrUnknownGroup = &fault.Error{Kind: fault.NotFound, Code: "unknown_group", Message: "There is no such group. It may have been deleted."}
	ErrGroupTaken   = &fault.Error{
		Kind: fault.Conflict, Code: "name_taken", Message: "There is a group of this name. Choose another.",
		Fields: []fault.Field{{Name: "name", Code: "taken", Message: "There is a group of this name. Choose another."}},
	}
)

// Groups returns the owner's groups by name, without the built-in ones.
func Groups(tx *store.Tx) (all []Group, err error) {
	err = groups.Each(tx, "", func(id string, r groupRecord) error {
		all = append(all, Group{ID: id, Name: r.Name, Members: slices.Clone(r.Members)})
		return nil
	})
	slices.SortFunc(all, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// GroupByName returns the group of a name in any case, a built-in one included.
func GroupByName(tx *store.Tx, name string) (g Group, found bool, err error) {
	name = Fold(strings.TrimSpace(name))
	if name == AdministratorsGroup || name == EverybodyGroup {
		return Group{ID: name, Name: name, BuiltIn: true}, true, nil
	}
	all, err := Groups(tx)
	for _, one := range all {
		if one.Name == name {
			return one, true, err
		}
	}
	return Group{}, false, err
}

// ValidGroupName reports whether a group may have a name.
func ValidGroupName(name string) bool { return groupForm.MatchString(Fold(strings.TrimSpace(name))) }

var groupForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// PutGroup checks a group and stores it; without an id it is a new one.
func PutGroup(tx *store.Tx, g Group) (Group, error) {
	g.Name = Fold(strings.TrimSpace(g.Name))
	if !groupForm.MatchString(g.Name) {
		return Group{}, fault.InvalidField("name", "malformed", "Letters a to z, digits, “.”, “_” and “-”, up to 32, and a letter or a digit first.")
	}
	all, err := Groups(tx)
	if err != nil {
		return Group{}, err
	}
	known := g.ID == ""
	for _, other := range all {
		known = known || other.ID == g.ID
		if other.Name == g.Name && other.ID != g.ID {
			return Group{}, ErrGroupTaken
		}
	}
	switch {
	case !known:
		return Group{}, ErrUnknownGroup
	case g.Name == AdministratorsGroup || g.Name == EverybodyGroup:
		return Group{}, ErrGroupTaken
	case len(g.Members) > maxMembers:
		return Group{}, fault.InvalidField("members", "too_many", "A group has at most 10000 members.")
	}
	slices.Sort(g.Members)
	g.Members = slices.Compact(g.Members)
	for _, id := range g.Members {
		if _, err := Get(tx, id); err != nil {
			return Group{}, fault.InvalidField("members", "unknown_account", "One of the members is no longer there. Load the page again.")
		}
	}
	if g.ID == "" {
		g.ID = secret.ID()
	}
	return g, groups.Put(tx, g.ID, groupRecord{g.Name, g.Members})
}

// DeleteGroup deletes a group and returns what it was. Its members stay.
func DeleteGroup(tx *store.Tx, id string) (Group, error) {
	r, found, err := groups.Get(tx, id)
	if err != nil || !found {
		return Group{}, ErrUnknownGroup.Because(err)
	}
	return Group{ID: id, Name: r.Name, Members: r.Members}, groups.Delete(tx, id)
}

// KnownGroups looks whether there is a group of every id.
func KnownGroups(tx *store.Tx, ids []string) error {
	for _, id := range ids {
		if id == AdministratorsGroup || id == EverybodyGroup {
			continue
		}
		if _, found, err := groups.Get(tx, id); err != nil || !found {
			return fault.InvalidField("groups", "unknown_group", "One of the groups is no longer there. Load the page again.").Because(err)
		}
	}
	return nil
}

// InAny reports whether an account is in one of the groups of some ids, the built-in ones included.
func InAny(tx *store.Tx, a Account, ids []string) (bool, error) {
	for _, id := range ids {
		if id == EverybodyGroup || id == AdministratorsGroup && a.Role == Administrator {
			return true, nil
		}
		r, _, err := groups.Get(tx, id)
		if err != nil {
			return false, err
		}
		if _, in := slices.BinarySearch(r.Members, a.ID); in {
			return true, nil
		}
	}
	return false, nil
}

// leaveGroups takes a deleted account out of every group.
func leaveGroups(tx *store.Tx, account string) error {
	all, err := Groups(tx)
	if err != nil {
		return err
	}
	for _, g := range all {
		if i, in := slices.BinarySearch(g.Members, account); in {
			if err := groups.Put(tx, g.ID, groupRecord{g.Name, slices.Delete(g.Members, i, i+1)}); err != nil {
				return err
			}
		}
	}
	return nil
}
