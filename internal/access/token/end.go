package token

import (
	"strconv"

	"castellan/internal/event"
	"castellan/internal/store"
)

// End revokes the tokens of an account whose password was reset, or that is disabled or deleted. It returns the event of why, with
// how many those were where there were any.
func (t *Tokens) End(tx *store.Tx, account string, e event.Event) (event.Event, error) {
	ended, err := t.RevokeAll(tx, account)
	if ended > 0 {
		e = e.With("tokens", strconv.Itoa(ended))
	}
	return e, err
}
