package token_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/store"
)

// A start forgets who waits: their machines need not go on asking.
func TestATokenThatWaitedBeforeAStartIsGoneAtOnce(t *testing.T) {
	s := newStand(t)
	s.collectableOf(paul, stray)
	s.keyed()
	s.start()
	s.pass(time.Second)
	_, _, err := s.collect(stray)
	wants(t, err, token.ErrNothing, "from before the start")
	if _, waits, err := s.collect(machine); !waits || err != nil {
		t.Errorf("the key of a token that is in use: %v, %v", waits, err)
	}
	m := s.collectable(machine)
	for range 2 { // before and after another question
		if got, _, err := s.collect(machine); err == nil && got.Token.ID != m.Token.ID || err != nil && !errors.Is(err, token.ErrNothing) {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	s.collectable(stray)
	if got, _, err := s.collect(stray); err != nil || got.Owner != owner.Name {
		t.Errorf("a new one for the key: %+v, %v", got, err)
	}
	s.start()
	s.pass(time.Second)
	now := s.collectable(stray)
	if got, _, err := s.collect(stray); err != nil || got.Token.ID != now.Token.ID {
		t.Errorf("made before the first question: %+v, %v", got, err)
	}
}

// What was made is not cleared away by the next one, although what follows its commit has not been done yet.
func TestATokenWaitsFromItsTransactionOn(t *testing.T) {
	s := newStand(t)
	s.enter(owner.ID, obj{"name": owner.Name, "role": owner.Role})
	committed, hold, first, other := make(chan struct{}), make(chan struct{}), make(chan error), make(chan error)
	go func() {
		first <- s.db.Update(func(tx *store.Tx) error {
			tx.OnCommit(func() { close(committed); <-hold })
			_, err := s.Create(tx, owner, token.Wish{Name: "laptop", Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.Key, Key: text(machine)}, Collect: true})
			return err
		})
	}()
	<-committed
	go func() { _, err := s.try(owner, token.Wish{Name: "other"}); other <- err }()
	time.Sleep(100 * time.Millisecond) // it may do its work, or wait for the first
	if _, waits, err := s.collect(machine); !waits || err != nil {
		t.Errorf("before it is made: %v, %v", waits, err)
	}
	close(hold)
	wants(t, errors.Join(<-first, <-other), nil, "make both")
	if got, _, err := s.collect(machine); err != nil || got.Token.Name != "laptop" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// R087: what is written into the record of a token while it waits is not handed out with it.
func TestARecordThatWasChangedWhileItWaitedIsNotHandedOut(t *testing.T) {
	for name, change := range map[string]func(r obj){
		"more scopes":     func(r obj) { r["scopes"] = []string{"me:read", "log:read"} },
		"another key":     func(r obj) { r["key"] = text(stray) },
		"later expiry":    func(r obj) { r["expires"] = "2099-01-01T00:00:00Z" },
		"other addresses": func(r obj) { r["addresses"] = []string{"0.0.0.0/0"} },
	} {
		s := newStand(t)
		m := s.collectable(machine)
		s.bend("ines/"+m.Token.ID, change)
		_, _, err := s.collect(machine)
		wants(t, err, token.ErrNothing, "%s", name)
		if got := s.one(m); got.Hint != "" {
			t.Errorf("%s: it has a text", name)
		}
	}
}

func TestATokenThatWasNotCollectedKeepsTheKeyItWasMadeFor(t *testing.T) {
	s := newStand(t)
	m, late := s.collectable(machine), s.collectableOf(paul, stray)
	refused := func(m token.Made) {
		t.Helper()
		for _, f := range []token.Factor{{Kind: token.Key, Key: text(stray)}, {Kind: token.Codes}, {Kind: token.None}} {
			err := s.db.Update(func(tx *store.Tx) error { _, err := s.SetFactor(tx, m.Token.Account, m.Token.ID, f); return err })
			if field(err) != "factor.kind not_collected" {
				t.Errorf("with %s: %v", f.Kind, err)
			}
		}
	}
	refused(m)
	if got := s.State(s.one(m), false); got != token.Waiting {
		t.Errorf("it is %s", got)
	}
	_, _, err := s.collect(machine)
	wants(t, err, nil, "collect it after that")
	s.update(func(tx *store.Tx) error {
		_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Codes})
		return err
	})
	s.pass(token.CollectFor)
	refused(late)
}
