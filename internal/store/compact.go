package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"castellan/internal/atomicfile"
)

// tidying is how often a compaction that failed is tried again.
const tidying = time.Hour

// erasure stands while deleted records may still be readable in the file.
type erasure struct {
	Pending bool `json:"pending"`
}

var erasures = NewTable[erasure]("erasure")

const erasureKey = "pending"

// Erasing notes that what this transaction or the next one deletes has to be gone from the file. The caller
// calls Tidy afterwards; what that cannot do is done by Run, also after a restart.
func Erasing(tx *Tx) error { return erasures.Put(tx, erasureKey, erasure{true}) }

// Tidy compacts the file if something has to be gone from it. The copies beside it go as well: they have it, too. The
// next change that is a minute old brings a new one.
func (db *DB) Tidy() error {
	db.tidy.Lock() // whoever comes second finds nothing left to do
	defer db.tidy.Unlock()
	pending := false
	if err := db.View(func(tx *Tx) (err error) { _, pending, err = erasures.Get(tx, erasureKey); return err }); err != nil || !pending {
		return err
	}
	if err := errors.Join(db.Compact(), db.discard()); err != nil {
		return err
	}
	return db.Update(func(tx *Tx) error {
		return errors.Join(erasures.Delete(tx, erasureKey), snapshots.Delete(tx, snapshotKey))
	})
}

// Run tries now and every hour to finish what Tidy left, and keeps a copy of the database where Keep was called, until the
// context ends. It tells of failures.
func (db *DB) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(tidying)
	defer tick.Stop()
	attempt := func(do func() error) (ok bool) {
		err := do()
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		return err == nil
	}
	attempt(db.Tidy)
	written, copying, resting := db.written, (<-chan time.Time)(nil), (<-chan time.Time)(nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			attempt(db.Tidy)
		case <-written: // nothing is counted while a copy is waited for
			written, copying = nil, time.After(SnapshotAfter)
		case <-copying:
			written, copying = db.written, nil
			if !attempt(func() error { return db.dueSnapshot(ctx) }) {
				written, resting = nil, time.After(snapshotAgain)
			}
		case <-resting: // the next change wakes the disk, not this
			written, resting = db.written, nil
		}
	}
}

// Compact rewrites the file without its free pages. Deleted records stay readable in free pages until
// then, so what must be gone is gone only after Compact. Transactions wait meanwhile; when anything fails the
// old file stays in use.
func (db *DB) Compact() error {
	defer db.alone()()
	fresh := db.path + ".compact"
	b, err := replacement(db.bolt, fresh)
	if err != nil {
		_ = os.Remove(fresh)
		return fmt.Errorf("compact database: %w", err)
	}
	// It is open before it takes the place of the old one: there is no moment without a database.
	if err := os.Rename(fresh, db.path); err != nil {
		_ = b.Close()
		_ = os.Remove(fresh)
		return fmt.Errorf("compact database: %w", err)
	}
	old := db.bolt
	db.bolt = b
	if err := old.Close(); err != nil {
		return fmt.Errorf("compact database: %w", err)
	}
	if err := atomicfile.SyncDir(filepath.Dir(db.path)); err != nil {
		return fmt.Errorf("compact database: %w", err)
	}
	return nil
}

// replacement writes the live records of a database into a new, synced and checked file, and opens it.
func replacement(from *bolt.DB, path string) (*bolt.DB, error) {
	_ = os.Remove(path) // what a power cut left
	to, err := openFile(path, false)
	if err != nil {
		return nil, err
	}
	if err := bolt.Compact(to, from, growBy); err != nil {
		_ = to.Close()
		return nil, err
	}
	if err := to.Sync(); err != nil {
		_ = to.Close()
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	if err := Verify(path); err != nil {
		return nil, err
	}
	return openFile(path, false)
}
