package token

import (
	"net/netip"

	"castellan/internal/store"
)

// Stand returns why a machine that was admitted may not go on: its token was revoked, has ended, has another second factor or is on hold
// since. It is asked inside the transaction of what the machine changes, and knows of those before that one. twoStep is as for Admit.
func (t *Tokens) Stand(tx *store.Tx, a Admitted, from netip.Addr, twoStep func(account string) bool) error {
	key := keyOf(a.Token.Account, a.Token.ID)
	r, found, err := tokens.Get(tx, key)
	switch {
	case err != nil:
		return err
	case !found, string(r.Bond) != a.bond:
		return ErrRefused.Because(errEnded)
	case r.Factor == None && twoStep(a.Token.Account):
		return ErrOnHold
	}
	return t.stands(key, r, from)
}
