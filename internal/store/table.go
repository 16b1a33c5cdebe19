package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// Table is a bucket of records of one type, kept as JSON by their keys. Fields may be added to a record
// and are never renamed. A table needs no making: it is there as soon as something was put into it.
type Table[R any] struct{ name []byte }

// NewTable declares the table of a name.
func NewTable[R any](name string) Table[R] { return Table[R]{name: []byte(name)} }

// Get returns the record of a key and whether there is one. What a record points to is shared with other
// readers and must not be changed.
func (t Table[R]) Get(tx *Tx, key string) (record R, found bool, err error) {
	b := tx.bolt.Bucket(t.name)
	if b == nil {
		return record, false, nil
	}
	data := b.Get([]byte(key))
	if data == nil {
		return record, false, nil
	}
	if known, ok := tx.memo.find(t.name, key, data).(R); ok {
		return known, true, nil
	}
	if record, err = t.decode([]byte(key), data); err != nil {
		return record, false, err
	}
	tx.memo.keep(t.name, key, data, record)
	return record, true, nil
}

// Any reports whether there is a record whose key begins with prefix.
func (t Table[R]) Any(tx *Tx, prefix string) bool {
	b := tx.bolt.Bucket(t.name)
	if b == nil {
		return false
	}
	k, _ := b.Cursor().Seek([]byte(prefix))
	return k != nil && strings.HasPrefix(string(k), prefix)
}

// Put stores a record under a key, in place of the one that was there.
func (t Table[R]) Put(tx *Tx, key string, record R) error {
	b, err := tx.bolt.CreateBucketIfNotExists(t.name)
	if err != nil {
		return fmt.Errorf("make table %s: %w", t.name, err)
	}
	return t.put(b, []byte(key), record)
}

func (t Table[R]) put(b *bolt.Bucket, key []byte, record R) error {
	data, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode record %s/%x: %w", t.name, key, err)
	}
	if err := b.Put(key, data); err != nil {
		return fmt.Errorf("store record %s/%x: %w", t.name, key, err)
	}
	return nil
}

// Delete removes the record of a key. It is no error when there is none.
func (t Table[R]) Delete(tx *Tx, key string) error {
	b := tx.bolt.Bucket(t.name)
	if b == nil {
		return nil
	}
	if err := b.Delete([]byte(key)); err != nil {
		return fmt.Errorf("delete record %s/%x: %w", t.name, key, err)
	}
	return nil
}

// ErrStop ends a walk early. The walk then returns nil.
var ErrStop = errors.New("stop")

// Each calls visit with every record whose key is at or after from, in the order of keys.
func (t Table[R]) Each(tx *Tx, from string, visit func(key string, record R) error) error {
	b := tx.bolt.Bucket(t.name)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, v := c.Seek([]byte(from)); k != nil; k, v = c.Next() {
		record, err := t.decode(k, v)
		if err != nil {
			return err
		}
		if err := visit(string(k), record); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// Holding calls visit with the key of every record whose JSON holds part as a text is spelled in it, in the order
// of keys, without decoding any. It is for tables of plain texts, where that is to search them.
func (t Table[R]) Holding(tx *Tx, part string, visit func(key string) error) error {
	b := tx.bolt.Bucket(t.name)
	if b == nil {
		return nil
	}
	spelled, err := json.Marshal(part)
	if err != nil {
		return fmt.Errorf("encode what is searched: %w", err)
	}
	spelled = spelled[1 : len(spelled)-1]
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if !bytes.Contains(v, spelled) {
			continue
		}
		if err := visit(string(k)); err != nil {
			return stopped(err)
		}
	}
	return nil
}

func (t Table[R]) decode(key, data []byte) (record R, err error) {
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("%w: decode record %s/%x: %w", ErrDamaged, t.name, key, err)
	}
	return record, nil
}

func stopped(err error) error {
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// Journal is a table whose keys are consecutive numbers from 1 on.
type Journal[R any] struct {
	table Table[R]
	spare *R // see Or; nil: none
}

// NewJournal declares the journal of a name.
func NewJournal[R any](name string) Journal[R] { return Journal[R]{table: NewTable[R](name)} }

// Or returns the journal whose walks visit spare in place of a record that cannot be read, and pass by what has no number. Without it
// they end there with ErrDamaged.
func (j Journal[R]) Or(spare R) Journal[R] { return Journal[R]{j.table, &spare} }

// Append adds a record and returns its number.
func (j Journal[R]) Append(tx *Tx, record R) (uint64, error) {
	n, _, err := j.Add(tx, func(uint64) R { return record })
	return n, err
}

// Backward calls visit with every record before the number before, the newest first; 0 begins with the
// newest of all.
func (j Journal[R]) Backward(tx *Tx, before uint64, visit func(n uint64, record R) error) error {
	b := tx.bolt.Bucket(j.table.name)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	k, v := c.Last()
	if before != 0 {
		if k, v = c.Seek(number(before)); k == nil {
			k, v = c.Last()
		}
		if n, err := j.numberOf(k); k != nil && err == nil && n >= before {
			k, v = c.Prev()
		}
	}
	for ; k != nil; k, v = c.Prev() {
		if err := j.visit(k, v, visit); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// Bounds returns the numbers of the oldest and the newest record, or zeros. It passes by what a damaged page put among them.
func (j Journal[R]) Bounds(tx *Tx) (oldest, newest uint64) {
	b := tx.bolt.Bucket(j.table.name)
	if b == nil {
		return 0, 0
	}
	first := func(k []byte, next func() ([]byte, []byte)) uint64 {
		for ; k != nil; k, _ = next() {
			if n, err := j.numberOf(k); err == nil {
				return n
			}
		}
		return 0
	}
	c := b.Cursor()
	k, _ := c.First()
	oldest = first(k, c.Next)
	k, _ = c.Last()
	return oldest, first(k, c.Prev)
}

// Trim deletes every record up to and including a number, and what lies before them without one.
func (j Journal[R]) Trim(tx *Tx, upTo uint64) error {
	b := tx.bolt.Bucket(j.table.name)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.First() {
		if n, err := j.numberOf(k); err == nil && n > upTo {
			return nil
		}
		if err := b.Delete(k); err != nil {
			return fmt.Errorf("trim journal %s: %w", j.table.name, err)
		}
	}
	return nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
