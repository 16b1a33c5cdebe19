package daemon_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// kinds returns the kinds of the entries on a page.
func kinds(page obj) (all []string) {
	for _, e := range listOf(page["events"]) {
		all = append(all, e.(obj)["kind"].(string))
	}
	return all
}

// R136: who, what, when and words narrow the log down, and an entry is found by the id of the refusal it explains.
func TestTheLogIsFiltered(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.settle()
	stranger := h.browser()
	stranger.header = map[string][]string{"X-Request-Id": {"forged"}}
	refusal := stranger.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	id, _ := refusal.body["request"].(string)
	if !regexp.MustCompile(`^[a-z2-7]{10}$`).MatchString(id) || refusal.Header.Get(httpapi.RequestHeader) != id {
		t.Errorf("the refusal has the id %q, its header %q", id, refusal.Header.Get(httpapi.RequestHeader))
	}
	found := owner.must(200, "GET", "/events?text="+id, nil).body
	if got := kinds(found); len(got) != 1 || got[0] != "sign_in.refused" || found["next"] != nil {
		t.Errorf("the id finds %v", got)
	}
	for query, want := range map[string]string{
		"outcome=refused&area=sign_in": "[sign_in.refused]", "who=ADMIN&outcome=refused": "[sign_in.refused]", "who=nobody": "[]",
		"kind=box.made": "[box.made]", "text=set+up+NAS": "[box.made]", "to=2001-01-01T00:00:00Z": "[]", "outcome=refused&from=2001-01-01T00:00:00Z": "[sign_in.refused]",
	} {
		if got := fmt.Sprint(kinds(obj{"events": owner.events(query)})); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"area=none", "outcome=none", "before=x", "after=-1", "limit=201", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"} {
		owner.refused(422, "invalid", "GET", "/events?"+query, nil)
	}
	for _, query := range []string{"from=yesterday", "who=a&who=b"} {
		owner.refused(400, "malformed", "GET", "/events?"+query, nil)
	}
	page := owner.must(200, "GET", "/events?limit=2", nil).body
	older := owner.must(200, "GET", "/events?limit=2&before="+page["next"].(string), nil).body
	newer := owner.must(200, "GET", "/events?after="+page["newest"].(string), nil).body
	if len(kinds(page)) != 2 || len(kinds(older)) != 2 || len(kinds(newer)) != 0 || page["kept"].(float64) < 5 {
		t.Errorf("got %v, then %v, and newer %v", page, older, newer)
	}
}

// export prepares a download of the log and fetches it.
func (b *browser) export(values obj) answer {
	b.t.Helper()
	id := b.must(201, "POST", "/events/export", values).body["id"].(string)
	return b.must(200, "GET", "/events/export/"+id, nil)
}

// R103: a download is fetched once, within a minute, by the session that prepared it with its token.
func TestADownloadOfTheLogIsForOneSessionAndOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	prepare := func() string {
		return "/events/export/" + owner.must(201, "POST", "/events/export", obj{"format": "csv"}).body["id"].(string)
	}
	other := h.browser()
	other.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	path := prepare()
	other.refused(404, "no_export", "GET", path, nil)
	h.browser().refused(401, "signed_out", "GET", path, nil)
	owner.must(200, "GET", path, nil)
	owner.refused(404, "no_export", "GET", path, nil)
	first, second := prepare(), prepare()
	owner.refused(404, "no_export", "GET", first, nil)
	h.pass(httpapi.ExportFor)
	owner.refused(404, "no_export", "GET", second, nil)
	token := owner.token
	owner.token = ""
	owner.refused(403, "token_missing", "POST", "/events/export", obj{"format": "csv"})
	owner.token = token
	if got := len(owner.events("kind=log.exported")); got != 3 {
		t.Errorf("%d exports are recorded, want 3", got)
	}
}

