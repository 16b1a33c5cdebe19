package daemon_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
)

// offers posts a code for access and returns what comes back.
func (m *script) offers(code any) answer {
	m.t.Helper()
	return m.raw(m.plain("POST", "/machine/session", obj{"code": code}))
}

// R041 R042 R090: a machine's code works once, and none at or before it works any more, also when codes of people come between.
func TestAMachinesCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	owner.fresh()
	m := h.script(owner, token.Codes, "me:read")
	code, before := m.code(0), m.code(-1)
	if a := m.offers(phone.code(0)); a.StatusCode != 401 {
		t.Errorf("a person's code: %d %s", a.StatusCode, a.raw)
	}
	if a := m.offers(code); a.StatusCode != 200 {
		t.Fatalf("got %d %s", a.StatusCode, a.raw)
	}
	for _, again := range []string{code, before} {
		if a := m.offers(again); a.StatusCode != 401 || a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("again: %d %s", a.StatusCode, a.raw)
		}
	}
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": m.code(1)})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	for m.now().Unix()%30 == 0 { // its clock is a second fast, and may be in the next step alone
		time.Sleep(100 * time.Millisecond)
	}
	if a := m.offers(m.code(1)); a.StatusCode != 200 {
		t.Errorf("the next one: %d %s", a.StatusCode, a.raw)
	}
	kinds := strings.Join(b.kinds("sign_in"), " ")
	if !strings.Contains(kinds, "token.session_refused") {
		t.Errorf("no refusal is in %s", kinds)
	}
}

// R043: a code is six ASCII digits and nothing around them.
func TestAMachinesCodeIsSixDigits(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	m := h.script(h.claim(), token.Codes, "me:read")
	code := m.code(0)
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	odd := []any{" " + code, code + "\n", code + "\u00a0", "\u3000" + code, wide, code[:3] + " " + code[3:], "+" + code, code + "0", code[:5], 287082, []any{code}, nil}
	for _, text := range odd {
		if a := m.offers(text); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%q: %d %s", text, a.StatusCode, a.raw)
		}
	}
	if a := m.offers(code); a.StatusCode != 200 {
		t.Errorf("the right one: %d %s", a.StatusCode, a.raw)
	}
	for _, text := range odd {
		if a := m.offers(text); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%q after it: %d %s", text, a.StatusCode, a.raw)
		}
	}
}

// R044 R090: fifty posts of one code at once buy access once, beside people who sign in with theirs, over HTTP/1.1 and HTTP/2.
func TestOneCodeBuysOnceHoweverManyPostIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	owner.fresh()
	for round := range 20 {
		m := h.script(owner, token.Codes, "me:read")
		code, mine := m.code(0), phone.code(0)
		statuses := make([]int, 50)
		requests, clients := make([]*http.Request, len(statuses)), make([]*browser, len(statuses))
		for i := range statuses {
			clients[i] = h.browser().from(many(50*round + i))
			if i%5 == 0 {
				clients[i].client.Transport.(*http.Transport).ForceAttemptHTTP2 = false // that is HTTP/1.1 then
			}
			requests[i] = m.plain("POST", "/machine/session", obj{"code": code})
			if i%10 == 1 { // a person at the door
				b := h.browser().from(many(50*round + i))
				b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
				requests[i] = b.request("POST", "/sign-in/code", obj{"code": mine})
				b.client.CloseIdleConnections()
			}
		}
		var all sync.WaitGroup
		gate := make(chan struct{})
		for i := range statuses {
			all.Go(func() {
				<-gate
				statuses[i] = clients[i].raw(requests[i]).StatusCode
			})
		}
		close(gate)
		all.Wait()
		for _, b := range clients {
			b.client.CloseIdleConnections() // the NAS holds some hundred open in all
		}
		machines, people := 0, 0
		for i, s := range statuses {
			switch {
			case s == 200 && i%10 == 1:
				people++
			case s == 200:
				machines++
			}
		}
		if machines != 1 || people > 1 {
			t.Errorf("%d machines and %d people are in: %v", machines, people, statuses)
		}
	}
}

// R045 R046: the step of trusted time and one on each side, whatever else a request says about the time.
func TestAMachinesCodeIsOfTrustedTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	for steps, want := range map[int]int{-2: 401, -1: 200, 0: 200, 1: 200, 2: 401, 20: 401} {
		m := h.script(owner, token.Codes, "me:read")
		for age := m.now().Unix() % 30; age == 0 || age > 26; age = m.now().Unix() % 30 { // a step that ends meanwhile changes the answer
			time.Sleep(200 * time.Millisecond)
		}
		r := m.plain("POST", "/machine/session", obj{"code": m.code(steps)})
		if at := m.now().Add(time.Duration(steps) * 30 * time.Second).UTC().Format(http.TimeFormat); steps == 20 {
			r.Header.Set("Date", at)
			r.Header.Set("X-Time", at)
		}
		if a := m.raw(r); a.StatusCode != want {
			t.Errorf("%d steps off: %d %s", steps, a.StatusCode, a.raw)
		}
	}
	m := h.script(owner, token.Codes, "me:read")
	if a := m.raw(m.plain("POST", "/machine/session", obj{"code": m.code(20), "time": 1})); a.StatusCode != 422 {
		t.Errorf("a time in the body: %d %s", a.StatusCode, a.raw)
	}
}

// R051 R090: wrong codes of a machine are counted over all its sources, also over a restart, and keep nobody out but the machine.
func TestWrongCodesSlowTheMachineAndNobodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	owner.fresh()
	m, other := h.script(owner, token.Codes, "me:read"), h.script(owner, token.Codes, "me:read")
	for i := range throttle.FreeCodes {
		client := h.browser().from(many(i))
		if a := client.raw(m.plain("POST", "/machine/session", obj{"code": "000000"})); a.StatusCode != 401 {
			t.Fatalf("try %d: %d %s", i+1, a.StatusCode, a.raw)
		}
	}
	slowed := func() {
		t.Helper()
		if a := m.offers(m.code(0)); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("the right code during the wait: %d %s", a.StatusCode, a.raw)
		}
	}
	slowed()
	for _, s := range listOf(owner.must(200, "GET", "/defender", nil).body["slow_downs"]) {
		if s := s.(obj); s["rule"] != "code" || s["token"] != m.name || s["account"] != "admin" {
			t.Errorf("listed as %v", s)
		}
	}
	if a := other.offers(other.code(0)); a.StatusCode != 200 {
		t.Errorf("another machine: %d %s", a.StatusCode, a.raw)
	}
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
	h.restart()
	m.base = "https://" + h.greeting.HTTPS
	slowed()
	h.pass(throttle.CodeWait)
	if a := m.offers(m.code(0)); a.StatusCode != 200 {
		t.Errorf("after the wait: %d %s", a.StatusCode, a.raw)
	}
}
