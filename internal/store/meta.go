package store

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// What the ladder reads of a file by itself, before bbolt touches it. bbolt v1.5.0 has two meta pages, 0 and 1
// (internal/common/meta.go); each commit writes the one that the commit before it did not, so the older one leads to the
// tree as it was one commit ago. Pages of that tree are used again only by the commit after the next.
const (
	metaMagic   = 0xed0cdaed
	metaVersion = 2
	// checkedFrom is where the meta begins in its page, behind the page's own header, and checkedTo where its checksum stands.
	checkedFrom, checkedTo = 16, 72
	freelistFlag           = 0x10
	noFreelist             = ^uint64(0)
	// manyPages in the short count of a freelist says that the real count is its first entry.
	manyPages = 0xffff
)

// meta says where a commit's tree is.
type meta struct {
	valid                      bool // its checksum is right
	root, freelist, high, txid uint64
}

// parseMeta reads a meta page, of which it needs the first 80 bytes.
func parseMeta(page []byte) (m meta) {
	if len(page) < checkedTo+8 {
		return m
	}
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(page[at:]) }
	half := func(at int) uint32 { return binary.NativeEndian.Uint32(page[at:]) }
	sum := fnv.New64a()
	_, _ = sum.Write(page[checkedFrom:checkedTo])
	m.valid = half(16) == metaMagic && half(20) == metaVersion && half(24) == pageSize && word(checkedTo) == sum.Sum64()
	m.root, m.freelist, m.high, m.txid = word(32), word(48), word(56), word(64)
	return m
}

// metas are both of a file.
type metas [2]meta

// readMetas reads both. What cannot be read is not valid.
func readMetas(f io.ReaderAt) (all metas) {
	for i := range all {
		page := make([]byte, checkedTo+8)
		n, _ := f.ReadAt(page, int64(i)*pageSize)
		all[i] = parseMeta(page[:n])
	}
	return all
}

// count returns how many are valid.
func (all metas) count() (n int) {
	for _, m := range all {
		if m.valid {
			n++
		}
	}
	return n
}

// newest returns the page of the commit that a file opens with, or -1.
func (all metas) newest() int {
	switch a, b := all[0], all[1]; {
	case a.valid && (!b.valid || a.txid > b.txid):
		return 0
	case b.valid:
		return 1
	default:
		return -1
	}
}

// sane looks whether a file of a size can hold what its meta says, where bbolt would read beyond its end.
func (m meta) sane(size int64) error {
	if m.high < 4 || m.high > uint64(size)/pageSize {
		return fmt.Errorf("it has %d bytes of %d pages", size, m.high)
	}
	if m.root < 2 || m.root >= m.high {
		return fmt.Errorf("its root would be page %d of %d", m.root, m.high)
	}
	return nil
}

// inspect looks whether a file can be what its newest meta says, and whether bbolt can read it without harm.
func inspect(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	all := readMetas(f)
	newest := all.newest()
	if newest < 0 {
		return fmt.Errorf("%w: neither of its first two pages says where its records are", ErrDamaged)
	}
	if err := all[newest].sane(info.Size()); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	pages := shape{f: f, high: all[newest].high, seen: make([]bool, all[newest].high)}
	if err := pages.free(all[newest].freelist); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := pages.walk(all[newest].root, nil, bucketFlag); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// Halved reports whether one of the two meta pages of a database is not valid. Such a file opens, but a commit
// that was acknowledged may be missing from it.
func Halved(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("look at database: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readMetas(f).count() == 1, nil
}
