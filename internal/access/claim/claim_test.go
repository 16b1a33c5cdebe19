package claim_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/password"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type bench struct {
	*claim.Box
	t        *testing.T
	db       *store.DB
	path     string
	key      secret.Key
	password string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, db: db, path: path, key: secret.NewKey()}
	b.Box = claim.New(claim.Config{Key: b.key})
	b.password = b.NewDefaultPassword()
	b.update(func(tx *store.Tx) error { return b.Found(tx, b.password, "default-hash", noon) })
	return b
}

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.db.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) take(c claim.Claim) (a account.Account, err error) {
	err = b.db.Update(func(tx *store.Tx) (err error) {
		proved, err := claim.Generation(tx)
		if err != nil {
			return err
		}
		a, err = b.Take(tx, c, proved, "own-hash", noon)
		return err
	})
	return a, err
}

func (b *bench) names() (names []string) {
	b.t.Helper()
	_ = b.db.View(func(tx *store.Tx) error {
		all, _, err := account.Find(tx, account.Query{Limit: 99})
		for _, a := range all {
			names = append(names, a.Name)
		}
		return err
	})
	return names
}

func (b *bench) owned() (owned, before bool) {
	b.t.Helper()
	if err := b.db.View(func(tx *store.Tx) (err error) { owned, before, err = claim.Owned(tx); return err }); err != nil {
		b.t.Fatal(err)
	}
	return owned, before
}

// R007 R133
func TestANewBoxHasItsOwnDefaultPasswordAndNoOwner(t *testing.T) {
	one, two := newBench(t), newBench(t)
	if one.password == two.password || len(one.password) != 14 {
		t.Errorf("default passwords %q and %q", one.password, two.password)
	}
	if owned, before := one.owned(); owned || before {
		t.Errorf("owned %v, before %v", owned, before)
	}
	_ = one.db.View(func(tx *store.Tx) error {
		if got, err := one.DefaultPassword(tx); err != nil || got != one.password {
			t.Errorf("got %q, %v; want %q", got, err, one.password)
		}
		admin, err := account.ByName(tx, "admin")
		if err != nil || admin.Password.Origin != account.Default || !admin.Administers() {
			t.Errorf("got %+v, %v", admin, err)
		}
		return nil
	})
	if data, _ := os.ReadFile(one.path); bytes.Contains(data, []byte(one.password)) { // R131
		t.Error("the default password is in the file in the clear")
	}
}

func TestTheIntegratorsPasswordWins(t *testing.T) {
	b := newBench(t)
	provisioned := claim.New(claim.Config{Key: b.key, Provisioned: "label-2f9k-77qp"})
	if got := provisioned.NewDefaultPassword(); got != "label-2f9k-77qp" {
		t.Errorf("got %q", got)
	}
	b.update(func(tx *store.Tx) error {
		if got, err := provisioned.Provisioned(tx); err != nil || got != "label-2f9k-77qp" {
			t.Errorf("it is not noticed: %q, %v", got, err)
		}
		if err := provisioned.SetDefaultPassword(tx, "label-2f9k-77qp", "hash"); err != nil {
			return err
		}
		if got, err := provisioned.Provisioned(tx); err != nil || got != "" {
			t.Errorf("it is noticed again: %q, %v", got, err)
		}
		return nil
	})
}

func TestTheFirstClaimTakesTheBuiltInAccountOrReplacesIt(t *testing.T) {
	b := newBench(t)
	owner, err := b.take(claim.Claim{DisplayName: "The owner", NASName: "attic-nas", TimeZone: "Europe/Berlin"})
	if err != nil || owner.Name != "admin" || owner.Password.Hash != "own-hash" || owner.Password.Origin != account.Own || !owner.Administers() {
		t.Errorf("got %+v, %v", owner, err)
	}
	if owned, _ := b.owned(); !owned {
		t.Error("it is still nobody's")
	}
	_ = b.db.View(func(tx *store.Tx) error {
		if s, err := settings.Get(tx); err != nil || s.NASName != "attic-nas" || s.TimeZone != "Europe/Berlin" {
			t.Errorf("got %+v, %v", s, err)
		}
		return nil
	})
	b = newBench(t)
	if owner, err = b.take(claim.Claim{Name: "Marta"}); err != nil || owner.Name != "marta" || !owner.Administers() {
		t.Errorf("got %+v, %v", owner, err)
	}
	if got := b.names(); len(got) != 1 || got[0] != "marta" {
		t.Errorf("accounts are %v, want marta alone", got)
	}
}

