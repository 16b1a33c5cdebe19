package daemon_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// R139: time servers that once lied close a box only until somebody beside it says so, with the button or on
// the command line, and also after a restart.
func TestADoubtAboutTheTimeEndsBesideTheBox(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*house){
		"button":            func(h *house) { h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200}) },
		"castellan recover": func(h *house) { h.local().must(200, "POST", "/local/recover", obj{"name": "admin"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			server := newTimeServer(t)
			h.file.Time.Servers = []string{server.address}
			server.Store(int64(9 * 365 * 24 * time.Hour))
			h.start()
			h.claim()
			h.awaitClock("synced")
			server.Store(0)
			h.restart()
			h.awaitClock("suspect")
			if a := h.local().call("POST", "/local/recover", obj{"name": "nosuchname"}); a.StatusCode == 200 {
				t.Error("nobody was recovered")
			}
			h.awaitClock("suspect") // a name that is wrong ends no doubt
			end(h)
			for range 2 {
				h.awaitClock("synced")
				h.restart()
			}
		})
	}
}

// R139 (a) (g): one server that is an hour off is ignored and named.
func TestOneServerThatIsOffIsIgnoredAndNamed(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 4, func(_ *house, servers []*timeServer) { tell(servers[3:], time.Hour) })
	owner := h.claim()
	v := owner.syncs("synced")
	if v["agreeing"] != 3.0 || v["answering"] != 4.0 || clockOf(v)["trusted"] != true || clockOf(v)["reason"] != "in_step" {
		t.Errorf("got %v", v)
	}
	shown := v["servers"].([]any)
	for i, s := range shown {
		s := s.(obj)
		state, off := "agrees", 0.0
		if i == 3 {
			state, off = "ignored", 3_600_000
		}
		if s["state"] != state || math.Abs(s["offset_ms"].(float64)-off) > 100 || s["host"] != servers[i].address || s["protocol"] != "ntp" ||
			s["enabled"] != true || s["offered"] != false || s["stratum"] != 2.0 || s["answered_ago"] == nil || s["detail"] == "" {
			t.Errorf("server %d: %v", i, s)
		}
	}
	if k := v["keeper"].(obj); k["who"] == "" || k["detail"] == "" {
		t.Errorf("the keeper: %v", k)
	}
}

// R139 (h) R099: a system clock that is slow is named and opens and closes nothing, and neither does one that is set
// by an hour while the house runs.
func TestTheSystemClockIsNamedAndBelievedInNothing(t *testing.T) {
	t.Parallel()
	h, _ := timed(t, 3, func(h *house, _ []*timeServer) { h.step(-3 * time.Minute) })
	owner := h.claim()
	h.awaitClock("synced")
	phone := owner.enrol()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	v := clockOf(owner.syncs("synced"))
	if !strings.Contains(v["message"].(string), "3 min slow") || v["reason"] != "system_off" || v["level"] != "warn" {
		t.Errorf("the drift is not named: %v", v)
	}
	history := func() (points, jumps []any) {
		v := owner.must(200, "GET", "/time/history?span=day", nil).body
		return v["points"].([]any), v["jumps"].([]any)
	}
	points, jumps := history()
	if n := len(points); n == 0 || math.Abs(points[n-1].(obj)["offset_ms"].(float64)+180_000) > 100 {
		t.Errorf("the history: %v", points)
	}
	before := len(jumps)
	h.step(time.Hour)
	owner.fresh()
	for range 60 {
		if owner.syncs("synced"); before < func() int { _, jumps = history(); return len(jumps) }() {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if j := jumps[0].(obj); j["what"] != "system" || j["why"] != "other" || math.Abs(j["by_ms"].(float64)-3_600_000) > 1000 {
		t.Errorf("the jump: %v", jumps)
	}
	h.step(-2 * time.Hour)
	owner.fresh()
	b.fresh()
	b.must(200, "POST", "/session/step-up", obj{"password": goodPassword, "code": phone.code(1)})
	if month := owner.must(200, "GET", "/time/history?span=month", nil).body; month["every"] != 3600.0 || len(month["points"].([]any)) == 0 {
		t.Errorf("the month: %v", month)
	}
	owner.refused(422, "invalid", "GET", "/time/history?span=year", nil)
}

// R139 (d): after a start without servers and with a clock that lost its year, the time is not before the last one
// that was known, app codes are refused, and a recovery code opens.
func TestAfterARestartTheTimeIsNotBeforeTheLastKnownOne(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	phone, codes := owner.enrolled()
	before := time.Now().Add(-5 * time.Second)
	hush(servers, true)
	h.step(-26 * 365 * 24 * time.Hour)
	h.restart()
	status := clockOf(h.browser().must(200, "GET", "/status", nil).body)
	if now := at(t, status["now"]); now.Before(before) || status["state"] != "unsynced" || status["trusted"] != false {
		t.Errorf("got %v, want no earlier than %v", status, before)
	}
	b := h.browser()
	step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if clockOf(step)["trusted"] != false || clockOf(step)["reason"] != "no_answer" {
		t.Errorf("the step says nothing of the time: %v", step)
	}
	said := b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(0)}).body["detail"].(string)
	if !strings.Contains(said, "no time server answers") || !strings.HasSuffix(said, "A recovery code or a press of the button on the NAS works.") {
		t.Errorf("it says %q", said)
	}
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	b.fresh()
}

