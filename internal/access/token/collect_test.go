package token_test

import (
	"crypto/ed25519"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// collector is how what is recorded of a machine that collects begins.
var collector = event.Event{Address: house.String(), Source: house.String(), Agent: "castellan/0.7"}

type obj = map[string]any

// enter makes an account what is given; nil: it is gone.
func (s *stand) enter(id string, a obj) {
	s.t.Helper()
	accounts := store.NewTable[obj]("accounts")
	s.update(func(tx *store.Tx) error {
		if a == nil {
			return accounts.Delete(tx, id)
		}
		return accounts.Put(tx, id, a)
	})
}

// collectable makes a token that its machine collects.
func (s *stand) collectable(key ed25519.PrivateKey) token.Made {
	s.t.Helper()
	return s.collectableOf(owner, key)
}

func (s *stand) collectableOf(a account.Account, key ed25519.PrivateKey) token.Made {
	s.t.Helper()
	s.enter(a.ID, obj{"name": a.Name, "role": a.Role})
	m := s.make(a, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(key)}, Collect: true})
	if m.Text != "" || m.Token.Hint != "" || m.Secret != nil {
		s.t.Errorf("its text is shown already: %+v", m)
	}
	return m
}

// collect asks for the token of a key, signed with one.
func (s *stand) collect(key ed25519.PrivateKey) (m token.Made, waits bool, err error) {
	s.t.Helper()
	r := s.sign(request("POST", "/api/v1/machine/collection", `{"key":"x"}`), key, token.Fingerprint(public(key)), "")
	return s.Collect(text(key), r, collector)
}

// R088
func TestANewTokenIsHandedOnceToTheMachineOfItsKey(t *testing.T) {
	s := newStand(t)
	if _, waits, err := s.collect(machine); !waits || err != nil {
		t.Errorf("before it is made: %v, %v", waits, err)
	}
	m := s.collectable(machine)
	if got := s.State(m.Token, true); got != token.Waiting {
		t.Errorf("it is %s", got)
	}
	s.pass(time.Second)
	if _, waits, err := s.collect(stray); !waits || err != nil {
		t.Errorf("another key: %v, %v", waits, err)
	}
	got, waits, err := s.collect(machine)
	if waits || err != nil || got.Token.ID != m.Token.ID || got.Token.Hint != got.Text[:8] {
		t.Fatalf("got %+v, %v, %v", got, waits, err)
	}
	_, err = s.admit(s.bearer(got.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
	wants(t, err, nil, "with what was collected")
	_, _, err = s.collect(machine)
	wants(t, err, token.ErrNothing, "once more")
	s.pass(token.CollectFor)
	_, _, err = s.collect(machine)
	wants(t, err, token.ErrNothing, "and later")
	again := s.collectable(machine)
	if got, _, err := s.collect(machine); err != nil || got.Token.ID != again.Token.ID {
		t.Errorf("a second token for the key: %+v, %v", got, err)
	}
}

func TestATokenWaitsTenMinutesForItsMachine(t *testing.T) {
	s := newStand(t)
	early, late := s.collectable(machine), s.collectable(stray)
	s.pass(token.CollectFor - time.Second)
	if _, _, err := s.collect(machine); err != nil {
		t.Error(err)
	}
	s.pass(time.Second)
	_, _, err := s.collect(stray)
	wants(t, err, token.ErrNothing, "ten minutes later")
	if s.State(late.Token, true) != token.Lost || s.State(s.one(early), true) != token.Active {
		t.Errorf("they are %s and %s", s.State(late.Token, true), s.State(s.one(early), true))
	}
	made := s.make(owner, token.Wish{}) // clears away what nobody collected
	if len(made.Cleared) != 1 || made.Cleared[0].ID != late.Token.ID {
		t.Errorf("it says that it cleared %+v away", made.Cleared)
	}
	if list := s.list(owner.ID); len(list) != 2 {
		t.Errorf("%d are listed", len(list))
	}
	s.pass(2 * token.CollectFor)
	s.collectable(stray)
	if n := s.WaitingForTest(); n != 1 {
		t.Errorf("%d are remembered", n)
	}
}

// one returns a token as it is listed.
func (s *stand) one(m token.Made) token.Token {
	s.t.Helper()
	for _, one := range s.list(m.Token.Account) {
		if one.ID == m.Token.ID {
			return one
		}
	}
	s.t.Fatal("it is not listed")
	return token.Token{}
}

func TestOneTokenOfAnAccountAtATimeWaitsForAKey(t *testing.T) {
	s := newStand(t)
	first := s.collectable(machine)
	_, err := s.try(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}, Collect: true})
	if field(err) != "factor.key taken" {
		t.Errorf("a second one waits: %v", err)
	}
	s.update(func(tx *store.Tx) error { _, err := s.Revoke(tx, owner.ID, first.Token.ID); return err })
	if _, waits, err := s.collect(machine); !waits || err != nil {
		t.Errorf("what was revoked: %v, %v", waits, err)
	}
	s.collectable(machine)
	if err := s.db.Update(func(tx *store.Tx) error {
		_, err := s.Create(tx, paul, token.Wish{Name: "a", Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.Key, Key: text(stray)}, Collect: true})
		return errors.Join(err, errors.New("no"))
	}); err == nil {
		t.Fatal("it committed")
	}
	if _, waits, _ := s.collect(stray); !waits {
		t.Error("what was not committed waits")
	}
	s.collectableOf(paul, stray)
}

