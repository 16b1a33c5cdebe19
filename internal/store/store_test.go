package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/fault"
	"castellan/internal/store"
)

type guest struct {
	Name string `json:"name"`
	Room int    `json:"room"`
}

var (
	guests = store.NewTable[guest]("guests")
	visits = store.NewJournal[guest]("visits")
)

// count returns how many guests there are.
func count(tx *store.Tx) (n int) {
	_ = guests.Each(tx, "", func(string, guest) error { n++; return nil })
	return n
}

func fresh(t *testing.T) (*store.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Close()
		if err := store.Verify(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after the test: %v", err)
		}
	})
	return db, path
}

func update(t *testing.T, db *store.DB, f func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, db *store.DB, key string) (g guest, found bool) {
	t.Helper()
	if err := db.View(func(tx *store.Tx) (err error) {
		g, found, err = guests.Get(tx, key)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return g, found
}

func TestWhatWasCommittedIsThereAfterReopening(t *testing.T) {
	db, path := fresh(t)
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "a", guest{"Ada", 7}) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if g, found := get(t, db, "a"); !found || g != (guest{"Ada", 7}) {
		t.Errorf("got %v, %v", g, found)
	}
	if _, found := get(t, db, "b"); found {
		t.Error("a record that was never put is there")
	}
}

func TestARefusedTransactionLeavesNothingAndCallsNobody(t *testing.T) {
	db, _ := fresh(t)
	refusal := &fault.Error{Kind: fault.Conflict, Code: "full"}
	called := false
	err := db.Update(func(tx *store.Tx) error {
		tx.OnCommit(func() { called = true })
		if err := guests.Put(tx, "a", guest{"Ada", 7}); err != nil {
			return err
		}
		return refusal
	})
	if !errors.Is(err, refusal) || errors.Is(err, store.ErrUnwritable) {
		t.Errorf("got %v, want the refusal itself", err)
	}
	if _, found := get(t, db, "a"); found || called {
		t.Errorf("found %v, called %v; want neither", found, called)
	}
}

func TestOnAbortRunsWhereNothingReachesTheDisk(t *testing.T) {
	db, _ := fresh(t)
	for _, refused := range []error{nil, errors.New("refused")} {
		called := 0
		if err := db.Update(func(tx *store.Tx) error { tx.OnAbort(func() { called++ }); return refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 1}[refused != nil]; called != want {
			t.Errorf("%v: called %d times, want %d", refused, called, want)
		}
	}
}

// R138: nor where the disk is full, or a bug ends a change.
func TestOnAbortRunsWhereADiskIsFullOrAChangeBreaksOff(t *testing.T) {
	db, _ := fresh(t)
	called := 0
	db.FillForTest(1)
	err := db.Update(func(tx *store.Tx) error {
		tx.OnAbort(func() { called++ })
		return guests.Put(tx, "a", guest{Name: strings.Repeat("a", 4<<20)})
	})
	if !errors.Is(err, store.ErrUnwritable) || called != 1 {
		t.Errorf("a full disk: %v, called %d times", err, called)
	}
	db.FillForTest(0)
	func() {
		defer func() { _ = recover() }()
		_ = db.Update(func(tx *store.Tx) error {
			tx.OnAbort(func() { called++ })
			panic("bug")
		})
	}()
	if called != 2 {
		t.Errorf("a bug: called %d times", called-1)
	}
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "b", guest{"Ada", 7}) })
}

func TestOnCommitRunsWhenTheRecordIsOnTheDisk(t *testing.T) {
	db, _ := fresh(t)
	called := 0
	update(t, db, func(tx *store.Tx) error {
		tx.OnCommit(func() { called++ })
		return guests.Put(tx, "a", guest{})
	})
	if called != 1 {
		t.Errorf("called %d times, want once", called)
	}
}

func TestAPanicLeavesNothing(t *testing.T) {
	db, _ := fresh(t)
	func() {
		defer func() { _ = recover() }()
		_ = db.Update(func(tx *store.Tx) error {
			_ = guests.Put(tx, "a", guest{})
			panic("bug")
		})
	}()
	if _, found := get(t, db, "a"); found {
		t.Error("a transaction that panicked was kept")
	}
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "b", guest{}) })
}

func TestEachWalksInOrderFromAKeyAndStops(t *testing.T) {
	db, _ := fresh(t)
	update(t, db, func(tx *store.Tx) error {
		for _, k := range []string{"c", "a", "d", "b"} {
			if err := guests.Put(tx, k, guest{Name: k}); err != nil {
				return err
			}
		}
		return guests.Delete(tx, "d")
	})
	var got []string
	err := db.View(func(tx *store.Tx) error {
		if n := count(tx); n != 3 {
			t.Errorf("count is %d, want 3", n)
		}
		return guests.Each(tx, "b", func(k string, g guest) error {
			got = append(got, k+g.Name)
			return nil
		})
	})
	if diff := cmp.Diff(got, []string{"bb", "cc"}); err != nil || diff != "" {
		t.Errorf("%v, got - want +:\n%s", err, diff)
	}
	n := 0
	err = db.View(func(tx *store.Tx) error {
		return guests.Each(tx, "", func(string, guest) error { n++; return store.ErrStop })
	})
	if n != 1 || err != nil {
		t.Errorf("visited %d, %v; want 1 and no error", n, err)
	}
}

