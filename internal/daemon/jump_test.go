package daemon_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/session"
)

// enter signs a person in who has 2-step verification, with a code by a way.
func (h *house) enter(name, way, code string) *browser {
	h.t.Helper()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": name, "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"way": way, "code": code})
	return b
}

const jump = 2 * time.Hour

// steps are those of codes in a time.
func steps(d time.Duration) int { return int(d / (30 * time.Second)) }

// R139 (b) T24 T25: a majority that jumps is not followed. The owner gets in another way, accepts it with a fresh
// proof, and codes of the new time work. Where it goes back, devices that were used meanwhile are void, and nothing
// that was used or watched works again.
func TestAJumpOfTheServersIsFollowedOnAnAdministratorsWordOnly(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	phone, codes := owner.enrolled()
	owner.syncs("synced")
	owner.refused(409, "time_changed", "POST", "/time/accept", obj{"by_ms": 0})
	owner.refused(409, "time_known", "POST", "/time/hand", obj{"now": time.Now()})

	tell(servers, jump)
	owner.syncs("suspect")
	b := h.browser()
	step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if c := clockOf(step); c["trusted"] != false || c["reason"] != "jump" || c["advice"] == "" {
		t.Errorf("the step: %v", step)
	}
	said := b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(0)}).body["detail"].(string)
	if !strings.Contains(said, "suddenly say") || !strings.Contains(said, "A recovery code or a press of the button on the NAS works.") {
		t.Errorf("it says %q", said)
	}
	b.refused(401, "signed_out", "GET", "/me", nil)
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]}) // the same sign-in: nothing was counted
	owner = b

	proposed := owner.must(200, "GET", "/time", nil).body["proposal"].(obj)
	by := proposed["by_ms"].(float64)
	if math.Abs(by-float64(jump.Milliseconds())) > 1000 || proposed["servers"] != 3.0 {
		t.Fatalf("proposed: %v", proposed)
	}
	owner.refused(409, "time_changed", "POST", "/time/accept", obj{"by_ms": by - 60_000})
	h.pass(6 * time.Minute)
	owner.refused(403, "step_up_required", "POST", "/time/accept", obj{"by_ms": by})
	owner.refused(403, "step_up_required", "POST", "/time/hand", obj{"now": time.Now()})
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	if v := owner.must(200, "POST", "/time/accept", obj{"by_ms": by}).body; clockOf(v)["state"] != "synced" || v["proposal"] != nil ||
		time.Until(at(t, clockOf(v)["now"]).Add(-jump)).Abs() > 2*time.Second {
		t.Fatalf("after the word: %v", v)
	}
	b = h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": phone.code(0)})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(steps(jump))})

	tell(servers, 0) // they were wrong
	owner, phone = h.acceptsBack(owner, phone, codes[1])

	if kinds := owner.kinds("clock"); !slices.Equal(slices.DeleteFunc(kinds, func(k string) bool { return k == "clock.changed" || k == "clock.corrected" }), []string{"clock.jump_accepted", "clock.jump_accepted"}) {
		t.Errorf("the log: %v", kinds)
	}
	if kinds := owner.kinds("two_step"); !slices.Contains(kinds, "two_step.devices_void") {
		t.Errorf("the log: %v", kinds)
	}
	jumps := owner.must(200, "GET", "/time/history?span=day", nil).body["jumps"].([]any)
	if len(jumps) < 2 || jumps[0].(obj)["why"] != "accepted" || jumps[0].(obj)["what"] != "trusted" || jumps[1].(obj)["by_ms"].(float64) < 7_190_000 {
		t.Errorf("the history: %v", jumps)
	}
	h.restart() // and that is still known
	h.awaitClock("synced")
	h.enter("admin", "app", phone.code(1))
}

