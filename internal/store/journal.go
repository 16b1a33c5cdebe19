package store

import (
	"encoding/binary"
	"fmt"
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
		record, err := j.table.decode(k, v)
		if err != nil {
			return err
		}
		if err := visit(binary.BigEndian.Uint64(k), record); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// Empty deletes every record. The numbers go on where they were.
func (j Journal[R]) Empty(tx *Tx) error {
	_, newest := j.Bounds(tx)
	return j.Trim(tx, newest)
}