func TestAJournalNumbersFromOneAndReadsBackwards(t *testing.T) {
	db, _ := fresh(t)
	update(t, db, func(tx *store.Tx) error {
		for i := range 10 {
			if n, err := visits.Append(tx, guest{Room: i + 1}); err != nil || n != uint64(i+1) {
				return fmt.Errorf("got number %d, %w", n, err)
			}
		}
		return visits.Trim(tx, 3)
	})
	read := func(before uint64) (rooms []int) {
		_ = db.View(func(tx *store.Tx) error {
			return visits.Backward(tx, before, func(n uint64, g guest) error {
				if int(n) != g.Room {
					t.Errorf("number %d has room %d", n, g.Room)
				}
				rooms = append(rooms, g.Room)
				return nil
			})
		})
		return rooms
	}
	for before, want := range map[uint64][]int{0: {10, 9, 8, 7, 6, 5, 4}, 6: {5, 4}, 4: nil, 99: {10, 9, 8, 7, 6, 5, 4}} {
		if diff := cmp.Diff(read(before), want); diff != "" {
			t.Errorf("before %d, got - want +:\n%s", before, diff)
		}
	}
	_ = db.View(func(tx *store.Tx) error {
		if oldest, newest := visits.Bounds(tx); oldest != 4 || newest != 10 {
			t.Errorf("bounds are %d and %d, want 4 and 10", oldest, newest)
		}
		return nil
	})
	update(t, db, func(tx *store.Tx) error {
		if err := visits.Trim(tx, 10); err != nil {
			return err
		}
		n, err := visits.Append(tx, guest{})
		if n != 11 {
			t.Errorf("a number was used twice: %d", n)
		}
		return err
	})
}

func TestEmptyTablesAreEmpty(t *testing.T) {
	db, _ := fresh(t)
	update(t, db, func(tx *store.Tx) error {
		if oldest, newest := visits.Bounds(tx); oldest != 0 || newest != 0 {
			t.Error("an empty journal has bounds")
		}
		if count(tx) != 0 {
			t.Error("an empty table has records")
		}
		return errors.Join(guests.Delete(tx, "a"), visits.Trim(tx, 9),
			guests.Each(tx, "", func(string, guest) error { return errors.New("visited") }),
			visits.Backward(tx, 0, func(uint64, guest) error { return errors.New("visited") }))
	})
}

// R140 (h): whatever is wrong with the file, it never looks like a new one.
func TestADamagedFileNeverOpensAsANewOne(t *testing.T) {
	_, path := fresh(t)
	good := func() []byte {
		db, p := fresh(t)
		for i := range 200 {
			update(t, db, func(tx *store.Tx) error {
				return guests.Put(tx, fmt.Sprint("guest ", i), guest{strings.Repeat("x", 100), i})
			})
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}()
	const page = 4096
	tests := map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"text":            func([]byte) []byte { return bytes.Repeat([]byte("not a database\n"), 4000) },
		"cut to a page":   func(b []byte) []byte { return b[:page] },
		"cut to 5000":     func(b []byte) []byte { return b[:5000] },
		"both metas gone": func(b []byte) []byte { clear(b[:2*page]); return b },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			p := path + strings.ReplaceAll(name, " ", "-")
			if err := os.WriteFile(p, damage(bytes.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(p)
			if err == nil {
				_ = db.Close()
			}
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		})
	}
	if _, err := store.Open(path + "-none"); !errors.Is(err, store.ErrMissing) {
		t.Errorf("got %v, want ErrMissing", err)
	}
	if _, err := os.Stat(path + "-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("opening a missing database made one")
	}
}

func TestVerifyFindsAPageThatWasWiped(t *testing.T) {
	db, path := fresh(t)
	for i := range 200 {
		update(t, db, func(tx *store.Tx) error {
			return guests.Put(tx, fmt.Sprint("guest ", i), guest{strings.Repeat("x", 100), i})
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Verify(path); err != nil {
		t.Fatalf("a good file: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, pages := 0, len(data)/4096
	for p := 2; p < pages; p++ {
		broken := bytes.Clone(data)
		if bytes.Count(broken[p*4096:(p+1)*4096], []byte{0}) == 4096 {
			continue // a page that was never used
		}
		clear(broken[p*4096 : (p+1)*4096])
		if err := os.WriteFile(path+".broken", broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.Verify(path + ".broken"); errors.Is(err, store.ErrDamaged) {
			found++
		}
	}
	if found < 10 {
		t.Errorf("only %d wiped pages were found", found)
	}
}

func TestASecondProcessIsToldThatTheDatabaseIsInUse(t *testing.T) {
	_, path := fresh(t)
	if _, err := store.Open(path); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
}

func TestCreateNeverReplacesADatabase(t *testing.T) {
	_, path := fresh(t)
	if _, err := store.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
}

// R054 R138: a change that cannot be written did not happen.
func TestAFailedCommitIsAnErrorForPeople(t *testing.T) {
	db, _ := fresh(t)
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "a", guest{"Ada", 7}) })
	if err := db.Close(); err != nil { // the nearest thing to a disk that is gone
		t.Fatal(err)
	}
	err := db.Update(func(tx *store.Tx) error { return guests.Put(tx, "b", guest{}) })
	if !errors.Is(err, store.ErrUnwritable) {
		t.Errorf("got %v, want ErrUnwritable", err)
	}
}

func BenchmarkUpdate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for i := 0; b.Loop(); i++ {
		_ = db.Update(func(tx *store.Tx) error { return guests.Put(tx, fmt.Sprint(i%1000), guest{"Ada", i}) })
	}
}
