package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/store"
)

// R140 (d)
func TestCompactRemovesWhatWasDeleted(t *testing.T) {
	db, path := fresh(t)
	const canary = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(guests.Put(tx, "a", guest{canary, 1}), guests.Put(tx, "b", guest{"Ada", 2}))
	})
	update(t, db, func(tx *store.Tx) error { return guests.Delete(tx, "a") })
	if data, _ := os.ReadFile(path); !bytes.Contains(data, []byte(canary)) {
		t.Fatal("the test proves nothing: the deleted record is not in the file even before")
	}
	if err := db.Compact(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); bytes.Contains(data, []byte(canary)) {
		t.Error("the deleted record is still in the file")
	}
	if g, found := get(t, db, "b"); !found || g.Name != "Ada" {
		t.Errorf("got %v, %v", g, found)
	}
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "c", guest{}) })
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files are left, want 1", len(entries))
	}
}

func TestTransactionsWaitWhileTheFileIsReplaced(t *testing.T) {
	db, _ := fresh(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 25 {
				err := db.Update(func(tx *store.Tx) error { return guests.Put(tx, fmt.Sprint(i, "/", j), guest{}) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		if err := db.Compact(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	_ = db.View(func(tx *store.Tx) error {
		if n := guests.Count(tx); n != 100 {
			t.Errorf("%d records are left of 100", n)
		}
		return nil
	})
}

// blocked puts something in the way of a new database file, and returns what takes it away again.
func blocked(t *testing.T, path string) (unblock func()) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(path+".compact", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.RemoveAll(path + ".compact"); err != nil {
			t.Fatal(err)
		}
	}
}

// A database whose file cannot be replaced stays in use.
func TestTheDatabaseSurvivesAFailedCompaction(t *testing.T) {
	db, path := fresh(t)
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "a", guest{"Ada", 7}) })
	unblock := blocked(t, path)
	if err := db.Compact(); err == nil {
		t.Error("a new file was made where none can be")
	}
	unblock()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := db.Compact(); err == nil {
		t.Error("the file was replaced where it cannot be")
	}
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "b", guest{"Bob", 8}) })
	if g, found := get(t, db, "a"); !found || g.Name != "Ada" {
		t.Errorf("got %v, %v", g, found)
	}
	if err := errors.Join(os.RemoveAll(path), os.Rename(path+".away", path)); err != nil {
		t.Fatal(err)
	}
}

// R135: what could not be taken out of the file at once is taken out within the hour, or after a restart.
func TestAnErasureThatFailedIsTriedAgain(t *testing.T) {
	const canary = "canary.of.a.deleted.account"
	erase := func(t *testing.T, db *store.DB, path string) (unblock func()) {
		update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "a", guest{canary, 1}) })
		update(t, db, func(tx *store.Tx) error { return errors.Join(store.Erasing(tx), guests.Delete(tx, "a")) })
		unblock = blocked(t, path)
		if err := db.Tidy(); err == nil {
			t.Error("tidied where it cannot be")
		}
		if data, _ := os.ReadFile(path); !bytes.Contains(data, []byte(canary)) {
			t.Fatal("the test proves nothing: the deleted record is not in the file even before")
		}
		return unblock
	}
	gone := func(t *testing.T, path string) {
		t.Helper()
		if data, err := os.ReadFile(path); err != nil || bytes.Contains(data, []byte(canary)) {
			t.Errorf("the deleted record is still in the file (%v)", err)
		}
	}
	t.Run("within the hour", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			db, path := fresh(t)
			unblock := erase(t, db, path)
			ctx, stop := context.WithCancel(t.Context())
			failures, ended := 0, make(chan error)
			go func() { ended <- db.Run(ctx, func(error) { failures++ }) }()
			time.Sleep(150 * time.Minute)
			synctest.Wait()
			if failures != 3 {
				t.Errorf("tried %d times in two and a half hours, want 3", failures)
			}
			unblock()
			time.Sleep(time.Hour)
			synctest.Wait()
			gone(t, path)
			before, _ := os.Stat(path)
			time.Sleep(10 * time.Hour)
			synctest.Wait()
			if after, _ := os.Stat(path); !os.SameFile(before, after) {
				t.Error("it is compacted again and again")
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("after a restart", func(t *testing.T) {
		db, path := fresh(t)
		unblock := erase(t, db, path)
		unblock()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Tidy(); err != nil {
			t.Fatal(err)
		}
		gone(t, path)
	})
}
