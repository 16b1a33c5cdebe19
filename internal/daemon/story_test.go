package daemon_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/httpapi"
)

func TestTheStoryFromTheClaimToTheReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	if h.greeting.Owned || h.greeting.Name != "admin" || len(h.greeting.DefaultPassword) != 14 || h.greeting.Fingerprint == "" {
		t.Fatalf("the greeting is %+v", h.greeting)
	}
	owner := h.claim()
	session := owner.fresh()
	if session["nas_name"] != "attic-nas" || session["me"].(obj)["role"] != "administrator" {
		t.Errorf("got %v", session)
	}
	phone := owner.enrol()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "display_name": "Inês Duarte", "role": "user"}).body

	ines := h.browser()
	step := ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": added["password"]}).body
	if step["next"] != "password" || step["password_min"] != 15.0 {
		t.Errorf("got %v", step)
	}
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	tablet := ines.enrol()

	owner.must(204, "DELETE", "/session", nil)
	owner.refused(401, "signed_out", "GET", "/session", nil)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	owner.refused(401, "signed_out", "GET", "/me", nil) // half way is not in
	owner.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	owner.fresh()

	for hold, want := range map[int]string{100: "presence", 2100: "nothing"} {
		if got := h.local().must(200, "POST", "/local/button", obj{"hold_ms": hold}).body["outcome"]; got != want {
			t.Errorf("held %d ms: %v, want %s", hold, got, want)
		}
	}
	owner.fresh()
	if got := h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200}).body["outcome"]; got != "reset" {
		t.Fatalf("held 5.2 s: %v", got)
	}
	owner.refused(409, "unclaimed", "GET", "/me", nil)
	after := h.browser()
	status := after.must(200, "GET", "/status", nil).body
	if status["state"] != "unclaimed" || status["claim"].(obj)["again"] != true || status["nas_name"] != "attic-nas" {
		t.Errorf("got %v", status)
	}
	after.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if step := after.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword}).body; step["next"] != "claim" {
		t.Errorf("got %v", step)
	}
	after.must(201, "POST", "/claim", obj{"name": "admin", "password": newPassword})
	if me := after.must(200, "GET", "/me", nil).body; me["two_step"] != false {
		t.Errorf("2-step verification is still on: %v", me)
	}
	ines = h.browser()
	if step := ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword}).body; step["next"] != "code" {
		t.Errorf("the other account lost its 2-step verification: %v", step)
	}
	ines.must(200, "POST", "/sign-in/code", obj{"code": tablet.code(0)})
}

// R099: a restart keeps accounts and ends sessions.
func TestASecondStartKeepsTheDataAndEndsSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	fingerprint, label := h.settle(), h.greeting.DefaultPassword
	h.restart()
	if h.greeting.Fingerprint != fingerprint || h.greeting.DefaultPassword != label || !h.greeting.Owned {
		t.Fatalf("after the restart: %+v", h.greeting)
	}
	owner.base = "https://" + h.greeting.HTTPS
	owner.refused(401, "signed_out", "GET", "/session", nil)
	h.browser().must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
}

func TestAPressOfTheButtonClaims(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	if wait := b.must(200, "POST", "/claim/button", nil).body; wait["state"] != "waiting" {
		t.Fatalf("got %v", wait)
	}
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 200})
	if wait := b.must(200, "GET", "/claim/button", nil).body; wait["state"] != "confirmed" {
		t.Fatalf("got %v", wait)
	}
	b.must(201, "POST", "/claim", obj{"name": "marta", "password": goodPassword})
	if me := b.must(200, "GET", "/me", nil).body; me["name"] != "marta" || me["role"] != "administrator" {
		t.Errorf("got %v", me)
	}
}

// A page asks once how far its browser is, and gets no refusal for that.
func TestTheStatusTellsHowFarABrowserIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	want := func(visitor string) {
		t.Helper()
		if got := b.must(200, "GET", "/status", nil).body["visitor"]; got != visitor {
			t.Errorf("got %v, want %s", got, visitor)
		}
	}
	want("stranger")
	b.must(200, "POST", "/claim/button", nil)
	want("waiting")
	b.refused(401, "sign_in_expired", "GET", "/sign-in", nil)
	want("waiting")
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	want("half_way")
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	want("signed_in")
	b.must(204, "DELETE", "/session", nil)
	want("stranger")
}

// R140 (f)
func TestTwoBrowsersThatWaitAreBothDropped(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	one, two := h.browser(), h.browser()
	one.must(200, "POST", "/claim/button", nil)
	two.must(200, "POST", "/claim/button", nil)
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 200})
	for _, b := range []*browser{one, two} {
		if wait := b.must(200, "GET", "/claim/button", nil).body; wait["state"] != "dropped" {
			t.Errorf("got %v", wait)
		}
		b.refused(401, "sign_in_expired", "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	}
}

// R140 (e)
func TestTwoParallelClaimsOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	var all sync.WaitGroup
	statuses := make([]int, 6)
	var browsers []*browser
	for range statuses {
		b := h.browser()
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
		browsers = append(browsers, b)
	}
	for i, b := range browsers {
		all.Go(func() {
			statuses[i] = b.call("POST", "/claim", obj{"name": "admin", "password": goodPassword}).StatusCode
		})
	}
	all.Wait()
	counts := map[int]int{}
	for _, s := range statuses {
		counts[s]++
	}
	if counts[201] != 1 || counts[409] != 5 {
		t.Errorf("answers %v, want one 201 and five 409", counts)
	}
}

