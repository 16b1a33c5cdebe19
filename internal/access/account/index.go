package account

import (
	"cmp"
	"slices"
	"strings"

	"castellan/internal/store"
)

// texts holds, by the name of an account, what people search it by: name, display name and address in lower
// case. A hundred thousand of them are searched in some milliseconds.
var texts = store.NewTable[string]("account_texts")

// between stands between the parts of a text. Nobody types it, and JSON spells it as it is.
const between = "\uE000"

func (a Account) text() string {
	return strings.ToLower(strings.Join([]string{a.Name, a.DisplayName, a.Email}, between))
}

// administrators holds the ids of all administrators, so that nobody has to go through all accounts to find
// another one.
var administrators = store.NewTable[bool]("account_administrators")

// list keeps the lists of accounts in step with a change. One that is added was nothing before, and one that is
// deleted is nothing after.
func list(tx *store.Tx, before, after Account) error {
	id := cmp.Or(after.ID, before.ID)
	if err := listEmail(tx, id, before.Email, after.Email); err != nil {
		return err
	}
	if was, is := before.Role == Administrator, after.Role == Administrator; was != is {
		err := administrators.Delete(tx, id)
		if is {
			err = administrators.Put(tx, id, true)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case after.ID == "":
		return texts.Delete(tx, before.Name)
	case before.ID != "" && before.text() == after.text():
		return nil
	}
	return texts.Put(tx, after.Name, after.text())
}

// MakeLists makes the lists by which accounts are found, for the accounts of a version that had none.
func MakeLists(tx *store.Tx) error {
	return accounts.Each(tx, "", func(id string, r record) error { return list(tx, Account{}, r.account(id)) })
}

// Administrators returns every administrator, by name, also those who cannot sign in.
func Administrators(tx *store.Tx) (all []Account, err error) {
	err = administrators.Each(tx, "", func(id string, _ bool) error {
		a, err := Get(tx, id)
		all = append(all, a)
		return err
	})
	slices.SortFunc(all, func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

func anotherAdministers(tx *store.Tx, id string) error {
	all, err := Administrators(tx)
	if err == nil && !slices.ContainsFunc(all, func(a Account) bool { return a.ID != id && a.Administers() }) {
		err = ErrLast
	}
	return err
}

// Find returns the accounts that match, by name, and how many match in all.
func Find(tx *store.Tx, q Query) (found []Account, total int, err error) {
	err = texts.Holding(tx, strings.ToLower(strings.TrimSpace(q.Search)), func(name string) error {
		total++
		if name <= q.After || len(found) >= q.Limit {
			return nil
		}
		a, err := ByName(tx, name)
		found = append(found, a)
		return err
	})
	return found, total, err
}
