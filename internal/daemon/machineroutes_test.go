package daemon_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"castellan/internal/access/token"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// caller is somebody who brings something of a token to a route, and what that may open.
type caller struct {
	request func(op api.Operation) *http.Request
	// code is the one refusal there is everywhere; empty: scopes and administrator decide.
	code          string
	scopes        []string
	administrator bool
	stale         bool // what it bought is no fresh proof any more
}

// may says whether an answer is one that the program may get from an operation: what the contract's words x-access, x-scope and
// x-step-up say, and nothing else.
func (p caller) may(op api.Operation, a answer) bool {
	refused := func(status int, code string) bool { return a.StatusCode == status && a.code() == code }
	switch op.Access {
	case api.ForPublic:
		return wanted(op, "nothing")(a)
	case api.ForLocal:
		return refused(404, "not_found")
	case api.ForTicket:
		return refused(401, "sign_in_expired")
	default:
	}
	switch {
	case p.code != "":
		return refused(401, p.code)
	case op.Scope == "":
		return refused(403, "token_not_for_this")
	case !slices.Contains(p.scopes, op.Scope):
		return refused(403, "scope_missing")
	case !p.administrator && !slices.Contains(plainMay, op.ID):
		return refused(403, "not_allowed")
	case op.StepUp && p.stale:
		return refused(403, "step_up_required")
	}
	return a.StatusCode != 401 && a.StatusCode != 403
}

// plainMay is all that a token opens whose owner is no administrator, or none any more.
var plainMay = []string{"GetMe", "GetHealth", "GetAbout", "GetContract"}

// asks is a machine as a caller.
func (m *script) asks(administrator bool, scopes ...string) caller {
	return caller{scopes: scopes, administrator: administrator, request: func(op api.Operation) *http.Request {
		return m.request(op.Method, path(op, someID), bodies[op.ID])
	}}
}

// barely is a machine whose requests are changed, or that lacks something.
func (m *script) barely(code string, change func(*http.Request)) caller {
	return caller{code: code, request: func(op api.Operation) *http.Request {
		r := m.plain(op.Method, path(op, someID), bodies[op.ID])
		change(r)
		return r
	}}
}

// R003 R004 R091 R092: every route, with a token in every form and of every scope.
func TestEveryRouteWithEveryToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	_, id := h.add(owner, "ines", "user")
	ines := h.in(h.browser(), "ines")
	_, mara := h.add(owner, "mara", "administrator")
	demoted := h.script(h.in(h.browser(), "mara"), token.None, scopes()...)
	owner.must(200, "PATCH", "/users/"+mara, obj{"role": "user"})
	plain := h.script(ines, token.None, "me:read", "system:read")
	ines.refused(422, "invalid", "POST", "/me/tokens", obj{"name": "more", "scopes": []string{"me:read", "metrics"}, "factor": obj{"kind": "none"}})
	held := h.script(owner, token.None, scopes()...)
	owner.enrol()
	owner.fresh()
	keyed := h.script(owner, token.Key, scopes()...)
	access := keyed.buys().access
	nothing := func(*http.Request) {}
	bare := func(change func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) { // with what a page of ours sends, so that the token alone decides
			r.Header.Del("Authorization")
			r.Header.Set("Origin", "https://"+h.greeting.HTTPS)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			change(r)
		}
	}
	programs := map[string]caller{
		"the token alone":    keyed.barely("second_factor_required", nothing),
		"on hold":            held.barely("token_on_hold", nothing),
		"token in the query": keyed.barely("signed_out", bare(func(r *http.Request) { r.URL.RawQuery = "access_token=" + access })),
		"token as cookie":    keyed.barely("signed_out", bare(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: httpapi.SessionCookie, Value: access}) })),
		"token as ticket":    keyed.barely("signed_out", bare(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: httpapi.TicketCookie, Value: access}) })),
		"basic": keyed.barely("signed_out", bare(func(r *http.Request) {
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:"+goodPassword)))
		})),
		"basic with the token": keyed.barely("signed_out", bare(func(r *http.Request) { r.SetBasicAuth("admin", access) })),
		"another signature": keyed.barely("signature_refused", func(r *http.Request) {
			keyed.sign(r, "")
			r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(make([]byte, 64))+":")
		}),
		"signed":               keyed.asks(true, scopes()...),
		"access to everything": keyed.buys().asks(true, scopes()...),
		"a plain user's":       plain.asks(false, "me:read", "system:read"),
		"of somebody demoted":  demoted.asks(false, scopes()...),
		"demoted, with access": demoted.buys().asks(false, scopes()...),
	}
	for i, scope := range scopes() {
		m := h.script(owner, []token.Kind{token.Key, token.Codes}[i%2], scope)
		programs[scope] = m.buys().asks(true, scope)
	}
	client := h.browser()
	for _, op := range httpapi.Operations() {
		for name, p := range programs {
			if a := client.raw(p.request(op)); a.StatusCode >= 500 || !p.may(op, a) {
				t.Errorf("%s %s, %s: %d %s", op.Method, op.Path, name, a.StatusCode, a.raw)
			}
		}
	}
	owner.must(200, "GET", "/users/"+id, nil)
	owner.fresh()
}

// writing is all that changes something and that a token may open at all.
var writing = map[string]string{
	"ChangeSettings": "settings:write",
	"ChangeNetwork":  "network:write", "KeepNetworkChange": "network:write", "UndoNetworkChange": "network:write", "ChangeAnnouncement": "network:write",
	"SyncTime": "time:write",
}

// R091: an operation that changes something has a scope only where it is known here to change no way in. Whoever gives one to another
// operation decides it here as well.
func TestNoScopeOpensWhatChangesAWayIn(t *testing.T) {
	t.Parallel()
	found := 0
	for _, op := range httpapi.Operations() {
		switch {
		case op.Scope == "":
		case op.Access != api.ForUser && op.Access != api.ForAdministrator:
			t.Errorf("%s is for %v and has the scope %s", op.ID, op.Access, op.Scope)
		case op.Method != http.MethodGet:
			if found++; writing[op.ID] != op.Scope || op.Access != api.ForAdministrator {
				t.Errorf("%s has the scope %s, and %q is allowed", op.ID, op.Scope, writing[op.ID])
			}
		case op.Scope != "metrics" && !strings.HasSuffix(op.Scope, ":read"):
			t.Errorf("%s reads and has the scope %s", op.ID, op.Scope)
		}
	}
	if found != len(writing) {
		t.Errorf("%d operations write and have a scope, %d are allowed", found, len(writing))
	}
}
