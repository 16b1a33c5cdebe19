package event_test

import (
	"bytes"
	"encoding/json"
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

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func record(t *testing.T, db *store.DB, l *event.Log, events ...event.Event) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		for _, e := range events {
			if err := l.Record(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func page(t *testing.T, db *store.DB, area event.Area, before uint64, limit int) (events []event.Event, more bool) {
	t.Helper()
	if err := db.View(func(tx *store.Tx) (err error) {
		events, more, err = event.Page(tx, area, before, limit)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return events, more
}

// find looks for events. The clock of the log stands still, so that what is found does not hang on the machine.
func find(t *testing.T, db *store.DB, l *event.Log, q event.Query) (p event.Found) {
	t.Helper()
	if err := db.View(func(tx *store.Tx) (err error) { p, err = l.Find(tx, q); return err }); err != nil {
		t.Fatal(err)
	}
	return p
}

func synced() event.Moment { return event.Moment{Now: noon, State: "synced", Verified: true} }

// R136
func TestAnEventIsReadBackWithItsTimeAndOnTheProgramsLog(t *testing.T) {
	db := open(t)
	var out bytes.Buffer
	l := event.New(synced, slog.New(slog.NewJSONHandler(&out, nil)))
	record(t, db, l, event.Event{Kind: event.SignedIn, Actor: "ines", Address: "192.0.2.7", Agent: "Firefox"}.With("method", "password"))
	got, more := page(t, db, "", 0, 10)
	if len(got) != 1 || more {
		t.Fatalf("got %v, more %v", got, more)
	}
	e := got[0]
	if e.Number != 1 || !e.Time.Equal(noon) || e.Clock != "synced" || e.Actor != "ines" || e.Message() != "Signed in with password" || e.Level() != event.Info {
		t.Errorf("got %+v", e)
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"event": "sign_in.succeeded", "actor": "ines", "address": "192.0.2.7", "clock": "synced", "method": "password", "level": "INFO"} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
}

func TestAnEventOfARefusedTransactionIsNowhere(t *testing.T) {
	db := open(t)
	var out bytes.Buffer
	l := event.New(synced, slog.New(slog.NewJSONHandler(&out, nil)))
	_ = db.Update(func(tx *store.Tx) error {
		_ = l.Record(tx, event.Event{Kind: event.SignedIn})
		return fmt.Errorf("refused")
	})
	if got, _ := page(t, db, "", 0, 10); len(got) != 0 || out.Len() != 0 {
		t.Errorf("got %v and log %q", got, out.String())
	}
}

// R137
func TestForgedLinesStayOneLine(t *testing.T) {
	db := open(t)
	var out bytes.Buffer
	l := event.New(synced, slog.New(slog.NewJSONHandler(&out, nil)))
	evil := "x\n{\"event\":\"sign_in.succeeded\"}\x1b[2J\u2028\u202e\x00" + strings.Repeat("y", 500)
	record(t, db, l, event.Event{Kind: event.SignInRefused, Actor: evil, Agent: evil}.With("reason", evil))
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("the log has %d lines, want 1", n)
	}
	got, _ := page(t, db, "", 0, 1)
	for _, text := range []string{got[0].Actor, got[0].Agent, got[0].Message()} {
		if strings.ContainsAny(text, "\n\r\x1b\x00\u2028\u202e") || len([]rune(text)) > 240 {
			t.Errorf("kept as %q", text)
		}
	}
}

func TestPagesGoBackwardsByArea(t *testing.T) {
	db := open(t)
	l := event.New(synced, slog.New(slog.DiscardHandler))
	for i := range 30 {
		kind := event.SignedIn
		if i%3 == 0 {
			kind = event.ClockChanged
		}
		record(t, db, l, event.Event{Kind: kind})
	}
	got, more := page(t, db, event.Clock, 0, 4)
	if len(got) != 4 || got[0].Number != 28 || got[3].Number != 19 || !more {
		t.Errorf("first page: %v, more %v", got, more)
	}
	got, more = page(t, db, event.Clock, 19, 10)
	if len(got) != 6 || got[5].Number != 1 || more {
		t.Errorf("second page: %v, more %v", got, more)
	}
}

// R139: only a time that is known for certain becomes the floor of the next start.
func TestTheFloorIsTheLastVerifiedTime(t *testing.T) {
	db := open(t)
	m := synced()
	l := event.New(func() event.Moment { return m }, slog.New(slog.DiscardHandler))
	record(t, db, l, event.Event{Kind: event.SignedIn})
	m = event.Moment{Now: noon.AddDate(70, 0, 0), State: "unverified"}
	record(t, db, l, event.Event{Kind: event.SignedIn})
	_ = db.View(func(tx *store.Tx) error {
		if floor, err := event.Floor(tx); err != nil || !floor.Equal(noon) {
			t.Errorf("the floor is %v, %v; want %v", floor, err, noon)
		}
		return nil
	})
}

// R136: every kind has words, and the source says so in one place.
func TestEveryKindHasWords(t *testing.T) {
	source, err := os.ReadFile("kind.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\t(\w+)\s+Kind = "([a-z_.]+)"`).FindAllStringSubmatch(string(source), -1)
	kinds := event.Kinds()
	if len(declared) != len(kinds) || len(declared) < 30 {
		t.Errorf("%d kinds are declared, %d have words", len(declared), len(kinds))
	}
	for _, d := range declared {
		if kinds[event.Kind(d[2])] == "" {
			t.Errorf("%s has no words", d[1])
		}
	}
}

func TestUnknownKindsAreShownByName(t *testing.T) {
	e := event.Event{Kind: "future.thing"}
	if e.Message() != "future.thing" || e.Level() != event.Warning || e.Kind.Area() != event.System {
		t.Errorf("got %q, %s, %s", e.Message(), e.Level(), e.Kind.Area())
	}
}

func TestDetailsOfOneEventDoNotLeakIntoAnother(t *testing.T) {
	base := event.Event{Kind: event.SignInRefused}.With("a", "1")
	one, two := base.With("reason", "x"), base.With("reason", "y")
	if one.Get("reason") != "x" || two.Get("reason") != "y" || base.Get("reason") != "" {
		t.Errorf("got %v and %v", one, two)
	}
}
