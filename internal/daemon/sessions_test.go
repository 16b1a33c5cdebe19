package daemon_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/realtest"
)

// in signs somebody in who has no second factor.
func (h *house) in(b *browser, name string) *browser {
	h.t.Helper()
	b.must(200, "POST", "/sign-in", obj{"name": name, "password": goodPassword})
	return b
}

// mine returns one's own sessions and browsers.
func (b *browser) mine() (sessions, browsers []any) {
	b.t.Helper()
	v := b.must(200, "GET", "/me/sessions", nil).body
	return listOf(v["sessions"]), listOf(v["browsers"])
}

// pick returns the id of the first entry that is the calling one, or is not.
func pick(t *testing.T, list []any, current bool) string {
	t.Helper()
	for _, one := range list {
		if one.(obj)["current"] == current {
			return one.(obj)["id"].(string)
		}
	}
	t.Fatalf("there is no such entry in %v", list)
	return ""
}

// signedOut checks that a browser is out at once.
func (b *browser) signedOut() {
	b.t.Helper()
	b.refused(401, "signed_out", "GET", "/session", nil)
}

// R104 R107: people see where they are signed in, and end what they do not know after proving who they are.
func TestPeopleSeeAndEndTheirSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, _ := h.add(owner, "ines", "user")
	other := h.browser()
	other.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0")
	h.in(other, "ines")

	sessions, browsers := other.mine()
	if len(sessions) != 2 || len(browsers) != 2 {
		t.Fatalf("got %v and %v", sessions, browsers)
	}
	now := sessions[0].(obj)
	if now["current"] != true || now["browser"] != "Firefox on Linux" || now["address"] != "127.0.0.1" || now["ends_in"].(float64) < 1700 || len(now) != 7 {
		t.Errorf("got %v", now)
	}
	mine, theirs := pick(t, sessions, true), pick(t, sessions, false)
	h.pass(session.StepUpFor)
	other.refused(403, "step_up_required", "DELETE", "/me/sessions/"+theirs, nil)
	other.refused(403, "step_up_required", "DELETE", "/me/sessions", nil)
	other.refused(403, "step_up_required", "DELETE", "/me/browsers/"+pick(t, browsers, false), nil)
	other.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	ines.fresh()

	for _, id := range []string{mine, theirs, pick(t, browsers, true)} { // R095: what is shown opens nothing
		b := h.browser()
		b.cookies[httpapi.SessionCookie] = id
		b.signedOut()
	}
	foreign := pick(t, second(owner.mine()), true)
	other.refused(404, "unknown_browser", "DELETE", "/me/browsers/"+foreign, nil)
	session, _ := owner.mine()
	other.refused(404, "unknown_session", "DELETE", "/me/sessions/"+pick(t, session, true), nil)
	other.refused(409, "acting_session", "DELETE", "/me/sessions/"+mine, nil)
	other.must(204, "DELETE", "/me/sessions/"+theirs, nil)
	ines.signedOut()
	other.refused(404, "unknown_session", "DELETE", "/me/sessions/"+theirs, nil)
	other.fresh()
	owner.fresh()
}

// R104: all others go at once, and their browsers are known no more.
func TestAllOtherSessionsEndAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone, laptop := h.in(h.browser(), "admin"), h.in(h.browser(), "admin")
	if a := laptop.must(200, "DELETE", "/me/sessions", nil); a.body["ended"] != 2.0 {
		t.Errorf("got %s", a.raw)
	}
	owner.signedOut()
	phone.signedOut()
	sessions, browsers := laptop.mine()
	if len(sessions) != 1 || len(browsers) != 1 || browsers[0].(obj)["current"] != true {
		t.Errorf("left are %v and %v", sessions, browsers)
	}
	if said := h.newest(laptop, event.SessionsEnded); said != "admin was signed out everywhere else; 2 sessions ended" {
		t.Errorf("the log says %q", said)
	}
	before := len(laptop.events("limit=200"))
	if a := laptop.must(200, "DELETE", "/me/sessions", nil); a.body["ended"] != 0.0 {
		t.Errorf("got %s", a.raw)
	}
	if n := len(laptop.events("limit=200")) - before; n != 0 { // nothing ended, so there is nothing to tell
		t.Errorf("%d events are recorded", n)
	}
}

// newest returns the message of the newest event of a kind.
func (h *house) newest(owner *browser, kind event.Kind) string {
	h.t.Helper()
	for _, one := range owner.events("limit=20") {
		if e := one.(obj); e["kind"] == string(kind) {
			return e["message"].(string)
		}
	}
	h.t.Errorf("there is no event %s", kind)
	return ""
}

