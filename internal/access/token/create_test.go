package token_test

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/secret"
	"castellan/internal/store"
)

func TestAWishIsCheckedFieldByField(t *testing.T) {
	s := newStand(t)
	s.make(owner, token.Wish{Name: "Backup"})
	key := token.Factor{Kind: token.Key, Key: text(machine)}
	for want, w := range map[string]token.Wish{
		"name malformed": {Name: " \t"}, "name taken": {Name: " backup "},
		"scopes required": {Scopes: []string{}}, "scopes unknown": {Scopes: []string{"me:read", "me:write"}},
		"days out_of_range":   {Days: token.MostDays + 1},
		"addresses malformed": {Addresses: []string{"fe80::1%eth0"}}, "addresses too_many": {Addresses: slices.Repeat([]string{"192.0.2.1"}, token.MaxAddresses+1)},
		"factor.kind unknown": {Factor: token.Factor{Kind: "password"}}, "factor.key malformed": {Factor: token.Factor{Kind: token.Key}},
		"factor.key unexpected": {Factor: token.Factor{Kind: token.Codes, Key: text(machine)}}, "collect needs_key": {Collect: true},
	} {
		_, err := s.try(owner, w)
		if got := field(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, w := range []token.Wish{{Name: strings.Repeat("n", 65)}, {Name: "a\u202eb"}, {Name: "a\nb"}, {Name: "a” deleted by “ines"}, {Name: `a"b`}, {Name: "„a"}, {Name: "«a»"}, {Days: -1}, {Addresses: []string{"192.0.2.0/33"}}, {Addresses: []string{"nas.local"}}} {
		if _, err := s.try(owner, w); err == nil {
			t.Errorf("%+v was granted", w)
		}
	}
	if _, err := s.try(paul, token.Wish{Scopes: []string{"me:read", "log:read"}}); field(err) != "scopes not_allowed" {
		t.Errorf("a plain user may give %v", err)
	}
	m := s.make(owner, token.Wish{Name: "  Ines’ and Paul's workshop ", Scopes: []string{"log:read", "me:read", "log:read"}, Factor: key})
	if m.Token.Name != "Ines’ and Paul's workshop" || !slices.Equal(m.Token.Scopes, []string{"me:read", "log:read"}) || !m.Token.Allows("log:read") || m.Token.Allows("users:read") || m.Token.Allows("") {
		t.Errorf("got %+v", m.Token)
	}
}

func TestAnAccountHasTwentyTokensAtMost(t *testing.T) {
	s := newStand(t)
	for range token.Most {
		s.make(owner, token.Wish{})
		s.pass(time.Second)
	}
	_, err := s.try(owner, token.Wish{})
	wants(t, err, token.ErrMany, "one more")
	s.make(paul, token.Wish{})
	list := s.list(owner.ID)
	if len(list) != token.Most || !slices.IsSortedFunc(list, func(a, b token.Token) int { return b.Created.Compare(a.Created) }) {
		t.Errorf("%d are listed, or not the newest first", len(list))
	}
	s.update(func(tx *store.Tx) error {
		if n, err := s.RevokeAll(tx, owner.ID); n != token.Most || err != nil {
			t.Errorf("%d were revoked, %v", n, err)
		}
		return nil
	})
	if len(s.list(owner.ID)) != 0 || len(s.list(paul.ID)) != 1 {
		t.Error("another person's tokens were revoked, or not all of one's own")
	}
	if n := s.count(); n != 2 {
		t.Errorf("%d records are left", n)
	}
}

func (s *stand) list(account string) (list []token.Token) {
	s.t.Helper()
	err := s.db.View(func(tx *store.Tx) (err error) { list, err = s.List(tx, account); return err })
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// count counts the records of the room.
func (s *stand) count() (n int) {
	s.t.Helper()
	s.update(func(tx *store.Tx) error {
		count := func(string, any) error { n++; return nil }
		return errors.Join(store.NewTable[any]("tokens").Each(tx, "", count), store.NewTable[any]("token_digests").Each(tx, "", count),
			store.NewTable[any]("code_tries").Each(tx, "", count))
	})
	return n
}

func TestATokenIsItsOwnersAlone(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{})
	s.update(func(tx *store.Tx) error {
		for _, account := range []string{paul.ID, "", "ine", "ines/" + m.Token.ID} {
			_, err := s.Revoke(tx, account, m.Token.ID)
			wants(t, err, token.ErrUnknown, "revoke as %q", account)
			_, err = s.SetFactor(tx, account, m.Token.ID, token.Factor{Kind: token.Codes})
			wants(t, err, token.ErrUnknown, "set the factor as %q", account)
		}
		_, err := s.Revoke(tx, owner.ID, secret.ID())
		wants(t, err, token.ErrUnknown, "revoke another id")
		return nil
	})
	if _, err := s.admit(s.bearer(m.Text, nil)); err != nil {
		t.Error(err)
	}
}

// R087
func TestARecordThatWasPlantedOrMovedOpensNothing(t *testing.T) {
	table := store.NewTable[map[string]any]("tokens")
	for name, tamper := range map[string]func(r map[string]any, key string) string{
		"moved to another account": func(_ map[string]any, key string) string { return strings.Replace(key, "paul/", "ines/", 1) },
		"moved to another id":      func(_ map[string]any, _ string) string { return "paul/" + secret.ID() },
		"more scopes":              func(r map[string]any, key string) string { r["scopes"] = []string{"me:read", "log:read"}; return key },
		"no second factor":         func(r map[string]any, key string) string { r["factor"] = "none"; return key },
		"another key":              func(r map[string]any, key string) string { r["key"] = text(stray); return key },
		"later expiry":             func(r map[string]any, key string) string { r["expires"] = "2099-01-01T00:00:00Z"; return key },
		"other addresses":          func(r map[string]any, key string) string { r["addresses"] = []string{"0.0.0.0/0"}; return key },
		"no bond":                  func(r map[string]any, key string) string { delete(r, "bond"); return key },
		"another text":             func(r map[string]any, key string) string { r["digest"] = digestOf(token.Prefix + "z"); return key },
	} {
		s := newStand(t)
		m := s.make(paul, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}})
		id := m.Token.ID
		s.update(func(tx *store.Tx) error {
			r, _, err := table.Get(tx, "paul/"+id)
			if err != nil {
				return err
			}
			key := tamper(r, "paul/"+id)
			if err := table.Delete(tx, "paul/"+id); err != nil {
				return err
			}
			id = key[5:]
			if err := store.NewTable[string]("token_digests").Put(tx, r["digest"].(string), key); err != nil {
				return err
			}
			return table.Put(tx, key, r)
		})
		_, err := s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, id, "")))
		wants(t, err, token.ErrRefused, "%s", name)
		s.update(func(tx *store.Tx) error {
			for _, a := range []string{"ines", "paul"} {
				if _, err := s.SetFactor(tx, a, id, token.Factor{Kind: token.None}); err == nil {
					t.Errorf("%s: its factor can be changed", name)
				}
			}
			return nil
		})
	}
}

