package event_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// raw are the tables of the log as somebody with a tool for the file sees them.
var (
	rawEvents = store.NewJournal[map[string]any]("events")
	rawBlocks = store.NewJournal[map[string]any]("event_blocks")
	rawHead   = store.NewTable[map[string]any]("event_head")
	rawEvent  = func(n uint64) string { return string([]byte{0, 0, 0, 0, 0, 0, byte(n >> 8), byte(n)}) }
	rawLoose  = store.NewTable[map[string]any]("events")
	rawPacked = store.NewTable[map[string]any]("event_blocks")
	rawIndex  = store.NewTable[map[string]any]("event_index")
)

var boxKey = secret.NewKey()

// kept is a log with a number of entries.
func kept(t *testing.T, n int) (*store.DB, *event.Log) {
	t.Helper()
	db := open(t)
	l := event.New(synced, slog.New(slog.DiscardHandler)).Keyed(boxKey)
	change(t, db, l.Found)
	fill(t, db, l, n)
	return db, l
}

func fill(t *testing.T, db *store.DB, l *event.Log, n int) {
	t.Helper()
	for done := 0; done < n; done += 500 {
		var some []event.Event
		for i := done; i < min(done+500, n); i++ {
			e := event.Event{Kind: event.SignedIn, Actor: fmt.Sprint("person-", i%50), Address: "192.0.2.7"}
			some = append(some, e.With("method", fmt.Sprint("way ", i)))
		}
		record(t, db, l, some...)
	}
}