// R101: administrators see who is signed in, and sign them out: one session, a person, or everybody else.
func TestAdministratorsSignPeopleOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, id := h.add(owner, "ines", "user")
	jonas, _ := h.add(owner, "jonas", "user")
	more := h.in(h.browser(), "ines")
	ines.refused(403, "not_allowed", "GET", "/sessions", nil)
	ines.refused(403, "not_allowed", "DELETE", "/sessions", nil)

	page := owner.must(200, "GET", "/sessions?search=INES", nil).body
	if page["total"] != 2.0 || page["people"] != 1.0 {
		t.Errorf("got %v", page)
	}
	page = owner.must(200, "GET", "/sessions?limit=3", nil).body
	next, _ := page["next"].(string)
	if page["total"] != 4.0 || page["people"] != 3.0 || len(listOf(page["sessions"])) != 3 || next == "" {
		t.Errorf("got %v", page)
	}
	rest := listOf(owner.must(200, "GET", "/sessions?limit=3&after="+next, nil).body["sessions"])
	if len(rest) != 1 || rest[0].(obj)["user"].(obj)["name"] != "jonas" {
		t.Fatalf("got %v", rest)
	}
	owner.must(204, "DELETE", "/sessions/"+rest[0].(obj)["session"].(obj)["id"].(string), nil)
	jonas.signedOut()
	if said := h.newest(owner, event.SessionEnded); !strings.Contains(said, "jonas") {
		t.Errorf("the log says %q", said)
	}
	own, _ := owner.mine()
	owner.refused(409, "acting_session", "DELETE", "/sessions/"+pick(t, own, true), nil)

	start := time.Now()
	owner.must(200, "DELETE", "/users/"+id+"/sessions", nil)
	ines.signedOut()
	more.signedOut()
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %v", d)
	}
	h.in(ines, "ines")
	h.in(jonas, "jonas")
	admin := h.in(h.browser(), "admin")
	h.pass(session.StepUpFor)
	owner.refused(403, "step_up_required", "DELETE", "/sessions", nil)
	owner.refused(403, "step_up_required", "DELETE", "/users/"+id+"/sessions", nil)
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	if a := owner.must(200, "DELETE", "/sessions", nil); a.body["ended"] != 3.0 {
		t.Errorf("got %s", a.raw)
	}
	for _, b := range []*browser{ines, jonas, admin} {
		b.signedOut()
	}
	owner.fresh()
	h.in(ines, "ines")
}

// R101: the same on the box itself.
func TestTheCommandLineSignsPeopleOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	root := h.local()
	if page := root.must(200, "GET", "/local/sessions", nil).body; page["total"] != 1.0 {
		t.Errorf("got %v", page)
	}
	root.refused(404, "unknown_account", "POST", "/local/sessions/end", obj{"name": "nobody"})
	if a := root.must(200, "POST", "/local/sessions/end", obj{"name": "admin"}); a.body["ended"] != 1.0 {
		t.Errorf("got %s", a.raw)
	}
	owner.signedOut()
	if said := h.newest(h.in(owner, "admin"), event.SessionsEnded); !strings.Contains(said, "admin") {
		t.Errorf("the log says %q", said)
	}
	owner.refused(404, "not_found", "GET", "/local/sessions", nil)
}

// R097: the owner sets when idle sessions end, at once and for those that go on; looking at sessions is no activity.
func TestIdleSessionsEndWhenTheOwnerSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	policy := owner.must(200, "GET", "/policy", nil).body
	if policy["idle_minutes"] != 30.0 {
		t.Errorf("got %v", policy)
	}
	for _, wrong := range []int{-1, 0, 4, 61} {
		policy["idle_minutes"] = wrong
		owner.refused(422, "invalid", "PUT", "/policy", policy)
	}
	policy["idle_minutes"] = 5
	owner.must(200, "PUT", "/policy", policy)
	if said := h.newest(owner, event.SettingsChanged); said != "The time after which idle sessions end changed from 30 min to 5 min" {
		t.Errorf("the log says %q", said)
	}
	delete(policy, "idle_minutes")
	if left := owner.must(200, "PUT", "/policy", policy).body; left["idle_minutes"] != 5.0 {
		t.Errorf("left out, it became %v", left)
	}
	if s := owner.fresh(); s["idle_in"].(float64) > 300 {
		t.Errorf("got %v", s)
	}
	for range 4 {
		h.pass(time.Minute)
		owner.must(200, "GET", "/me/sessions", nil)
		owner.must(200, "GET", "/sessions", nil)
	}
	h.pass(time.Minute)
	owner.signedOut()
	h.in(owner, "admin")
	h.restart()
	owner = h.in(h.browser(), "admin")
	h.pass(5 * time.Minute)
	owner.signedOut()
}

// R099: whoever sets the clock of the box neither ends sessions nor prolongs them.
func TestSessionsDoNotAskTheSystemClock(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	defer h.freezes()()
	for _, step := range []time.Duration{time.Hour, -2 * time.Hour, 48 * time.Hour} {
		h.step(step)
		owner.must(200, "GET", "/me", nil)
	}
	h.pass(session.Idle - time.Second)
	h.step(-time.Hour)
	owner.fresh()
	h.pass(time.Second)
	h.step(-time.Hour)
	owner.signedOut()
}

