package daemon_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/realtest"
)

// many is one of many addresses of the loopback network: to the daemon each is another source.
func many(i int) string { return fmt.Sprintf("127.0.%d.%d", 100+i/250, i%250+1) }

// guess tries a password from a source, in a browser of its own.
func (h *house) guess(source, name, pw string) answer {
	h.t.Helper()
	return h.browser().from(source).call("POST", "/sign-in", obj{"name": name, "password": pw})
}

// known is a browser that the account of another one knows, and in which nobody is signed in.
func (h *house) known(of *browser) *browser {
	b := h.browser()
	b.cookies[httpapi.BrowserCookie] = of.cookies[httpapi.BrowserCookie]
	return b
}

// close guesses at a name from many sources until it is closed for unknown browsers.
func (h *house) close(name string) {
	h.t.Helper()
	for i := range 2 * throttle.MaxRow {
		a := h.guess(many(i), name, "wrong")
		switch {
		case a.StatusCode == 401 || a.StatusCode == 429:
			h.pass(13 * time.Second)
		case a.StatusCode == 403 && a.code() == "known_browser_required":
			return
		default:
			h.t.Fatalf("try %d: %d %s", i+1, a.StatusCode, a.raw)
		}
	}
	h.t.Fatalf("%s does not close", name)
}

// lift lifts the slow-downs of an account or, where name is empty, all of them, and returns how many.
func (b *browser) lift(name string) (n int) {
	b.t.Helper()
	b.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	for _, one := range listOf(b.must(200, "GET", "/defender", nil).body["slow_downs"]) {
		slow := one.(obj)
		if name != "" && slow["account"] != name {
			continue
		}
		b.must(204, "DELETE", "/defender/slow-downs/"+slow["id"].(string), nil)
		b.refused(404, "slow_down_over", "DELETE", "/defender/slow-downs/"+slow["id"].(string), nil)
		n++
	}
	return n
}

var unlockLink = regexp.MustCompile(`(?s)the account “(\S+)”.*#unlock=(\S+)`)

