package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"castellan/internal/atomicfile"
	"castellan/internal/secret"
)

// How a database was brought back, from the least that is lost to the most.
const (
	// SteppedBack leaves out the last commit, or found it missing.
	SteppedBack = "stepped_back"
	// Restored takes the copy that Snapshot made.
	Restored = "restored"
)

// Mending says how a database was brought back. It stands in the file, so that a power cut cannot hide it.
type Mending struct {
	How   string    // SteppedBack or Restored
	Why   string    // what was the matter, in a word that ends a sentence: "damaged" or "missing"
	Taken time.Time // when the copy was made, trusted time; of Restored only
	Told  time.Time // when it was recorded; zero: that is still to be done
}

type mendRecord struct {
	How   string    `json:"how"`
	Why   string    `json:"why"`
	Taken time.Time `json:"taken,omitzero"`
	Told  time.Time `json:"told,omitzero"`
}

var mendings = NewTable[mendRecord]("mending")

const mendKey = "last"

// LastMending returns how the database was brought back lately, and whether it ever was.
func LastMending(tx *Tx) (Mending, bool, error) {
	r, found, err := mendings.Get(tx, mendKey)
	return Mending(r), found, err
}

// PutMending replaces it.
func PutMending(tx *Tx, m Mending) error { return mendings.Put(tx, mendKey, mendRecord(m)) }

// Ladder brings a damaged or missing database back, by the way that loses least.
type Ladder struct {
	Path string
	// Verify checks a file in a process of its own.
	Verify func(path string) error
	// Fit says whether what is in a file may serve here. It gets only files that Verify passed.
	Fit func(*Tx) error
}

// The names of what lies beside a database.
const (
	goodSuffix    = ".good"     // the newest good copy, see Good
	takingSuffix  = ".good.new" // one that is being made
	mendingSuffix = ".mending"  // what is to take the place of a damaged database
	damagedSuffix = ".damaged-" // the newest damaged one, put aside
)

// Good returns where the newest good copy of a database lies, if there is one.
func Good(path string) string { return path + goodSuffix }

// Mend goes down the ladder: one commit back, then the newest good copy. Each is made ready and checked
// beside the database before it takes its place, so that there is no moment without one; the damaged file is put aside,
// the newest of them only. The error is ErrLocked when another process has the database, and ErrDamaged with all
// reasons when nothing helps: then nothing was changed.
func (l Ladder) Mend() (Mending, error) {
	m, free, all, err := l.take()
	if err != nil {
		return Mending{}, fmt.Errorf("mend database %q: %w", l.Path, err)
	}
	defer free()
	m.How = SteppedBack
	back := errors.New("no page says where its records are")
	if all.count() > 0 {
		back = l.ready(l.Path, all.back(), &m)
	}
	if back == nil {
		return m, l.swap()
	}
	good := back
	if !passing(back) { // what goes by must not cost more than it has to
		m.How = Restored
		if good = l.ready(l.Path+goodSuffix, nil, &m); good == nil {
			return m, l.swap()
		}
	}
	_ = os.Remove(l.Path + mendingSuffix)
	switch {
	case errors.Is(good, errUnknown):
		return Mending{}, fmt.Errorf("mend database %q: %w", l.Path, good)
	default:
		return Mending{}, fmt.Errorf("mend database %q: %w. One commit back: %w. The last good copy: %w", l.Path, ErrDamaged, back, good)
	}
}

// errUnknown says that a check came to no end, so that nothing is known about a file.
var errUnknown = errors.New("a copy could not be checked")

// passing reports whether an error says nothing about the file.
func passing(err error) bool { return errors.Is(err, errUnknown) || errors.Is(err, syscall.ENOSPC) }

// take keeps other processes off the database, and reads where its records are, until free is called.
func (l Ladder) take() (m Mending, free func(), all metas, err error) {
	m, free = Mending{Why: "damaged"}, func() {}
	info, err := os.Stat(l.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.Why = "missing"
		return m, free, all, nil
	case failed(err):
		return m, free, all, err
	case err != nil, !info.Mode().IsRegular(): // there is nothing in it to go back to
		return m, free, all, nil //nolint:nilerr // what cannot be read is damaged, which is said already
	}
	f, err := os.Open(l.Path)
	if err != nil {
		return m, free, all, err
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return m, free, all, err
	}
	return m, func() { _ = f.Close() }, readMetas(f), nil
}

