package daemon_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// R103: what matters wants a proof of identity that is not older than five minutes, and with 2-step verification on
// the password alone is none.
func TestEverySensitiveChangeWantsAFreshProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	owner.fresh()
	sensitive := 0
	each := func(check func(api.Operation, answer)) {
		for _, op := range httpapi.Operations() {
			if op.StepUp {
				owner.fresh() // some changes renew the token
				check(op, owner.call(op.Method, path(op, someID), bodies[op.ID]))
			}
		}
	}
	h.pass(session.StepUpFor)
	each(func(op api.Operation, a answer) {
		sensitive++
		if a.StatusCode != 403 || a.code() != "step_up_required" {
			t.Errorf("%s with a stale proof: %d %s", op.ID, a.StatusCode, a.raw)
		}
	})
	if sensitive < 15 {
		t.Errorf("only %d operations are sensitive", sensitive)
	}
	owner.refused(422, "invalid", "POST", "/session/step-up", obj{"password": goodPassword})
	if left := owner.fresh()["step_up_in"].(float64); left != 0 {
		t.Errorf("the password alone opens sensitive changes for %v s", left)
	}
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword, "code": phone.code(0)})
	each(func(op api.Operation, a answer) {
		if a.StatusCode == 401 || a.code() == "step_up_required" {
			t.Errorf("%s with a fresh proof: %d %s", op.ID, a.StatusCode, a.raw)
		}
	})
}

// queries are what polls want to be asked with.
var queries = map[string]string{"GetTimeHistory": "?span=day"}

// R097: what a page asks by itself does not keep a session alive, what a person does keeps it.
func TestPollingDoesNotKeepASessionAlive(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	var polls []string
	for _, op := range httpapi.Operations() {
		if op.Background && op.Method == "GET" && (op.Access == api.ForUser || op.Access == api.ForAdministrator) {
			polls = append(polls, op.Path+queries[op.ID])
		}
	}
	if len(polls) < 4 {
		t.Fatalf("only %v are polled", polls)
	}
	for range 3 {
		h.pass(session.Idle - time.Minute)
		owner.must(200, "GET", "/me", nil)
	}
	for range 29 {
		h.pass(time.Minute)
		for _, poll := range polls {
			owner.must(200, "GET", poll, nil)
		}
	}
	h.pass(time.Minute)
	owner.refused(401, "signed_out", "GET", "/me", nil)
}

// R114: a half-finished sign-in goes on only for the page that began it.
func TestTheStepsOfASignInWantThePagesToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	phone := h.claim().enrol()
	half := h.browser()
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	for _, token := range []string{"", strings.Repeat("A", 43), half.cookies[httpapi.TicketCookie]} {
		forged := half.clone()
		forged.token = token
		for _, op := range httpapi.Operations() {
			if op.Access == api.ForTicket && op.Method != "GET" {
				forged.refused(403, "token_missing", op.Method, op.Path, bodies[op.ID])
			}
		}
	}
	half.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}

// R023: headers that claim another address change neither the source nor the log.
func TestHeadersThatClaimAnAddressAreNotBelieved(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	b := h.browser()
	claim := func(i int) {
		address := net.IPv4(198, 51, 100, byte(i)).String()
		for name, value := range map[string]string{
			"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": "for=" + address, "X-Client-IP": address, "True-Client-IP": address,
		} {
			b.header.Set(name, value)
		}
	}
	goOn := h.freezes()
	for i := range throttle.FreeTries {
		claim(i)
		b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	}
	claim(99)
	b.refused(429, "slow_down", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	goOn()
	seen := 0
	for _, e := range owner.events("area=sign_in") {
		if e := e.(obj); e["kind"] == "sign_in.refused" {
			seen++
			if e["address"] != "127.0.0.1" {
				t.Errorf("the log says %v", e["address"])
			}
		}
	}
	if seen != throttle.FreeTries {
		t.Errorf("%d refusals are in the log", seen)
	}
}

// R004 R110: of two cookies of one name one is not ours, whichever comes first.
func TestTwoCookiesOfOneNameAreNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	owner.fresh()
	half := h.browser()
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	for _, tc := range []struct {
		name, value, path, code string
	}{
		{httpapi.SessionCookie, owner.cookies[httpapi.SessionCookie], "/me", "signed_out"},
		{httpapi.TicketCookie, half.cookies[httpapi.TicketCookie], "/sign-in", "sign_in_expired"},
	} {
		right, wrong := tc.name+"="+tc.value, tc.name+"=x"
		for _, cookies := range [][]string{{right + "; " + wrong}, {wrong + "; " + right}, {right, wrong}, {wrong, right}, {right + "; " + right}} {
			b := h.browser()
			b.header["Cookie"] = cookies
			b.refused(401, tc.code, "GET", tc.path, nil)
		}
		b := h.browser()
		b.header["Cookie"] = []string{right}
		b.must(200, "GET", tc.path, nil)
	}
}

// R140 T27: a reset sends home whoever waits for a press of the button.
func TestAResetEndsTheWaitForAPress(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	b.must(200, "POST", "/claim/button", nil)
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200})
	b.refused(401, "sign_in_expired", "GET", "/claim/button", nil)
}

// R096: a new sign-in in a browser ends the session that was there.
func TestANewSignInEndsTheSessionOfTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.claim()
	old := b.clone()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	old.refused(401, "signed_out", "GET", "/me", nil)
	b.must(200, "GET", "/me", nil)
}

// R011: an administrator who turns 2-step verification off leaves no short password as the only factor.
func TestTurningOffForAnotherLeavesNoShortPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, id := h.add(owner, "ines", "administrator")
	ines.enrol()
	ines.fresh()
	ines.must(204, "PUT", "/me/password", obj{"current": goodPassword, "password": "eight ch"})
	owner.must(200, "POST", "/users/"+id+"/two-step/off", nil)
	b := h.browser()
	if step := b.must(200, "POST", "/sign-in", obj{"name": "ines", "password": "eight ch"}).body; step["next"] != "password" || step["password_min"] != 15.0 {
		t.Errorf("got %v", step)
	}
	b.refused(401, "signed_out", "GET", "/me", nil)
	b.must(200, "POST", "/sign-in/password", obj{"password": newPassword})
	b.must(200, "GET", "/me", nil)
}
