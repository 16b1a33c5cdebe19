package daemon_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/presence"
	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// pressed holds the simulated button and returns what came of it, in words of the log.
func (h *house) pressed(owner *browser, hold time.Duration) string {
	h.t.Helper()
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": hold.Milliseconds()})
	return h.newest(owner, event.ButtonPressed)
}

// half is a browser that has passed the password step and whose state at the button can be asked for.
func (h *house) half(name string) *browser {
	h.t.Helper()
	b := h.browser()
	if step := b.must(200, "POST", "/sign-in", obj{"name": name, "password": goodPassword}).body; step["next"] != "code" {
		h.t.Fatalf("got %v", step)
	}
	return b
}

func (b *browser) wants(state string) {
	b.t.Helper()
	if got := b.must(200, "GET", "/sign-in/presence", nil).body; got["state"] != state {
		b.t.Errorf("got %v, want %s", got, state)
	}
}

// R035 R140 T27: the password and a short press of the button let the owner of a lost phone in, to a session that sets up a
// new device and nothing else. Holding the button is no such press.
func TestAPressOfTheButtonSignsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	h.browser().refused(401, "sign_in_expired", "POST", "/sign-in/presence", nil)
	b := h.half("admin")
	b.refused(410, "wait_gone", "GET", "/sign-in/presence", nil)
	b.refused(410, "wait_gone", "POST", "/sign-in/code", obj{"way": "presence"})
	if wait := b.must(200, "POST", "/sign-in/presence", nil).body; wait["state"] != "waiting" || wait["expires_in"] != 60.0 {
		t.Errorf("got %v", wait)
	}
	h.pressed(owner, 2100*time.Millisecond)
	b.wants("waiting")
	b.refused(409, "not_pressed", "POST", "/sign-in/code", obj{"way": "presence"})
	if said := h.pressed(owner, 200*time.Millisecond); !strings.HasSuffix(said, ": a sign-in was confirmed") {
		t.Errorf("the log says %q", said)
	}
	b.wants("confirmed")
	before := b.clone() // another request of the same browser comes too late
	if step := b.must(200, "POST", "/sign-in/code", obj{"way": "presence"}).body; step["next"] != "done" || step["repair"] != true {
		t.Errorf("got %v", step)
	}
	before.refused(401, "sign_in_expired", "POST", "/sign-in/code", obj{"way": "presence"})
	if s := b.must(200, "GET", "/session", nil).body; s["must_enrol"] != true || s["may_postpone"] != false || s["repair"] != true {
		t.Errorf("got %v", s)
	}
	if said := h.newest(owner, event.PressUsed); said != "admin was let in with the password and a press of the button on the NAS; a new way in has to be set up first" {
		t.Errorf("the log says %q", said)
	}
	open := 0
	for _, op := range httpapi.Operations() {
		if op.Access != api.ForUser && op.Access != api.ForAdministrator {
			continue
		}
		if op.Enrol {
			open++
			continue
		}
		b.refused(403, "enrollment_required", op.Method, path(op, someID), bodies[op.ID])
	}
	if open == 0 || open > 20 {
		t.Errorf("%d operations are open", open)
	}
	b.refused(403, "enrollment_required", "POST", "/me/two-step/later", nil)

	e := b.must(201, "POST", "/me/two-step/devices", obj{"name": "My new phone"}).body
	phone := phone{secretOf(t, e["secret"].(string))}
	b.must(200, "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": phone.early(), "saved": true})
	if s := b.must(200, "GET", "/session", nil).body; s["must_enrol"] != false || s["repair"] != false {
		t.Errorf("got %v", s)
	}
	if devices := listOf(b.must(200, "GET", "/me/two-step", nil).body["devices"]); len(devices) != 2 {
		t.Errorf("%d devices, want the lost one as well", len(devices))
	}
	b.refused(403, "way_closed", "POST", "/session/step-up", obj{"password": goodPassword, "way": "presence"})
}

