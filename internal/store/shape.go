package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The pages of bbolt v1.5.0 (internal/common/page.go). bbolt believes their lengths and numbers: it would read where no
// file is, or count pages until the memory is full. So they are looked at with ordinary reads first, and so is what its own
// check leaves out and a commit relies on: a page that is free and further pages of a longer one at once would be given
// out twice; a page is found again in the one above by its first key, and would else stand there twice, once as it was; the
// keys of small buckets have an order, too.
const (
	pageHead    = 16 // id, flags, count, overflow
	elementSize = 16 // of a branch: pos, key size, page; of a leaf: flags, pos, key size, value size
	branchFlag  = 0x01
	leafFlag    = 0x02
	bucketFlag  = 0x01 // of a leaf's element: its value is a bucket, which is a table
	recordFlag  = 0x00 // of a leaf's element: its value is a record
	bucketHead  = 16   // root and sequence; a root of 0 says that its only page follows
)

var (
	errBounds = errors.New("an entry leads out of its page")
	errNoList = errors.New("its list of free pages is none")
	errOrder  = errors.New("its entries are not where they are looked for")
)

// shape looks at the pages that a commit leads to, and counts each once: as free, as a part of the list of those, or in a tree.
type shape struct {
	f    io.ReaderAt
	high uint64
	seen []bool
}

// free reads the list of free pages.
func (s *shape) free(list uint64) error {
	if list == noFreelist {
		return nil
	}
	if list < 2 || list >= s.high {
		return fmt.Errorf("its free pages would be listed on page %d of %d", list, s.high)
	}
	head := make([]byte, pageHead+8)
	if _, err := s.f.ReadAt(head, int64(list)*pageSize); err != nil {
		return fmt.Errorf("read list of free pages: %w", err)
	}
	id, flags := binary.NativeEndian.Uint64(head), binary.NativeEndian.Uint16(head[8:])
	count, overflow := uint64(binary.NativeEndian.Uint16(head[10:])), uint64(binary.NativeEndian.Uint32(head[12:]))
	from := int64(list)*pageSize + pageHead
	if count == manyPages {
		count, from = binary.NativeEndian.Uint64(head[pageHead:]), from+8
	}
	if id != list || flags != freelistFlag || overflow >= s.high-list || count > (overflow+1)*pageSize/8-3 {
		return errNoList
	}
	if err := s.count(list, overflow); err != nil {
		return err
	}
	pages := make([]byte, 8*count)
	if _, err := s.f.ReadAt(pages, from); err != nil {
		return fmt.Errorf("read list of free pages: %w", err)
	}
	for last := uint64(1); len(pages) > 0; pages = pages[8:] {
		id := binary.NativeEndian.Uint64(pages)
		if id <= last || id >= s.high {
			return errNoList
		}
		if err := s.count(id, 0); err != nil {
			return err
		}
		last = id
	}
	return nil
}

// count counts a page and those that go on with it.
func (s *shape) count(id, overflow uint64) error {
	for i := id; i <= id+overflow; i++ {
		if s.seen[i] {
			return fmt.Errorf("page %d has two places", i)
		}
		s.seen[i] = true
	}
	return nil
}

// walk looks at a page and at those below it. Each page is there once, so it comes to an end. The first key is that by which
// the page above knows it, and nil for the uppermost; sort is what the entries of its leaves are.
func (s *shape) walk(id uint64, first []byte, sort uint64) error {
	if id < 2 || id >= s.high {
		return fmt.Errorf("page %d of %d", id, s.high)
	}
	head := make([]byte, pageHead)
	if _, err := s.f.ReadAt(head, int64(id)*pageSize); err != nil {
		return fmt.Errorf("read page %d: %w", id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(head[12:]))
	if binary.NativeEndian.Uint64(head) != id || overflow >= s.high-id {
		return fmt.Errorf("page %d is another one, or longer than the file", id)
	}
	if err := s.count(id, overflow); err != nil {
		return err
	}
	page := make([]byte, (overflow+1)*pageSize)
	if _, err := s.f.ReadAt(page, int64(id)*pageSize); err != nil {
		return fmt.Errorf("read page %d: %w", id, err)
	}
	if err := s.entries(page, first, sort); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// entries looks at what is on a page, or on that of a small bucket, which lies in the value of another one's entry.
func (s *shape) entries(page, first []byte, sort uint64) error {
	if len(page) < pageHead {
		return errBounds
	}
	flags, count := binary.NativeEndian.Uint16(page[8:]), int(binary.NativeEndian.Uint16(page[10:]))
	if flags != branchFlag && flags != leafFlag {
		return fmt.Errorf("it is of no sort: %#x", flags)
	}
	if pageHead+count*elementSize > len(page) {
		return errBounds
	}
	if count == 0 && (flags == branchFlag || first != nil) {
		return errOrder
	}
	var last []byte
	for i := range count {
		entry := s.record
		if flags == branchFlag {
			entry = s.branch
		}
		key, err := entry(page, pageHead+i*elementSize, sort)
		switch {
		case err != nil:
			return err
		case bytes.Compare(last, key) >= 0, i == 0 && first != nil && !bytes.Equal(first, key): // an empty one neither
			return errOrder
		}
		last = key
	}
	return nil
}

// branch looks at an entry that leads to a page, and at all below it.
func (s *shape) branch(page []byte, at int, sort uint64) (key []byte, err error) {
	from := uint64(at) + uint64(binary.NativeEndian.Uint32(page[at:]))
	to := from + uint64(binary.NativeEndian.Uint32(page[at+4:]))
	if to > uint64(len(page)) || to == from {
		return nil, errBounds
	}
	return page[from:to], s.walk(binary.NativeEndian.Uint64(page[at+8:]), page[from:to], sort)
}

// record looks at an entry that is a table or a record of one.
func (s *shape) record(page []byte, at int, sort uint64) (key []byte, err error) {
	half := func(n int) uint64 { return uint64(binary.NativeEndian.Uint32(page[at+4*n:])) }
	from := uint64(at) + half(1)
	value := from + half(2)
	if value+half(3) > uint64(len(page)) {
		return nil, errBounds
	}
	if half(0) != sort {
		return nil, fmt.Errorf("an entry of sort %#x", half(0))
	}
	if sort == bucketFlag {
		err = s.bucket(page[value : value+half(3)])
	}
	return page[from:value], err
}

// bucket looks at what the value of an entry leads to. In a table there are no tables.
func (s *shape) bucket(value []byte) error {
	if len(value) < bucketHead {
		return errBounds
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return s.walk(root, nil, recordFlag)
	}
	inline := value[bucketHead:]
	if len(inline) < pageHead || binary.NativeEndian.Uint16(inline[8:]) != leafFlag {
		return errBounds
	}
	return s.entries(inline, nil, recordFlag)
}
