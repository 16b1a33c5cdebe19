package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
)

// NewestForTest returns the page of the last commit of a file.
func NewestForTest(data []byte) int { return readMetas(bytes.NewReader(data)).newest() }

// RootForTest returns the page that the last commit leads to.
func RootForTest(data []byte) int {
	all := readMetas(bytes.NewReader(data))
	return int(all[all.newest()].root)
}

// ShapeForTest is the check before bbolt touches a file.
func ShapeForTest(path string) error { return verifyShape(path) }

// MetasForTest makes the first two pages of a file and room for more, with right checksums.
func MetasForTest(txid, root, freelist, high uint64) []byte {
	data := make([]byte, 4*pageSize)
	for i := range uint64(2) {
		page := data[i*pageSize:]
		for at, half := range map[int]uint32{16: metaMagic, 20: metaVersion, 24: pageSize} {
			binary.NativeEndian.PutUint32(page[at:], half)
		}
		for at, word := range map[int]uint64{32: root, 48: freelist, 56: high, 64: txid + i} {
			binary.NativeEndian.PutUint64(page[at:], word)
		}
		sum := fnv.New64a()
		_, _ = sum.Write(page[checkedFrom:checkedTo])
		binary.NativeEndian.PutUint64(page[checkedTo:], sum.Sum64())
	}
	return data
}

// FillForTest leaves no room for a database to grow, as a full disk does; with 0 there is room again.
func (db *DB) FillForTest(size int) { db.bolt.MaxSize = size }
