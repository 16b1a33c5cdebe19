package signin_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	desk "castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/token"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// linked gives an account an invitation, and a change of address that can be undone, with one link for both.
func (b *bench) linked(name string) (link string) {
	b.t.Helper()
	a, text := b.account(name), secret.Token()
	digest := secret.DigestOf(text)
	a.Invitation = account.Invitation{Token: hex.EncodeToString(digest[:]), Until: b.clock.now.Add(time.Hour)}
	a.Changes = []account.Change{{Old: "old@example.org", Token: hex.EncodeToString(digest[:]), Until: b.clock.now.Add(time.Hour)}}
	b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
	return a.ID + "." + text
}

// office is where administrators look after the people of a bench.
func (b *bench) office() *people.Office {
	return people.New(people.Config{
		DB: b.DB, Passwords: b.Passwords, Throttle: b.Throttle, Factors: b.Factors, Sessions: b.Sessions, Browsers: b.Browsers, Tokens: b.Tokens, Log: b.Log, Post: b.Post,
		Now: func() time.Time { return b.clock.Reading().Now },
	})
}

var errNot = errors.New("not done")

// endings are the ways in which an account is taken back from whoever is signed in to it, ready to be done.
var endings = map[string]func(b *bench, a account.Account) (end func() error){
	"the reset button": func(b *bench, _ account.Account) func() error { return b.reset },
	"a temporary password": func(b *bench, a account.Account) func() error {
		admin := b.account("admin")
		return func() error {
			_, err := b.office().Temporary(b.t.Context(), people.Actor{ID: admin.ID, Name: admin.Name}, a.ID)
			return err
		}
	},
	"a link by mail": func(b *bench, a account.Account) func() error {
		link := b.linked(a.Name)
		forgotten := desk.New(desk.Config{
			DB: b.DB, Passwords: b.Passwords, Throttle: b.Throttle, Sessions: b.Sessions, Browsers: b.Browsers, Tokens: b.Tokens, Log: b.Log, Post: b.Post,
			Now: func() time.Time { return b.clock.Reading().Now }, Elapsed: b.Elapsed,
		})
		return func() error { return forgotten.SetPassword(b.t.Context(), desk.Visitor{}, link, newPassword) }
	},
	"an address that is taken back": func(b *bench, a account.Account) func() error {
		link := b.linked(a.Name)
		return func() error { return b.UndoEmailChange(b.home, link) }
	},
	"another browser of its owner": func(b *bench, a account.Account) func() error {
		_, s := b.in(a.Name, goodPassword)
		return func() error { _, err := b.EndMyOthers(b.home, s); return err }
	},
	"the end of that session alone": func(b *bench, a account.Account) func() error {
		theirs := b.Sessions.List(a.ID)[0]
		_, s := b.in(a.Name, goodPassword)
		return func() error { return b.EndMySession(b.home, s, theirs.ID) }
	},
	"everybody's end": func(b *bench, _ account.Account) func() error {
		return func() error {
			return b.DB.Update(func(tx *store.Tx) error { b.Sessions.EndEverybody(tx, ""); return nil })
		}
	},
	"an end that was not done": func(b *bench, a account.Account) func() error {
		return func() error {
			return b.DB.Update(func(tx *store.Tx) error {
				b.Sessions.EndAll(tx, a.ID, "")
				b.Sessions.EndEverybody(tx, "")
				return errNot
			})
		}
	},
}

// R093 T27: what a session has under way when its account is taken back is not done after it, be it tokens or recovery codes.
func TestWhatASessionHasUnderWayWhenItEndsIsNotDone(t *testing.T) {
	for how, end := range endings {
		b := claimed(t)
		name := "ines"
		if how == "the reset button" {
			name = "admin"
		} else {
			b.add(name, account.Administrator, account.Own, goodPassword)
		}
		_, s := b.in(name, goodPassword)
		done := end(b, b.account(name))
		wish := token.Wish{Name: "before", Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.None}}
		before, err := b.CreateToken(b.home, s, wish)
		if err != nil {
			t.Fatal(err)
		}
		wish.Name = "thief"
		var ended, made, changed, revoked, renewed, named error
		b.while(
			func() { ended = done() },
			func() { _, made = b.CreateToken(b.home, s, wish) },
			func() { _, changed = b.SetTokenFactor(b.home, s, before.Token.ID, token.Factor{Kind: token.Codes}) },
			func() { _, renewed = b.RenewRecovery(b.home, s) },
			func() { named = b.RenameDevice(b.home, s, "x", "y") },
			func() { revoked = b.RevokeToken(b.home, s, before.Token.ID) },
		)
		if errors.Is(ended, errNot) {
			if made != nil || changed != nil || revoked != nil || errors.Is(renewed, session.ErrEnded) {
				t.Errorf("%s: %v, %v, %v, %v", how, made, changed, revoked, renewed)
			}
			continue
		} else if ended != nil {
			t.Fatalf("%s: %v", how, ended)
		}
		for what, err := range map[string]error{"a new token": made, "another factor": changed, "recovery codes": renewed, "a name": named, "its end": revoked} {
			wantErr(t, how+", "+what, err, session.ErrEnded)
		}
		for _, one := range b.tokens(s.Account) {
			if one.Name != "before" || one.Factor != token.None {
				t.Errorf("%s: there is %+v", how, one)
			}
		}
	}
}

func (b *bench) tokens(id string) (list []token.Token) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) { list, err = b.Tokens.List(tx, id); return err })
	return list
}

// R093: nor does an administrator who is signed out leave an account behind.
func TestWhatAnAdministratorHasUnderWayWhenTheBoxIsResetIsNotDone(t *testing.T) {
	b := claimed(t)
	_, s := b.in("admin", goodPassword)
	jonas := b.add("jonas", account.Administrator, account.Own, goodPassword)
	office := b.office()
	var reset, given, out error
	by := people.Actor{ID: s.Account, Name: "admin", Stands: func(tx *store.Tx) error { return b.Sessions.Stand(tx, s.ID) }}
	b.while(
		func() { reset = b.reset() },
		func() { _, given = office.Temporary(t.Context(), by, jonas.ID) },
		func() { _, out = office.SignOut(by, jonas.ID) },
	)
	if reset != nil {
		t.Fatal(reset)
	}
	wantErr(t, "a temporary password for somebody", given, session.ErrEnded)
	wantErr(t, "the end of their sessions", out, session.ErrEnded)
}