// R087: a secret that its owner has replaced opens nothing again.
func TestAnOldSecretThatIsPutBackOpensNothing(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	var old any
	s.bend("ines/"+m.Token.ID, func(r obj) { old = r["secret"] })
	s.update(func(tx *store.Tx) error {
		_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Codes})
		return err
	})
	s.bend("ines/"+m.Token.ID, func(r obj) { r["secret"] = old })
	_, err := s.code(m, s.codeAt(m, 0))
	wants(t, err, token.ErrRefused, "a code of the secret before")
}

// R087: whoever can write the database has no text of their own taken for a token, whatever its second factor, and be it not collected yet.
func TestATextThatWasPlantedOpensNothing(t *testing.T) {
	s := newStand(t)
	planted := token.Prefix + strings.Repeat("z", 43)
	for name, w := range map[string]token.Wish{
		"without a second factor": {}, "with a key": {Factor: token.Factor{Kind: token.Key, Key: text(machine)}},
		"with codes": {Factor: token.Factor{Kind: token.Codes}}, "not collected": {Factor: token.Factor{Kind: token.Key, Key: text(machine)}, Collect: true},
	} {
		m := s.make(owner, w)
		s.update(func(tx *store.Tx) error {
			return store.NewTable[string]("token_digests").Put(tx, digestOf(planted), "ines/"+m.Token.ID)
		})
		signed := func() token.Bearer {
			s.pass(time.Second)
			b := s.bearer(planted, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, ""))
			if m.Secret != nil {
				b.Code = s.codeAt(m, 0)
			}
			return b
		}
		_, err := s.admit(signed())
		wants(t, err, token.ErrRefused, "%s", name)
		_, err = s.buy(signed())
		wants(t, err, token.ErrRefused, "%s, to buy access", name)
	}
}

// digestOf is what is kept of a text.
func digestOf(text string) string {
	d := secret.DigestOf(text)
	return hex.EncodeToString(d[:])
}