// unlocks waits for so many unlock mails for admin and returns the link of the last one.
func unlocks(t *testing.T, mta *realtest.MTA, n int) (link string) {
	t.Helper()
	for range 200 {
		var links []string
		for _, m := range mta.Mails(inbox) {
			if found := unlockLink.FindStringSubmatch(realtest.Text(t, m)); found != nil && found[1] == "admin" {
				links = append(links, found[2])
			}
		}
		if len(links) == n {
			return links[n-1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("there are not %d unlock mails", n)
	return ""
}

// R020 R029 R001: an account that was guessed at a hundred times answers like a name that nobody has, lets known
// browsers in, and has its ways out: an unlock mail, an administrator, the command line of the NAS.
func TestAClosedAccountHasItsWaysOut(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.131")
	h.close("admin")
	h.close("nobody")
	right := h.guess("127.0.0.9", "admin", goodPassword)
	unknown := h.guess("127.0.0.9", "nobody", goodPassword)
	if right.StatusCode != 403 || right.code() != "known_browser_required" || !bytes.Equal(unnumbered(right), unnumbered(unknown)) {
		t.Errorf("%d %s\n%d %s", right.StatusCode, right.raw, unknown.StatusCode, unknown.raw)
	}
	mine := h.known(owner).from("127.0.0.9")
	mine.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	mine.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	h.restart() // it is not forgotten
	b := h.browser().from("127.0.0.9")
	b.refused(403, "known_browser_required", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})

	before := len(mta.Mails(inbox))
	for _, name := range []string{"admin", "nobody", "Admin"} { // the third one comes too early
		if a := b.must(204, "POST", "/sign-in/unlock", obj{"name": name}); len(a.raw) != 0 {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	link := unlocks(t, mta, 1)
	b.refused(410, "link_gone", "POST", "/sign-in/unlock/link", obj{"token": link + "x"})
	b.must(204, "POST", "/sign-in/unlock/link", obj{"token": link})
	h.browser().refused(410, "link_gone", "POST", "/sign-in/unlock/link", obj{"token": link})
	if a := b.call("GET", "/session", nil); a.StatusCode != 401 {
		t.Errorf("the link signs in: %d", a.StatusCode)
	}
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	h.browser().from("127.0.0.10").refused(403, "known_browser_required", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})

	if n := b.lift("admin"); n == 0 {
		t.Error("an administrator finds nothing to lift")
	}
	h.browser().from("127.0.0.10").must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if len(mta.Mails(inbox)) > before+6 {
		t.Errorf("%d mails", len(mta.Mails(inbox))-before)
	}

	b.lift("")
	h.close("admin")
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 300})
	pressed := h.browser().from("127.0.0.12")
	pressed.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	pressed.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if said := h.newest(pressed, event.SlowDownLifted); said != "Slow-down lifted: all wrong passwords, by a press of the button" {
		t.Errorf("the log says %q", said)
	}

	h.close("admin")
	recovered := h.local().must(200, "POST", "/local/recover", obj{"name": "admin"}).body
	h.browser().from("127.0.0.11").must(200, "POST", "/sign-in", obj{"name": "admin", "password": recovered["password"]})
}

// R020: the link of an unlock mail works for a quarter of an hour, and only the newest one does.
func TestAnUnlockMailIsGoodForAWhile(t *testing.T) {
	t.Parallel()
	h, _, mta := mailed(t, "127.0.0.132")
	h.close("admin")
	b := h.browser()
	ask := func(n int) string {
		b.must(204, "POST", "/sign-in/unlock", obj{"name": "admin"})
		return unlocks(t, mta, n)
	}
	first := ask(1)
	h.pass(15*time.Minute + time.Second)
	b.refused(410, "link_gone", "POST", "/sign-in/unlock/link", obj{"token": first})
	second := ask(2)
	b.refused(410, "link_gone", "POST", "/sign-in/unlock/link", obj{"token": first})
	b.must(204, "POST", "/sign-in/unlock/link", obj{"token": second})
	for i := range 20 { // one source asks for ten in an hour
		a := b.call("POST", "/sign-in/unlock", obj{"name": fmt.Sprint("name", i)})
		if want := map[bool]int{true: 204, false: 429}[i < 8]; a.StatusCode != want {
			t.Errorf("question %d: %d", i+3, a.StatusCode)
		}
	}
	bare := newHouse(t).start()
	bare.claim()
	bare.browser().refused(409, "mail_off", "POST", "/sign-in/unlock", obj{"name": "admin"})
}

// R021: a thousand wrong guesses from one source; the owner signs in from a known browser within 2 s, and from
// another source at once.
func TestAThousandGuessesDoNotKeepTheOwnerOut(t *testing.T) { // alone, because it measures
	h := newHouse(t)
	h.hash = password.Config{Memory: password.Memory, Passes: password.MinPasses}
	h.start()
	owner := h.claim()
	done := make(chan map[int]int)
	go func() {
		got, attacker := map[int]int{}, h.browser().from("127.0.0.66")
		for range 1000 {
			got[attacker.call("POST", "/sign-in", obj{"name": "admin", "password": "wrong"}).StatusCode]++
		}
		done <- got
	}()
	signIn := func(b *browser, within time.Duration) {
		t.Helper()
		start := time.Now()
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
		if took := time.Since(start); took > within {
			t.Errorf("it took %v", took)
		}
	}
	mine := h.known(owner)
	for i := range 5 {
		signIn(mine.from("127.0.0.7"), 2*time.Second)
		signIn(h.browser().from(many(i)), 2*time.Second)
		signIn(mine.from("127.0.0.66"), 2*time.Second) // even from where the guesses come
	}
	if got := <-done; got[200] != 0 || got[401] > 12 {
		t.Errorf("of the thousand guesses: %v", got)
	}
	signIn(mine.from("127.0.0.7"), 2*time.Second)
	signIn(h.browser().from("127.0.0.8"), 2*time.Second)
}

// R022: fifty names with one password from one source are stopped; from many sources they put the box on its
// guard, and a known browser notices neither.
func TestOnePasswordOnManyNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	attacker := h.browser().from("127.0.0.66")
	stopped, goOn := 0, h.freezes()
	for i := range 50 {
		if a := attacker.call("POST", "/sign-in", obj{"name": fmt.Sprint("name", i), "password": "summer2026"}); a.StatusCode == 429 && stopped == 0 {
			stopped = i + 1
			if wait := a.Header.Get("Retry-After"); wait != "900" {
				t.Errorf("Retry-After is %s", wait)
			}
		}
	}
	goOn()
	if stopped == 0 || stopped > 24 {
		t.Errorf("stopped at name %d", stopped)
	}
	attacker.refused(429, "slow_down", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	mine := h.known(owner)
	mine.from("127.0.0.66").must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	mine.from("127.0.0.1")
	if n := owner.lift(""); n < 1 {
		t.Errorf("%d slow-downs are lifted", n)
	}
	attacker.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	for i := range 150 {
		h.guess(many(i), fmt.Sprint("name", i%50), "summer2026")
	}
	kinds := map[string]int{}
	for _, one := range owner.events("area=sign_in&limit=200") {
		kinds[one.(obj)["kind"].(string)]++
	}
	if kinds["sign_in.crowd_noticed"] != 1 || kinds["sign_in.source_paused"] != 1 {
		t.Errorf("the log has %v", kinds)
	}
	mine.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}) // while the crowd is there
	goOn = h.freezes()
	for range throttle.FreeTries {
		mine.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	}
	mine.refused(429, "slow_down", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	goOn()
	second := h.guess("127.0.0.9", "admin", goodPassword)
	if second.StatusCode != 200 {
		t.Errorf("a newcomer: %d %s", second.StatusCode, second.raw)
	}
}

