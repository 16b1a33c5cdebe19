package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The pages of bbolt v1.5.0 (internal/common/page.go). bbolt believes their lengths and numbers: it would read where no
// file is, or count pages until the memory is full. So they are looked at with ordinary reads first.
const (
	pageHead    = 16 // id, flags, count, overflow
	elementSize = 16 // of a branch: pos, key size, page; of a leaf: flags, pos, key size, value size
	branchFlag  = 0x01
	leafFlag    = 0x02
	bucketFlag  = 0x01 // of a leaf's element: its value is a bucket
	bucketHead  = 16   // root and sequence; a root of 0 says that its only page follows
)

var errBounds = errors.New("an entry leads out of its page")

// shape walks the pages that a commit leads to.
type shape struct {
	f    io.ReaderAt
	high uint64
	seen []bool
}

// walk looks at a page and at those below it. Each page is there once, so it comes to an end.
func (s *shape) walk(id uint64) error {
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
	for i := id; i <= id+overflow; i++ {
		if s.seen[i] {
			return fmt.Errorf("page %d has two places", i)
		}
		s.seen[i] = true
	}
	page := make([]byte, (overflow+1)*pageSize)
	if _, err := s.f.ReadAt(page, int64(id)*pageSize); err != nil {
		return fmt.Errorf("read page %d: %w", id, err)
	}
	if err := s.entries(page); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// entries looks at what is on a page, or on that of a small bucket, which lies in the value of another one's entry.
func (s *shape) entries(page []byte) error {
	if len(page) < pageHead {
		return errBounds
	}
	flags, count := binary.NativeEndian.Uint16(page[8:]), int(binary.NativeEndian.Uint16(page[10:]))
	if pageHead+count*elementSize > len(page) {
		return errBounds
	}
	for i := range count {
		at := pageHead + i*elementSize
		half := func(n int) uint64 { return uint64(binary.NativeEndian.Uint32(page[at+4*n:])) }
		var err error
		switch flags {
		case branchFlag:
			if uint64(at)+half(0)+half(1) > uint64(len(page)) {
				return errBounds
			}
			err = s.walk(binary.NativeEndian.Uint64(page[at+8:]))
		case leafFlag:
			value := uint64(at) + half(1) + half(2)
			if value+half(3) > uint64(len(page)) {
				return errBounds
			}
			if half(0)&bucketFlag != 0 {
				err = s.bucket(page[value : value+half(3)])
			}
		default:
			err = fmt.Errorf("it is of no sort: %#x", flags)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket looks at what the value of an entry leads to.
func (s *shape) bucket(value []byte) error {
	if len(value) < bucketHead {
		return errBounds
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return s.walk(root)
	}
	inline := value[bucketHead:]
	if len(inline) < pageHead || binary.NativeEndian.Uint16(inline[8:]) != leafFlag {
		return errBounds
	}
	return s.entries(inline)
}
