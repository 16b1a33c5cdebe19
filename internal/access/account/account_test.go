package account_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/access/account"
	"castellan/internal/fault"
	"castellan/internal/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

var born = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *store.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Close()
		if err := store.Verify(path); err != nil {
			t.Error(err)
		}
	})
	return db
}

func add(t *testing.T, db *store.DB, name string, role account.Role) account.Account {
	t.Helper()
	var a account.Account
	if err := db.Update(func(tx *store.Tx) (err error) {
		a, err = account.Add(tx, account.Account{Name: name, Role: role, Created: born, Password: account.Password{Hash: "h", Origin: account.Own}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func put(db *store.DB, a account.Account) error {
	return db.Update(func(tx *store.Tx) error { return account.Put(tx, a) })
}

func remove(db *store.DB, id string) error {
	return db.Update(func(tx *store.Tx) error { return account.Delete(tx, id) })
}

func byName(t *testing.T, db *store.DB, name string) (a account.Account, err error) {
	t.Helper()
	err = db.View(func(tx *store.Tx) (err error) {
		a, err = account.ByName(tx, name)
		return err
	})
	return a, err
}

func TestNamesAreFoundInAnyCaseAndTakenOnce(t *testing.T) {
	db := open(t)
	ines := add(t, db, "Ines", account.User)
	if got, err := byName(t, db, "INES"); err != nil || got.ID != ines.ID || got.Name != "ines" {
		t.Errorf("got %+v, %v", got, err)
	}
	err := db.Update(func(tx *store.Tx) error {
		_, err := account.Add(tx, account.Account{Name: "inES", Role: account.User})
		return err
	})
	if !errors.Is(err, account.ErrTaken) {
		t.Errorf("got %v, want ErrTaken", err)
	}
	if _, err := byName(t, db, "jonas"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if err := remove(db, ines.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := byName(t, db, "ines"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("a deleted account is found: %v", err)
	}
	add(t, db, "ines", account.User)
}

// R010
func TestTheLastAdministratorStays(t *testing.T) {
	db := open(t)
	admin := add(t, db, "admin", account.Administrator)
	add(t, db, "jonas", account.User)
	off := add(t, db, "old-admin", account.Administrator)
	off.Disabled = true
	if err := put(db, off); err != nil {
		t.Fatal(err)
	}
	demoted, disabled := admin, admin
	demoted.Role, disabled.Disabled = account.User, true
	for name, err := range map[string]error{"demote": put(db, demoted), "disable": put(db, disabled), "delete": remove(db, admin.ID)} {
		if !errors.Is(err, account.ErrLast) {
			t.Errorf("%s: got %v, want ErrLast", name, err)
		}
	}
	off.Disabled = false
	if err := put(db, off); err != nil {
		t.Fatal(err)
	}
	if err := put(db, demoted); err != nil {
		t.Errorf("with another administrator: %v", err)
	}
}

// R010
func TestTwoParallelDemotionsOfTheLastTwoLeaveOne(t *testing.T) {
	for range 20 {
		db := open(t)
		pair := []account.Account{add(t, db, "one", account.Administrator), add(t, db, "two", account.Administrator)}
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i, a := range pair {
			both.Go(func() {
				a.Role = account.User
				errs[i] = put(db, a)
			})
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), account.ErrLast) {
			t.Errorf("got %v, want exactly one refusal", errs)
		}
	}
}

// R109 R063
func TestValuesHaveAForm(t *testing.T) {
	db := open(t)
	good := account.Account{Name: "ines", DisplayName: "Inês Duarte", Email: "ines@duarte.example", Role: account.User, Language: "en"}
	tests := []struct {
		field  string
		change func(*account.Account, string)
		bad    []string
	}{
		{"name", func(a *account.Account, v string) { a.Name = v },
			[]string{"", ".ines", "-ines", "in es", "inês", "ines\n", "a/b", "x\x00", strings.Repeat("a", 33), "<b>", "../x"}},
		{"display_name", func(a *account.Account, v string) { a.DisplayName = v },
			[]string{"a\nb", "a\x00b", "a\u202eb", "a\u2066b", "a\u200fb", "\xff", strings.Repeat("a", 65), "a\x1b[2Jb"}},
		{"email", func(a *account.Account, v string) { a.Email = v },
			[]string{"ines", "ines@", "@duarte.example", "Ines <ines@duarte.example>", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example", "a@b.example\x00", "<a@b.example>", `"a b"@c.example`, "a@b@c.example", strings.Repeat("a", 250) + "@b.example"}},
		{"role", func(a *account.Account, v string) { a.Role = account.Role(v) }, []string{"", "root", "Administrator"}},
		{"language", func(a *account.Account, v string) { a.Language = v }, []string{"xx", "../en"}},
	}
	for _, tc := range tests {
		for _, bad := range tc.bad {
			a := good
			tc.change(&a, bad)
			err := db.Update(func(tx *store.Tx) error { _, err := account.Add(tx, a); return err })
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != tc.field {
				t.Errorf("%s %q: got %v", tc.field, bad, err)
			}
		}
	}
	if err := db.Update(func(tx *store.Tx) error { _, err := account.Add(tx, good); return err }); err != nil {
		t.Errorf("a good account: %v", err)
	}
}

func TestThePutOfAnAccountKeepsItsName(t *testing.T) {
	db := open(t)
	a := add(t, db, "ines", account.User)
	a.Name, a.DisplayName = "other", "  Ine\u0302s  "
	if err := put(db, a); err != nil {
		t.Fatal(err)
	}
	if got, err := byName(t, db, "ines"); err != nil || got.DisplayName != "In\u00eas" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFindSearchesAndPages(t *testing.T) {
	db := open(t)
	for _, n := range []string{"jonas", "ines", "lena", "tomas", "marta"} {
		add(t, db, n, account.User)
	}
	find := func(q account.Query) (names []string, total int) {
		_ = db.View(func(tx *store.Tx) error {
			found, n, err := account.Find(tx, q)
			for _, a := range found {
				names = append(names, a.Name)
			}
			total = n
			return err
		})
		return names, total
	}
	got, total := find(account.Query{Limit: 2})
	if diff := cmp.Diff(got, []string{"ines", "jonas"}); diff != "" || total != 5 {
		t.Errorf("first page of %d: %s", total, diff)
	}
	got, _ = find(account.Query{After: "jonas", Limit: 9})
	if diff := cmp.Diff(got, []string{"lena", "marta", "tomas"}); diff != "" {
		t.Errorf("second page: %s", diff)
	}
	if got, total = find(account.Query{Search: " MA ", Limit: 9}); total != 2 || len(got) != 2 {
		t.Errorf("search for ma: %v of %d", got, total)
	}
}

func TestTemporaryPasswordsLapse(t *testing.T) {
	p := account.Password{Origin: account.Temporary, Until: born.Add(account.TemporaryFor)}
	if p.Expired(born.Add(account.TemporaryFor-time.Second)) || !p.Expired(born.Add(account.TemporaryFor)) {
		t.Error("a temporary password does not lapse after 72 h")
	}
	if (account.Password{Origin: account.Own}).Expired(born.AddDate(100, 0, 0)) { // R016
		t.Error("a password of one's own ages")
	}
}

func TestTheDesktopIsRememberedAndGoesWithTheAccount(t *testing.T) {
	db := open(t)
	a := add(t, db, "ines", account.User)
	want := account.Desktop{Theme: "dark", Windows: []account.Window{{App: "log", Page: "all", Screen: "large", X: 10, Y: 60, Width: 900, Height: 600, State: "normal", Open: true}}}
	save := func(d account.Desktop) error {
		return db.Update(func(tx *store.Tx) error { return account.PutDesktop(tx, a.ID, d) })
	}
	if err := save(want); err != nil {
		t.Fatal(err)
	}
	load := func() (d account.Desktop) {
		_ = db.View(func(tx *store.Tx) (err error) { d, err = account.DesktopOf(tx, a.ID); return err })
		return d
	}
	if diff := cmp.Diff(load(), want); diff != "" {
		t.Errorf("got - want +:\n%s", diff)
	}
	for _, bad := range []account.Desktop{{Theme: "pink"}, {Theme: "auto", Windows: make([]account.Window, 49)}, {Theme: "auto", Windows: []account.Window{{Screen: "huge", State: "normal"}}}} {
		if err := save(bad); err == nil {
			t.Errorf("%+v was stored", bad)
		}
	}
	if err := remove(db, a.ID); err != nil {
		t.Fatal(err)
	}
	if got := load(); got.Theme != "auto" || got.Windows != nil {
		t.Errorf("after the account is gone: %+v", got)
	}
}

// The form of the record on disk: fields are added and never renamed.
func TestTheRecordKeepsItsForm(t *testing.T) {
	got := account.RecordForTest(account.Account{
		Name: "ines", DisplayName: "Inês Duarte", Email: "ines@duarte.example", Role: account.Administrator, Disabled: true,
		Password: account.Password{Hash: "$argon2id$…", Origin: account.Temporary, Until: born.Add(account.TemporaryFor)},
		Language: "en", Created: born, LastSignIn: born.Add(time.Hour), Resets: 2,
	})
	golden := filepath.Join("testdata", "account.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("got - want +:\n%s", diff)
	}
}
