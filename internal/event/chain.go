package event

import (
	"crypto/hmac"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"castellan/internal/store"
)

// Every entry bears a hash over itself and the hash of the entry before it, made with a key that only this box
// has. Whoever changes, takes out or moves an entry of the file breaks the chain from there on.

// macSize is how much of a hash is kept: 128 bits.
const macSize = 16

// headRecord is where the log ends and begins.
type headRecord struct {
	Number uint64 `json:"number"` // of the newest entry
	MAC    []byte `json:"mac"`    // and its hash
	Oldest uint64 `json:"oldest"` // number of the oldest entry that is kept
	// Since is the number behind which the chain begins: that of the last entry that went, or was older than
	// the chain. SinceMAC is what the chain begins with.
	Since    uint64 `json:"since"`
	SinceMAC []byte `json:"since_mac"`
	Packed   uint64 `json:"packed"` // number of the newest entry that is in a block
	Bytes    int64  `json:"bytes"`  // of all blocks
	Full     bool   `json:"full,omitempty"`
	// Lost says that this record was missing once, so that nobody knows what went with it.
	Lost bool `json:"lost,omitempty"`
	// Seal is a hash over the above: without it the newest or the oldest entries could go with what says that
	// they were there.
	Seal []byte `json:"seal"`
}

var heads = store.NewTable[headRecord]("event_head")

const headKey = "head"

// Found begins the chain: on a new box, and behind the entries that a version without one left. A log without its
// head is damaged from then on, so this must not be called at any other time.
func (l *Log) Found(tx *store.Tx) error {
	_, found, err := heads.Get(tx, headKey)
	if err != nil || found {
		return err
	}
	_, err = l.begin(tx, false)
	return err
}

// head returns where the log ends. Where that was taken out the log goes on, and is damaged for ever.
func (l *Log) head(tx *store.Tx) (headRecord, error) {
	h, found, err := headOf(tx)
	if err != nil || found {
		return h, err
	}
	return l.begin(tx, true)
}

// headOf returns what the log says of where it ends. What cannot be read is as if it were gone: what cannot be recorded does
// not happen, and nobody would get in.
func headOf(tx *store.Tx) (h headRecord, found bool, err error) {
	h, found, err = heads.Get(tx, headKey)
	if errors.Is(err, store.ErrDamaged) {
		return headRecord{}, false, nil
	}
	return h, found, err
}

// begin begins a chain behind whatever entries there are.
func (l *Log) begin(tx *store.Tx, lost bool) (h headRecord, err error) {
	if h, err = ends(tx); err != nil {
		return h, err
	}
	h.Lost, h.Since, h.MAC = lost, h.Number, l.mac(nil, h.Number, record{})
	h.SinceMAC = h.MAC
	if err := heads.Put(tx, headKey, l.sealed(h)); err != nil || h.Number == 0 {
		return h, err
	}
	if err := l.append(tx, Event{Kind: LogChained}.With("count", strconv.FormatUint(h.Number+1-h.Oldest, 10)), l.now()); err != nil {
		return h, err
	}
	h, _, err = heads.Get(tx, headKey)
	return h, err
}

// ends returns where the log begins and ends, also where nothing says so.
func ends(tx *store.Tx) (headRecord, error) {
	h, found, err := headOf(tx)
	if err != nil || found {
		return h, err
	}
	oldest, newest := journal.Bounds(tx)
	h.Packed = max(oldest, 1) - 1
	h.Oldest = h.Packed + 1
	if first, last := blocks.Bounds(tx); last > 0 {
		b, _, err := blocks.Get(tx, last)
		switch {
		case err == nil:
			h.Packed = b.Last
		case !errors.Is(err, store.ErrDamaged):
			return h, err
		case newest == 0: // of entries that are in no block the oldest would tell
			h.Packed = last * PerBlock
		}
		h.Oldest = h.Packed + 1 - min(h.Packed, (last+1-first)*PerBlock)
	}
	h.Number = max(newest, h.Packed)
	err = indexes.Forward(tx, 0, func(_ uint64, i index) error { h.Bytes += i.Bytes; return nil })
	return h, err
}

// mac returns the hash of an entry.
func (l *Log) mac(before []byte, n uint64, r record) []byte {
	r.MAC = nil
	data, _ := json.Marshal(r) // never fails: all of it is text
	text := append([]byte("entry "), before...)
	text = binary.BigEndian.AppendUint64(text, n)
	return l.key.MAC(append(text, data...))[:macSize]
}

func (l *Log) sealed(h headRecord) headRecord {
	h.Seal = nil
	data, _ := json.Marshal(h) // never fails: numbers and bytes
	h.Seal = l.key.MAC(append([]byte("head "), data...))
	return h
}

// Report is what a look at the chain found.
type Report struct {
	Entries   int    // that are kept
	Unguarded uint64 // number of the last entry that is older than the chain, if it is still there
	// Broken is the number of the first entry that is not as it was written, and Until the number up to which
	// that can be told apart; zeros when all is whole.
	Broken, Until uint64
	Head          bool // where the log begins and ends was changed, or was missing once, or its newest entries are gone
}

// Intact reports whether nothing was changed behind the back of the log.
func (r Report) Intact() bool { return r.Broken == 0 && !r.Head }

