package token_test

import (
	"bytes"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/secret"
	"castellan/internal/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

// R088
func TestTokensAre256RandomBitsBehindAPrefix(t *testing.T) {
	s := newStand(t)
	form := regexp.MustCompile(`^cst_[A-Za-z0-9_-]{43}$`)
	access := regexp.MustCompile(`^csa_[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	s.update(func(tx *store.Tx) error {
		for range 1000 {
			m, err := s.Create(tx, owner, token.Wish{Name: "a", Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.None}})
			if err != nil {
				return err
			}
			if !form.MatchString(m.Text) || seen[m.Text] || seen[m.Token.ID] || len(m.Token.ID) != 26 {
				t.Fatalf("text %q, id %q", m.Text, m.Token.ID)
			}
			seen[m.Text], seen[m.Token.ID] = true, true
			if _, err := s.Revoke(tx, owner.ID, m.Token.ID); err != nil {
				return err
			}
		}
		return nil
	})
	m := s.make(owner, token.Wish{})
	for range 100 {
		b, err := s.buy(s.bearer(m.Text, nil))
		if err != nil || !access.MatchString(b.Text) || seen[b.Text] || b.Left != token.AccessFor {
			t.Fatalf("got %+v, %v", b, err)
		}
		seen[b.Text] = true
	}
}

// R088
func TestNothingOfATokenOrOfASecretIsOnTheDisk(t *testing.T) {
	s := newStand(t)
	made := []token.Made{s.make(owner, token.Wish{}), s.keyed(), s.coded()}
	bought, err := s.code(made[2], s.codeAt(made[2], 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	absent := []string{bought.Text, bought.Text[4:], made[2].Secret.Base32(), string(made[2].Secret)}
	for _, m := range made {
		body := m.Text[len(token.Prefix):]
		absent = append(absent, m.Text, body, body[:6], body[5:15])
		if !bytes.Contains(data, []byte(m.Token.Hint)) || m.Token.Hint != m.Text[:8] {
			t.Errorf("the hint %q of %q is not kept", m.Token.Hint, m.Text)
		}
	}
	for _, text := range absent {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("%q is on the disk", text)
		}
	}
}

func TestAnIdleTextOpensNothing(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{})
	bought, err := s.buy(s.bearer(m.Text, nil))
	wants(t, err, nil, "access")
	for _, text := range []string{
		"", "cst_", "csa_", m.Text[:46], m.Text + "A", m.Text + " ", " " + m.Text, strings.ToUpper(m.Text), m.Text[4:], "csa_" + m.Text[4:], "cst_" + bought.Text[4:],
		m.Token.ID, token.Prefix + secret.Token(), token.AccessPrefix + secret.Token(), strings.Repeat("x", 100_000), "cst_\x00",
	} {
		_, err := s.admit(s.bearer(text, nil))
		wants(t, err, token.ErrRefused, "admit %.60q", text)
		_, err = s.buy(s.bearer(text, nil))
		wants(t, err, token.ErrRefused, "buy with %.60q", text)
	}
	_, err = s.buy(s.bearer(bought.Text, nil))
	wants(t, err, token.ErrRefused, "access with access")
	a, err := s.admit(s.bearer(m.Text, nil))
	if err != nil || a.Proved || a.Token.Name != m.Token.Name {
		t.Errorf("got %+v, %v", a, err)
	}
}

// R088
func TestATokenExpiresToTheSecond(t *testing.T) {
	for days, want := range map[int]int{0: token.Days, 1: 1, token.MostDays: token.MostDays} {
		s := newStand(t)
		m := s.make(owner, token.Wish{Days: days})
		if got := m.Token.Expires.Sub(m.Token.Created); got != time.Duration(want)*24*time.Hour {
			t.Errorf("%d days: it works for %v", days, got)
		}
		s.pass(time.Duration(want)*24*time.Hour - time.Second)
		bought, err := s.buy(s.bearer(m.Text, nil))
		wants(t, err, nil, "in its last second")
		s.pass(time.Second)
		for _, text := range []string{m.Text, bought.Text} {
			a, err := s.admit(s.bearer(text, nil))
			wants(t, err, token.ErrRefused, "after that, %.4s", text)
			if a.Token.ID != m.Token.ID || s.State(a.Token, false) != token.Expired {
				t.Errorf("got %+v", a)
			}
		}
		s.unknown = true
		_, err = s.admit(s.bearer(m.Text, nil))
		wants(t, err, token.ErrRefused, "while the time is not known")
	}
}

// R089
func TestATokenAloneOpensNothingWhereItsOwnerHasTwoSteps(t *testing.T) {
	s := newStand(t)
	none, keyed, coded := s.make(owner, token.Wish{}), s.keyed(), s.coded()
	bought, err := s.buy(s.bearer(none.Text, nil))
	wants(t, err, nil, "without 2-step verification")
	for _, twoStep := range []bool{false, true} {
		s.twoStep = twoStep
		for _, m := range []token.Made{keyed, coded} {
			a, err := s.admit(s.bearer(m.Text, nil))
			wants(t, err, token.ErrSecondFactor, "%s", m.Token.Factor)
			if a.Token.ID != m.Token.ID || a.Proved {
				t.Errorf("the log cannot name it: %+v", a)
			}
			_, err = s.buy(s.bearer(m.Text, nil))
			wants(t, err, token.ErrSecondFactor, "buy with %s", m.Token.Factor)
			if got := s.State(m.Token, twoStep); got != token.Active {
				t.Errorf("%s is %s", m.Token.Factor, got)
			}
		}
	}
	for _, text := range []string{none.Text, bought.Text} {
		_, err = s.admit(s.bearer(text, nil))
		wants(t, err, token.ErrOnHold, "%.4s", text)
	}
	_, err = s.buy(s.bearer(none.Text, nil))
	wants(t, err, token.ErrOnHold, "buy")
	if got := s.State(none.Token, true); got != token.OnHold {
		t.Errorf("it is %s", got)
	}
	s.twoStep = false
	a, err := s.admit(s.bearer(bought.Text, nil))
	if err != nil || a.Proved {
		t.Errorf("once it is off: %+v, %v", a, err)
	}
}

// R089
func TestAccessLastsAQuarterOfAnHourAndIsFreshForFiveMinutes(t *testing.T) {
	s := newStand(t)
	s.twoStep = true
	for _, m := range []token.Made{s.keyed(), s.coded()} {
		b := s.bearer(m.Text, nil)
		if m.Secret != nil {
			b.Code = s.codeAt(m, 0)
		} else {
			s.sign(b.Request, machine, m.Token.ID, "")
		}
		bought, err := s.buy(b)
		wants(t, err, nil, "buy with %s", m.Token.Factor)
		past := time.Duration(0)
		for _, c := range []struct {
			at     time.Duration
			proved bool
			err    error
		}{{0, true, nil}, {token.FreshFor, true, nil}, {token.FreshFor + 1, false, nil}, {token.AccessFor - 1, false, nil}, {token.AccessFor, false, token.ErrRefused}} {
			s.pass(c.at - past)
			past = c.at
			a, err := s.admit(s.bearer(bought.Text, nil))
			wants(t, err, c.err, "after %v", c.at)
			if a.Proved != c.proved {
				t.Errorf("after %v: proved %v", c.at, a.Proved)
			}
		}
		if got := s.BoughtForTest(); got != 1 {
			t.Errorf("%d are remembered", got)
		}
	}
}

// R093
func TestAccessIsWorthWhatItsTokenIsWorth(t *testing.T) {
	for name, end := range map[string]func(s *stand, tx *store.Tx, m token.Made) error{
		"revoked": func(s *stand, tx *store.Tx, m token.Made) error {
			_, err := s.Revoke(tx, owner.ID, m.Token.ID)
			return err
		},
		"all revoked": func(s *stand, tx *store.Tx, _ token.Made) error { _, err := s.RevokeAll(tx, owner.ID); return err },
		"another second factor": func(s *stand, tx *store.Tx, m token.Made) error {
			_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Codes})
			return err
		},
		"the same key again": func(s *stand, tx *store.Tx, m token.Made) error {
			_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Key, Key: text(stray)})
			return err
		},
	} {
		s := newStand(t)
		m, other := s.coded(), s.coded()
		bought, err := s.code(m, s.codeAt(m, 0))
		wants(t, err, nil, "buy")
		kept, err := s.code(other, s.codeAt(other, 0))
		wants(t, err, nil, "buy")
		if err := s.db.Update(func(tx *store.Tx) error { _ = end(s, tx, m); return errors.New("no") }); err == nil {
			t.Fatal("the transaction committed")
		}
		_, err = s.admit(s.bearer(bought.Text, nil))
		wants(t, err, nil, "%s, and not committed", name)
		s.update(func(tx *store.Tx) error { return end(s, tx, m) })
		_, err = s.admit(s.bearer(bought.Text, nil))
		wants(t, err, token.ErrRefused, "%s", name)
		_, err = s.code(m, s.codeAt(m, 1))
		if err == nil {
			t.Errorf("%s: access was sold", name)
		}
		if want := map[bool]error{true: token.ErrRefused}[name == "all revoked"]; true {
			_, err = s.admit(s.bearer(kept.Text, nil))
			wants(t, err, want, "%s: the other token", name)
		}
	}
}

func TestATokenHasEightAccessTokensAtMost(t *testing.T) {
	s := newStand(t)
	m, other := s.make(owner, token.Wish{}), s.make(owner, token.Wish{})
	kept, err := s.buy(s.bearer(other.Text, nil))
	wants(t, err, nil, "buy")
	var all []string
	for range token.MostAccess + 1 {
		s.pass(time.Second)
		b, err := s.buy(s.bearer(m.Text, nil))
		wants(t, err, nil, "buy")
		all = append(all, b.Text)
	}
	for i, text := range append(all, kept.Text) {
		_, err := s.admit(s.bearer(text, nil))
		wants(t, err, map[bool]error{true: token.ErrRefused}[i == 0], "number %d", i)
	}
	if got := s.BoughtForTest(); got != token.MostAccess+1 {
		t.Errorf("%d are remembered", got)
	}
}

func TestATokenIsForItsAddressesOnly(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{Addresses: []string{"::ffff:192.0.2.7", "198.51.100.77/24", "2001:db8::/32", "192.0.2.7"}})
	if got := m.Token.Addresses; len(got) != 3 || got[0].String() != "192.0.2.7/32" || got[1].String() != "198.51.100.0/24" {
		t.Errorf("it is for %v", got)
	}
	bought, err := s.buy(s.bearer(m.Text, nil))
	wants(t, err, nil, "buy")
	for address, want := range map[string]error{
		"192.0.2.7": nil, "::ffff:192.0.2.7": nil, "198.51.100.1": nil, "2001:db8:1::1": nil, "2001:db8::1%eth0": nil,
		"192.0.2.8": token.ErrRefused, "198.51.101.1": token.ErrRefused, "2001:db9::1": token.ErrRefused, "::1": token.ErrRefused, "": token.ErrRefused,
	} {
		from, _ := netip.ParseAddr(address)
		for _, text := range []string{m.Text, bought.Text} {
			b := s.bearer(text, nil)
			b.Address = from
			_, err := s.admit(b)
			wants(t, err, want, "%.4s from %s", text, address)
		}
		b := s.bearer(m.Text, nil)
		b.Address = from
		_, err := s.buy(b)
		wants(t, err, want, "buy from %s", address)
	}
}

// Each x-scope of the contract is a scope. One that only administrators may give opens nothing that others may call, so a demotion takes all of it
// away; one that everybody may give opens something to everybody.
func TestTheScopesAreThoseOfTheContract(t *testing.T) {
	data, err := os.ReadFile("../../httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	used, everybody := map[string]bool{}, map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^\s+x-access: (\w+)\n(?:\s+x-background: true\n)?\s+x-scope: (\S+)$`).FindAllStringSubmatch(string(data), -1) {
		used[found[2]] = true
		at := slices.IndexFunc(token.Scopes(), func(s token.Scope) bool { return s.Name == found[2] })
		if at < 0 {
			t.Errorf("there is no scope %s", found[2])
		}
		everybody[found[2]] = everybody[found[2]] || found[1] == "user"
	}
	for _, s := range token.Scopes() {
		if !used[s.Name] || s.Words == "" || s.Writes != strings.HasSuffix(s.Name, ":write") {
			t.Errorf("%+v opens nothing, or says it badly", s)
		}
		if s.Administrator == everybody[s.Name] {
			t.Errorf("%+v opens something to everybody: %v", s, everybody[s.Name])
		}
	}
}

func TestRecordsAreStoredAsTheyWere(t *testing.T) {
	one := token.Token{
		Name: "Backup of the workshop", Hint: "cst_Ab3d", Scopes: []string{"me:read", "log:read"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Factor: token.Codes, Key: public(machine), Created: noon, Expires: noon.AddDate(0, 0, 90), UsedFrom: "192.0.2.7",
	}
	got := token.RecordForTest(one, "sealed", noon.Truncate(time.Hour))
	golden := filepath.Join("testdata", "token.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
