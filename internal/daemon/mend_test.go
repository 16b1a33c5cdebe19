package daemon_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
)

// cut stops a house as a power cut does, without a last entry in the log.
func (h *house) cut() {
	h.t.Helper()
	data, err := os.ReadFile(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	_ = h.stop()
	if err := os.WriteFile(h.database(), data, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// rootPage returns the page that the last commit of a database leads to, see package store.
func rootPage(data []byte) uint64 {
	word := func(page, at int) uint64 { return binary.NativeEndian.Uint64(data[page*4096+at:]) }
	newest := 0
	if word(1, 64) > word(0, 64) {
		newest = 1
	}
	return word(newest, 32)
}

// wipe damages the newest commit of the database: the page that its meta leads to.
func (h *house) wipe() {
	h.t.Helper()
	data, err := os.ReadFile(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	page := rootPage(data)
	clear(data[page*4096 : (page+1)*4096])
	if err := os.WriteFile(h.database(), data, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// snapshot makes the daily copy of a house that stands still.
func (h *house) snapshot() {
	h.t.Helper()
	db, err := store.Open(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	db.Keep(store.Keeping{Verify: store.Verify, Now: h.system, Free: func() (uint64, error) { return 1 << 40, nil }})
	if err := db.Snapshot(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// finding is a check of the person's health page.
func (b *browser) finding(code string) obj {
	b.t.Helper()
	for _, c := range listOf(b.must(200, "GET", "/health", nil).body["checks"]) {
		if c.(obj)["code"] == code {
			return c.(obj)
		}
	}
	return nil
}

// R140 (h) R042 R054 T32: where the last commit is damaged the house goes back by it. Its owner gets in with the next code,
// the code that was taken last does not work again, and what happened is in the log, on the health page and in the mail.
func TestAfterAStepBackNoCodeWorksTwice(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.71")
	phone, codes := owner.enrolled()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	h.cut()
	h.wipe()

	h.start()
	if !strings.Contains(h.log.String(), "stepped_back") {
		t.Fatalf("it did not step back\n%s", h.log)
	}
	b = h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	held := b.refused(503, "codes_held", "POST", "/sign-in/code", obj{"code": phone.code(0)})
	if held.Header.Get("Retry-After") == "" || !strings.Contains(held.body["detail"].(string), "another way") {
		t.Errorf("it says %v", held.body)
	}
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]}) // the same sign-in: nothing was counted
	if c := b.finding("store"); c["level"] != "warn" || c["value"] != "Put back" {
		t.Errorf("the health page: %v", c)
	}
	if !slices.Contains(b.kinds("system"), "store.stepped_back") {
		t.Errorf("the log: %v", b.kinds("system"))
	}
	letter(t, mta, inbox, "attic-nas: The database of the NAS was damaged")

	h.restart() // in the middle of it
	b = h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(503, "codes_held", "POST", "/sign-in/code", obj{"code": phone.code(0)})
	taken := phone.code(0)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.step(3 * time.Minute) // two minutes later
	h.start()
	b = h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": taken})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(steps(3 * time.Minute))})
	if n := strings.Count(strings.Join(b.kinds("system"), " "), "store.stepped_back"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

// R140 (h) T30 T32: where nothing but the daily copy is good the house comes back from it, is not claimable, and says so to
// every administrator.
func TestAMissingDatabaseComesBackFromItsCopy(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.72")
	known := owner.clone()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.snapshot()
	h.start()
	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(h.database()); err != nil {
		t.Fatal(err)
	}

	h.start()
	b := h.browser()
	if status := b.must(200, "GET", "/status", nil).body; status["state"] != "ready" || status["claim"] != nil {
		t.Fatalf("got %v", status)
	}
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	b.refused(409, "claimed", "POST", "/claim/button", nil)
	old := h.browser()
	old.cookies, old.token = known.cookies, known.token
	old.refused(401, "signed_out", "GET", "/me", nil)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if _, list := b.mine(); len(list) != 1 {
		t.Errorf("browsers are known from before: %v", list)
	}
	if users := listOf(b.must(200, "GET", "/users", nil).body["users"]); len(users) != 1 {
		t.Errorf("the test proves nothing: %v", users)
	}
	if c := b.finding("store"); c["level"] != "warn" || !strings.Contains(c["detail"].(string), "was missing and came back") {
		t.Errorf("the health page: %v", c)
	}
	if !slices.Contains(b.kinds("system"), "store.restored") {
		t.Errorf("the log: %v", b.kinds("system"))
	}
	letter(t, mta, inbox, "attic-nas: The database of the NAS came back from a copy")
}

// R140 (h): a box that nobody owns is not brought back: whoever damages the database of one that is claimed gets no box
// to claim, also where the claim was its last commit.
func TestADatabaseFromBeforeTheClaimIsNotBroughtBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.snapshot()
	h.start()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	h.cut()
	h.wipe()
	h.start()
	if status := h.browser().must(200, "GET", "/status", nil).body; status["state"] != "recovery_required" {
		t.Errorf("got %v", status)
	}
	if copies, _ := filepath.Glob(h.database() + "*"); len(copies) != 2 {
		t.Errorf("left: %v", copies)
	}
}

// R138: a record that the house cannot do without is as good as a page.
func TestARecordThatCannotBeReadIsDamageToo(t *testing.T) {
	t.Parallel()
	h := used(t)
	h.snapshot()
	spoil := func() {
		t.Helper()
		data, err := os.ReadFile(h.database())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.database(), []byte(strings.ReplaceAll(string(data), `{"check":"`, `{"check"!"`)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spoil()
	h.start()
	if status := h.browser().must(200, "GET", "/status", nil).body; status["state"] != "ready" || !strings.Contains(h.log.String(), "store.restored") {
		t.Errorf("got %v", status)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(store.Good(h.database())); err != nil {
		t.Fatal(err)
	}
	spoil()
	h.start()
	if status := h.browser().must(200, "GET", "/status", nil).body; status["state"] != "recovery_required" {
		t.Errorf("got %v", status)
	}
}
