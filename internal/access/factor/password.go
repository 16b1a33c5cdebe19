package factor

import (
	"castellan/internal/access/account"
	"castellan/internal/access/password"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// CheckPassword reports why a new password is not good enough for an account: it may be shorter beside a second
// factor, and must not be what anybody would try for this person on this box.
func CheckPassword(tx *store.Tx, a account.Account, chosen string) error {
	s, err := settings.Get(tx)
	if err != nil {
		return err
	}
	return password.Check(chosen, Enabled(tx, a.ID), append(a.Words(), s.NASName)...)
}