// R140 (e)
func TestTwoParallelClaimsAreOneClaim(t *testing.T) {
	for range 20 {
		b := newBench(t)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = b.take(claim.Claim{Name: "marta"}) })
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, claim.ErrClaimed) {
				t.Errorf("got %v, want ErrClaimed", err)
			}
		}
		if won != 1 {
			t.Errorf("%d claims won", won)
		}
	}
}

// R140 (d)
func TestAReleasedBoxHasTheBuiltInAdministratorAgainAndKeepsTheOthers(t *testing.T) {
	b := newBench(t)
	if _, err := b.take(claim.Claim{Name: "marta", NASName: "attic-nas"}); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error {
		if err := b.SetDefaultPassword(tx, "another-label", "default-hash-2"); err != nil {
			return err
		}
		admin, err := b.Release(tx, noon)
		if admin.Name != "admin" || admin.Password.Hash != "default-hash-2" || admin.Password.Origin != account.Default {
			t.Errorf("got %+v", admin)
		}
		return err
	})
	if owned, before := b.owned(); owned || !before {
		t.Errorf("owned %v, before %v", owned, before)
	}
	if got := b.names(); len(got) != 2 {
		t.Errorf("accounts are %v, want admin and marta", got)
	}
	if _, err := b.take(claim.Claim{Name: "marta"}); !errors.Is(err, account.ErrTaken) {
		t.Errorf("got %v, want ErrTaken", err)
	}
	if owned, _ := b.owned(); owned {
		t.Error("a refused claim took the box")
	}
	if _, err := b.take(claim.Claim{}); err != nil {
		t.Fatal(err)
	}
	_ = b.db.View(func(tx *store.Tx) error {
		if s, _ := settings.Get(tx); s.NASName != "attic-nas" {
			t.Errorf("the name of the NAS is lost: %+v", s)
		}
		return nil
	})
}

func TestAReleaseMendsADisabledBuiltInAdministrator(t *testing.T) {
	b := newBench(t)
	owner, err := b.take(claim.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error {
		_, err := account.Add(tx, account.Account{Name: "marta", Role: account.Administrator, Password: account.Password{Origin: account.Own}})
		owner.Disabled, owner.Role = true, account.User
		return errors.Join(err, account.Put(tx, owner))
	})
	b.update(func(tx *store.Tx) error {
		admin, err := b.Release(tx, noon)
		if !admin.Administers() || admin.ID != owner.ID {
			t.Errorf("got %+v", admin)
		}
		return err
	})
}

// R033
func TestTheDefaultPasswordIsNoPasswordOfOnesOwn(t *testing.T) {
	b := newBench(t)
	typed := bytes.ToUpper(bytes.ReplaceAll([]byte(b.password), []byte("-"), []byte(" ")))
	_ = b.db.View(func(tx *store.Tx) error {
		for _, pw := range []string{"short", b.password, string(typed)} {
			if err := b.Check(tx, claim.Claim{Password: pw}); err == nil {
				t.Errorf("%q was accepted", pw)
			}
		}
		if err := b.Check(tx, claim.Claim{Password: "four words in a row"}); err != nil {
			t.Errorf("a good password: %v", err)
		}
		return nil
	})
	b.update(func(tx *store.Tx) error { return b.SetDefaultPassword(tx, "a long label password", "hash") })
	_ = b.db.View(func(tx *store.Tx) error {
		if err := b.Check(tx, claim.Claim{Password: "a long label password"}); !errors.Is(err, password.ErrReused) {
			t.Errorf("got %v, want ErrReused", err)
		}
		return nil
	})
}

