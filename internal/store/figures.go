package store

import (
	"fmt"
	"os"
	"time"
)

// Size is how large the database is.
type Size struct {
	File int64 // bytes on the disk
	Free int64 // bytes of it that hold nothing and are used before the file grows
}

// Size returns how large the database is. It reads no page.
func (db *DB) Size() (Size, error) {
	db.swap.RLock()
	defer db.swap.RUnlock()
	info, err := os.Stat(db.path)
	if err != nil {
		return Size{}, fmt.Errorf("look at database %q: %w", db.path, err)
	}
	s := db.bolt.Stats()
	return Size{File: info.Size(), Free: int64(s.FreePageN+s.PendingPageN) * pageSize}, nil
}

// Watch has every commit told by how long it took, from the end of the change to the moment it was on the disk. took must not
// block, nor use the database. Watch is called before anybody else uses the database.
func (db *DB) Watch(took func(time.Duration)) { db.took = took }

// watched has the commit of a transaction measured, and returns what is to be called where its change ends.
func (db *DB) watched(tx *Tx) (changed func()) {
	if db.took == nil {
		return func() {}
	}
	var began time.Time
	tx.OnCommit(func() { db.took(time.Since(began)) }) // the first of those that run at the commit
	return func() { began = time.Now() }
}
