package daemon_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi"
)

// R090: a signature is good for one request, as it was signed, once.
func TestASignatureIsGoodForOneRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	m := h.script(h.claim(), token.Key, "users:read", "settings:read", "settings:write")
	other := h.script(h.in(h.browser(), "admin"), token.Key, "settings:write")
	old := h.browser()
	old.client.Transport = http1(old)
	filled := func(body string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.GetBody = nil
		}
	}
	for name, tc := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"as it was signed":     {func(*http.Request) {}, 200, ""},
		"another body":         {filled(`{"nas_name":"evil"}`), 401, "signature_refused"},
		"no body":              {filled(""), 401, "signature_refused"},
		"a body without end":   {filled(strings.Repeat(" ", 65<<10)), 413, "too_large"},
		"another query":        {func(r *http.Request) { r.URL.RawQuery = "a=b" }, 401, "signature_refused"},
		"another path":         {func(r *http.Request) { r.URL.Path = httpapi.Base + "/network/announcement"; r.Method = "PUT" }, 401, "signature_refused"},
		"another name of it":   {func(r *http.Request) { r.Host = strings.Replace(r.URL.Host, "127.0.0.1", "localhost", 1) }, 401, "signature_refused"},
		"another token":        {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+other.text) }, 401, "signature_refused"},
		"no digest":            {func(r *http.Request) { r.Header.Del("Content-Digest") }, 401, "signature_refused"},
		"no input":             {func(r *http.Request) { r.Header.Del("Signature-Input") }, 401, ""},
		"no signature":         {func(r *http.Request) { r.Header.Del("Signature") }, 401, ""},
		"two signatures":       {func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }, 401, "signature_refused"},
		"without its nonce":    {replaced("Signature-Input", `;nonce=`, `;nonsense=`), 401, "signature_refused"},
		"less is covered":      {replaced("Signature-Input", `"@query"`, ``), 401, "signature_refused"},
		"another key is named": {replaced("Signature-Input", m.id, other.id), 401, "signature_refused"},
	} {
		for one, client := range map[bool]*browser{true: old, false: h.browser()} {
			r := m.request("PATCH", "/settings", obj{})
			tc.change(r)
			a := client.raw(r)
			if a.StatusCode != tc.status || tc.code != "" && a.code() != tc.code {
				t.Errorf("%s (HTTP/1.1 %v): %d %s", name, one, a.StatusCode, a.raw)
			}
		}
	}
	r := m.request("GET", "/users?search=a&limit=5", nil)
	client := h.browser()
	for i, want := range []string{"", "signature_used", "signature_used"} {
		if a := client.raw(r.Clone(t.Context())); a.code() != want || i == 0 && a.StatusCode != 200 {
			t.Errorf("time %d: %d %s", i+1, a.StatusCode, a.raw)
		}
	}
	before := m.request("GET", "/users", nil)
	h.restart()
	before.URL = &url.URL{Scheme: "https", Host: h.greeting.HTTPS, Path: before.URL.Path} // with what it was signed for in its Host header
	before.Host = h.greeting.HTTPS
	if a := h.browser().raw(before); a.StatusCode != 401 {
		t.Errorf("a signature from before the restart: %d %s", a.StatusCode, a.raw)
	}
}

func replaced(header, old, by string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, strings.ReplaceAll(r.Header.Get(header), old, by)) }
}

// R090: a signature is of trusted time, or bears a nonce of the box, once.
func TestASignatureIsOfTrustedTimeOrBearsANonce(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	m := h.script(h.claim(), token.Key, "users:read")
	h.pass(5 * time.Minute)
	for off, want := range map[time.Duration]int{-65 * time.Second: 401, -55 * time.Second: 200, 55 * time.Second: 200, 65 * time.Second: 401} {
		m.now = func() time.Time { return h.system().Add(off) }
		a := m.send("GET", "/users", nil)
		if a.StatusCode != want || want == 401 && a.code() != "signature_time" {
			t.Errorf("%v off: %d %s", off, a.StatusCode, a.raw)
		}
		if nonce := a.Header.Get(token.NonceHeader); (nonce != "") != (want == 401) {
			t.Errorf("%v off: the nonce is %q", off, nonce)
		}
	}
	m.now = func() time.Time { return time.Unix(1_000_000_000, 0) }
	nonce := m.gets(401, "signature_time", "GET", "/users", nil).Header.Get(token.NonceHeader)
	for i, want := range []int{200, 401} {
		r := m.plain("GET", "/users", nil)
		m.sign(r, nonce)
		if a := m.raw(r); a.StatusCode != want {
			t.Errorf("time %d: %d %s", i+1, a.StatusCode, a.raw)
		}
	}
	nonce = m.gets(401, "signature_time", "GET", "/users", nil).Header.Get(token.NonceHeader)
	h.pass(token.Skew + time.Second)
	r := m.plain("GET", "/users", nil)
	m.sign(r, nonce)
	if a := m.raw(r); a.StatusCode != 401 || a.code() != "signature_time" {
		t.Errorf("a nonce that lapsed: %d %s", a.StatusCode, a.raw)
	}
}

