package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/store"
)

// keeper is a database whose copies are kept, with what they depend on.
type keeper struct {
	*store.DB
	path     string
	free     uint64
	worth    bool
	verify   func(string) error
	failures []error
}

// keep starts to keep copies of a database, within a bubble.
func keep(t *testing.T) *keeper {
	db, path := fresh(t)
	k := &keeper{DB: db, path: path, free: 1 << 40, worth: true, verify: store.Verify}
	db.Keep(store.Keeping{
		Verify: func(path string) error { return k.verify(path) }, Now: time.Now,
		Worth: func(*store.Tx) (bool, error) { return k.worth, nil }, Free: func() (uint64, error) { return k.free, nil },
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx, func(err error) { k.failures = append(k.failures, err) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k *keeper) write(t *testing.T, name string) {
	t.Helper()
	update(t, k.DB, func(tx *store.Tx) error { return guests.Put(tx, name, guest{name, 1}) })
}

// copied returns when the copy was written, or zero.
func (k *keeper) copied() time.Time {
	info, err := os.Stat(store.Good(k.path))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// wait lets time pass until everything is at rest again.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestACopyIsMadeOnceADayInTheWakeOfAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		wait(48 * time.Hour)
		if !k.copied().IsZero() {
			t.Fatal("a copy was made although nothing was changed: a disk was woken")
		}
		k.write(t, "a")
		wait(store.SnapshotAfter - time.Second)
		if !k.copied().IsZero() {
			t.Error("a copy was made at once")
		}
		wait(2 * time.Second)
		first, err := os.Stat(store.Good(k.path))
		if err != nil || first.Mode().Perm() != 0o600 {
			t.Fatalf("no copy was made, or one that others may read: %v, %v", err, k.failures)
		}
		for range 23 {
			k.write(t, "b")
			wait(time.Hour)
		}
		if again, _ := os.Stat(store.Good(k.path)); !os.SameFile(first, again) {
			t.Error("two copies were made in a day")
		}
		wait(48 * time.Hour)
		if again, _ := os.Stat(store.Good(k.path)); !os.SameFile(first, again) {
			t.Error("a copy was made although nothing was changed since")
		}
		k.write(t, "c")
		wait(2 * store.SnapshotAfter)
		if again, _ := os.Stat(store.Good(k.path)); os.SameFile(first, again) || k.failures != nil {
			t.Errorf("no copy was made after a day: %v", k.failures)
		}
		if err := store.Verify(store.Good(k.path)); err != nil {
			t.Error(err)
		}
		if data, _ := os.ReadFile(store.Good(k.path)); !bytes.Contains(data, []byte(`"c"`)) {
			t.Error("the copy is not of what was there then")
		}
	})
}

func TestACopyThatCannotBeMadeLeavesTheOneBefore(t *testing.T) {
	for name, change := range map[string]func(*keeper){
		"no room":      func(k *keeper) { k.free = 1 << 15 },
		"not good":     func(k *keeper) { k.verify = func(string) error { return store.ErrDamaged } },
		"worth no one": func(k *keeper) { k.worth = false },
	} {
		synctest.Test(t, func(t *testing.T) {
			k := keep(t)
			k.write(t, "a")
			wait(2 * store.SnapshotAfter)
			before, err := os.ReadFile(store.Good(k.path))
			if err != nil {
				t.Fatal(err)
			}
			change(k)
			wait(25 * time.Hour)
			k.write(t, "b")
			wait(3 * time.Hour)
			if after, err := os.ReadFile(store.Good(k.path)); err != nil || !bytes.Equal(after, before) {
				t.Errorf("%s: the copy before is gone (%v)", name, err)
			}
			if want := map[string]int{"no room": 1, "not good": 1}[name]; len(k.failures) != want {
				t.Errorf("%s: %d failures, want %d: nobody wrote meanwhile", name, len(k.failures), want)
			}
			if got := files(t, k.path); len(got) != 2 {
				t.Errorf("%s: left %v", name, got)
			}
			*k = keeper{DB: k.DB, path: k.path, free: 1 << 40, worth: true, verify: store.Verify}
			k.write(t, "c")
			wait(2 * store.SnapshotAfter)
			if after, _ := os.ReadFile(store.Good(k.path)); bytes.Equal(after, before) {
				t.Errorf("%s: it is not tried again", name)
			}
		})
	}
}

// R135 R140 (d): what is erased is gone from every copy when Tidy says done, also from one that was under way.
func TestErasingTakesTheCopiesAlong(t *testing.T) {
	const canary = "canary.of.a.deleted.account"
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		k.write(t, canary)
		wait(2 * store.SnapshotAfter)
		for _, remains := range []string{".damaged-abc", ".mending", ".good.new"} {
			if err := os.WriteFile(k.path+remains, []byte(canary), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if k.copied().IsZero() {
			t.Fatal("the test proves nothing: there is no copy")
		}
		erase(t, k, canary)
		if got := files(t, k.path); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
		wait(2 * store.SnapshotAfter)
		if data, err := os.ReadFile(store.Good(k.path)); err != nil || bytes.Contains(data, []byte(canary)) {
			t.Errorf("the new copy is missing, or has it still: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		for i := range 40 { // large enough that the copy rests on its way
			update(t, k.DB, func(tx *store.Tx) error {
				return guests.Put(tx, fmt.Sprint("filler ", i), guest{strings.Repeat("x", 1<<16), i})
			})
		}
		k.write(t, canary)
		wait(store.SnapshotAfter + 10*time.Millisecond) // in the first rest of the copy
		if got := files(t, k.path); len(got) != 2 || !k.copied().IsZero() {
			t.Fatalf("the test proves nothing: %v", got)
		}
		erase(t, k, canary)
		if !k.copied().IsZero() {
			t.Error("a copy of what was erased was finished")
		}
		wait(3 * store.SnapshotAfter)
		if data, err := os.ReadFile(store.Good(k.path)); err != nil || bytes.Contains(data, []byte(canary)) || k.failures != nil {
			t.Errorf("the new copy is missing, or has it still: %v, %v", err, k.failures)
		}
	})
}

func erase(t *testing.T, k *keeper, name string) {
	t.Helper()
	update(t, k.DB, func(tx *store.Tx) error { return errors.Join(store.Erasing(tx), guests.Delete(tx, name)) })
	if err := k.Tidy(); err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t, k.path) {
		if data, _ := os.ReadFile(k.path[:len(k.path)-len("castellan.db")] + path); bytes.Contains(data, []byte(name)) && !strings.HasSuffix(path, ".new") {
			t.Errorf("%s still has what was erased", path)
		}
	}
}

// A stop does not wait for a copy.
func TestAStopEndsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		for i := range 200 {
			update(t, k.DB, func(tx *store.Tx) error {
				return guests.Put(tx, fmt.Sprint("filler ", i), guest{strings.Repeat("x", 1<<16), i})
			})
		}
		ctx, stop := context.WithCancel(t.Context())
		made := make(chan error, 1)
		go func() { made <- k.Snapshot(ctx) }()
		wait(30 * time.Millisecond)
		begun := time.Now()
		stop()
		if err := <-made; !errors.Is(err, context.Canceled) || time.Since(begun) > 100*time.Millisecond {
			t.Errorf("got %v after %s", err, time.Since(begun))
		}
		if got := files(t, k.path); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
	})
}
