package settings_test

import (
	"errors"
	"path/filepath"
	"testing"

	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// A policy of before there was a rule about presses is one for administrators, and so is one that leaves it out.
func TestAPolicyLetsAdministratorsPressUnlessItSaysOtherwise(t *testing.T) {
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	older := store.NewTable[map[string]any]("policy")
	err = db.Update(func(tx *store.Tx) error {
		return older.Put(tx, "general", map[string]any{"two_step": "nobody", "email_codes": "everybody"})
	})
	if err != nil {
		t.Fatal(err)
	}
	stored := func() (p settings.Policy) {
		t.Helper()
		if err := db.View(func(tx *store.Tx) (err error) { p, err = settings.GetPolicy(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := stored(); p.TwoStep != settings.Nobody || p.Presence != settings.Administrators {
		t.Errorf("the older one is %+v", p)
	}
	for given, want := range map[settings.Demand]settings.Demand{
		"": settings.Administrators, settings.Nobody: settings.Nobody, settings.Administrators: settings.Administrators, settings.Everyone: settings.Everyone,
	} {
		p := settings.DefaultPolicy()
		p.Presence = given
		if err := db.Update(func(tx *store.Tx) error { return settings.PutPolicy(tx, p) }); err != nil || stored().Presence != want {
			t.Errorf("%q became %q, %v", given, stored().Presence, err)
		}
	}
	for _, wrong := range []settings.Demand{settings.ChosenGroups, "somebody"} {
		p := settings.DefaultPolicy()
		p.Presence = wrong
		var f *fault.Error
		err := db.Update(func(tx *store.Tx) error { return settings.PutPolicy(tx, p) })
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != "presence" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
