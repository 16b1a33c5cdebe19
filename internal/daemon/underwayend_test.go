package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	accounts "castellan/internal/access/account"
	"castellan/internal/access/token"
	"castellan/internal/httpapi/api"
	"castellan/internal/realtest"
	"castellan/internal/store"
)

const anyHandler = "httpapi.(*handlers)."

// waits waits until some that have a function under way stand at the lock of the database. Whoever stands there first is the next.
func (h *house) waits(function string, wanted int) {
	h.t.Helper()
	in := fmt.Sprintf("store.(*DB).Update(%p", h.db)
	found := 0
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if found = realtest.Standing("bbolt.(*DB).beginRWTx(", in, function); found >= wanted {
			return
		}
	}
	h.t.Errorf("%d of %d wait for the disk with %s", found, wanted, function)
}

// R093 T27: whatever a session has under way when it ends, for the wait for its body, is not done.
func TestWhatComesAfterTheEndOfItsSessionIsNotDone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house, second *browser) (owner *browser){
		"the reset button": func(h *house, _ *browser) *browser {
			if got := h.hold(5200); got != "reset" {
				h.t.Fatalf("got %s", got)
			}
			return h.claim()
		},
		"sign out everywhere": func(_ *house, second *browser) *browser {
			second.must(200, "DELETE", "/me/sessions", nil)
			return second
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).start()
			owner := h.claim()
			second := h.in(h.browser(), "admin")
			ops := slices.DeleteFunc(writers(false), func(op api.Operation) bool { return meantBody(op) == nil })
			if len(ops) < 30 {
				t.Errorf("only %d operations have a body", len(ops))
			}
			all := owner.thieves(ops, true, func(op api.Operation) *http.Request {
				return owner.request(op.Method, path(op, someID), meantBody(op))
			})
			time.Sleep(500 * time.Millisecond) // until all are admitted
			after := end(h, second)
			before := after.seen()
			for _, u := range all {
				u.rest() // no body may take longer than half a minute
			}
			for _, u := range all {
				u.refused(t, 401, "signed_out")
			}
			after.nothingDone(before)
		})
	}
}

// R093 T27: nor is it for the wait for the disk, of operations with a body and without one.
func TestWhatWaitsForTheDiskWhenItsSessionEndsIsNotDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	second := h.in(h.browser(), "admin")
	before := second.seen()
	release := h.holdWrites()
	end := second.clone().sends(api.Operation{ID: "EndMyOtherSessions"}, second.request("DELETE", "/me/sessions", nil), false)
	h.waits("httpapi.(*handlers).EndMyOtherSessions(", 1) // it is the first
	ops := slices.DeleteFunc(writers(false), func(op api.Operation) bool { return atOnce[op.ID] != "" })
	if found := len(writers(false)) - len(ops); found != len(atOnce) {
		t.Errorf("%d operations are done at once, and %d are written down", found, len(atOnce))
	}
	all := owner.thieves(ops, false, func(op api.Operation) *http.Request {
		return owner.request(op.Method, path(op, someID), meantBody(op))
	})
	h.waits(anyHandler, len(all)) // with the first, and without a change of the time that waits for another one
	for _, u := range all {
		select {
		case a := <-u.answer:
			t.Errorf("%s did not wait: %s", u.op.ID, a.raw)
			u.answer <- a
		default:
		}
	}
	release()
	if a := <-end.answer; a.Response == nil || a.StatusCode != 200 {
		t.Fatalf("the end of the session: %s", a.raw)
	}
	for _, u := range all {
		u.refused(t, 401, "signed_out")
	}
	second.nothingDone(before)
}

