package store_test

import (
	"errors"
	"strings"
	"testing"

	"castellan/internal/store"
)

func TestAFileOfANewerProgramIsRefusedByVersion(t *testing.T) {
	db, path := fresh(t)
	type version struct {
		Version int `json:"version"`
	}
	update(t, db, func(tx *store.Tx) error { return store.NewTable[version]("schema").Put(tx, "current", version{99}) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(path)
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v, want ErrNewer with the version", err)
	}
}

// Steps go one by one, each with its number, and one that fails leaves the file as it was.
func TestAnOlderFileIsBroughtUpToDateOnce(t *testing.T) {
	db, path := fresh(t)
	type version struct {
		Version int `json:"version"`
	}
	versions := store.NewTable[version]("schema")
	update(t, db, func(tx *store.Tx) error { return versions.Put(tx, "current", version{1}) })
	runs := 0
	step := func(fails error) store.Step {
		return func(tx *store.Tx) error {
			runs++
			return errors.Join(guests.Put(tx, "step", guest{"Ada", runs}), fails)
		}
	}
	refused := errors.New("refused")
	for name, tc := range map[string]struct {
		steps []store.Step
		want  error
	}{"no step": {nil, nil}, "a step that fails": {[]store.Step{step(refused)}, refused}} {
		_ = db.Close()
		_, err := store.Open(path, tc.steps...)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) || errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for range 2 {
		db, err := store.Open(path, step(nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = db.View(func(tx *store.Tx) error {
			v, _, _ := versions.Get(tx, "current")
			if g, _, _ := guests.Get(tx, "step"); v.Version != store.Schema || g.Room != 2 {
				t.Errorf("got version %d and %+v", v.Version, g)
			}
			return nil
		})
		_ = db.Close()
	}
	if runs != 2 {
		t.Errorf("the step ran %d times, want 2", runs)
	}
}