func verify(t *testing.T, db *store.DB, l *event.Log) event.Report {
	t.Helper()
	r, err := l.Verify(db)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func change(t *testing.T, db *store.DB, f func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

// R137
func TestTheChainOfAnUntouchedLogIsWhole(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 513, 6000} {
		db, l := kept(t, n)
		if r := verify(t, db, l); !r.Intact() || r.Entries != n || r.Unguarded != 0 {
			t.Errorf("%d entries: %+v", n, r)
		}
	}
}

// R137: no silent change, removal or reordering, in loose entries and in packed ones.
func TestAChangedLogIsBrokenFromThereOn(t *testing.T) {
	const n = 2000 // up to 1536 are packed
	swap := func(m map[string]any) map[string]any { m["actor"] = "somebody"; return m }
	for name, tc := range map[string]struct {
		change      func(*store.Tx) error
		from, until uint64
		head        bool
	}{
		"a loose entry": {func(tx *store.Tx) error {
			m, _, err := rawEvents.Get(tx, 1900)
			return errorsOr(err, func() error { return rawLoose.Put(tx, rawEvent(1900), swap(m)) })
		}, 1900, 1900, false},
		"a loose entry is gone": {func(tx *store.Tx) error { return rawLoose.Delete(tx, rawEvent(1800)) }, 1800, 1800, false},
		"the newest are gone": {func(tx *store.Tx) error {
			return errorsOr(rawLoose.Delete(tx, rawEvent(2000)), func() error { return rawLoose.Delete(tx, rawEvent(1999)) })
		}, 1999, 2000, false},
		"two change places": {func(tx *store.Tx) error {
			a, _, err := rawEvents.Get(tx, 1700)
			b, _, err2 := rawEvents.Get(tx, 1701)
			return errorsOr(err, func() error {
				return errorsOr(err2, func() error {
					return errorsOr(rawLoose.Put(tx, rawEvent(1700), b), func() error { return rawLoose.Put(tx, rawEvent(1701), a) })
				})
			})
		}, 1700, 1700, false},
		"a block": {func(tx *store.Tx) error {
			a, _, err := rawBlocks.Get(tx, 2)
			b, _, _ := rawBlocks.Get(tx, 3)
			return errorsOr(err, func() error { a["lines"] = b["lines"]; return rawPacked.Put(tx, rawEvent(2), a) })
		}, 257, 512, false},
		"a block is gone": {func(tx *store.Tx) error { return rawPacked.Delete(tx, rawEvent(4)) }, 769, 1536, false},
		"a block is unreadable": {func(tx *store.Tx) error {
			return rawPacked.Put(tx, rawEvent(1), map[string]any{"first": 1, "last": 256, "lines": "AAAA"})
		}, 1, 256, false},
		"an index names no kinds": {func(tx *store.Tx) error {
			i, _, err := rawIndex.Get(tx, rawEvent(3))
			i["kinds"] = []string{}
			return errorsOr(err, func() error { return rawIndex.Put(tx, rawEvent(3), i) })
		}, 513, 768, false},
		"an index names other people": {func(tx *store.Tx) error {
			i, _, err := rawIndex.Get(tx, rawEvent(6))
			i["names"] = []string{"somebody"}
			return errorsOr(err, func() error { return rawIndex.Put(tx, rawEvent(6), i) })
		}, 1281, 1536, false},
		"an index tells another time": {func(tx *store.Tx) error {
			i, _, err := rawIndex.Get(tx, rawEvent(1))
			i["newest"] = "2001-01-01T00:00:00Z"
			return errorsOr(err, func() error { return rawIndex.Put(tx, rawEvent(1), i) })
		}, 1, 256, false},
		"an index is gone":       {func(tx *store.Tx) error { return rawIndex.Delete(tx, rawEvent(6)) }, 1281, 1536, false},
		"an index is unreadable": {func(tx *store.Tx) error { return rawIndex.Put(tx, rawEvent(2), map[string]any{"kinds": 7}) }, 257, 512, false},
		"the newest are gone, and the head says so": {func(tx *store.Tx) error {
			h, _, err := rawHead.Get(tx, "head")
			last, _, _ := rawEvents.Get(tx, 1999)
			h["number"], h["mac"] = 1999, last["mac"]
			return errorsOr(err, func() error {
				return errorsOr(rawLoose.Delete(tx, rawEvent(2000)), func() error { return rawHead.Put(tx, "head", h) })
			})
		}, 0, 0, true},
	} {
		db, l := kept(t, n)
		change(t, db, tc.change)
		if r := verify(t, db, l); r.Intact() || r.Broken != tc.from || r.Until != tc.until || r.Head != tc.head {
			t.Errorf("%s: %+v", name, r)
		}
		record(t, db, l, event.Event{Kind: event.SignedIn}) // nobody is kept out by it
		if r := verify(t, db, l); tc.from > 0 && (r.Broken != tc.from || r.Intact()) {
			t.Errorf("%s: after another entry: %+v", name, r)
		}
	}
}

func errorsOr(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

// R137: a chain that was made anew by somebody without the key of the box is no chain.
func TestAnotherKeyMakesNoChain(t *testing.T) {
	db, _ := kept(t, 700)
	stranger := event.New(synced, slog.New(slog.DiscardHandler)).Keyed(secret.NewKey())
	if r := verify(t, db, stranger); r.Intact() || r.Broken != 1 || !r.Head {
		t.Errorf("got %+v", r)
	}
}

// R137: clearing leaves who did it, and the chain goes on.
func TestClearingLeavesWhoDidIt(t *testing.T) {
	db, l := kept(t, 1500)
	change(t, db, func(tx *store.Tx) error { return l.Clear(tx, event.Event{Kind: event.LogCleared, Actor: "ines"}) })
	got, more := page(t, db, "", 0, 10)
	if len(got) != 1 || more || got[0].Kind != event.LogCleared || got[0].Actor != "ines" || got[0].Number != 1501 ||
		got[0].Message() != "The log was cleared; 1500 entries are gone, up to number 1500" {
		t.Errorf("got %+v", got)
	}
	fill(t, db, l, 1200)
	if r := verify(t, db, l); !r.Intact() || r.Entries != 1201 {
		t.Errorf("got %+v", r)
	}
	if got, _ := page(t, db, "", 0, 5000); len(got) != 1201 {
		t.Errorf("%d entries are found, want 1201", len(got))
	}
}

// R137: taking out where the log ends does not begin a new chain that is whole. What is still there is found.
func TestALogWithoutItsHeadIsDamagedForEver(t *testing.T) {
	for name, take := range map[string]func(*store.Tx) error{
		"the head": func(*store.Tx) error { return nil },
		"all of it": func(tx *store.Tx) error {
			return errorsOr(rawEvents.Empty(tx), func() error { return rawBlocks.Empty(tx) })
		},
	} {
		db, l := kept(t, 2000)
		change(t, db, take)
		change(t, db, func(tx *store.Tx) error { return rawHead.Delete(tx, "head") })
		if r := verify(t, db, l); r.Intact() {
			t.Errorf("%s, before anything else: %+v", name, r)
		}
		fill(t, db, l, 3000)
		if r := verify(t, db, l); r.Intact() || !r.Head {
			t.Errorf("%s: %+v", name, r)
		}
		if got, _ := page(t, db, "", 0, 10_000); name == "the head" && (len(got) != 5001 || got[5000].Number != 1) || len(got) < 3000 {
			t.Errorf("%s: %d entries are found", name, len(got))
		}
		change(t, db, l.Found)
		change(t, db, func(tx *store.Tx) error { return l.Clear(tx, event.Event{Kind: event.LogCleared}) })
		if r := verify(t, db, l); r.Intact() {
			t.Errorf("%s, cleared: %+v", name, r)
		}
	}
}

// R137: what an export leaves out does not hang on what the index says of the numbers.
func TestTheIndexRenumbersNothing(t *testing.T) {
	db, l := kept(t, 2000)
	change(t, db, func(tx *store.Tx) error {
		i, _, err := rawIndex.Get(tx, rawEvent(2))
		i["first"], i["last"] = 1, 9999
		return errorsOr(err, func() error { return rawIndex.Put(tx, rawEvent(2), i) })
	})
	var got []uint64
	err := l.Export(db, event.Query{}, func(events []event.Event) error { got = append(got, numbers(events)...); return nil })
	if err != nil || len(got) != 2000 || got[300] != 301 || got[1999] != 2000 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

// R137: a file of an earlier version has no chain. It goes on, and the log says from where it is guarded.
func TestTheChainBeginsBehindTheEntriesOfAnEarlierVersion(t *testing.T) {
	db := open(t)
	change(t, db, func(tx *store.Tx) error {
		for range 3000 {
			if _, err := rawEvents.Append(tx, map[string]any{"time": noon, "clock": "synced", "kind": "sign_in.succeeded", "actor": "ines"}); err != nil {
				return err
			}
		}
		return rawEvents.Trim(tx, 400)
	})
	l := event.New(synced, slog.New(slog.DiscardHandler)).Keyed(boxKey)
	if r := verify(t, db, l); r.Intact() {
		t.Errorf("before the first start: %+v", r)
	}
	if got := find(t, db, l, event.Query{Limit: 10}); len(got.Events) != 10 || got.Kept != 2600 || got.Events[0].Number != 3000 {
		t.Errorf("before the first start: %+v", got)
	}
	change(t, db, l.Found)
	fill(t, db, l, 5)
	got, _ := page(t, db, "", 0, 6)
	if got[5].Kind != event.LogChained || got[5].Message() != "From here on the log is guarded against silent changes; 2600 older entries are not" {
		t.Errorf("got %+v", got[5])
	}
	fill(t, db, l, 2000)
	if r := verify(t, db, l); !r.Intact() || r.Unguarded != 3000 || r.Entries != 2600+1+5+2000 {
		t.Errorf("got %+v", r)
	}
	if got, more := page(t, db, "", 0, 10_000); len(got) != 4606 || more || got[4605].Number != 401 || got[4605].Actor != "ines" {
		t.Errorf("%d entries are found", len(got))
	}
}

// R137: the log has a bounded size, and says once that it is full.
func TestTheOldestEventsGoWhenTheLogIsFull(t *testing.T) {
	db, l := kept(t, 0)
	l.Keep(3000)
	fill(t, db, l, 5000)
	got, _ := page(t, db, "", 0, 10_000)
	if len(got) > 3000 || len(got) < 3000-event.PerBlock {
		t.Errorf("%d events are kept, want about 3000", len(got))
	}
	if r := verify(t, db, l); !r.Intact() || r.Entries != len(got) || r.Unguarded != 0 {
		t.Errorf("got %+v", r)
	}
	full := 0
	for _, e := range got {
		if e.Kind == event.LogFull {
			full++
		}
	}
	if full > 1 {
		t.Errorf("it says %d times that it is full", full)
	}
	_ = db.View(func(tx *store.Tx) error {
		if n := event.Total(tx); n != len(got) {
			t.Errorf("%d are counted, %d are there", n, len(got))
		}
		return nil
	})
}

// R137: the log stays as small as promised when nothing in it can be packed well; what JSON adds counts, too.
func TestALogOfNoiseStaysWithinItsBytes(t *testing.T) {
	const most = 3 << 20
	db, l := kept(t, 0)
	l.KeepBytes(most)
	noise := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var some []event.Event
		for range 100 {
			e := event.Event{Kind: event.SignedIn, Actor: fmt.Sprint("person-", noise.Uint64())}
			for range 10 {
				text := make([]rune, 190)
				for i := range text {
					text[i] = rune(0x4e00 + noise.IntN(0x5000))
				}
				e = e.With("method", string(text))
			}
			some = append(some, e)
		}
		record(t, db, l, some...)
	}
	size := int64(0)
	_ = db.View(func(tx *store.Tx) error {
		for _, name := range []string{"event_blocks", "event_index"} {
			table := store.NewTable[json.RawMessage](name)
			if err := table.Each(tx, "", func(_ string, data json.RawMessage) error { size += int64(len(data)); return nil }); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if size > most+most/100 || size < most/2 {
		t.Errorf("the blocks take %d bytes, want at most %d", size, most)
	}
	if r := verify(t, db, l); !r.Intact() {
		t.Errorf("got %+v", r)
	}
}

// R137
func TestDetailsAreCleanedWhereverTheyComeFrom(t *testing.T) {
	db := open(t)
	l := event.New(synced, slog.New(slog.DiscardHandler))
	record(t, db, l, event.Event{Kind: event.SignInRefused, Address: "x\ny", Details: []event.Detail{{Name: "a\nb", Value: "c\x1bd"}}})
	got, _ := page(t, db, "", 0, 1)
	if text := fmt.Sprint(got[0]); strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("got %q", text)
	}
}