// R140 (f): both pages are told, and the press ends nothing else.
func TestAPressWhileTwoWaitToSignInDropsBoth(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	one, two := h.half("admin"), h.half("admin")
	for _, b := range []*browser{one, two} {
		b.must(200, "POST", "/sign-in/presence", nil)
	}
	h.browser().refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	h.pressed(owner, 200*time.Millisecond)
	for _, b := range []*browser{one, two} {
		b.wants("dropped")
		b.refused(410, "wait_dropped", "POST", "/sign-in/code", obj{"way": "presence"})
	}
	if said := h.newest(owner, event.PressDropped); said != "The button was pressed while 2 browsers were waiting for it; all were dropped" {
		t.Errorf("the log says %q", said)
	}
	one.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	two.must(200, "POST", "/sign-in/presence", nil)
	h.pass(presence.Life + time.Second)
	two.wants("expired")
}

// R021: the owner of a full set of lost devices makes room for a new one.
func TestAPressLetsMakeRoomForANewDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	for _, name := range []string{"two", "three", "four", "five"} {
		e := owner.must(201, "POST", "/me/two-step/devices", obj{"name": name}).body
		p := phone{secretOf(t, e["secret"].(string))}
		owner.must(200, "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": p.early(), "saved": true})
	}
	b := h.half("admin")
	b.must(200, "POST", "/sign-in/presence", nil)
	h.pressed(owner, 200*time.Millisecond)
	b.must(200, "POST", "/sign-in/code", obj{"way": "presence"})
	if a := b.call("POST", "/me/two-step/devices", obj{"name": "six"}); a.StatusCode != 409 {
		t.Errorf("a sixth device: %d %s", a.StatusCode, a.raw)
	}
	devices := listOf(b.must(200, "GET", "/me/two-step", nil).body["devices"])
	b.must(200, "DELETE", "/me/two-step/devices/"+devices[0].(obj)["id"].(string), nil)
	b.refused(403, "enrollment_required", "GET", "/users", nil)                                                   // removing one sets nothing up
	b.refused(403, "enrollment_required", "DELETE", "/me/two-step/devices/"+devices[1].(obj)["id"].(string), nil) // there is room now
	if left := listOf(b.must(200, "GET", "/me/two-step", nil).body["devices"]); len(left) != 4 {
		t.Errorf("%d devices are left", len(left))
	}
	b.must(201, "POST", "/me/two-step/devices", obj{"name": "six"})
}

func TestThePolicySaysWhoMaySignInWithAPress(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	ines, _ := h.add(owner, "ines", "user")
	ines.enrol()
	if p := owner.must(200, "GET", "/policy", nil).body; p["presence"] != "administrators" {
		t.Errorf("got %v", p)
	}
	offered := func(name string) bool {
		t.Helper()
		b := h.browser()
		ways := listOf(b.must(200, "POST", "/sign-in", obj{"name": name, "password": goodPassword}).body["ways"])
		if status := b.must(200, "GET", "/status", nil).body; status["press"] != true || status["button"] != true {
			t.Errorf("got %v", status)
		}
		yes := slices.Contains(ways, any("presence"))
		if !yes {
			b.refused(403, "way_closed", "POST", "/sign-in/presence", nil)
		}
		return yes
	}
	set := func(p obj) obj {
		t.Helper()
		values := obj{"two_step": "administrators", "groups": []any{}, "email_codes": "everybody"}
		for name, value := range p {
			values[name] = value
		}
		return owner.must(200, "PUT", "/policy", values).body
	}
	for _, want := range []struct {
		rule        string
		admin, user bool
	}{{"administrators", true, false}, {"everyone", true, true}, {"nobody", false, false}} {
		if p := set(obj{"presence": want.rule}); p["presence"] != want.rule {
			t.Errorf("got %v", p)
		}
		if p := set(obj{}); p["presence"] != want.rule {
			t.Errorf("left out, it became %v", p["presence"])
		}
		if admin, user := offered("admin"), offered("ines"); admin != want.admin || user != want.user {
			t.Errorf("%s: administrator %v, user %v", want.rule, admin, user)
		}
	}
	if said := h.newest(owner, event.SettingsChanged); said != "Who may sign in with a press of the button changed from everyone to nobody" {
		t.Errorf("the log says %q", said)
	}
	owner.refused(422, "invalid", "PUT", "/policy", obj{"two_step": "nobody", "groups": []any{}, "email_codes": "everybody", "presence": "groups"})
	if got := h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200}).body["outcome"]; got != "reset" {
		t.Fatalf("got %v", got)
	}
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": newPassword})
	b.enrol()
	if p := b.must(200, "GET", "/policy", nil).body; p["presence"] != "administrators" {
		t.Errorf("after a reset: %v", p)
	}
}