// R021: a hundred wrong passwords in a known browser make it unknown, for that account alone.
func TestAKnownBrowserThatGuessesIsKnownNoMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	b := h.known(owner)
	for i := range throttle.MaxRow {
		if a := b.call("POST", "/sign-in", obj{"name": "admin", "password": "wrong"}); a.StatusCode != 401 {
			t.Fatalf("try %d: %d %s", i+1, a.StatusCode, a.raw)
		}
		h.pass(throttle.LongestWait)
	}
	h.pass(time.Hour)
	again := h.browser()
	again.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if events := again.events("area=sign_in&limit=20"); !strings.Contains(fmt.Sprint(events), "sign_in.browser_doubted") {
		t.Errorf("the log has %v", events)
	}
	if browsers := listOf(again.must(200, "GET", "/me/sessions", nil).body["browsers"]); len(browsers) != 1 {
		t.Errorf("known are %v", browsers)
	}
}

// R001: the lists and limits through the API, with what is refused.
func TestTheDefenderIsChangedByAdministrators(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	put := func(limits string, allow, block []string) obj {
		return obj{"limits": limits, "allow": allow, "block": block}
	}
	v := owner.must(200, "PUT", "/defender", put("strict", []string{"192.0.2.9"}, []string{"198.51.100.77/24", "2001:db8::1"})).body
	if fmt.Sprint(v["block"]) != "[198.51.100.0/24 2001:db8::1]" || v["limits"] != "strict" || v["own_address"] != "127.0.0.1" {
		t.Errorf("got %v", v)
	}
	if got := fmt.Sprint(listOf(v["levels"])[1]); got != "map[free_tries:5 limits:normal longest_wait:300 source_pause:900 source_tries:20 source_window:600]" {
		t.Errorf("normal limits come to %s", got)
	}
	owner.refused(422, "invalid", "PUT", "/defender", put("strict", nil, []string{"127.0.0.1"}))
	owner.refused(422, "invalid", "PUT", "/defender", put("strict", []string{}, []string{"nas.local"}))
	owner.refused(422, "invalid", "PUT", "/defender", put("lax", []string{}, []string{}))
	h.pass(6 * time.Minute)
	owner.refused(403, "step_up_required", "PUT", "/defender", put("normal", []string{}, []string{}))
	h.restart()
	again := h.browser()
	again.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if v := again.must(200, "GET", "/defender", nil).body; v["limits"] != "strict" || len(listOf(v["block"])) != 2 {
		t.Errorf("after a restart: %v", v)
	}
	events := fmt.Sprint(again.events("area=settings"))
	for _, want := range []string{"Block list: 198.51.100.0/24 added, 2001:db8::1 added", "Allow list: 192.0.2.9 added", "Limits at the door: normal before, now strict"} {
		if !strings.Contains(events, want) {
			t.Errorf("the log lacks %q: %s", want, events)
		}
	}
}