// acceptsBack has the owner accept that the time goes back by a jump, after which the device that was used meanwhile is
// void, and returns them with it set up again.
func (h *house) acceptsBack(owner *browser, used phone, recovery string) (*browser, phone) {
	t := h.t
	t.Helper()
	owner.syncs("suspect")
	by := owner.must(200, "GET", "/time", nil).body["proposal"].(obj)["by_ms"].(float64)
	owner.must(200, "POST", "/time/accept", obj{"by_ms": by})
	if now := at(t, clockOf(owner.must(200, "GET", "/time", nil).body)["now"]); time.Until(now).Abs() > 2*time.Second {
		t.Errorf("it is %v", now)
	}
	if void := owner.void(); !slices.Equal(void, []string{"My phone"}) {
		t.Errorf("void: %v", void)
	}
	if me := owner.must(200, "GET", "/me", nil).body; me["two_step"] != true {
		t.Errorf("2-step verification went: %v", me)
	}
	b := h.browser()
	step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if step["next"] != "code" || step["set_up_again"] != true || !slices.Equal(step["ways"].([]any), []any{"recovery", "presence"}) {
		t.Errorf("the step: %v", step)
	}
	for _, n := range []int{0, 1, steps(jump), steps(jump) + 1} {
		b.refused(403, "way_closed", "POST", "/sign-in/code", obj{"code": used.code(n)})
	}
	owner = h.enter("admin", "recovery", recovery)
	anew := owner.enrol() // under its own name, in its own place
	if void := owner.void(); void != nil {
		t.Errorf("void: %v", void)
	}
	h.enter("admin", "app", anew.code(0))
	return owner, anew
}

// R139: the time can be set by hand where no server tells it, by an administrator with a fresh proof, and never to
// what cannot be. Codes then work, unless the owner demands verified time.
func TestTheTimeIsSetByHandWhereNoServerTellsIt(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3, func(h *house, servers []*timeServer) {
		hush(servers, true)
		h.step(-26 * 365 * 24 * time.Hour)
	})
	owner := h.claim()
	owner.refused(409, "time_untrusted", "POST", "/me/two-step/devices", obj{"name": "My phone"})
	for code, now := range map[string]time.Time{"too_early": time.Now().AddDate(-5, 0, 0), "too_late": time.Now().AddDate(20, 0, 0)} {
		fields := owner.refused(422, "invalid", "POST", "/time/hand", obj{"now": now}).body["fields"].([]any)
		if f := fields[0].(obj); f["name"] != "now" || f["code"] != code {
			t.Errorf("%v: %v", now, fields)
		}
	}
	v := owner.must(200, "POST", "/time/hand", obj{"now": time.Now()}).body
	if c := clockOf(v); c["state"] != "unverified" || c["reason"] != "by_hand" || c["trusted"] != true || time.Until(at(t, c["now"])).Abs() > 2*time.Second {
		t.Fatalf("after it was set: %v", c)
	}
	phone, codes := owner.enrolled()
	h.enter("admin", "app", phone.code(0))

	list := []any{}
	for _, s := range servers {
		list = append(list, obj{"host": s.address, "protocol": "ntp", "enabled": true})
	}
	strict := owner.must(200, "PUT", "/time", obj{"servers": list, "verified_only": true, "set_system_clock": false}).body
	if clockOf(strict)["trusted"] != false || strict["settings"].(obj)["verified_only"] != true {
		t.Errorf("got %v", strict)
	}
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(1)})
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	if kinds := owner.kinds("clock"); !slices.Contains(kinds, "clock.set_by_hand") {
		t.Errorf("the log: %v", kinds)
	}
	hush(servers, false) // servers that say the same are followed by themselves
	owner.syncs("synced")
	h.enter("admin", "app", phone.code(1))
}

// R139: an owner whose servers are wrong takes them off the list and sets the time by hand at once.
func TestTheTimeIsSetByHandOnceTheServersAreOffTheList(t *testing.T) {
	t.Parallel()
	h, _ := timed(t, 3)
	owner := h.claim()
	owner.syncs("synced")
	owner.must(200, "PUT", "/time", timeSettings())
	owner.must(200, "POST", "/time/hand", obj{"now": time.Now()})
}

// R139: servers that say at the first question that years have passed are believed when an administrator signs in
// with a recovery code, and not when somebody else does.
func TestAnAdministratorVouchesForAFarFirstAnswer(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	_, codes := owner.enrolled()
	ines, _ := h.add(owner, "ines", "user")
	_, hers := ines.enrolled()
	tell(servers, 90*24*time.Hour)
	h.restart()
	h.awaitClock("suspect")
	h.enter("ines", "recovery", hers[0])
	h.awaitClock("suspect")
	owner = h.enter("admin", "recovery", codes[0])
	v := owner.must(200, "GET", "/time", nil).body
	if clockOf(v)["state"] != "synced" || time.Until(at(t, clockOf(v)["now"]).Add(-90*24*time.Hour)).Abs() > 2*time.Second {
		t.Errorf("got %v", v["clock"])
	}
	if kinds := owner.kinds("clock"); !slices.Contains(kinds, "clock.vouched") {
		t.Errorf("the log: %v", kinds)
	}
	jumps := owner.must(200, "GET", "/time/history?span=day", nil).body["jumps"].([]any)
	if j := jumps[0].(obj); j["why"] != "vouched" || j["what"] != "trusted" || j["by_ms"].(float64) < 89*24*3_600_000 {
		t.Errorf("the history: %v", jumps)
	}
}

