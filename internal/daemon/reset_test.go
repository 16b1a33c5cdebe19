package daemon_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/httpapi"
)

// hold holds the simulated button and returns what came of it.
func (h *house) hold(ms int) string {
	h.t.Helper()
	outcome, _ := h.local().must(200, "POST", "/local/button", obj{"hold_ms": ms}).body["outcome"].(string)
	return outcome
}

// saidOf holds the simulated button and returns what whoever does so is told.
func (h *house) saidOf(ms int) string {
	h.t.Helper()
	words, _ := h.local().must(200, "POST", "/local/button", obj{"hold_ms": ms}).body["words"].(string)
	return words
}

// A simulated button says why a press did nothing, and for whom it did something: the light of the box is all that a real one has.
func TestWhoeverPressesTheSimulatedButtonIsToldWhatCameOfIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	told := func(ms int, want string) {
		t.Helper()
		if said := h.saidOf(ms); said != want {
			t.Errorf("held for %d ms: %q, want %q", ms, said, want)
		}
	}
	told(200, "nobody was waiting for it")
	told(2500, "nothing, as it was too long for a short press and too short for a reset")
	h.browser().must(200, "POST", "/claim/button", nil)
	told(200, "presence confirmed")
	for range 2 {
		h.browser().must(200, "POST", "/claim/button", nil)
	}
	told(200, "more than one browser was waiting for it, so none was let in")
	owner := h.claim()
	owner.must(200, "POST", "/button/test", nil)
	told(200, "nothing, as a test was going on")
	owner.must(204, "DELETE", "/button/test", nil)
	owner.must(200, "PUT", "/button/enabled", obj{"enabled": false, "nas_name": "attic-nas"})
	told(200, "nothing, as the button is turned off")
	owner.must(200, "PUT", "/button/enabled", obj{"enabled": true})
	told(5200, "administrator defaults restored")
}

// R140: whoever holds the button again does not undo what the new owner sets up, also after a restart. Short presses work.
func TestASecondHoldWithinTenMinutesDoesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lights()
	h.start()
	owner := h.claim()
	if b := owner.must(200, "GET", "/button", nil).body; b["rest_in"] != 0.0 {
		t.Errorf("before any reset: %v", b["rest_in"])
	}
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("the first hold: %s", got)
	}
	h.restart()
	owner = h.claim()
	urgent := make(chan bool, 1)
	ended := make(chan struct{})
	var dark atomic.Int32 // how often the green light went off
	go func() {
		seen, lit := false, false
		for {
			select {
			case <-ended:
				urgent <- seen
				return
			case <-time.After(10 * time.Millisecond):
				seen = seen || h.light(redLight) == urgently
				switch green := h.light(greenLight); {
				case green == steady:
					lit = true
				case green == "none 0" && lit:
					lit = false
					dark.Add(1)
				}
			}
		}
	}()
	if got := h.hold(5400); got != "nothing" {
		t.Fatalf("the second hold: %s", got)
	}
	if said := h.saidOf(5200); !strings.HasPrefix(said, "nothing, as the defaults were restored less than 10 min ago; 9 min") || !strings.HasSuffix(said, " are left") {
		t.Errorf("whoever holds the simulated button is told %q", said)
	}
	h.awaits("five quick blinks, beside the one as a press begins", 30*time.Second, func() bool { return dark.Load() > 2 })
	close(ended)
	if <-urgent {
		t.Error("the light said to let go")
	}
	b := owner.must(200, "GET", "/button", nil).body
	last := b["last"].(obj)
	if left := b["rest_in"].(float64); left < 500 || left > 600 || last["idle"] != "rest" || last["means"] != "reset" || last["outcome"] != "nothing" {
		t.Errorf("got %v for %v s", last, left)
	}
	pressed := owner.events("area=button")[0].(obj)
	if pressed["kind"] != "button.pressed" || !strings.Contains(pressed["message"].(string), "restored less than 10 min ago") {
		t.Errorf("the log says %v", pressed)
	}
	h.shows("refused", steady, "none 0")
	if got := h.hold(200); got != "presence" {
		t.Errorf("a short press: %s", got)
	}
	h.pass(10 * time.Minute)
	if b := owner.must(200, "GET", "/button", nil).body; b["rest_in"] != 0.0 {
		t.Errorf("after ten minutes: %v", b["rest_in"])
	}
	if got := h.hold(5200); got != "reset" {
		t.Errorf("after ten minutes: %s", got)
	}
}

// R140 (i), R032: a reset is in the log, on the light until somebody claims the box, in the mailbox of whoever administered it, by
// the mail server as it was set, and everybody is told once at their next sign-in, also where the box was started in between.
// Whoever claims the box is not, nor is whoever comes later.
func TestEverybodyHearsOfAReset(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.58")
	h.lights()
	h.add(owner, "ines", "user")
	h.add(owner, "rosa", "administrator")
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	told(t, mta, "Administrator defaults were restored", "without 2-step verification")
	h.shows("restored", slowly, "none 0")
	h.restart()
	h.shows("restored, and started again", slowly, "none 0")
	owner = h.claim()
	h.shows("claimed", steady, "none 0")
	if s := owner.fresh(); s["reset_at"] != nil {
		t.Errorf("whoever claims is told: %v", s["reset_at"])
	}
	if m := owner.must(200, "GET", "/mail", nil).body; m["host"] != mta.Host {
		t.Errorf("the mail server is %v", m)
	}
	found := false
	for _, e := range owner.events("area=button") {
		found = found || e.(obj)["kind"] == "box.reset"
	}
	if !found {
		t.Error("the log does not tell")
	}
	for _, name := range []string{"ines", "rosa"} {
		b := h.in(h.browser(), name)
		at, err := time.Parse(time.RFC3339, b.fresh()["reset_at"].(string))
		if err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("%s is told of a reset at %v, %v", name, at, err)
		}
		if again := b.fresh()["reset_at"]; again == nil { // the page may be loaded again
			t.Errorf("%s is told by one page only", name)
		}
		h.restart()
		if s := h.in(h.browser(), name).fresh(); s["reset_at"] != nil {
			t.Errorf("%s is told twice: %v", name, s["reset_at"])
		}
	}
	owner = h.in(h.browser(), "admin")
	if s := owner.fresh(); s["reset_at"] != nil {
		t.Errorf("the new owner is told later: %v", s["reset_at"])
	}
	otto, _ := h.add(owner, "otto", "user")
	if s := otto.fresh(); s["reset_at"] != nil {
		t.Errorf("somebody new is told: %v", s["reset_at"])
	}
}