// R139 (i) R138: servers that say nothing hold a sign-in up for 1.5 s at most, once for all that wait, and the second
// factor is never left out.
func TestSilentServersHoldNobodyUpForLong(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	phone, codes := owner.enrolled()
	hush(servers, true)
	h.step(-26 * 365 * 24 * time.Hour)
	h.restart()
	asked := servers[0].asked.Load()
	var all sync.WaitGroup
	half := make([]*browser, 10)
	for i := range half {
		half[i] = h.browser()
		half[i].must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	}
	for _, b := range half {
		all.Go(func() {
			begun := time.Now()
			b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(0)})
			if took := time.Since(begun); took > 2500*time.Millisecond {
				t.Errorf("it took %v", took)
			}
		})
	}
	all.Wait()
	if n := servers[0].asked.Load() - asked; n > 3 {
		t.Errorf("a server was asked %d times for ten sign-ins", n)
	}
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	retried := b.must(200, "POST", "/sign-in/time", nil).body
	if clockOf(retried)["trusted"] != false || retried["again_in"].(float64) > 60 {
		t.Errorf("got %v", retried)
	}
	b.refused(401, "signed_out", "GET", "/me", nil)
	other := h.browser()
	other.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	other.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	hush(servers, false) // and the sign-in that waits goes on when they are back
	for end := time.Now().Add(90 * time.Second); clockOf(retried)["trusted"] != true && time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		retried = b.must(200, "POST", "/sign-in/time", nil).body
	}
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}

// R046: what a browser says of the time decides nothing.
func TestOnlyTheTimeOfTheHouseDecides(t *testing.T) {
	t.Parallel()
	h, _ := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	phone := owner.enrol()
	later := time.Now().Add(10 * time.Minute).UTC()
	b := h.browser()
	b.header.Set("Date", later.Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	b.header.Set("X-Time", later.Format(time.RFC3339))
	b.header.Set("X-Timestamp", fmt.Sprint(later.Unix()))
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": phone.code(20)})
	// Whoever looks why sees the time of the NAS, to compare a phone with.
	if c := clockOf(b.must(200, "GET", "/sign-in", nil).body); c["trusted"] != true || time.Until(at(t, c["now"])).Abs() > 2*time.Second {
		t.Errorf("the time at the step: %v", c)
	}
	if a := b.call("POST", "/sign-in/code", obj{"code": phone.code(20), "time": later}); a.StatusCode == 200 || a.StatusCode >= 500 {
		t.Errorf("a body with a time: %d %s", a.StatusCode, a.raw)
	}
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}

// kinds are the events about the clock and ways in, the newest first.
func (b *browser) kinds(area string) (kinds []string) {
	for _, e := range b.events("area=" + area) {
		kinds = append(kinds, e.(obj)["kind"].(string))
	}
	return kinds
}

// void are the devices that have to be set up again.
func (b *browser) void() (names []string) {
	b.t.Helper()
	for _, d := range b.must(200, "GET", "/me/two-step", nil).body["devices"].([]any) {
		if d := d.(obj); d["set_up_again"] == true {
			names = append(names, d["name"].(string))
		}
	}
	slices.Sort(names)
	return names
}
