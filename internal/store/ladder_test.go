package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/store"
)

const pageSize = 4096

// anybody is the ladder of a database that may serve whatever is in it.
func anybody(path string) store.Ladder {
	return store.Ladder{Path: path, Verify: store.Verify, Fit: func(*store.Tx) error { return nil }}
}

// commits makes a database with one record for each of count commits, and closes it.
func commits(t *testing.T, count int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		update(t, db, func(tx *store.Tx) error { return guests.Put(tx, fmt.Sprintf("guest %03d", i), guest{"Ada", i}) })
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// left opens a database and returns how many records it has, and how it was mended.
func left(t *testing.T, path string) (n int, m store.Mending) {
	t.Helper()
	db, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *store.Tx) (err error) {
		n = count(tx)
		m, _, err = store.LastMending(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, m
}

// spoil changes a file in place.
func spoil(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newestMeta returns the page of the last commit.
func newestMeta(data []byte) int { return store.NewestForTest(data) }

// rootOf spoils the page that the last commit leads to.
func rootOf(data []byte) []byte {
	root := store.RootForTest(data)
	clear(data[root*pageSize : (root+1)*pageSize])
	return data
}

func files(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// R140 (h): where the last commit is damaged, the one before it serves, and the damaged file is kept.
func TestADamagedCommitIsSteppedBackFrom(t *testing.T) {
	for _, made := range []int{49, 50} { // the newest meta is on either page
		path := commits(t, made)
		spoil(t, path, rootOf)
		damaged, _ := os.ReadFile(path)
		if err := store.Verify(path); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("the test proves nothing: %v", err)
		}
		m, err := anybody(path).Mend()
		if err != nil || m.How != store.SteppedBack || m.Why != "damaged" {
			t.Fatalf("got %+v, %v", m, err)
		}
		if n, m := left(t, path); n != made-1 || m.How != store.SteppedBack || !m.Told.IsZero() {
			t.Errorf("%d records are left, %+v", n, m)
		}
		if err := store.Verify(path); err != nil {
			t.Error(err)
		}
		aside, _ := filepath.Glob(path + ".damaged-*")
		if len(aside) != 1 || len(files(t, path)) != 2 {
			t.Fatalf("beside it: %v", files(t, path))
		}
		if kept, _ := os.ReadFile(aside[0]); !bytes.Equal(kept, damaged) {
			t.Error("the damaged file is not as it was")
		}
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("its permissions are %v", info.Mode())
		}
	}
}

// A commit whose meta page was damaged is missing without a trace in the rest of the file. It is no ordinary file
// until somebody was told.
func TestAMissingCommitIsNoticed(t *testing.T) {
	for _, which := range []string{"newest", "oldest"} {
		path := commits(t, 50)
		if halved, err := store.Halved(path); err != nil || halved {
			t.Fatalf("before: %v, %v", halved, err)
		}
		spoil(t, path, func(data []byte) []byte {
			page := newestMeta(data)
			if which == "oldest" {
				page = 1 - page
			}
			data[page*pageSize+40] ^= 1
			return data
		})
		if err := store.Verify(path); err != nil {
			t.Errorf("%s: %v", which, err)
		}
		if halved, err := store.Halved(path); err != nil || !halved {
			t.Errorf("%s: not noticed (%v)", which, err)
		}
		if m, err := anybody(path).Mend(); err != nil || m.How != store.SteppedBack {
			t.Errorf("%s: %+v, %v", which, m, err)
		}
		if halved, err := store.Halved(path); err != nil || halved {
			t.Errorf("%s: noticed again and again (%v)", which, err)
		}
		if n, _ := left(t, path); n != map[string]int{"newest": 49, "oldest": 50}[which] {
			t.Errorf("%s: %d records are left", which, n)
		}
	}
}

// copied makes the daily copy of a database, changes the database after it, and damages it beyond a step back.
func copied(t *testing.T) (path string, taken time.Time) {
	t.Helper()
	path, taken = commits(t, 50), time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	db := kept(t, path, taken)
	if err := db.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *store.Tx) error { return guests.Put(tx, "later", guest{}) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path, taken
}

func kept(t *testing.T, path string, now time.Time) *store.DB {
	t.Helper()
	db, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.Keep(store.Keeping{
		Verify: store.Verify, Now: func() time.Time { return now },
		Worth: func(*store.Tx) (bool, error) { return true, nil }, Free: func() (uint64, error) { return 1 << 40, nil },
	})
	return db
}

func TestTheDailyCopyComesBackWhereNothingElseIsGood(t *testing.T) {
	tests := map[string]struct {
		damage func(t *testing.T, path string)
		why    string
	}{
		"both metas": {func(t *testing.T, path string) {
			spoil(t, path, func(b []byte) []byte { clear(b[:2*pageSize]); return b })
		}, "damaged"},
		"empty":   {func(t *testing.T, path string) { spoil(t, path, func([]byte) []byte { return nil }) }, "damaged"},
		"cut":     {func(t *testing.T, path string) { spoil(t, path, func(b []byte) []byte { return b[:5000] }) }, "damaged"},
		"missing": {func(t *testing.T, path string) { remove(t, path) }, "missing"},
		"folder": {func(t *testing.T, path string) {
			remove(t, path)
			if err := os.MkdirAll(filepath.Join(path, "in it"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "damaged"},
		"symlink loop": {func(t *testing.T, path string) {
			remove(t, path)
			if err := os.Symlink(path, path); err != nil {
				t.Fatal(err)
			}
		}, "damaged"},
		"pipe": {func(t *testing.T, path string) {
			remove(t, path)
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "damaged"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path, taken := copied(t)
			tc.damage(t, path)
			if err := store.Verify(path); err == nil {
				t.Fatal("the test proves nothing")
			}
			m, err := anybody(path).Mend()
			if err != nil || m.How != store.Restored || m.Why != tc.why || !m.Taken.Equal(taken) {
				t.Fatalf("got %+v, %v", m, err)
			}
			if n, m := left(t, path); n != 50 || m.How != store.Restored || m.Why != tc.why || !m.Taken.Equal(taken) {
				t.Errorf("%d records are left, %+v", n, m)
			}
			if halved, err := store.Halved(path); err != nil || halved || store.Verify(path) != nil {
				t.Error("what came back is not whole")
			}
			if _, err := os.Stat(store.Good(path)); err != nil {
				t.Error("the copy is gone")
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// R140 (h): where nothing is good, nothing is changed.
func TestWhereNothingHelpsNothingIsChanged(t *testing.T) {
	path, _ := copied(t)
	for _, p := range []string{path, store.Good(path)} {
		spoil(t, p, func(b []byte) []byte { clear(b[:2*pageSize]); return b })
	}
	before := files(t, path)
	if m, err := anybody(path).Mend(); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %+v, %v", m, err)
	}
	if after := files(t, path); !slices.Equal(after, before) {
		t.Errorf("%v, before %v", after, before)
	}
}

// What does not fit is left alone, and the next one is tried.
func TestACandidateThatDoesNotFitIsPassedBy(t *testing.T) {
	path, _ := copied(t)
	spoil(t, path, rootOf)
	ladder, tried := anybody(path), 0
	ladder.Fit = func(*store.Tx) error {
		if tried++; tried == 1 {
			return errors.New("of another device")
		}
		return nil
	}
	if m, err := ladder.Mend(); err != nil || m.How != store.Restored {
		t.Errorf("got %+v, %v", m, err)
	}
}

// A check that could not be made says nothing about the file, so it must not cost the days since the copy.
func TestACheckWithoutAnEndCostsNothing(t *testing.T) {
	path, _ := copied(t)
	spoil(t, path, rootOf)
	before := files(t, path)
	ladder := anybody(path)
	ladder.Verify = func(string) error { return errors.New("out of memory") }
	if m, err := ladder.Mend(); err == nil || errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %+v, %v", m, err)
	}
	if after := files(t, path); !slices.Equal(after, before) {
		t.Errorf("%v, before %v", after, before)
	}
}

func TestADatabaseInUseIsNotMended(t *testing.T) {
	path, _ := copied(t)
	db := kept(t, path, time.Now())
	if m, err := anybody(path).Mend(); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %+v, %v", m, err)
	}
	_ = db.Close()
}

func TestOnlyTheNewestDamagedFileIsKept(t *testing.T) {
	path := commits(t, 50)
	for range 3 {
		spoil(t, path, rootOf)
		if _, err := anybody(path).Mend(); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := left(t, path); n != 49 { // the later ones lose the note of the one before
		t.Errorf("%d records are left", n)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 1 {
		t.Errorf("beside it: %v", aside)
	}
}

// A power cut between any two steps leaves something that the next start brings back.
func TestAPowerCutWhileItIsMendedIsMendedAgain(t *testing.T) {
	path := commits(t, 50)
	spoil(t, path, rootOf)
	for _, remains := range []string{".mending", ".good.new"} {
		if err := os.WriteFile(path+remains, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(path, path+".damaged-earlier"); err != nil { // it was put aside, and then came the cut
		t.Fatal(err)
	}
	if m, err := anybody(path).Mend(); err != nil || m.How != store.SteppedBack {
		t.Fatalf("got %+v, %v", m, err)
	}
	if n, _ := left(t, path); n != 49 {
		t.Errorf("%d records are left", n)
	}
	if slices.ContainsFunc(files(t, path), func(name string) bool {
		return strings.HasSuffix(name, ".mending") || strings.HasSuffix(name, "earlier")
	}) {
		t.Errorf("left: %v", files(t, path))
	}
}

func TestAFullDiskChangesNothing(t *testing.T) {
	path, _ := copied(t)
	spoil(t, path, rootOf)
	ladder := anybody(path)
	ladder.Fit = func(*store.Tx) error { return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC} }
	before := files(t, path)
	if _, err := ladder.Mend(); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if after := files(t, path); !slices.Equal(after, before) {
		t.Errorf("%v, before %v", after, before)
	}
}

// Whatever stands in the first pages, reading them ends in a verdict.
func FuzzTheFirstPagesOfADatabase(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte("not a database\n"), 600))
	f.Add(store.MetasForTest(5, 3, 2, 4))
	f.Add(store.MetasForTest(^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "castellan.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.ShapeForTest(path); err != nil && !errors.Is(err, store.ErrDamaged) {
			t.Errorf("got %v", err)
		}
		if _, err := store.Halved(path); err != nil {
			t.Error(err)
		}
	})
}