// R140 (b): nobody resets over the network. No route has the word but those that are about passwords, every path that one
// would try is none, and what the button itself is answers to administrators only.
func TestNothingOnTheNetworkResets(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	stranger := h.browser()
	for _, path := range []string{
		"/reset", "/factory-reset", "/system/reset", "/system/factory-reset", "/admin/reset", "/button/reset", "/button/press", "/button/hold", "/press", "/local/button", "/local/reset",
		"/local/before-reset", "/local/recover", "/recover", "/restore", "/defaults", "/settings/reset", "/claim/reset", "/setup", "/before-reset", "/local/default-password",
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET"} {
			for who, b := range map[string]*browser{"a stranger": stranger, "the owner": owner} {
				if a := b.call(method, path, nil); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
					t.Errorf("%s %s by %s: %d %s", method, path, who, a.StatusCode, a.raw)
				}
			}
		}
	}
	for _, op := range httpapi.Operations() {
		if !strings.Contains(op.Path, "button") || strings.HasPrefix(op.Path, "/local/") || strings.HasPrefix(op.Path, "/claim/") || strings.HasPrefix(op.Path, "/sign-in/") {
			continue
		}
		if a := stranger.call(op.Method, op.Path, obj{"hold_ms": 6000}); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s by a stranger: %d %s", op.Method, op.Path, a.StatusCode, a.raw)
		}
	}
	owner.must(200, "GET", "/me", nil)
}

// R007, R140 (d): on a new box and on one that was reset, nothing that is the same on two boxes opens anything, and no former
// password does.
func TestNoUniversalPasswordWorks(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	guesses := []string{
		"", "admin", "administrator", "root", "password", "Password1", "1234", "12345678", "123456", "default", "reset", "nas", "castellan", "attic-nas", "changeme", "guest", "synology",
		"public", "000000", "aaaa-aaaa-aaaa", "0000-0000-0000", goodPassword, "localhost", "127.0.0.1",
	}
	if all, err := net.Interfaces(); err == nil {
		for _, one := range all {
			mac := strings.ReplaceAll(one.HardwareAddr.String(), ":", "")
			guesses = append(guesses, one.HardwareAddr.String(), mac, mac[max(len(mac)-6, 0):])
		}
	}
	if name, err := os.Hostname(); err == nil {
		guesses = append(guesses, name)
	}
	try := func(when string, source int) {
		tried, b := 0, h.browser()
		for _, name := range []string{"admin", "root", "administrator", "castellan", "owner", "user", "guest", "ADMIN"} {
			for _, guess := range guesses {
				if tried%3 == 0 { // before any of them has to wait
					b.client.CloseIdleConnections()
					b = h.browser().from(many(source + tried/3))
				}
				a := b.call("POST", "/sign-in", obj{"name": name, "password": guess})
				if tried++; a.StatusCode != http.StatusUnauthorized && (guess != "" || a.StatusCode != http.StatusUnprocessableEntity) {
					t.Errorf("%s, %s with %q: %d %s", when, name, guess, a.StatusCode, a.raw)
				}
			}
		}
		if tried < 200 {
			t.Errorf("only %d pairs", tried)
		}
	}
	try("new", 0)
	h.claim()
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	try("reset", 200)
	h.claim()
}

// What a reset changed can be read on the box, by root, also before somebody has claimed it.
func TestWhatWasBeforeAResetIsReadOnTheBox(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.local().refused(404, "no_snapshot", "GET", "/local/before-reset", nil)
	owner.must(200, "PUT", "/defender", obj{"limits": "strict", "allow": []string{"203.0.113.7"}, "block": []string{"198.51.100.0/24"}})
	owner.must(200, "PUT", "/policy", obj{"two_step": "everyone", "groups": []string{}, "email_codes": "nobody", "presence": "nobody", "idle_minutes": 45})
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	v := h.local().must(200, "GET", "/local/before-reset", nil).body
	p, o := v["policy"].(obj), v["owner"].(obj)
	if p["two_step"] != "everyone" || p["idle_minutes"] != 45.0 || v["limits"] != "strict" || v["allow"].([]any)[0] != "203.0.113.7" || v["block"].([]any)[0] != "198.51.100.0/24" || o["name"] != "admin" || v["nas_name"] != "attic-nas" {
		t.Errorf("got %v", v)
	}
	if err := os.WriteFile(h.file.Data+"/settings-before-reset.sealed", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.local().refused(409, "snapshot_unreadable", "GET", "/local/before-reset", nil)
}