// String puts the report into words.
func (r Report) String() string {
	var parts []string
	switch {
	case r.Broken > 0 && r.Broken == r.Until:
		parts = append(parts, fmt.Sprintf("The log is not as it was written: entry %d was changed or taken out.", r.Broken))
	case r.Broken > 0:
		parts = append(parts, fmt.Sprintf("The log is not as it was written: something between the entries %d and %d was changed or taken out.", r.Broken, r.Until))
	case r.Head:
		parts = append(parts, "The log is not as it was written: its oldest or newest entries or the place where it ends were taken out, or it was made with another device key.")
	default:
		parts = append(parts, "The log is as it was written: "+count(r.Entries)+".")
	}
	if r.Unguarded > 0 {
		parts = append(parts, fmt.Sprintf("The entries up to %d are older than the chain, and not covered by it.", r.Unguarded))
	}
	return strings.Join(parts, " ")
}

// verifyAtOnce is how many blocks one look reads. Between looks others may write and the file may grow.
const verifyAtOnce = 16

// Verify follows the chain from its beginning to its end and reports where it is broken.
func (l *Log) Verify(db *store.DB) (r Report, err error) {
	at, done := link{}, false
	for !done && err == nil {
		err = db.View(func(tx *store.Tx) (err error) {
			h, found, err := headOf(tx)
			if err != nil || !found {
				r.Head, r.Entries, done = true, Total(tx), true
				return err
			}
			if h.Lost || !hmac.Equal(h.Seal, l.sealed(h).Seal) {
				r.Head = true
			}
			r.Entries = int(h.Number - h.Oldest + 1)
			if h.Oldest <= h.Since {
				r.Unguarded = h.Since
			}
			if at.number < h.Since || at.mac == nil { // the beginning, also where it has moved meanwhile
				at = link{h.Since, h.SinceMAC}
			}
			done, err = l.follow(tx, h, &at, &r)
			return err
		})
	}
	return r, err
}

// link is a place in the chain.
type link struct {
	number uint64
	mac    []byte
}

// follow goes on from a link, for a number of blocks or to the end.
func (l *Log) follow(tx *store.Tx, h headRecord, at *link, r *Report) (done bool, err error) {
	broken := func(from, until uint64) {
		if r.Broken == 0 {
			r.Broken, r.Until = from, until
		}
	}
	for range verifyAtOnce {
		if at.number >= h.Packed {
			return true, l.followLoose(tx, h, at, broken)
		}
		n, first := h.place(tx, at.number+1)
		b, found, err := blocks.Get(tx, n)
		if errors.Is(err, store.ErrDamaged) { // what stands behind it is followed all the same
			broken(first, first+PerBlock-1)
			*at = link{first + PerBlock - 1, []byte{}}
			continue
		}
		if err != nil || !found || b.First > at.number+1 || b.Last <= at.number || b.Last > h.Packed {
			broken(at.number+1, h.Packed)
			*at = link{h.Packed, nil}
			return true, err
		}
		records, err := b.records()
		if err != nil || len(records) != int(b.Last-b.First+1) {
			broken(b.First, b.Last)
			records = nil
		} else if i, found, err := indexes.Get(tx, n); err != nil || !found || !i.same(indexOf(records, b)) {
			broken(b.First, b.Last)
		}
		for i, one := range records {
			if n := b.First + uint64(i); n > at.number {
				at.mac = l.mac(at.mac, n, one)
			}
		}
		if !hmac.Equal(at.mac, b.MAC) {
			broken(max(at.number+1, b.First), b.Last)
		}
		*at = link{b.Last, b.MAC}
	}
	return false, nil
}

// followLoose follows the entries that are not in blocks.
func (l *Log) followLoose(tx *store.Tx, h headRecord, at *link, broken func(from, until uint64)) error {
	err := journal.Forward(tx, at.number, func(n uint64, r record) error {
		if n != at.number+1 {
			broken(at.number+1, n-1)
		} else if !hmac.Equal(l.mac(at.mac, n, r), r.MAC) {
			broken(n, n)
		}
		*at = link{n, r.MAC}
		return nil
	})
	if at.number != h.Number || !hmac.Equal(at.mac, h.MAC) {
		broken(min(at.number+1, h.Number), h.Number)
	}
	return err
}

// Clear takes every entry out of the log but e, which says who did so. What went stays readable in the file
// until the caller has tidied the database.
func (l *Log) Clear(tx *store.Tx, e Event) error {
	m := l.now()
	h, err := l.head(tx)
	if err != nil {
		return err
	}
	count := h.Number - h.Oldest + 1
	for _, empty := range []func(*store.Tx) error{journal.Empty, blocks.Empty, indexes.Empty, store.Erasing} {
		if err := empty(tx); err != nil {
			return err
		}
	}
	h.Oldest, h.Since, h.SinceMAC, h.Packed, h.Bytes, h.Full = h.Number+1, h.Number, h.MAC, h.Number, 0, false
	if err := heads.Put(tx, headKey, l.sealed(h)); err != nil {
		return err
	}
	return l.append(tx, e.With("count", strconv.FormatUint(count, 10)).With("last", strconv.FormatUint(h.Number, 10)), m)
}

func count(entries int) string {
	if entries == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", entries)
}
