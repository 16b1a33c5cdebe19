package event

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"castellan/internal/store"
)

// Old entries are packed, PerBlock of them into a compressed block: a million entries then take some tens of
// MiB, and checking or tidying the database stays quick. Beside each block stands what is in it, so that a
// search passes over blocks that hold nothing it looks for.
const (
	// Kept is how many events are kept, and KeptBytes how many bytes their blocks may take in the file. The oldest go first,
	// a block at a time.
	Kept      = 1_000_000
	KeptBytes = 96 << 20
	// PerBlock is how many events a block holds. Between one and two blocks' worth of the newest are not packed.
	PerBlock = 256
)

type block struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
	MAC   []byte `json:"mac,omitempty"` // of the last entry
	Lines []byte `json:"lines"`         // records, one a line, compressed
}

// index says what is in the block of the same number. It can be made anew from the block, and Verify compares: a
// search that passed over a block would otherwise be a way to hide what is in it.
type index struct {
	Oldest time.Time `json:"oldest"`
	Newest time.Time `json:"newest"`
	Kinds  []Kind    `json:"kinds"`
	Names  []string  `json:"names"` // who acted, and about which account, folded
	Bytes  int64     `json:"bytes"` // that the block and the names take in the file
	lost   bool      // it could not be read, so there may be anything in the block
}

var (
	blocks  = store.NewJournal[block]("event_blocks")
	indexes = store.NewJournal[index]("event_index").Or(index{lost: true})
)

// tidy packs what is old enough and lets go of what is too old, a bounded number of blocks at a time. It reports
// whether the log became full.
func (h *headRecord) tidy(tx *store.Tx, kept uint64, most int64) (filled bool, err error) {
	for range 2 {
		if h.Number < h.Packed+2*PerBlock {
			break
		}
		if err := h.pack(tx); err != nil {
			return false, err
		}
	}
	for h.Number >= h.Oldest+kept || h.Bytes > most {
		gone, err := h.drop(tx)
		if err != nil || !gone {
			return filled, err
		}
		filled, h.Full = filled || !h.Full, true
	}
	return filled, nil
}

// pack puts the oldest entries that are not in a block into one.
func (h *headRecord) pack(tx *store.Tx) error {
	var lines bytes.Buffer
	w, _ := flate.NewWriter(&lines, flate.DefaultCompression) // never fails: the level is a valid one
	b := block{First: h.Packed + 1}
	records := make([]record, 0, PerBlock)
	b.Last = h.Packed + PerBlock
	for n := b.First; n <= b.Last; n++ {
		r, found, err := journal.Get(tx, n)
		if err != nil || !found { // nobody is kept out because of it; the chain tells
			r = record{Kind: Unreadable}
		}
		b.MAC, r.MAC = r.MAC, nil
		records = append(records, r)
		data, _ := json.Marshal(r)         // never fails: all of it is text
		_, _ = w.Write(append(data, '\n')) // into memory
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("pack events: %w", err)
	}
	b.Lines = lines.Bytes()
	i := indexOf(records, b)
	if _, err := blocks.Append(tx, b); err != nil {
		return err
	}
	if _, err := indexes.Append(tx, i); err != nil {
		return err
	}
	h.Packed = b.Last
	h.Bytes += i.Bytes
	return journal.Trim(tx, h.Packed)
}

func indexOf(records []record, b block) (i index) {
	i.Bytes = int64(base64.StdEncoding.EncodedLen(len(b.Lines))) // as JSON spells bytes
	for _, r := range records {
		i.add(r)
	}
	for _, name := range i.Names {
		i.Bytes += int64(len(name))
	}
	return i
}

// same reports whether two indexes say the same.
func (i index) same(as index) bool {
	return i.Oldest.Equal(as.Oldest) && i.Newest.Equal(as.Newest) && i.Bytes == as.Bytes &&
		slices.Equal(i.Kinds, as.Kinds) && slices.Equal(i.Names, as.Names)
}

func (i *index) add(r record) {
	if i.Oldest.IsZero() || r.Time.Before(i.Oldest) {
		i.Oldest = r.Time
	}
	if r.Time.After(i.Newest) {
		i.Newest = r.Time
	}
	if !slices.Contains(i.Kinds, r.Kind) {
		i.Kinds = append(i.Kinds, r.Kind)
	}
	for _, name := range r.event(0).names() {
		if !slices.Contains(i.Names, name) {
			i.Names = append(i.Names, name)
		}
	}
}

// drop lets go of the oldest block and reports whether there was one.
func (h *headRecord) drop(tx *store.Tx) (gone bool, err error) {
	oldest, newest := blocks.Bounds(tx)
	b, found, err := blocks.Get(tx, oldest)
	if errors.Is(err, store.ErrDamaged) { // all blocks hold the same number of entries; the chain tells
		b, err = block{Last: h.Packed - min((newest-oldest)*PerBlock, h.Packed)}, nil
	}
	if err != nil || !found {
		return false, err
	}
	h.Oldest = b.Last + 1
	i, _, err := indexes.Get(tx, oldest)
	if err != nil { // the chain tells; the log stays bounded by the number of entries
		i = index{}
	}
	h.Bytes = max(h.Bytes-i.Bytes, 0)
	if b.Last > h.Since {
		h.Since, h.SinceMAC = b.Last, b.MAC
	}
	if err := blocks.Trim(tx, oldest); err != nil {
		return false, err
	}
	return true, indexes.Trim(tx, oldest)
}

// place returns the number of the block with an entry and that of its first entry; zeros where there is no such
// block. All blocks hold the same number of entries.
func (h headRecord) place(tx *store.Tx, entry uint64) (n, first uint64) {
	oldest, newest := blocks.Bounds(tx)
	back := (h.Packed - entry) / PerBlock
	if newest == 0 || entry > h.Packed || back > newest-oldest {
		return 0, 0
	}
	return newest - back, h.Packed + 1 - (back+1)*PerBlock
}

// maxUnpacked bounds what a damaged block can unfold to.
const maxUnpacked = 16 << 20

// unpacker unfolds one block after the other.
type unpacker struct {
	from io.ReadCloser
	text bytes.Buffer
}

// lines returns the records as they were packed. They are valid until the next call.
func (u *unpacker) lines(b block) ([][]byte, error) {
	packed := bytes.NewReader(b.Lines)
	if u.from == nil {
		u.from = flate.NewReader(packed)
	} else if err := u.from.(flate.Resetter).Reset(packed, nil); err != nil {
		return nil, fmt.Errorf("unpack events from %d: %w", b.First, err)
	}
	u.text.Reset()
	if _, err := u.text.ReadFrom(io.LimitReader(u.from, maxUnpacked)); err != nil {
		return nil, fmt.Errorf("unpack events from %d: %w", b.First, err)
	}
	return bytes.Split(bytes.TrimSuffix(u.text.Bytes(), []byte("\n")), []byte("\n")), nil
}

func (b block) records() ([]record, error) {
	lines, err := new(unpacker).lines(b)
	if err != nil {
		return nil, err
	}
	records := make([]record, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &records[i]); err != nil {
			return nil, fmt.Errorf("unpack event %d: %w", b.First+uint64(i), err)
		}
	}
	return records, nil
}