// R140 (b): nothing over the network resets.
func TestTheLocalRoutesAreNotOnTheNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	for _, b := range []*browser{h.browser(), owner} {
		b.refused(404, "not_found", "GET", "/local/default-password", nil)
		b.refused(404, "not_found", "POST", "/local/recover", obj{"name": "admin"})
		b.refused(404, "not_found", "POST", "/local/button", obj{"hold_ms": 6000})
	}
	if got := h.local().must(200, "GET", "/local/default-password", nil).body; got["password"] != h.greeting.DefaultPassword {
		t.Errorf("got %v", got)
	}
}

func TestRecoveryOverTheSocketLetsALockedOutAdministratorIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim().enrol()
	given := h.local().must(200, "POST", "/local/recover", obj{"name": "admin"}).body
	b := h.browser()
	if step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": strings.ToUpper(given["password"].(string))}).body; step["next"] != "password" {
		t.Fatalf("got %v", step)
	}
	b.must(200, "POST", "/sign-in/password", obj{"password": newPassword})
	if me := b.must(200, "GET", "/me", nil).body; me["two_step"] != false {
		t.Errorf("got %v", me)
	}
	h.local().refused(404, "unknown_account", "POST", "/local/recover", obj{"name": "nobody"})
}

// R039
func TestAnAdministratorTurnsSomebodysTwoStepOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"}).body
	id := added["user"].(obj)["id"].(string)
	ines := h.browser()
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": added["password"]})
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	ines.enrol()
	if user := owner.must(200, "GET", "/users/"+id, nil).body; user["two_step"] != true {
		t.Fatalf("got %v", user)
	}
	if user := owner.must(200, "POST", "/users/"+id+"/two-step/off", nil).body; user["two_step"] != false {
		t.Errorf("got %v", user)
	}
	ines.refused(401, "signed_out", "GET", "/me", nil)
	if step := ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword}).body; step["next"] != "done" {
		t.Errorf("got %v", step)
	}
	events := owner.events("area=two_step")
	if first := events[0].(obj); first["kind"] != "two_step.turned_off_for_other" || first["actor"] != "admin" {
		t.Errorf("got %v", first)
	}
	own := owner.fresh()["me"].(obj)["id"].(string)
	owner.refused(409, "own_account", "POST", "/users/"+own+"/two-step/off", nil)
}

// R044 over the wire, with HTTP/1.1 and HTTP/2.
func TestOneCodeInManyBrowsersIsOneSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	phone := h.claim().enrol()
	var all sync.WaitGroup
	statuses := make([]int, 10)
	code := phone.code(0)
	for i := range statuses {
		b := h.browser()
		if i%2 == 0 {
			b.client.Transport = http1(b)
		}
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
		all.Go(func() { statuses[i] = b.call("POST", "/sign-in/code", obj{"code": code}).StatusCode })
	}
	all.Wait()
	won := 0
	for _, s := range statuses {
		if s == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d browsers are in: %v", won, statuses)
	}
}

// R136: what happened is in the log, in words.
func TestTheLogTellsTheStory(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.browser().refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	owner.must(204, "POST", "/me/two-step/later", nil)
	var kinds []string
	for _, e := range owner.events("limit=200") {
		kinds = append(kinds, e.(obj)["kind"].(string))
	}
	for _, want := range []string{"box.made", "certificate.made", "box.started", "box.claimed", "sign_in.succeeded", "sign_in.refused", "two_step.postponed"} {
		if !strings.Contains(strings.Join(kinds, " "), want) {
			t.Errorf("%s is missing in %v", want, kinds)
		}
	}
	for _, secret := range []string{goodPassword, h.greeting.DefaultPassword, owner.cookies[httpapi.SessionCookie], owner.token} { // R137
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the program's log holds %q", secret)
		}
	}
	first := owner.must(200, "GET", "/events?limit=2", nil).body
	second := owner.must(200, "GET", "/events?limit=2&before="+first["next"].(string), nil).body
	if first["events"].([]any)[1].(obj)["id"] == second["events"].([]any)[0].(obj)["id"] {
		t.Error("pages overlap")
	}
}

func TestTheHealthNagsUntilTwoStepIsOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	check := func() obj {
		for _, c := range owner.must(200, "GET", "/health", nil).body["checks"].([]any) {
			if c.(obj)["code"] == "two_step" {
				return c.(obj)
			}
		}
		t.Fatal("2-step verification is not looked at")
		return nil
	}
	if c := check(); c["level"] != "warn" || c["value"] != "Off" {
		t.Errorf("got %v", c)
	}
	owner.enrol()
	if c := check(); c["level"] != "ok" || c["value"] != "On" {
		t.Errorf("got %v", c)
	}
}

// R103
func TestSensitiveChangesWantAFreshProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	before := owner.clone()
	if left := owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword}).body["step_up_in"].(float64); left < 290 {
		t.Errorf("open for %v s", left)
	}
	before.refused(401, "signed_out", "GET", "/session", nil) // R096
	owner.refused(403, "proof_refused", "POST", "/session/step-up", obj{"password": "wrong"})
	owner.must(200, "GET", "/me", nil)
}

func TestStoppingIsQuick(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	start := time.Now()
	if err := h.stop(); err != nil || time.Since(start) > 4*time.Second {
		t.Errorf("stopped after %v with %v", time.Since(start), err)
	}
}