// lock takes the file as bbolt would to write it. It is let go when f is closed.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return nil // a file system without locks has none that anybody could hold
}

// back returns what makes a copy open one commit earlier: its newest meta is made invalid. A file with one meta is
// there already.
func (all metas) back() func(*os.File) error {
	if all.count() < 2 {
		return nil
	}
	return func(f *os.File) error {
		at := int64(all.newest())*pageSize + checkedTo
		var sum [1]byte
		if _, err := f.ReadAt(sum[:], at); err != nil {
			return err
		}
		_, err := f.WriteAt([]byte{^sum[0]}, at)
		return err
	}
}

// ready makes a copy that may take the database's place, with the note of how it came there in it.
func (l Ladder) ready(from string, change func(*os.File) error, m *Mending) error {
	path := l.Path + mendingSuffix
	if err := copyFile(from, path, change); err != nil {
		return err
	}
	switch err := l.Verify(path); {
	case errors.Is(err, ErrDamaged):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	err := amend(path, func(tx *Tx) error {
		if have, err := version(tx); err != nil || have < 1 || have > Schema {
			return errors.Join(err, fmt.Errorf("its records have version %d", have))
		}
		if err := l.Fit(tx); err != nil {
			return err
		}
		if m.How == Restored {
			s, _, err := snapshots.Get(tx, snapshotKey)
			if err != nil {
				return err
			}
			m.Taken = s.Taken
		}
		return PutMending(tx, *m)
	})
	// The commit took the place of the meta that is not valid, but for a copy, which has its metas in another order.
	for halved := true; err == nil && halved; {
		if halved, err = Halved(path); err == nil && halved {
			err = amend(path, func(tx *Tx) error { return PutMending(tx, *m) })
		}
	}
	return err
}

// amend changes a file that was verified and is not in use.
func amend(path string, change func(*Tx) error) error {
	b, err := openFile(path, false)
	if err != nil {
		return err
	}
	db := &DB{path: path, bolt: b}
	return errors.Join(db.Update(change), db.Close())
}

// copyFile copies a file to a new one and puts that on the disk. change, where there is one, has the last word about
// what is in it.
func copyFile(from, to string, change func(*os.File) error) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	if info, err := source.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("copy %q: it is no file", from))
	}
	if err := os.RemoveAll(to); err != nil { // what a power cut left
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(to)
		}
	}()
	if _, err := io.Copy(f, source); err != nil {
		return err
	}
	if change != nil {
		if err := change(f); err != nil {
			return err
		}
	}
	return f.Sync()
}

// swap puts the database aside under a second name and then what is ready in its place.
func (l Ladder) swap() error {
	folder := filepath.Dir(l.Path)
	old, err := filepath.Glob(escaped(l.Path+damagedSuffix) + "*")
	if err != nil {
		return fmt.Errorf("put aside database: %w", err)
	}
	if _, err := os.Lstat(l.Path); err == nil {
		if err := aside(l.Path, l.Path+damagedSuffix+secret.ID()[:8]); err != nil {
			return fmt.Errorf("put aside database: %w", err)
		}
		for _, path := range old {
			_ = os.RemoveAll(path)
		}
	}
	if err := atomicfile.SyncDir(folder); err != nil {
		return err
	}
	if err := os.Rename(l.Path+mendingSuffix, l.Path); err != nil {
		return fmt.Errorf("put back database: %w", err)
	}
	return atomicfile.SyncDir(folder)
}

// aside gives a file a second name. Where the file system has no second names it is copied, and what is no
// file at all is moved.
func aside(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	if info, err := os.Stat(from); err == nil && info.Mode().IsRegular() {
		return copyFile(from, to, nil)
	}
	return os.Rename(from, to)
}

// escaped returns a path as a pattern that matches it alone.
func escaped(path string) string {
	var b []byte
	for _, c := range []byte(path) {
		switch c {
		case '*', '?', '[', '\\':
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}
