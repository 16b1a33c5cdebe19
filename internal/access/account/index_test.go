package account

import (
	"fmt"
	"path/filepath"
	"testing"

	"castellan/internal/store"
)

func TestAccountsOfAnEarlierVersionAreFound(t *testing.T) {
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Update(func(tx *store.Tx) error {
		for i := range 30 {
			r := record{Name: fmt.Sprintf("person-%02d", i), DisplayName: "Zoë “Z” & Co", Email: fmt.Sprintf("P%02d@Example.org", i), Role: User, Origin: Own}
			if i == 7 {
				r.Role = Administrator
			}
			id := fmt.Sprint("id", i)
			if err := names.Put(tx, r.Name, nameRecord{id}); err != nil {
				return err
			}
			if err := accounts.Put(tx, id, r); err != nil {
				return err
			}
		}
		return MakeLists(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Update(func(tx *store.Tx) error {
		for search, want := range map[string]int{"": 30, "ZOË": 30, "“z” & co": 30, "p07@example": 1, "person-1": 10, "-07": 1, "07 ": 1, "nobody": 0, "e000": 0} {
			if found, total, err := Find(tx, Query{Search: search, Limit: 100}); total != want || len(found) != want || err != nil {
				t.Errorf("%q: %d of %d, %v; want %d", search, len(found), total, err, want)
			}
		}
		if err := Delete(tx, "id7"); err != ErrLast { //nolint:errorlint // the very error
			t.Errorf("got %v", err)
		}
		a, _ := Get(tx, "id8")
		a.Role = Administrator
		if err := Put(tx, a); err != nil {
			t.Error(err)
		}
		if err := Delete(tx, "id7"); err != nil {
			t.Error(err)
		}
		if found, total, _ := Find(tx, Query{Search: "person-", After: "person-06", Limit: 2}); total != 29 || len(found) != 2 || found[0].Name != "person-08" {
			t.Errorf("got %v of %d", found, total)
		}
		a, _ = Get(tx, "id9")
		a.DisplayName, a.Email = "Yan", "yan@example.org"
		if err := Put(tx, a); err != nil {
			t.Error(err)
		}
		if found, _, _ := Find(tx, Query{Search: "yan", Limit: 2}); len(found) != 1 || found[0].ID != "id9" {
			t.Errorf("got %v", found)
		}
		return nil
	})
}