func TestAClaimWithBadValuesChangesNothing(t *testing.T) {
	b := newBench(t)
	for _, c := range []claim.Claim{{Name: "a b"}, {Email: "x"}, {DisplayName: "a\u202eb"}, {NASName: "-"}, {TimeZone: "Moon"}} {
		_, err := b.take(c)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if owned, _ := b.owned(); owned || len(b.names()) != 1 {
		t.Errorf("owned %v, accounts %v", owned, b.names())
	}
}

// R140 (i): how often the box was reset, and when last, outlives claims, so that everybody can be told.
func TestResetsAreCounted(t *testing.T) {
	b := newBench(t)
	want := func(when string, count uint64, last time.Time) {
		t.Helper()
		_ = b.db.View(func(tx *store.Tx) error {
			if got, at, err := claim.Resets(tx); err != nil || got != count || !at.Equal(last) {
				t.Errorf("%s: %d, last at %v, %v", when, got, at, err)
			}
			return nil
		})
	}
	want("new", 0, time.Time{})
	for i := range 2 {
		if _, err := b.take(claim.Claim{}); err != nil {
			t.Fatal(err)
		}
		want("claimed", uint64(i), map[bool]time.Time{true: noon.Add(time.Duration(i) * time.Hour)}[i > 0])
		b.update(func(tx *store.Tx) error { _, err := b.Release(tx, noon.Add(time.Duration(i+1)*time.Hour)); return err })
		want("reset", uint64(i+1), noon.Add(time.Duration(i+1)*time.Hour))
	}
	b.update(func(tx *store.Tx) error { return b.Refounded(tx, noon.Add(time.Minute)) })
	want("founded anew", 3, noon.Add(time.Minute))
	if owned, before := b.owned(); owned || !before {
		t.Errorf("owned %v, before %v", owned, before)
	}
}

// R140: that a name, a time zone and accounts are kept is said only of a box that somebody owned. One that the button began
// anew says so until it is claimed, and sends nobody to a label for a password that it made itself.
func TestABoxSaysWhatAResetHasLeftOfIt(t *testing.T) {
	for _, provisioned := range []string{"", "label-2f9k-77qp"} {
		b := newBench(t)
		b.Box = claim.New(claim.Config{Key: b.key, Provisioned: provisioned})
		want := func(when string, before, anew, label bool) {
			t.Helper()
			_ = b.db.View(func(tx *store.Tx) error {
				_, gotBefore, err := claim.Owned(tx)
				gotAnew, gotLabel, otherErr := claim.Anew(tx)
				if err = errors.Join(err, otherErr); err != nil || gotBefore != before || gotAnew != anew || gotLabel != label {
					t.Errorf("%s: before %v, anew %v, label %v, %v", when, gotBefore, gotAnew, gotLabel, err)
				}
				return nil
			})
		}
		release := func() { b.update(func(tx *store.Tx) error { _, err := b.Release(tx, noon); return err }) }
		release()
		want("reset, and never owned", false, false, true)
		b.update(func(tx *store.Tx) error { return b.Refounded(tx, noon) })
		want("begun anew", false, true, provisioned != "")
		release()
		want("reset before anybody claimed it", false, true, provisioned != "")
		if _, err := b.take(claim.Claim{}); err != nil {
			t.Fatal(err)
		}
		release()
		want("claimed and reset", true, false, provisioned != "")
		b.update(func(tx *store.Tx) error { return b.SetDefaultPassword(tx, "label-8c3m-51wd", "hash") })
		want("with a default password of the integrator's", true, false, true)
	}
}

// R140 (h): a box that says nobody owns it, while its administrator has a password of his own, has a damaged record.
func TestABoxThatNobodyOwnsCanBeClaimed(t *testing.T) {
	b := newBench(t)
	sound := func() (err error) {
		_ = b.db.View(func(tx *store.Tx) error { err = claim.Sound(tx); return nil })
		return err
	}
	if err := sound(); err != nil {
		t.Errorf("a new box: %v", err)
	}
	if _, err := b.take(claim.Claim{Password: "three plain words here"}); err != nil {
		t.Fatal(err)
	}
	if err := sound(); err != nil {
		t.Errorf("a claimed box: %v", err)
	}
	b.update(func(tx *store.Tx) error {
		return store.NewTable[map[string]string]("box").Put(tx, "claim", map[string]string{"clakmed": "2026-11-21T12:00:00Z"})
	})
	if err := sound(); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a damaged record: %v", err)
	}
	b.update(func(tx *store.Tx) error { _, err := b.Release(tx, noon); return err })
	if err := sound(); err != nil {
		t.Errorf("a released box: %v", err)
	}
}
