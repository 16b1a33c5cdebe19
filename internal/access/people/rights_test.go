package people_test

import (
	"errors"
	"testing"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// R093: rights count in the transaction of what they are used for, not when it was asked for.
func TestWhoeverLostTheirRightsChangesNothing(t *testing.T) {
	for what, lose := range map[string]func(*bench, account.Account) error{
		"demoted": func(b *bench, a account.Account) error {
			role := account.User
			_, err := b.Change(b.root, a.ID, people.Change{Role: &role})
			return err
		},
		"disabled": func(b *bench, a account.Account) error {
			yes := true
			_, err := b.Change(b.root, a.ID, people.Change{Disabled: &yes})
			return err
		},
		"deleted": func(b *bench, a account.Account) error { return b.Delete(b.root, a.ID) },
	} {
		b := newBench(t)
		ines, jonas := b.own("ines", account.Administrator), b.own("jonas", account.User)
		by := people.Actor{ID: ines.ID, Name: ines.Name}
		group, err := b.PutGroup(b.root, account.Group{Name: "family"})
		if err != nil {
			t.Fatal(err)
		}
		if err := lose(b, ines); err != nil {
			t.Fatal(err)
		}
		before := b.last().Number
		name := "Somebody"
		for did, err := range map[string]error{
			"add":             refusal(b.Add(t.Context(), by, people.NewPerson{Account: account.Account{Name: "thief", Role: account.Administrator}})),
			"temporary":       refusal(b.Temporary(t.Context(), by, jonas.ID)),
			"change":          refusal(b.Change(by, jonas.ID, people.Change{DisplayName: &name})),
			"delete":          b.Delete(by, jonas.ID),
			"two-step off":    refusal(b.TurnTwoStepOff(by, jonas.ID)),
			"add a group":     refusal(b.PutGroup(by, account.Group{Name: "thieves"})),
			"delete a group":  b.DeleteGroup(by, group.ID),
			"change a policy": b.SetPolicy(by, settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.NobodyAtAll}),
		} {
			if !errors.Is(err, people.ErrRole) {
				t.Errorf("%s, %s: got %v, want ErrRole", what, did, err)
			}
		}
		if after := b.last(); after.Number != before {
			t.Errorf("%s: something was recorded: %+v", what, after)
		}
	}
}

func refusal[T any](_ T, err error) error { return err }

// R093 R101
func TestADisabledPersonChangesNothingOfTheirOwn(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	ines.Disabled = true
	if err := b.DB.Update(func(tx *store.Tx) error { return account.Put(tx, ines) }); err != nil {
		t.Fatal(err)
	}
	name := "Somebody"
	_, err := b.ChangeOwn(people.Actor{ID: ines.ID, Name: ines.Name}, people.OwnChange{DisplayName: &name})
	if !errors.Is(err, session.ErrEnded) {
		t.Errorf("got %v, want ErrEnded", err)
	}
	if e := b.last(); e.Kind == event.AccountChanged {
		t.Errorf("got %+v", e)
	}
}
