package daemon_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/event"
)

// R021 T27: strangers closed the owner's account, and one of them, who has the password of another administrator, waits at
// sign-in: the press of the owner who waits to become known again lets nobody in. Both pages say so, it is recorded, and
// the account is open again.
func TestAPressForAnUnlockLetsNobodyInWhoWaitsBeside(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	ines, _ := h.add(owner, "ines", "administrator")
	ines.enrol()
	h.close("admin")
	thief := h.half("ines")
	thief.must(200, "POST", "/sign-in/presence", nil)
	b := h.browser().from("127.0.0.9")
	b.refused(403, "known_browser_required", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	wait := b.must(200, "POST", "/sign-in/unlock/button", obj{"name": "admin"}).body["token"]
	said := h.pressed(owner, 200*time.Millisecond)
	thief.wants("dropped")
	thief.refused(410, "wait_dropped", "POST", "/sign-in/code", obj{"way": "presence"})
	if state := b.must(200, "POST", "/sign-in/unlock/button/wait", obj{"token": wait}).body["state"]; state != "dropped" {
		t.Errorf("the owner's page says %v", state)
	}
	if !strings.HasSuffix(said, ": the waits after wrong passwords ended") {
		t.Errorf("the log says %q", said)
	}
	if said := h.newest(owner, event.PressDropped); said != "The button was pressed while 2 browsers were waiting for it; all were dropped" {
		t.Errorf("the log says %q", said)
	}
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}