// R139: whoever moves the time is told of to all administrators, and whoever has to set a device up again is told of
// that. A code by e-mail opens meanwhile.
func TestATimeThatWasMovedIsToldByMail(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.3.6")
	owner.emailOn(mta)
	phone := owner.enrol()
	h.enter("admin", "app", phone.code(0))
	owner.must(200, "POST", "/time/hand", obj{"now": time.Now().Add(-2 * time.Hour)})
	subjects := func() (all []string) {
		for _, m := range mta.Mails(inbox) {
			all = append(all, m.Header.Get("Subject"))
		}
		return all
	}
	told := func() bool {
		text := strings.Join(subjects(), "\n")
		return strings.Contains(text, "The time of the NAS was set by hand") && strings.Contains(text, "Set your authenticator up again")
	}
	for end := time.Now().Add(15 * time.Second); !told() && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	if !told() {
		t.Errorf("mails: %v", subjects())
	}
	b := h.browser()
	step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if !slices.Equal(step["ways"].([]any), []any{"email", "recovery", "presence"}) || step["set_up_again"] != true {
		t.Errorf("the step: %v", step)
	}
	sent := len(mta.Mails(inbox))
	b.must(200, "POST", "/sign-in/email", nil)
	b.must(200, "POST", "/sign-in/code", obj{"way": "email", "code": codeIn(t, mta.Wait(inbox, sent+1))})
}

// R139 T25: where somebody beside the box makes the time go back, devices of others that were used meanwhile are void,
// whether a server answers then or the box goes by its own clock.
func TestDevicesAreVoidAfterADoubtThatEndedBesideTheBox(t *testing.T) {
	t.Parallel()
	for state, silent := range map[string]bool{"synced": false, "unverified": true} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			devicesVoidBesideTheBox(t, state, silent)
		})
	}
}

func devicesVoidBesideTheBox(t *testing.T, state string, silent bool) {
	h, servers := timed(t, 3, func(_ *house, servers []*timeServer) { tell(servers, jump) })
	owner := h.claim()
	owner.syncs("synced")
	ines, _ := h.add(owner, "ines", "user")
	e := ines.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"}).body
	app := phone{secretOf(t, e["secret"].(string))}
	ines.must(200, "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": app.code(steps(jump)), "saved": true})
	tell(servers, 0)
	h.restart()
	h.awaitClock("suspect")
	if hush(servers, silent); silent {
		h.restart()
		h.awaitClock("unsynced")
	}
	h.local().must(200, "POST", "/local/recover", obj{"name": "admin"})
	h.awaitClock(state)
	var step obj
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if step = h.browser().must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword}).body; step["set_up_again"] == true {
			break
		}
	}
	if step["next"] != "code" || step["set_up_again"] != true || !slices.Equal(step["ways"].([]any), []any{"recovery"}) {
		t.Errorf("the step: %v", step)
	}
}

// T24: neither the clock of the box nor an administrator who sets the time back revives a link that has lapsed, or a
// code that was used.
func TestATimeThatGoesBackRevivesNothing(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.3.7")
	phone, codes := owner.enrolled()
	used := phone.code(0)
	h.enter("admin", "app", used)
	h.browser().must(202, "POST", "/forgotten", obj{"email": inbox})
	links, _ := passwordLinks(t, letter(t, mta, inbox, "Reset your Castellan password"))
	h.browser().must(200, "POST", "/password-link", obj{"link": links[0]})
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword, "code": phone.code(1)})
	h.pass(session.LinkFor + time.Second)
	h.step(-time.Hour)
	h.browser().refused(410, "link_gone", "POST", "/password-link", obj{"link": links[0]})
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": used}) // nobody knows which clock is right
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	b.must(200, "POST", "/time/hand", obj{"now": time.Now().Add(-time.Hour)})
	h.browser().refused(410, "link_gone", "POST", "/password-link", obj{"link": links[0]})
	b = h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	for _, code := range []string{used, phone.code(1), phone.code(-steps(time.Hour))} {
		b.refused(403, "way_closed", "POST", "/sign-in/code", obj{"code": code})
	}
}
