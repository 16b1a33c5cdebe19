package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/store"
)

// The pages of bbolt, as far as they are spoiled here: id, flags, count and overflow; of a leaf's entry flags, place of its key
// from there, and the sizes of key and value.
const (
	leafPage, freePages = 0x02, 0x10
	firstEntry          = 16
)

var fewGuests = store.NewTable[guest]("few")

// tables makes a database with a table of several pages and a small one, which lies in the entry of its name.
func tables(t *testing.T) (data []byte) {
	t.Helper()
	path := commits(t, 0)
	db, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // so that there are free pages as well
		update(t, db, func(tx *store.Tx) error {
			for i := range 300 {
				err = errors.Join(err, guests.Put(tx, fmt.Sprintf("guest %03d", 2*i), guest{"Ada", i}))
			}
			return errors.Join(err, fewGuests.Put(tx, "first few", guest{}), fewGuests.Put(tx, "other few", guest{}))
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return data
}

// write changes every table of a database.
func write(path string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	db, err := store.Open(path)
	if err != nil {
		return err
	}
	for range 3 {
		err = errors.Join(err, db.Update(func(tx *store.Tx) (err error) {
			for i := range 300 {
				err = errors.Join(err, guests.Put(tx, fmt.Sprintf("guest %03d", 2*i+1), guest{"Grace", i}))
			}
			return errors.Join(err, fewGuests.Put(tx, "more", guest{}))
		}))
	}
	return errors.Join(err, db.Close())
}

// R140 (h): bbolt's own check passes files that its next commit damages. Those are damaged from the beginning.
func TestWhatPassesTheCheckStaysWholeWhenItIsWritten(t *testing.T) {
	data := tables(t)
	page := func(b []byte, flags uint16) bool {
		return binary.NativeEndian.Uint16(b[8:]) == flags && binary.NativeEndian.Uint16(b[10:]) > 1
	}
	for name, spoil := range map[string]func(page []byte){
		"another first key than the page above says": func(b []byte) {
			if key := firstEntry + binary.NativeEndian.Uint32(b[firstEntry+4:]); page(b, leafPage) && bytes.HasPrefix(b[key:], []byte("guest ")) {
				b[key+uint32(len("guest 000"))-1]++
			}
		},
		"one page more, of a table": func(b []byte) {
			if page(b, leafPage) {
				b[12]++
			}
		},
		"one page more, of the list of free pages": func(b []byte) {
			if page(b, freePages) {
				b[12]++
			}
		},
		"a list of free pages with itself": func(b []byte) {
			if page(b, freePages) {
				copy(b[firstEntry:], b[:8])
			}
		},
		"a small table in disorder": func(b []byte) { copy(b, bytes.ReplaceAll(b, []byte("first few"), []byte("worst few"))) },
		"a table that is a record": func(b []byte) {
			if page(b, leafPage) && !bytes.HasPrefix(b[firstEntry+binary.NativeEndian.Uint32(b[firstEntry+4:]):], []byte("guest ")) {
				b[firstEntry] ^= 1
			}
		},
	} {
		refused := 0
		for at := 2 * pageSize; at < len(data); at += pageSize {
			changed := bytes.Clone(data)
			if spoil(changed[at : at+pageSize]); bytes.Equal(changed, data) {
				continue
			}
			path := filepath.Join(t.TempDir(), "castellan.db")
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			switch err := store.Verify(path); {
			case errors.Is(err, store.ErrDamaged):
				refused++
			case err != nil:
				t.Errorf("%s, page %d: %v", name, at/pageSize, err)
			default:
				if err := errors.Join(write(path), store.Verify(path)); err != nil {
					t.Errorf("%s, page %d: it passed, and then: %v", name, at/pageSize, err)
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: no page was refused", name)
		}
	}
}

// Keys of another table on a page of a journal end nothing but what needs them.
func TestAJournalPassesByWhatIsNoNumber(t *testing.T) {
	db, _ := fresh(t)
	stray := store.NewTable[guest]("visits")
	update(t, db, func(tx *store.Tx) (err error) {
		for i := range 5 {
			_, e := visits.Append(tx, guest{"Ada", i})
			err = errors.Join(err, e)
		}
		return errors.Join(err, stray.Put(tx, "\x00", guest{}), stray.Put(tx, "last of all", guest{}))
	})
	update(t, db, func(tx *store.Tx) error {
		if oldest, newest := visits.Bounds(tx); oldest != 1 || newest != 5 {
			t.Errorf("from %d to %d", oldest, newest)
		}
		none := func(uint64, guest) error { return nil }
		if err := visits.Backward(tx, 0, none); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("backward: %v", err)
		}
		if err := visits.Backward(tx, 6, none); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("backward from 6: %v", err)
		}
		if err := visits.Trim(tx, 2); err != nil {
			t.Error(err)
		}
		if oldest, newest := visits.Bounds(tx); oldest != 3 || newest != 5 {
			t.Errorf("trimmed, from %d to %d", oldest, newest)
		}
		if err := visits.Forward(tx, 0, none); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("forward: %v", err)
		}
		return nil
	})
	update(t, db, func(tx *store.Tx) error {
		var all []guest
		note := func(_ uint64, g guest) error { all = append(all, g); return nil }
		spared := visits.Or(guest{Name: "nobody"})
		if err := errors.Join(spared.Forward(tx, 3, note), spared.Backward(tx, 0, note)); err != nil || len(all) != 5 || all[0].Name != "Ada" {
			t.Errorf("with a spare: %v, %v", all, err)
		}
		if err := store.NewTable[string]("visits").Put(tx, string(binary.BigEndian.AppendUint64(nil, 4)), "no guest"); err != nil {
			t.Error(err)
		}
		all = nil
		if err := spared.Forward(tx, 3, note); err != nil || len(all) != 2 || all[0].Name != "nobody" || all[1].Name != "Ada" {
			t.Errorf("one cannot be read: %v, %v", all, err)
		}
		if err := visits.Forward(tx, 3, note); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("without a spare: %v", err)
		}
		if err := visits.Empty(tx); err != nil || stray.Any(tx, "") {
			t.Errorf("emptied: %v", err)
		}
		return nil
	})
}

// However records come and go, what bbolt writes passes.
func TestWhatWasOnlyWrittenPassesTheCheck(t *testing.T) {
	db, path := fresh(t)
	random := rand.New(rand.NewPCG(6, 6))
	for round := range 60 {
		few := round%12 > 7 // the tables shrink, to single pages and to none
		update(t, db, func(tx *store.Tx) (err error) {
			for range 1 + random.IntN(120) {
				key := fmt.Sprintf("%x %d", random.IntN(1500), random.IntN(3))
				table := []store.Table[guest]{guests, fewGuests}[random.IntN(2)]
				if few {
					from := []string{"", key}[random.IntN(2)]
					err = errors.Join(err, table.Each(tx, from, func(found string, _ guest) error { key = found; return store.ErrStop }), table.Delete(tx, key))
					continue
				}
				err = errors.Join(err, table.Put(tx, key, guest{strings.Repeat("x", random.IntN(1<<random.IntN(14))), round}))
			}
			return err
		})
		if round%20 == 19 {
			if err := db.Compact(); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "castellan.db") // the other one is in use, and not looked at
		if err := os.WriteFile(copied, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.Verify(copied); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}
