package event_test

import (
	"encoding/json"
	"slices"
	"testing"

	"castellan/internal/event"
	"castellan/internal/store"
)

// garble makes records of a table unreadable.
func garble(table string, keys ...string) func(*store.Tx) error {
	records := store.NewTable[json.RawMessage](table)
	return func(tx *store.Tx) error {
		for _, key := range keys {
			if err := records.Put(tx, key, json.RawMessage(`"no record"`)); err != nil {
				return err
			}
		}
		return nil
	}
}

// A record that cannot be read keeps nobody out and hides nothing else.
func TestAnUnreadableEntryKeepsNobodyOut(t *testing.T) {
	db, l := kept(t, 510)
	broken := store.NewTable[json.RawMessage]("events")
	change(t, db, func(tx *store.Tx) error { return broken.Put(tx, rawEvent(7), json.RawMessage(`"no record"`)) })
	fill(t, db, l, 600)
	got, _ := page(t, db, "", 0, 2000)
	if len(got) != 1110 || got[1110-7].Kind != event.Unreadable || got[1110-8].Actor == "" {
		t.Errorf("%d entries are found", len(got))
	}
	if r := verify(t, db, l); r.Intact() || r.Broken != 1 || r.Until != event.PerBlock {
		t.Errorf("got %+v", r)
	}
}

// R138: what cannot be recorded does not happen, so no damage to the log may end the recording: nobody would get in.
func TestADamagedLogGoesOn(t *testing.T) {
	const stray = "what is no entry"
	head := garble("event_head", "head")
	var all []string
	for n := range uint64(20) {
		all = append(all, rawEvent(n+1))
	}
	for name, damage := range map[string][]func(*store.Tx) error{
		"a block":                            {garble("event_blocks", rawEvent(2))},
		"an entry":                           {garble("events", rawEvent(2100))},
		stray:                                {garble("events", "noise")},
		"the oldest block":                   {garble("event_blocks", rawEvent(1))},
		"every block":                        {garble("event_blocks", all[:7]...)},
		"every index":                        {garble("event_index", all[:7]...)},
		"the head":                           {head},
		"the head and the newest block":      {head, garble("event_blocks", rawEvent(7))},
		"the head and an index":              {head, garble("event_index", rawEvent(3))},
		"the newest block and all behind it": {garble("event_blocks", rawEvent(7)), rawEvents.Empty},
		"the head, the newest block and all else": {head, garble("event_blocks", rawEvent(7)), rawEvents.Empty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, l := kept(t, 2200)
			for _, one := range damage {
				change(t, db, one)
			}
			if r := verify(t, db, l); r.Intact() != (name == stray) {
				t.Errorf("at first: %+v", r)
			}
			got, _ := page(t, db, "", 0, 10_000)
			dated := !slices.ContainsFunc(got, func(e event.Event) bool { return e.Time.IsZero() || e.Clock == "" })
			if len(got) < 7 || !dated {
				t.Errorf("%d entries are found, all with a time: %v", len(got), dated)
			}
			fill(t, db, l, 600)
			if r := verify(t, db, l); r.Intact() != (name == stray) {
				t.Errorf("then: %+v", r)
			}
			l.Keep(1500)
			fill(t, db, l, 3000)
			got, _ = page(t, db, "", 0, 10_000)
			if len(got) > 1500 || len(got) < 1500-event.PerBlock || got[0].Number != got[len(got)-1].Number+uint64(len(got))-1 {
				t.Errorf("%d entries are kept, want about 1500", len(got))
			}
			if slices.ContainsFunc(got, func(e event.Event) bool { return e.Kind == event.Unreadable }) {
				t.Error("what is new cannot be read")
			}
		})
	}
}