// R020 R021 R029: the browser that waits for the press becomes known to an account that strangers have closed; for a name
// that nobody has the answers are the same.
func TestAPressUnlocksTheBrowserThatWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	h.close("admin")
	h.close("nobody")
	stranger, b := h.browser().from("127.0.0.11"), h.browser().from("127.0.0.9")
	waits := func(b *browser, name string) string {
		t.Helper()
		a := b.must(200, "POST", "/sign-in/unlock/button", obj{"name": name})
		if a.body["expires_in"] != 60.0 || len(a.Cookies()) != 0 {
			t.Errorf("%s: %v, %v", name, a.body, a.Cookies())
		}
		return a.body["token"].(string)
	}
	state := func(b *browser, token, want string) answer {
		t.Helper()
		a := b.must(200, "POST", "/sign-in/unlock/button/wait", obj{"token": token})
		if a.body["state"] != want {
			t.Errorf("got %v, want %s", a.body, want)
		}
		return a
	}
	unknown := waits(stranger, "nobody")
	state(stranger, unknown, "waiting")
	press := func() { h.local().must(200, "POST", "/local/button", obj{"hold_ms": 200}) }
	press()
	nothing := state(stranger, unknown, "confirmed")
	h.close("admin")
	mine := waits(b, "admin")
	press()
	known := state(b, mine, "confirmed")
	if string(nothing.raw) != string(known.raw) || len(nothing.Cookies()) != 1 || len(known.Cookies()) != 1 ||
		len(nothing.Cookies()[0].Value) != len(known.Cookies()[0].Value) {
		t.Errorf("an unknown name: %s %v\na known one: %s %v", nothing.raw, nothing.Cookies(), known.raw, known.Cookies())
	}
	b.refused(410, "wait_gone", "POST", "/sign-in/unlock/button/wait", obj{"token": mine})
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if said := h.newest(b, event.BrowserPressed); said != "The button was pressed for a browser that wanted to become known to an account: it may try to sign in" {
		t.Errorf("the log says %q", said)
	}
	h.close("admin") // once more, and the browser is known
	b = h.known(b).from("127.0.0.9")
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	stranger.refused(403, "known_browser_required", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})

	theirs, yours := waits(stranger, "admin"), waits(h.browser().from("127.0.0.12"), "admin")
	press()
	state(stranger, theirs, "dropped")
	state(stranger, yours, "dropped")
	stranger.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"}) // the waits ended all the same
	if said := h.newest(b, event.ButtonPressed); !strings.HasSuffix(said, ": the waits after wrong passwords ended") {
		t.Errorf("the log says %q", said)
	}
}

// A box without a button offers none.
func TestWithoutAButtonNobodyWaitsForOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.Button.Source = "none"
	h.start()
	owner := h.claim()
	owner.enrol()
	b := h.half("admin")
	if status := b.must(200, "GET", "/status", nil).body; status["press"] != false || status["button"] != false {
		t.Errorf("got %v", status)
	}
	if ways := listOf(b.must(200, "GET", "/sign-in", nil).body["ways"]); slices.Contains(ways, any("presence")) {
		t.Errorf("the ways are %v", ways)
	}
	b.refused(409, "no_button", "POST", "/sign-in/presence", nil)
	b.refused(409, "no_button", "POST", "/sign-in/unlock/button", obj{"name": "admin"})
}