// R093: whoever reads the link of a login can make a token for its key, too. Neither does that keep its owner from making theirs, nor does the
// machine take one for the other.
func TestAMachineLearnsWhoseTokenItCollects(t *testing.T) {
	s := newStand(t)
	other := s.collectableOf(paul, machine)
	mine := s.collectable(machine)
	for _, want := range []token.Made{other, mine} {
		got, _, err := s.collect(machine)
		if err != nil || got.Token.ID != want.Token.ID || got.Owner != want.Token.Account {
			t.Errorf("got %s of %q, want %s, %v", got.Token.ID, got.Owner, want.Token.ID, err)
		}
	}
	_, _, err := s.collect(machine)
	wants(t, err, token.ErrNothing, "once more")
}

func TestATokenThatIsNoneAnyMoreKeepsNoOtherFromItsMachine(t *testing.T) {
	for name, end := range map[string]func(s *stand, id string) error{
		"its record was changed": func(s *stand, id string) error {
			s.bend("paul/"+id, func(r obj) { r["scopes"] = []string{"me:read", "log:read"} })
			return nil
		},
		"its owner is gone":     func(s *stand, _ string) error { s.enter(paul.ID, nil); return nil },
		"its owner is disabled": func(s *stand, _ string) error { s.enter(paul.ID, obj{"name": "paul", "disabled": true}); return nil },
	} {
		s := newStand(t)
		other := s.collectableOf(paul, machine)
		wants(t, end(s, other.Token.ID), nil, "%s", name)
		mine := s.collectable(machine)
		if got, _, err := s.collect(machine); err != nil || got.Token.ID != mine.Token.ID || got.Owner != owner.Name {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// R136: that a token was handed out is in the log, or it was not handed out.
func TestATokenIsHandedOutWithItsEntryInTheLog(t *testing.T) {
	s := newStand(t)
	events := func() (list []event.Event) {
		t.Helper()
		s.update(func(tx *store.Tx) (err error) { list, _, err = event.Page(tx, "", 0, 10); return err })
		return list
	}
	for _, gone := range []obj{nil, {"name": owner.Name, "disabled": true}} {
		m := s.collectable(machine)
		s.enter(owner.ID, gone)
		_, _, err := s.collect(machine)
		wants(t, err, token.ErrNothing, "the token of an account that is gone")
		if one := s.one(m); one.Hint != "" || len(events()) != 0 {
			t.Errorf("it has a text: %+v, and the log has %+v", one, events())
		}
		s.update(func(tx *store.Tx) error { _, err := s.Revoke(tx, owner.ID, m.Token.ID); return err })
		s.pass(time.Second)
	}
	m := s.collectable(machine)
	if _, _, err := s.collect(machine); err != nil {
		t.Fatal(err)
	}
	got := events()
	if len(got) != 1 || got[0].Kind != event.TokenCollected || got[0].Actor != owner.Name || got[0].Get("token") != m.Token.Name || got[0].Get("id") != m.Token.ID || got[0].Agent != collector.Agent {
		t.Errorf("the log has %+v", got)
	}
}

// R090
func TestWhoeverCollectsSignsWithTheKey(t *testing.T) {
	s := newStand(t)
	s.collectable(machine)
	fingerprint := token.Fingerprint(public(machine))
	const body = `{"key":"x"}`
	for name, r := range map[string]struct {
		key        ed25519.PrivateKey
		id, method string
	}{
		"another key": {stray, fingerprint, "POST"}, "another key's name": {machine, token.Fingerprint(public(stray)), "POST"}, "another method": {machine, fingerprint, "GET"},
	} {
		signed := s.sign(request(r.method, "/api/v1/machine/collection", body), r.key, r.id, "")
		signed.Method = "POST"
		_, _, err := s.Collect(text(machine), signed, collector)
		wants(t, err, token.ErrSignature, "%s", name)
	}
	_, _, err := s.Collect(text(machine), request("POST", "/api/v1/machine/collection", body), collector)
	wants(t, err, token.ErrSignature, "no signature")
	_, _, err = s.Collect("key", request("POST", "/api/v1/machine/collection", body), collector)
	if field(err) != "key malformed" {
		t.Errorf("no key: %v", err)
	}
	s.unknown = true
	_, _, err = s.collect(machine)
	wants(t, err, token.ErrTime, "while the time is not known")
	nonce := s.Nonce()
	sign := func() error {
		_, _, err := s.Collect(text(machine), s.again(s.sign(request("POST", "/api/v1/machine/collection", body), machine, fingerprint, nonce), body), collector)
		return err
	}
	wants(t, sign(), nil, "with a nonce of the box")
	wants(t, sign(), token.ErrUsed, "once more")
}

func TestOfManyWhoCollectAtOnceOneGetsTheToken(t *testing.T) {
	s := newStand(t)
	s.collectable(machine)
	var got atomic.Int32
	var done sync.WaitGroup
	for range 30 {
		done.Go(func() {
			m, _, err := s.collect(machine)
			if err == nil && m.Text != "" {
				got.Add(1)
			} else if !errors.Is(err, token.ErrNothing) {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if got.Load() != 1 {
		t.Errorf("%d got it", got.Load())
	}
}

func TestATokenThatNobodyCollectedOpensNothing(t *testing.T) {
	s := newStand(t)
	m := s.collectable(machine)
	for _, text := range []string{token.Prefix, token.Prefix + m.Token.ID, token.Prefix + secret.Token(), ""} {
		_, err := s.admit(s.bearer(text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
		wants(t, err, token.ErrRefused, "%q", text)
	}
}

func TestAFactorIsCheckedBeforeItTakesThePlaceOfAnother(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	for _, f := range []token.Factor{{}, {Kind: "password"}, {Kind: token.Key}, {Kind: token.Key, Key: "x"}, {Kind: token.None, Key: text(stray)}} {
		err := s.db.Update(func(tx *store.Tx) error { _, err := s.SetFactor(tx, owner.ID, m.Token.ID, f); return err })
		if field(err) == "" {
			t.Errorf("%+v was taken: %v", f, err)
		}
	}
	_, err := s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
	wants(t, err, nil, "the key of before")
}
