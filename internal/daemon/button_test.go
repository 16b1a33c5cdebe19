package daemon_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/event"
)

// R140 T28: tried out, the button shows what a press means; turned off, it does nothing, also after a restart, until an
// administrator turns it on. Each of these wants a fresh proof of identity and stands in the log.
func TestTheButtonIsTriedTurnedOffAndOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	hold := func(ms int) {
		t.Helper()
		h.local().must(200, "POST", "/local/button", obj{"hold_ms": ms})
	}
	press := func() obj {
		t.Helper()
		last, _ := owner.must(200, "GET", "/button", nil).body["last"].(obj)
		return last
	}
	b := owner.must(200, "GET", "/button", nil).body
	if b["enabled"] != true || b["can_learn"] != false || b["learnt"] != false || b["testing"] != 0.0 || b["guard"] != "none" || b["trouble"] != nil {
		t.Errorf("at the start: %v", b)
	}
	owner.refused(409, "button_fixed", "POST", "/button/learn", nil)
	owner.refused(409, "button_fixed", "PUT", "/button", obj{"device": "gpio-keys", "key": 408})
	owner.refused(422, "invalid", "PUT", "/button", obj{"device": "gpio-keys"})
	owner.refused(422, "invalid", "PUT", "/button", obj{"device": "gpio-keys", "key": 70000})
	if l := owner.must(200, "GET", "/button/learn", nil).body; l["left"] != 0.0 || len(listOf(l["heard"])) != 0 {
		t.Errorf("heard %v", l)
	}
	owner.must(204, "DELETE", "/button/learn", nil)

	if b = owner.must(200, "POST", "/button/test", nil).body; b["testing"].(float64) < 55 {
		t.Errorf("in a test: %v", b)
	}
	hold(5100)
	if p := press(); p["idle"] != "test" || p["means"] != "reset" || p["outcome"] != "nothing" {
		t.Errorf("in a test: %v", p)
	}
	owner.must(204, "DELETE", "/button/test", nil)

	owner.refused(422, "invalid", "PUT", "/button/enabled", obj{"enabled": false, "nas_name": "other"})
	if b = owner.must(200, "PUT", "/button/enabled", obj{"enabled": false, "nas_name": "Attic-NAS"}).body; b["enabled"] != false || !strings.Contains(b["detail"].(string), "castellan recover") {
		t.Errorf("turned off: %v", b)
	}
	h.restart()
	owner = h.in(h.browser(), "admin")
	hold(5100)
	if p := press(); p["idle"] != "disabled" || p["means"] != "reset" {
		t.Errorf("turned off: %v", p)
	}
	if state := owner.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Fatalf("presses that do nothing led to %v", state)
	}
	for _, c := range listOf(owner.must(200, "GET", "/health", nil).body["checks"]) {
		if c := c.(obj); c["code"] == "button" && (c["level"] != "warn" || c["value"] != "Turned off") {
			t.Errorf("health says %v", c)
		}
	}
	h.pass(6 * time.Minute)
	for path, body := range map[string]obj{"/button/enabled": {"enabled": true}, "/button": {}} {
		owner.refused(403, "step_up_required", "PUT", path, body)
	}
	for _, path := range []string{"/button/test", "/button/learn"} {
		owner.refused(403, "step_up_required", "POST", path, nil)
	}
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	owner.must(200, "PUT", "/button/enabled", obj{"enabled": true})
	for _, kind := range []event.Kind{event.ButtonTested, event.ButtonDisabled, event.ButtonEnabled} {
		if said := h.newest(owner, kind); said == "" {
			t.Errorf("%s is not in the log", kind)
		}
	}
	hold(5100)
	if state := h.browser().must(200, "GET", "/status", nil).body["state"]; state != "unclaimed" {
		t.Errorf("turned on it does not reset: %v", state)
	}
}