// R137: an export that cannot be finished does not look like a whole one.
func TestAnExportThatFailsBreaksOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	l := event.New(func() event.Moment { return event.Moment{Now: time.Now(), State: "synced"} }, slog.New(slog.DiscardHandler)).Keyed(secret.NewKey())
	e := event.Event{Kind: event.SettingsChanged, Actor: "admin"}
	for i := range 12 {
		e = e.With(fmt.Sprint("detail", i), strings.Repeat("界", 180))
	}
	if err := h.db.Update(func(tx *store.Tx) (err error) {
		for range 1200 { // more than any buffer between the NAS and its reader takes
			err = errors.Join(err, l.Record(tx, e))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	id := owner.must(201, "POST", "/events/export", obj{"format": "csv"}).body["id"].(string)
	response, err := owner.client.Do(owner.request("GET", "/events/export/"+id, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.CopyN(io.Discard, response.Body, 1); err != nil {
		t.Fatal(err)
	}
	_ = h.db.Close()
	if n, err := io.Copy(io.Discard, response.Body); err == nil || n > 1200*12*180*3 {
		t.Errorf("the download ends after %d bytes with %v", n, err)
	}
	_ = h.stop() // after all that is under way
	if !strings.Contains(h.log.String(), "export the log") {
		t.Errorf("it said %s", h.log)
	}
}

// R137 R138: an entry that cannot be read hides no other one, neither on the page nor in an export, and the check names it.
func TestADamagedEntryHidesNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	if err := h.db.Update(func(tx *store.Tx) error {
		return store.NewTable[string]("events").Put(tx, string([]byte{0, 0, 0, 0, 0, 0, 0, 3}), "no record")
	}); err != nil {
		t.Fatal(err)
	}
	h.restart()
	owner := h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if got := kinds(obj{"events": owner.events("limit=200")}); got[len(got)-3] != string(event.Unreadable) || got[len(got)-1] != string(event.Made) {
		t.Errorf("the page has %v", got)
	}
	lines := strings.Split(string(owner.export(obj{"format": "csv"}).raw), "\n")
	if len(lines) < 7 || !strings.Contains(lines[3], "This part of the log cannot be read") || strings.Contains(lines[2]+lines[4], "cannot be read") {
		t.Errorf("the export has %q", lines)
	}
	if got := h.local().must(200, "GET", "/local/log/check", nil).body; got["intact"] != false || !strings.Contains(fmt.Sprint(got), "entry 3 was changed or taken out") {
		t.Errorf("the check says %v", got)
	}
}

// R103 R136 R137: an export wants a fresh proof, is recorded, and forges no line and no formula.
func TestTheLogIsExported(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.settle()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "display_name": "=1+1", "role": "user"}).body["user"].(obj)["id"].(string)
	owner.must(200, "PATCH", "/users/"+added, obj{"display_name": "@SUM(A1)"})
	stranger := h.browser()
	stranger.header = map[string][]string{"User-Agent": {"=cmd|' /C calc'!A0"}}
	stranger.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "x\r\n{\"kind\":\"sign_in.succeeded\"}", "password": "wrong"})

	data, err := os.ReadFile("../event/testdata/line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := &openapi3.Schema{}
	if err := json.Unmarshal(data, schema); err != nil {
		t.Fatal(err)
	}
	lines := owner.export(obj{"format": "jsonl"})
	if got := lines.Header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="attic-nas-log-\d{4}-\d\d-\d\d\.jsonl"$`).MatchString(got) {
		t.Errorf("the file is %s", got)
	}
	number := 0.0
	for line := range bytes.Lines(lines.raw) {
		var v obj
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if err := schema.VisitJSON(v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if v["number"] != number+1 {
			t.Errorf("entry %v follows %v", v["number"], number)
		}
		number = v["number"].(float64)
	}
	table := owner.export(obj{"format": "csv", "outcome": "refused"})
	rows, err := csv.NewReader(bytes.NewReader(table.raw)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][9] != "'=cmd|' /C calc'!A0" {
		t.Errorf("got %q, %v", rows, err)
	}
	last := owner.must(200, "GET", "/events?limit=1", nil).body
	if e := listOf(last["events"])[0].(obj); e["message"] != "The log was exported as CSV: outcome refused" || e["actor"] != "admin" {
		t.Errorf("got %v", e)
	}
	owner.refused(422, "invalid", "POST", "/events/export", obj{"format": "csv", "area": "none"})
	owner.refused(422, "invalid", "POST", "/events/export", obj{"format": "pdf"})
	h.pass(6 * 60e9)
	owner.refused(403, "step_up_required", "POST", "/events/export", obj{"format": "csv"})
	owner.refused(403, "step_up_required", "DELETE", "/events", nil)
	owner.refused(403, "step_up_required", "PUT", "/syslog", obj{"host": "log.example.org", "port": 6514})
}

// R137: clearing leaves who did it, and the chain stays whole; a change behind the back of the box shows.
func TestTheLogIsClearedWithATrace(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	if check := h.local().must(200, "GET", "/local/log/check", nil).body; check["intact"] != true {
		t.Errorf("before: %v", check)
	}
	owner.must(204, "DELETE", "/events", nil)
	page := owner.must(200, "GET", "/events", nil).body
	events := listOf(page["events"])
	first := events[len(events)-1].(obj)
	if first["kind"] != "log.cleared" || first["actor"] != "admin" || !strings.Contains(first["message"].(string), "entries are gone") {
		t.Errorf("the first entry is %v", first)
	}
	if check := h.local().must(200, "GET", "/local/log/check", nil).body; check["intact"] != true || !strings.Contains(check["detail"].(string), "as it was written") {
		t.Errorf("after: %v", check)
	}
	if lines := h.local().must(200, "GET", "/local/log?limit=1", nil).raw; bytes.Count(lines, []byte("\n")) != 1 {
		t.Errorf("got %q", lines)
	}
	h.local().refused(422, "invalid", "GET", "/local/log?limit=10001", nil)
}

// R123 R137: the log goes to a real syslog server, whose certificate is right, and nowhere else.
func TestTheLogGoesToASyslogServer(t *testing.T) {
	t.Parallel()
	server := realtest.NewSyslogd(t, "127.0.0.22")
	h := newHouse(t).start()
	owner := h.claim()
	h.settle()
	if s := owner.must(200, "GET", "/syslog", nil).body; s["state"] != "off" || s["configured"] != false || s["port"] != 6514.0 {
		t.Errorf("got %v", s)
	}
	for _, bad := range []obj{
		{"host": "169.254.169.254", "port": 6514}, {"host": "fe80::1", "port": 6514}, {"host": "0.0.0.0", "port": 6514}, {"host": "224.0.0.1", "port": 6514},
		{"host": "a b", "port": 6514}, {"host": server.Host, "port": 22}, {"host": server.Host, "port": 514}, {"host": server.Host, "port": 6514, "authority": "x"},
		{"host": server.Host, "port": 6514, "fingerprint": "aa"},
	} {
		owner.refused(422, "invalid", "PUT", "/syslog", bad)
		owner.refused(422, "invalid", "POST", "/syslog/test", bad)
	}
	test := owner.must(200, "POST", "/syslog/test", obj{"host": server.Host, "port": 6514}).body
	if test["taken"] != false || !strings.Contains(test["detail"].(string), "authority that is not known") {
		t.Errorf("without its authority: %v", test)
	}
	right := obj{"host": server.Host, "port": 6514, "authority": server.Authority}
	if test := owner.must(200, "POST", "/syslog/test", right).body; test["taken"] != true {
		t.Errorf("with its authority: %v", test)
	}
	server.Wait(1)
	owner.must(200, "PUT", "/syslog", right)
	h.browser().refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	var got []string
	for _, l := range server.Wait(3) {
		var v obj
		if err := json.Unmarshal([]byte(strings.TrimSpace(l.Text)), &v); err != nil || v["kind"] != l.ID || l.Host != "attic-nas" || l.App != "castellan" {
			t.Errorf("%v: %+v", err, l)
		}
		got = append(got, l.ID)
	}
	if fmt.Sprint(got) != "[log.forward_tried settings.changed sign_in.refused]" {
		t.Errorf("got %v", got)
	}
	h.restart()
	lines := server.Wait(5)
	if lines[len(lines)-1].ID == "" {
		t.Errorf("after a restart: %+v", lines)
	}
	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if s := owner.must(200, "GET", "/syslog", nil).body; s["state"] != "sending" || s["detail"] != "" {
		t.Errorf("got %v", s)
	}
	owner.must(204, "DELETE", "/syslog", nil)
	if s := owner.must(200, "GET", "/syslog", nil).body; s["state"] != "off" || s["host"] != "" {
		t.Errorf("got %v", s)
	}
}