// R136: the log names the machine by its token, and a browser cannot make itself look like one.
func TestTheLogNamesTheMachine(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m := h.script(owner, token.Key, "settings:write")
	m.gets(200, "", "PATCH", "/settings", obj{"nas_name": "cellar-nas"})
	last := owner.events("kind=settings.changed")[0].(obj)
	if !strings.Contains(fmt.Sprint(last["details"]), "API token “"+m.name+"”") || last["actor"] != "admin" {
		t.Errorf("got %v", last)
	}
	b := h.browser()
	b.header.Set("User-Agent", "API token “"+m.name+"”")
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "wrong"})
	if last := owner.events("kind=sign_in.refused")[0].(obj); strings.Contains(fmt.Sprint(last["details"]), "API token") {
		t.Errorf("got %v", last)
	}
	for range 30 {
		m.gets(403, "scope_missing", "GET", "/users", nil)
	}
	if all := owner.events("kind=token.refused"); len(all) != 1 {
		t.Errorf("%d entries for one refusal: %v", len(all), all)
	}
	before := len(owner.events("limit=200"))
	for range 30 {
		(&script{browser: m.browser, text: token.Prefix + strings.Repeat("y", 43)}).gets(401, "token_refused", "GET", "/users", nil)
	}
	if after := len(owner.events("limit=200")); after > before+1 {
		t.Errorf("a token that is none fills the log: %d entries", after-before)
	}
}

// R092 R137: a new token is collected by its machine alone, once, and its text is in no log.
func TestAMachineCollectsItsToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	key, public := newKey(t)
	m := &script{browser: h.browser(), now: h.soon, key: key, name: "laptop"}
	parsed, err := token.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	m.id = token.Fingerprint(parsed)
	ask := func(as *script) answer {
		r := as.plain("POST", "/machine/collection", obj{"key": public})
		r.Header.Del("Authorization")
		as.sign(r, "")
		return as.raw(r)
	}
	if a := ask(m); a.StatusCode != 202 {
		t.Errorf("before it is made: %d %s", a.StatusCode, a.raw)
	}
	made := owner.must(201, "POST", "/me/tokens", obj{"name": "laptop", "scopes": []string{"users:read"}, "factor": obj{"kind": "key", "key": public}, "collect": true})
	if made.body["text"] != nil {
		t.Errorf("its text is in the browser: %s", made.raw)
	}
	thief := *m
	thief.key, _ = newKey(t)
	if a := ask(&thief); a.StatusCode != 401 {
		t.Errorf("another key: %d %s", a.StatusCode, a.raw)
	}
	a := ask(m)
	if a.StatusCode != 200 {
		t.Fatalf("got %d %s", a.StatusCode, a.raw)
	}
	m.text, m.id = a.body["text"].(string), a.body["token"].(obj)["id"].(string)
	m.gets(200, "", "GET", "/users", nil)
	again := *m
	again.id = token.Fingerprint(parsed)
	if a := ask(&again); a.StatusCode == 200 || bytes.Contains(a.raw, []byte(m.text)) {
		t.Errorf("again: %d %s", a.StatusCode, a.raw)
	}
	if kinds := strings.Join(owner.kinds("accounts"), " "); !strings.Contains(kinds, "token.collected") || !strings.Contains(kinds, "token.created") {
		t.Errorf("got %s", kinds)
	}
	if strings.Contains(h.log.String(), m.text[len(token.Prefix):]) {
		t.Error("the program's log holds the token")
	}
}

var machinesFor = flag.Duration("machines.for", 2*time.Second, "for how long machines call 50 times a second")

// What machines leave behind in memory does not grow: nonces lapse, and access is bounded.
func TestMachinesThatCallAllDayLeaveNothingBehind(t *testing.T) {
	h := newHouse(t).start()
	m := h.script(h.claim(), token.Key, "users:read")
	measure := func() (goroutines int, heap uint64) {
		m.client.CloseIdleConnections()
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return runtime.NumGoroutine(), s.HeapAlloc
	}
	m.gets(200, "", "GET", "/users", nil)
	goroutines, heap := measure()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	var slowest time.Duration
	for begun, n := time.Now(), 0; time.Since(begun) < *machinesFor; n++ {
		<-every.C
		at := time.Now()
		if n%10 == 0 {
			m.buys().gets(200, "", "GET", "/users", nil)
		} else {
			m.gets(200, "", "GET", "/users", nil)
		}
		slowest = max(slowest, time.Since(at))
	}
	h.pass(3 * time.Minute)
	m.gets(200, "", "GET", "/users", nil)
	after, grown := measure()
	t.Logf("%d goroutines before, %d after; %d KiB of heap before, %d after; slowest answer %v", goroutines, after, heap>>10, grown>>10, slowest)
	if after > goroutines+5 || grown > heap+4<<20 {
		t.Errorf("%d goroutines before, %d after; %d KiB of heap before, %d after", goroutines, after, heap>>10, grown>>10)
	}
}