// R031: the first sign-in in another browser is told by mail, without a code or a link, and at a bounded rate.
func TestTheFirstSignInInAnotherBrowserIsTold(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.29")
	letters := func() (n int) {
		for _, m := range mta.Mails(inbox) {
			if strings.HasSuffix(m.Header.Get("Subject"), "You signed in from a new browser") {
				n++
				text := realtest.Text(t, m)
				if strings.Contains(text, "http") || sixDigits.MatchString(text) || !strings.Contains(text, "Firefox on Windows") || !strings.Contains(text, "127.0.0.1") {
					t.Errorf("the mail says %q", text)
				}
			}
		}
		return n
	}
	owner.must(204, "DELETE", "/session", nil)
	h.in(owner, "admin") // known
	strange := func() {
		b := h.browser()
		b.header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0")
		h.in(b, "admin")
	}
	strange()
	told(t, mta, "You signed in from a new browser", "a browser in which nobody did so before")
	e := owner.events("area=sign_in&limit=1")[0].(obj)
	if details := listOf(e["details"]); len(details) == 0 || details[len(details)-1].(obj)["name"] != "known" {
		t.Errorf("the log says %v", e)
	}
	for range 6 {
		strange()
	}
	owner.must(200, "DELETE", "/me/sessions", nil) // news of another class, which comes after them
	told(t, mta, "You were signed out everywhere else")
	h.awaits("three mails, which another one may overtake", 30*time.Second, func() bool { return letters() >= 3 })
	if n := letters(); n != 3 {
		t.Errorf("%d mails came", n)
	}
}

// R105: a known browser is no way in and no factor.
func TestAKnownBrowserOpensNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	owner.fresh()
	owner.must(204, "DELETE", "/session", nil)
	known := owner.cookies[httpapi.BrowserCookie]
	if known == "" || len(owner.cookies) != 1 {
		t.Fatalf("left are %v", owner.cookies)
	}
	owner.signedOut()
	b := h.browser()
	for _, name := range []string{httpapi.SessionCookie, httpapi.TicketCookie} {
		b.cookies = map[string]string{name: known}
		b.signedOut()
		b.refused(401, "sign_in_expired", "GET", "/sign-in", nil)
	}
	step := owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if step.body["next"] != "code" {
		t.Errorf("got %s", step.raw)
	}
	for _, c := range step.Cookies() {
		if c.Name == httpapi.BrowserCookie {
			t.Error("a half sign-in sets the cookie")
		}
	}
	done := owner.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	for _, c := range done.Cookies() {
		if c.Name == httpapi.BrowserCookie && (c.Value == known || c.Value == "" || c.MaxAge != 180*24*3600 || c.SameSite != http.SameSiteStrictMode) {
			t.Errorf("got %v", c)
		}
	}
}

// R079 R056 R102: what ends the ways in of an account ends its known browsers; one's own change keeps this one.
func TestKnownBrowsersEndWithTheWaysIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, id := h.add(owner, "ines", "user")
	h.in(h.browser(), "ines")
	if _, browsers := ines.mine(); len(browsers) != 2 {
		t.Fatalf("got %v", browsers)
	}
	ines.must(204, "PUT", "/me/password", obj{"current": goodPassword, "password": goodPassword + " more"})
	ines.fresh()
	if _, browsers := ines.mine(); len(browsers) != 1 || browsers[0].(obj)["current"] != true {
		t.Errorf("after a change of one's own: %v", browsers)
	}
	first := pick(t, second(ines.mine()), true)
	given := owner.must(200, "POST", "/users/"+id+"/temporary-password", nil).body
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": given["password"]})
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	if _, browsers := ines.mine(); len(browsers) != 1 || browsers[0].(obj)["id"] == first {
		t.Errorf("after a temporary password: %v", browsers)
	}
	first = pick(t, second(ines.mine()), true)
	owner.must(200, "PATCH", "/users/"+id, obj{"disabled": true})
	owner.must(200, "PATCH", "/users/"+id, obj{"disabled": false})
	h.in(ines, "ines")
	if _, browsers := ines.mine(); len(browsers) != 1 || browsers[0].(obj)["id"] == first {
		t.Errorf("after being disabled: %v", browsers)
	}

	one, two := h.in(h.browser(), "ines"), h.in(h.browser(), "ines")
	sessions, browsers := two.mine()
	if len(sessions) != 3 || len(browsers) != 3 {
		t.Fatalf("got %v and %v", sessions, browsers)
	}
	two.must(204, "DELETE", "/me/browsers/"+pick(t, second(one.mine()), true), nil)
	one.signedOut()
	two.must(204, "DELETE", "/me/browsers/"+pick(t, second(two.mine()), true), nil)
	if _, browsers := two.mine(); len(browsers) != 1 || browsers[0].(obj)["current"] != false {
		t.Errorf("after forgetting this one: %v", browsers)
	}
	ines.fresh()
}