// R093: the same for machines whose token is revoked.
func TestWhatAMachineHasUnderWayWhenItsTokenIsRevokedIsNotDone(t *testing.T) {
	t.Parallel()
	for _, kind := range []token.Kind{token.Key, token.Codes} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).start()
			owner := h.claim()
			scopes := slices.DeleteFunc(scopes(), func(s string) bool { return s == "metrics" })
			slow, waits := h.script(owner, kind, scopes...).buys(), h.script(owner, kind, scopes...)
			if kind == token.Codes {
				waits = waits.buys()
			} // the other one signs
			before := owner.seen()
			delete(before, "/me/tokens")
			held := slow.thieves(slices.DeleteFunc(writers(true), func(op api.Operation) bool { return meantBody(op) == nil }), true, func(op api.Operation) *http.Request {
				return slow.request(op.Method, path(op, someID), meantBody(op))
			})
			time.Sleep(300 * time.Millisecond)
			owner.must(204, "DELETE", "/me/tokens/"+slow.id, nil)
			for _, u := range held {
				u.rest()
			}
			for _, u := range held {
				u.refused(t, 401, "token_refused")
			}
			release := h.holdWrites()
			end := owner.clone().sends(api.Operation{ID: "RevokeToken"}, owner.request("DELETE", "/me/tokens/"+waits.id, nil), false)
			h.waits("httpapi.(*handlers).RevokeToken(", 1)
			all := waits.thieves(slices.DeleteFunc(writers(true), func(op api.Operation) bool { return atOnce[op.ID] != "" }), false, func(op api.Operation) *http.Request {
				return waits.request(op.Method, path(op, someID), meantBody(op))
			})
			h.waits(anyHandler, 1+len(all))
			release()
			if a := <-end.answer; a.Response == nil || a.StatusCode != 204 {
				t.Fatalf("the end of the token: %s", a.raw)
			}
			for _, u := range all {
				u.refused(t, 401, "token_refused")
			}
			if len(held) < 3 || len(all) < 2 {
				t.Errorf("%d and %d operations were tried", len(held), len(all))
			}
			owner.nothingDone(before, "token.refused")
		})
	}
}

// R093: the rights of an account count in the transaction itself, and with the next request, also where its sessions and its tokens were left.
func TestWhoeverLosesTheirRightsFinishesNothing(t *testing.T) {
	t.Parallel()
	lose := map[string]func(tx *store.Tx, a accounts.Account) error{
		"disabled": func(tx *store.Tx, a accounts.Account) error { a.Disabled = true; return accounts.Put(tx, a) },
		"deleted":  func(tx *store.Tx, a accounts.Account) error { return accounts.Delete(tx, a.ID) },
		"demoted":  func(tx *store.Tx, a accounts.Account) error { a.Role = accounts.User; return accounts.Put(tx, a) },
	}
	for how, change := range lose {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).start()
			owner := h.claim()
			mara, id := h.add(owner, "mara", "administrator")
			m := h.script(mara, token.Key, "settings:write", "me:read")
			before := owner.seen()
			delete(before, "/users")
			delete(before, "/groups")
			status, gone, refused := 401, "signed_out", "token_refused"
			if how == "demoted" {
				status, gone, refused = 403, "not_allowed", "not_allowed"
			}
			release, changed := h.holdWrites(), make(chan error)
			go func() {
				changed <- h.db.Update(func(tx *store.Tx) error {
					a, err := accounts.Get(tx, id)
					if err != nil {
						return err
					}
					return change(tx, a)
				})
			}()
			h.waits("daemon_test.TestWhoeverLosesTheirRightsFinishesNothing", 1)
			ops := slices.DeleteFunc(writers(false), func(op api.Operation) bool {
				switch op.ID {
				case "ChangeSettings", "ChangeUser":
					return false
				case "ChangeMe", "CreateToken", "SaveDesktop", "RenewRecoveryCodes", "StepUp":
					return how == "demoted" // they may
				}
				return true
			})
			all := mara.thieves(ops, false, func(op api.Operation) *http.Request {
				return mara.request(op.Method, path(op, someID), meantBody(op))
			})
			machines := m.thieves(slices.DeleteFunc(slices.Clone(ops), func(op api.Operation) bool { return op.Scope == "" }), false, func(op api.Operation) *http.Request {
				return m.request(op.Method, path(op, someID), meantBody(op))
			})
			h.waits(anyHandler, len(all)+len(machines))
			release()
			if err := <-changed; err != nil {
				t.Fatal(err)
			}
			for _, u := range all {
				u.refused(t, status, gone)
			}
			for _, u := range machines {
				u.refused(t, status, refused)
			}
			m.gets(status, refused, "PATCH", "/settings", obj{"nas_name": "thief"})
			mara.refused(status, gone, "PATCH", "/settings", obj{"nas_name": "thief"})
			if how != "demoted" {
				m.gets(status, refused, "GET", "/me", nil)
			}
			owner.nothingDone(before, "token.refused", "access.refused")
		})
	}
}
