package store

import (
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"castellan/internal/atomicfile"
)

// Compact rewrites the file without its free pages. Deleted records stay readable in free pages until
// then, so what must be gone is gone only after Compact. Transactions wait meanwhile; the old file
// stays in place when anything fails.
func (db *DB) Compact() error {
	db.swap.Lock()
	defer db.swap.Unlock()
	fresh := db.path + ".compact"
	if err := copyLive(db.bolt, fresh); err != nil {
		_ = os.Remove(fresh)
		return fmt.Errorf("compact database: %w", err)
	}
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("compact database: %w", err)
	}
	swapErr := os.Rename(fresh, db.path)
	if swapErr == nil {
		swapErr = atomicfile.SyncDir(filepath.Dir(db.path))
	}
	b, err := openFile(db.path, false)
	if err != nil {
		return err
	}
	db.bolt = b
	if swapErr != nil {
		return fmt.Errorf("compact database: %w", swapErr)
	}
	return nil
}

// copyLive writes the live records of from into a new, checked and synced file.
func copyLive(from *bolt.DB, path string) error {
	_ = os.Remove(path) // what a power cut left
	to, err := openFile(path, false)
	if err != nil {
		return err
	}
	if err := bolt.Compact(to, from, growBy); err != nil {
		_ = to.Close()
		return err
	}
	if err := to.Sync(); err != nil {
		_ = to.Close()
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return Verify(path)
}
