package event_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"castellan/internal/event"
)

func schema(t *testing.T) *openapi3.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &openapi3.Schema{}
	if err := json.Unmarshal(data, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// R136: every kind of event makes a line that is as the schema says.
func TestEveryKindMakesALineOfTheSchema(t *testing.T) {
	db, s := open(t), schema(t)
	l := event.New(synced, slog.New(slog.DiscardHandler))
	for kind := range event.Kinds() {
		record(t, db, l, event.Event{Kind: kind, Actor: "ines", Address: "192.0.2.7", Agent: "Firefox", Request: "abcdefgh23"}.With("reason", "x"))
	}
	record(t, db, l, event.Event{Kind: event.Stopped})
	got, _ := page(t, db, "", 0, 1000)
	for _, e := range got {
		var v any
		if err := json.Unmarshal(e.Line(), &v); err != nil {
			t.Fatal(err)
		}
		if err := s.VisitJSON(v); err != nil {
			t.Errorf("%s: %v", e.Line(), err)
		}
		if len(e.Kind) > 32 {
			t.Errorf("%s is longer than a message id of syslog may be", e.Kind)
		}
		back, message, err := event.ReadLine(e.Line())
		if err != nil || back.Number != e.Number || back.Kind != e.Kind || message != e.Message() {
			t.Errorf("read back as %+v, %q, %v", back, message, err)
		}
	}
}

// evil is what strangers write into a log to forge a line of it.
const evil = "x\r\n{\"event\":\"sign_in.succeeded\"}\x1b[2J\u2028\u2029\u202e\u200b\u0085\x00\U0001F3F0"

// R137
func TestNothingForgesALineOrACell(t *testing.T) {
	db := open(t)
	l := event.New(synced, slog.New(slog.DiscardHandler))
	record(t, db, l, event.Event{Kind: event.SignInRefused, Actor: evil, Address: evil, Agent: evil, Request: evil}.With("reason", evil))
	got, _ := page(t, db, "", 0, 1)
	if line := got[0].Line(); !regexp.MustCompile(`^[ -~]+$`).Match(line) {
		t.Errorf("a line holds more than ASCII: %q", line)
	}
	for _, cell := range got[0].Row() {
		if strings.ContainsAny(cell, "\r\n\x1b\u2028\u2029\u202e\u200b\u0085\x00") {
			t.Errorf("a cell is %q", cell)
		}
	}
}

// R137: a spreadsheet takes no cell for a formula (ASVS 1.2.10).
func TestNoCellIsAFormula(t *testing.T) {
	for _, actor := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"} {
		row := event.Event{Number: 7, Kind: event.SignedIn, Actor: actor, Time: noon}.Row()
		back, err := csv.NewReader(bytes.NewReader(event.Table(row))).ReadAll()
		if err != nil || len(back) != 1 || len(back[0]) != len(event.Columns()) || !strings.HasPrefix(back[0][7], "'") {
			t.Errorf("%q became %v, %v", actor, back, err)
		}
	}
	if row := (event.Event{Number: 7, Kind: event.SignedIn, Actor: "a=b", Time: noon}).Row(); row[7] != "a=b" || row[0] != "7" || row[1] != "2026-11-21T12:00:00.000Z" {
		t.Errorf("got %v", row)
	}
}

// R137: a spreadsheet that parts cells at semicolons or tabs, and knows quotes only at the beginning of a cell,
// finds no formula either. Nothing else is changed.
func TestNoPartOfACellIsAFormula(t *testing.T) {
	for _, agent := range []string{
		"Mozilla/5.0;=cmd|' /C calc'!A0", "x\t=1+1", "x; =1+1", `x;"=1+1`, `x";""=1+1;`, "a,+1", "a;-1", "a|@SUM(A1)", `";=HYPERLINK("http://192.0.2.1","x");"`,
	} {
		row := event.Event{Number: 7, Kind: event.SignInRefused, Agent: agent, Time: noon}.With("reason", "x;=1+1").Row()
		line := event.Table(row)
		back, err := csv.NewReader(bytes.NewReader(line)).ReadAll()
		if err != nil || !slices.Equal(back[0], row) || bytes.Count(line, []byte(`","`)) < len(row)-1 || line[0] != '"' {
			t.Errorf("%q became %q, %v", agent, line, err)
		}
		for _, part := range regexp.MustCompile(`[;,\t|]`).Split(strings.TrimSpace(string(line)), -1) {
			if part = strings.Trim(part, "\" "); part != "" && strings.ContainsRune("=+-@", rune(part[0])) {
				t.Errorf("%q: the part %q of %q is a formula", agent, part, line)
			}
		}
	}
	for _, plain := range []string{"Mozilla/5.0 (X11; Linux x86_64; rv:130.0)", "a=b", "ines+nas@example.org", "2026-11-21; x-y"} {
		if row := (event.Event{Kind: event.SignedIn, Agent: plain, Time: noon}).Row(); row[9] != plain {
			t.Errorf("%q became %q", plain, row[9])
		}
	}
}
