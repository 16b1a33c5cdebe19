// Package store keeps the records of the house in one bbolt file: typed tables, transactions, and the
// steps from one schema to the next. It knows no feature; each room declares its own tables.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"castellan/internal/atomicfile"
	"castellan/internal/fault"
)

// The ways in which a database may not open. None of them ever means that the box is new.
var (
	ErrMissing = errors.New("the database is missing")
	ErrDamaged = errors.New("the database is damaged")
	ErrLocked  = errors.New("another process has the database open")
	ErrNewer   = errors.New("the database was written by a newer version")
)

// ErrUnwritable says that a change could not be brought to the disk, so it did not happen.
var ErrUnwritable = &fault.Error{
	Kind: fault.Unavailable, Code: "storage_unwritable",
	Message: "The NAS cannot write to its database. The disk may be full or read-only. Nothing was changed.",
}

const (
	// lockPatience is how long Open waits for another process to let go of the file.
	lockPatience = time.Second
	// pageSize is fixed so that a file made under a kernel with large pages stays small and portable.
	pageSize = 4096
	// mapSize lets readers go on while the file grows: a growing map waits for every reader.
	mapSize = 16 << 20
	// growBy is how much the file grows at a time.
	growBy = 1 << 20
)

// DB is an open database.
type DB struct {
	path string
	// swap is held shared by transactions and exclusively while Compact replaces the file.
	swap sync.RWMutex
	bolt *bolt.DB
	memo memo
	tidy sync.Mutex // held by Tidy

	keeping Keeping
	written chan struct{} // a change reached the disk; nil: no copies are kept
	urgent  atomic.Int32  // how many wait for swap to replace or close the file
	hurry   chan struct{} // wakes a copy that rests while they wait
	shelf   sync.Mutex    // held while copies change their names or go
	erased  atomic.Uint64 // how often copies were discarded

	took func(time.Duration) // see Watch; nil: nobody wants to know
}

// Create makes a new database at path.
func Create(path string) (*DB, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create database %q: %w", path, fs.ErrExist)
	}
	db, err := open(path, nil)
	if err != nil {
		return nil, err
	}
	return db, atomicfile.SyncDir(filepath.Dir(path))
}

// Open opens the database at path and brings its schema up to date by steps. Whatever is wrong with the file
// comes back as one of the errors above; an error of a step comes back as it is, and the file stays as it was
// before that step.
func Open(path string, steps ...Step) (*DB, error) {
	if err := look(path); err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	return open(path, steps)
}

// look finds out whether there is a file that may be a database. bbolt would take an empty one for a new database, and
// wait at a pipe.
func look(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrMissing
	case failed(err):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is no file", ErrDamaged)
	case info.Size() == 0:
		return fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	return nil
}

func open(path string, steps []Step) (*DB, error) {
	b, err := openFile(path, false)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, bolt: b}
	if err := db.migrate(steps); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	return db, nil
}

func openFile(path string, readOnly bool) (b *bolt.DB, err error) {
	defer func() {
		// bbolt panics on some damaged files (v1.5.0, freelist.go).
		if p := recover(); p != nil {
			err = fmt.Errorf("open database %q: %w: %v", path, ErrDamaged, p)
		}
	}()
	b, err = bolt.Open(path, 0o600, &bolt.Options{
		Timeout:         lockPatience,
		PageSize:        pageSize,
		FreelistType:    bolt.FreelistArrayType,
		InitialMmapSize: mapSize,
		ReadOnly:        readOnly,
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("open database %q: %w", path, ErrLocked)
	case failed(err):
		return nil, fmt.Errorf("open database: %w", err)
	case err != nil:
		return nil, fmt.Errorf("open database %q: %w: %w", path, ErrDamaged, err)
	}
	b.AllocSize = growBy
	return b, nil
}

// failed reports whether an error is the system's and says nothing about what is in the file. A file that
// the disk cannot read is damaged, and so is a name that leads nowhere.
func failed(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && errno != syscall.EIO && errno != syscall.ELOOP
}

// mostProblems is how many problems of a file are counted before the rest is left alone: pages that refer to each other
// in a circle have no end of them.
const mostProblems = 1000

// Verify reads every page of the database at path and reports what is wrong with it. A damaged file can
// end the process that reads it with a signal, so the daemon runs Verify in a process of its own.
func Verify(path string) (err error) {
	if err := verifyShape(path); err != nil {
		return fmt.Errorf("check database %q: %w", path, err)
	}
	b, err := openFile(path, true)
	if err != nil {
		return err
	}
	defer func() {
		_ = b.Close()
		if p := recover(); p != nil {
			err = fmt.Errorf("check database %q: %w: %v", path, ErrDamaged, p)
		}
	}()
	return b.View(func(tx *bolt.Tx) error {
		var first error
		count := 0
		for problem := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("check database %q: %w: %w", path, ErrDamaged, problem)
			}
			if count++; count == mostProblems {
				break // what goes on checking waits for ever to tell the next, and reads nothing
			}
		}
		return first
	})
}

// verifyShape looks at what bbolt would believe. A file that another process writes is left to bbolt, which says so.
func verifyShape(path string) error {
	if err := look(path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	return inspect(f)
}

// Close ends the database after the running transactions.
func (db *DB) Close() error {
	defer db.alone()()
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// alone takes the file for whoever replaces or closes it, until the function that it returns is called. A copy that is
// being made gives way.
func (db *DB) alone() (done func()) {
	db.urgent.Add(1)
	select {
	case db.hurry <- struct{}{}:
	default:
	}
	db.swap.Lock()
	return func() {
		db.swap.Unlock()
		db.urgent.Add(-1)
	}
}

// View runs a transaction that only reads.
func (db *DB) View(read func(*Tx) error) error {
	db.swap.RLock()
	defer db.swap.RUnlock()
	return db.bolt.View(func(tx *bolt.Tx) error { return read(&Tx{bolt: tx, memo: &db.memo}) })
}

// Update runs a transaction that writes. What change did is on the disk when Update returns nil, and
// forgotten when it returns an error: the error of change as it is, or ErrUnwritable.
func (db *DB) Update(change func(*Tx) error) error {
	db.swap.RLock()
	defer db.swap.RUnlock()
	var refused error
	t := &Tx{memo: &db.memo}
	err := db.bolt.Update(func(tx *bolt.Tx) error {
		t.bolt = tx
		changed, kept := db.watched(t), false
		defer func() {
			if !kept { // refused, or it panicked
				t.abort() // before the next writer begins
			}
		}()
		refused = change(t)
		changed()
		kept = refused == nil
		return refused
	})
	if err != nil && refused == nil {
		t.abort() // the next writer may have begun: it sees for a moment what did not happen
		return ErrUnwritable.Because(err)
	}
	if err == nil {
		db.wrote()
	}
	return err
}

// Tx is a transaction. It is valid inside View or Update only.
type Tx struct {
	bolt *bolt.Tx
	memo *memo
	undo []func()
}

// OnCommit runs f after the transaction has reached the disk, and never if it does not. Whatever is kept
// in memory beside the database changes in such a function.
func (tx *Tx) OnCommit(f func()) { tx.bolt.OnCommit(f) }

// OnAbort runs f if the transaction does not reach the disk. It takes back what later transactions have to see at once, and what
// therefore cannot wait for OnCommit: that runs after the next writer may have begun.
func (tx *Tx) OnAbort(f func()) { tx.undo = append(tx.undo, f) }

func (tx *Tx) abort() {
	for _, f := range tx.undo {
		f()
	}
}
