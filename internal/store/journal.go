package store

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Add appends the record that of makes for its number, and returns both.
func (j Journal[R]) Add(tx *Tx, of func(n uint64) R) (n uint64, record R, err error) {
	b, err := tx.bolt.CreateBucketIfNotExists(j.table.name)
	if err != nil {
		return 0, record, fmt.Errorf("make journal %s: %w", j.table.name, err)
	}
	b.FillPercent = 1 // records are only ever added at the end
	if n, err = b.NextSequence(); err != nil {
		return 0, record, fmt.Errorf("number record of %s: %w", j.table.name, err)
	}
	record = of(n)
	return n, record, j.table.put(b, number(n), record)
}

// Get returns the record of a number and whether there is one.
func (j Journal[R]) Get(tx *Tx, n uint64) (record R, found bool, err error) {
	b := tx.bolt.Bucket(j.table.name)
	if b == nil {
		return record, false, nil
	}
	data := b.Get(number(n))
	if data == nil {
		return record, false, nil
	}
	record, err = j.table.decode(number(n), data)
	return record, true, err
}

// Forward calls visit with every record after the number after, the oldest first.
func (j Journal[R]) Forward(tx *Tx, after uint64, visit func(n uint64, record R) error) error {
	b := tx.bolt.Bucket(j.table.name)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, v := c.Seek(number(after + 1)); k != nil; k, v = c.Next() {
		if err := j.visit(k, v, visit); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// Empty deletes every record. The numbers go on where they were.
func (j Journal[R]) Empty(tx *Tx) error { return j.Trim(tx, math.MaxUint64) }

// visit calls a visitor with the record of a key.
func (j Journal[R]) visit(k, v []byte, visit func(n uint64, record R) error) error {
	n, err := j.numberOf(k)
	if err != nil && j.spare != nil {
		return nil
	}
	if err != nil {
		return err
	}
	record, err := j.table.decode(k, v)
	if err != nil && j.spare != nil {
		record, err = *j.spare, nil
	}
	if err != nil {
		return err
	}
	return visit(n, record)
}

// numberOf returns the number that a key is. A damaged page can bring keys of another table.
func (j Journal[R]) numberOf(k []byte) (uint64, error) {
	if len(k) != len(number(0)) {
		return 0, fmt.Errorf("%w: %s has a record %x", ErrDamaged, j.table.name, k)
	}
	return binary.BigEndian.Uint64(k), nil
}
