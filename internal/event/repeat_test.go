package event_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"castellan/internal/event"
	"castellan/internal/store"
)

// flood is a log on a clock that only the test moves.
type flood struct {
	*event.Log
	t   *testing.T
	db  *store.DB
	now time.Duration
}

func newFlood(t *testing.T) *flood {
	f := &flood{t: t, db: open(t), now: time.Hour}
	f.Log = event.New(func() event.Moment { return event.Moment{Now: noon, State: "synced", Elapsed: f.now} }, slog.New(slog.DiscardHandler))
	return f
}

func (f *flood) record(e event.Event) {
	f.t.Helper()
	if err := f.db.Update(func(tx *store.Tx) error { return f.Record(tx, e) }); err != nil {
		f.t.Fatal(err)
	}
}

func (f *flood) kept() []event.Event {
	f.t.Helper()
	events, _ := page(f.t, f.db, "", 0, 100_000)
	return events
}

func refusal(source string) event.Event {
	return event.Event{Kind: event.SignInRefused, Actor: "admin", Address: source, Source: source}.With("reason", "wrong password")
}

// R137: after a number of refusals of one source there is one record a minute, with a count.
func TestAFloodOfOneSourceIsCounted(t *testing.T) {
	f := newFlood(t)
	for range 120 { // two minutes
		f.record(refusal("192.0.2.7"))
		f.now += time.Second
	}
	kept := f.kept()
	if n := len(kept); n != event.RepeatsFree+1 {
		t.Fatalf("%d records of 120 refusals, want %d", n, event.RepeatsFree+1)
	}
	if e := kept[0]; e.Kind != event.Repeated || e.Get("count") != "60" || e.Address != "192.0.2.7" || e.Actor != "admin" ||
		e.Message() != "60 more of the same sort, the last one: Sign-in refused: wrong password" {
		t.Errorf("got %+v: %s", e, e.Message())
	}
	f.record(refusal("192.0.2.8"))
	f.record(event.Event{Kind: event.SignedIn, Address: "192.0.2.7"}.With("method", "password"))
	if kept := f.kept(); kept[0].Kind != event.SignedIn || kept[1].Address != "192.0.2.8" {
		t.Errorf("another source, or a success, was counted: %+v", kept[:2])
	}
	f.now += time.Minute
	f.record(event.Event{Kind: event.SignedOut})
	if e := f.kept()[1]; e.Kind != event.Repeated || e.Get("count") != "40" {
		t.Errorf("the rest is not recorded with the next event: %+v", e)
	}
	f.now += event.RepeatsQuiet + time.Second
	f.record(refusal("192.0.2.7"))
	if e := f.kept()[0]; e.Kind != event.SignInRefused {
		t.Errorf("after a quiet time: %+v", e)
	}
}

// R137: many sources cannot push the log out either.
func TestAFloodOfManySourcesIsCounted(t *testing.T) {
	f := newFlood(t)
	for i := range 3000 {
		f.record(refusal(fmt.Sprint("2001:db8::", i)))
		f.now += time.Second
	}
	if n, most := len(f.kept()), event.RepeatsFreeAll+3000/60; n > most {
		t.Errorf("%d records of 3000 refusals, want at most %d", n, most)
	}
}

// R137: what people end of their own is counted when they do it over and over; what an administrator ends is not.
func TestEndingOnesOwnSessionsIsCounted(t *testing.T) {
	for _, kind := range []event.Kind{event.SessionEnded, event.SessionsEnded, event.BrowserForgotten} {
		f := newFlood(t)
		for range 100 {
			f.record(event.Event{Kind: kind, Actor: "ines", Address: "192.0.2.7"}.With("account", "ines"))
		}
		if n := len(f.kept()); n != event.RepeatsFree {
			t.Errorf("%s: %d records of one's own", kind, n)
		}
		for range 30 {
			f.record(event.Event{Kind: event.SessionsEnded, Actor: "admin", Address: "192.0.2.8"}.With("account", "ines"))
		}
		if n := len(f.kept()); n != event.RepeatsFree+30 {
			t.Errorf("%s: %d records with those of an administrator", kind, n)
		}
	}
}

// R137: what was counted is recorded before the house stops.
func TestTheEndRecordsWhatWasCounted(t *testing.T) {
	f := newFlood(t)
	for range 5 {
		f.Count(refusal("192.0.2.7"))
	}
	f.record(event.Event{Kind: event.Stopped})
	if kept := f.kept(); len(kept) != 2 || kept[1].Get("count") != "5" {
		t.Errorf("got %+v", kept)
	}
}

// R136: a kind of event that nothing raises promises what the log does not keep.
func TestEveryKindIsRaised(t *testing.T) {
	source, err := os.ReadFile("kind.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "kind.go") {
			return err
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^\t(\w+)\s+Kind = "`).FindAllStringSubmatch(string(source), -1)
	if len(names) < 40 {
		t.Fatalf("only %d kinds were found", len(names))
	}
	for _, name := range names {
		if !regexp.MustCompile(`\bevent\.` + name[1] + `\b|Kind: ` + name[1] + `\b`).MatchString(all.String()) {
			t.Errorf("nothing raises %s", name[1])
		}
	}
}
