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

const (
	// SnapshotEvery is how often a copy is made at most.
	SnapshotEvery = 24 * time.Hour
	// SnapshotAfter is how long after a change: the disk is awake then, and whatever belongs to the change is done.
	SnapshotAfter = time.Minute
	// SnapshotMost is the largest database of which copies are made.
	SnapshotMost = 256 << 20
	// snapshotAgain is when a copy that could not be made is tried again.
	snapshotAgain = time.Hour
	// A copy is written piece by piece with a rest after each, so that a small box goes on answering meanwhile.
	snapshotPiece = 1 << 20
	snapshotRest  = 25 * time.Millisecond
)

var (
	errTooLarge = errors.New("the database is too large")
	errNoRoom   = errors.New("there is too little room on the disk")
	errOverrun  = errors.New("something else goes first")
)

// Keeping says how copies of a database are kept.
type Keeping struct {
	// Verify checks a file in a process of its own.
	Verify func(path string) error
	// Worth says whether the database is worth a copy as it is.
	Worth func(*Tx) (bool, error)
	// Free returns how many bytes the disk has left.
	Free func() (uint64, error)
	// Now is trusted time.
	Now func() time.Time
}

// snapshotRecord says when the newest copy was made, in the database and in the copy.
type snapshotRecord struct {
	Taken time.Time `json:"taken"`
}

var snapshots = NewTable[snapshotRecord]("snapshot")

const snapshotKey = "newest"

// Keep has Run keep a copy of the database. It is called before the database is used.
func (db *DB) Keep(k Keeping) {
	db.keeping = k
	db.written, db.hurry = make(chan struct{}, 1), make(chan struct{}, 1)
}

// wrote tells Run that the disk is awake.
func (db *DB) wrote() {
	select {
	case db.written <- struct{}{}:
	default:
	}
}

// dueSnapshot makes a copy if the newest one is old enough.
func (db *DB) dueSnapshot(ctx context.Context) error {
	due := false
	err := db.View(func(tx *Tx) error {
		s, found, err := snapshots.Get(tx, snapshotKey)
		if err != nil {
			return err
		}
		age := db.keeping.Now().Sub(s.Taken)
		if due = !found || age < 0 || age >= SnapshotEvery; due {
			due, err = db.keeping.Worth(tx)
		}
		return err
	})
	if err != nil || !due {
		return err
	}
	if err = db.Snapshot(ctx); errors.Is(err, errOverrun) {
		db.wrote() // it comes with the next minute
		return nil
	}
	return err
}

// Snapshot makes a copy of the database beside it, checks it, and only then lets it take the place of the copy before.
// What is erased meanwhile ends it: no copy keeps what Tidy takes out of the database.
func (db *DB) Snapshot(ctx context.Context) error {
	erased := db.erased.Load()
	fresh, now := db.path+takingSuffix, db.keeping.Now()
	defer func() { _ = os.Remove(fresh) }()
	if err := db.copyTo(ctx, fresh); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	mark := func(tx *Tx) error { return snapshots.Put(tx, snapshotKey, snapshotRecord{now}) }
	if err := amend(fresh, mark); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	if err := db.keeping.Verify(fresh); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	if err := db.adopt(fresh, erased); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	return db.Update(mark)
}

// copyTo writes the database as it is now into a new file, where there is room for it.
func (db *DB) copyTo(ctx context.Context, path string) error {
	db.swap.RLock()
	defer db.swap.RUnlock()
	return db.bolt.View(func(tx *bolt.Tx) error {
		free, err := db.keeping.Free()
		switch size := tx.Size(); {
		case err != nil:
			return err
		case size > SnapshotMost:
			return errTooLarge
		case free < 2*uint64(size):
			return errNoRoom
		}
		if err := os.RemoveAll(path); err != nil { // what a power cut left
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if _, err = tx.WriteTo(&gently{ctx: ctx, db: db, to: f}); err == nil {
			err = f.Sync()
		}
		return errors.Join(err, f.Close())
	})
}

// gently writes with rests, and stops when the context ends or when the file is to be replaced: everybody waits for that.
type gently struct {
	ctx  context.Context
	db   *DB
	to   *os.File
	done int
}

// Write writes to the file.
func (g *gently) Write(p []byte) (int, error) {
	if g.done += len(p); g.done >= snapshotPiece {
		g.done = 0
		select {
		case <-g.ctx.Done():
		case <-g.db.hurry:
		case <-time.After(snapshotRest):
		}
	}
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	if g.db.urgent.Load() > 0 {
		return 0, errOverrun
	}
	return g.to.Write(p)
}

// adopt makes a finished copy the newest good one, unless something was erased since it was begun.
func (db *DB) adopt(path string, erased uint64) error {
	db.shelf.Lock()
	defer db.shelf.Unlock()
	if db.erased.Load() != erased {
		return errOverrun
	}
	if err := os.Rename(path, db.path+goodSuffix); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(db.path))
}

// discard removes every copy of what the database once was.
func (db *DB) discard() error {
	db.shelf.Lock()
	defer db.shelf.Unlock()
	db.erased.Add(1)
	paths, err := filepath.Glob(escaped(db.path+damagedSuffix) + "*")
	for _, suffix := range []string{goodSuffix, takingSuffix, mendingSuffix} {
		paths = append(paths, db.path+suffix)
	}
	for _, path := range paths {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err == nil {
		err = atomicfile.SyncDir(filepath.Dir(db.path))
	}
	if err != nil {
		return fmt.Errorf("discard copies of the database: %w", err)
	}
	return nil
}
