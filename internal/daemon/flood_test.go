package daemon_test

import (
	"testing"

	"castellan/internal/event"
)

// add makes a user who is signed in, with goodPassword, and returns their browser and id.
func (h *house) add(owner *browser, name, role string) (*browser, string) {
	h.t.Helper()
	added := owner.must(201, "POST", "/users", obj{"name": name, "role": role}).body
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": name, "password": added["password"]})
	b.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	return b, added["user"].(obj)["id"].(string)
}

// R137: a plain user cannot push the log out.
func TestAUserCannotFlushTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, _ := h.add(owner, "ines", "user")
	total := func() float64 { return owner.must(200, "GET", "/events", nil).body["total"].(float64) }
	before := total()
	for i := range 100 {
		ines.must(204, "POST", "/me/two-step/later", nil)
		ines.refused(403, "not_allowed", "GET", "/users", nil)
		ines.must(200, "PATCH", "/me", obj{"display_name": []string{"Inês", "Ines"}[i%2]})
	}
	if n := total() - before; n > event.RepeatsFree+1 {
		t.Errorf("%v events by 300 calls of a user", n)
	}
}
