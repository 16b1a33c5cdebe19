package store

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"
)

// memo remembers records that were decoded lately. It is asked with the bytes that are in the database now,
// and knows only records that were decoded from the very same bytes, so it can never be out of date. Reading
// the account behind every request costs a comparison instead of a decoding.
type memo struct {
	slots [256]atomic.Pointer[decoded]
}

type decoded struct {
	table, data []byte
	key         string
	record      any
}

var seed = maphash.MakeSeed()

func (m *memo) slot(table []byte, key string) *atomic.Pointer[decoded] {
	return &m.slots[(maphash.Bytes(seed, table)^maphash.String(seed, key))%uint64(len(m.slots))]
}

func (m *memo) find(table []byte, key string, data []byte) any {
	d := m.slot(table, key).Load()
	if d == nil || d.key != key || !bytes.Equal(d.table, table) || !bytes.Equal(d.data, data) {
		return nil
	}
	return d.record
}

// keep takes a copy of data, which is valid in its transaction only.
func (m *memo) keep(table []byte, key string, data []byte, record any) {
	m.slot(table, key).Store(&decoded{table, bytes.Clone(data), key, record})
}
