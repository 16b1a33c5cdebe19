package token_test

import (
	"net/netip"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/store"
)

// R093: what ends a token ends what was admitted with it, also access that was bought, in the transaction that follows.
func TestWhatWasAdmittedStandsWhileItsTokenDoes(t *testing.T) {
	yes, no := func(string) bool { return true }, func(string) bool { return false }
	rows := map[string]struct {
		end  func(s *stand, m token.Made)
		want error
	}{
		"nothing": {func(*stand, token.Made) {}, nil},
		"revoked": {func(s *stand, m token.Made) {
			s.update(func(tx *store.Tx) error { _, err := s.Revoke(tx, owner.ID, m.Token.ID); return err })
		}, token.ErrRefused},
		"another key": {func(s *stand, m token.Made) {
			s.update(func(tx *store.Tx) error {
				_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Key, Key: text(stray)})
				return err
			})
		}, token.ErrRefused},
		"its last day": {func(s *stand, _ token.Made) { s.pass(token.Days * 24 * time.Hour) }, token.ErrRefused},
	}
	for how, row := range rows {
		for _, bought := range []bool{false, true} {
			s := newStand(t)
			m := s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}, Addresses: []string{house.String()}})
			b := s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, ""))
			if bought {
				b = s.bearer(must(s.buy(b)).Text, nil)
			}
			a := must(s.admit(b))
			row.end(s, m)
			stands := func(from netip.Addr) (err error) {
				_ = s.db.View(func(tx *store.Tx) error { err = s.Stand(tx, a, from, yes); return nil })
				return err
			}
			wants(t, stands(house), row.want, "%s, bought %v", how, bought)
			wants(t, stands(netip.MustParseAddr("192.0.2.8")), token.ErrRefused, "%s, from elsewhere", how)
		}
	}
	s := newStand(t)
	a := must(s.admit(s.bearer(s.make(owner, token.Wish{}).Text, nil)))
	s.update(func(tx *store.Tx) error {
		wants(t, s.Stand(tx, a, house, no), nil, "without a second factor")
		wants(t, s.Stand(tx, a, house, yes), token.ErrOnHold, "on hold")
		return nil
	})
}

// R093: another second factor ends the access that was bought before: at once, and also where the first one comes back.
func TestAnotherFactorEndsWhatWasBought(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	bought := must(s.buy(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, ""))))
	var at []error
	for _, key := range []string{text(stray), text(machine)} {
		s.update(func(tx *store.Tx) error {
			tx.OnCommit(func() { // before what the room does at the commit
				_, err := s.admit(s.bearer(bought.Text, nil))
				at = append(at, err)
			})
			_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Key, Key: key})
			return err
		})
	}
	wants(t, at[0], token.ErrRefused, "at once")
	_, err := s.admit(s.bearer(bought.Text, nil))
	wants(t, err, token.ErrRefused, "with the first key again")
}
