package account

import (
	"slices"
	"strings"

	"castellan/internal/store"
)

type emailRecord struct {
	ID string `json:"id"`
}

// emails finds accounts by their address: "address account", the address in lower case. No address holds a
// space.
var emails = store.NewTable[emailRecord]("account_emails")

func emailKey(address, id string) string { return strings.ToLower(address) + " " + id }

// listEmail keeps the list of addresses in step with a change.
func listEmail(tx *store.Tx, id, before, after string) error {
	if strings.EqualFold(before, after) {
		return nil
	}
	if before != "" {
		if err := emails.Delete(tx, emailKey(before, id)); err != nil {
			return err
		}
	}
	if after == "" {
		return nil
	}
	return emails.Put(tx, emailKey(after, id), emailRecord{id})
}

// ByEmail returns the accounts with an address, in any case, by name.
func ByEmail(tx *store.Tx, address string) (found []Account, err error) {
	prefix := emailKey(address, "")
	err = emails.Each(tx, prefix, func(key string, r emailRecord) error {
		if !strings.HasPrefix(key, prefix) {
			return store.ErrStop
		}
		a, err := Get(tx, r.ID)
		found = append(found, a)
		return err
	})
	if len(found) == 0 { // an account is read all the same, for the time that takes (R030): it may even be damaged
		_ = accounts.Each(tx, "", func(string, record) error { return store.ErrStop })
	}
	slices.SortFunc(found, func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}
