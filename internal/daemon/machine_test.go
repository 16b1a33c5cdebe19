package daemon_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/access/token"
	"castellan/internal/httpapi"
)

// script is a program that has an API token, as people write them.
type script struct {
	*browser
	id, name, text string
	key            ed25519.PrivateKey // nil: it has none
	phone          phone              // with codes by time
	access         string             // that it bought; empty: it signs, or brings the token alone
	now            func() time.Time   // its clock
}

// scopes lists all of them.
func scopes() (names []string) {
	for _, s := range token.Scopes() {
		names = append(names, s.Name)
	}
	return names
}

func newKey(t *testing.T) (ed25519.PrivateKey, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return private, base64.StdEncoding.EncodeToString(public)
}

// scripts counts those of all tests: no person has two tokens of one name.
var scripts atomic.Int64

// soon is a clock that is a second fast: signatures of the second in which a house started are refused.
func (h *house) soon() time.Time { return h.system().Add(time.Second) }

// script makes an API token in a browser that is signed in, with a second factor of a kind, and the program that has it.
func (h *house) script(b *browser, kind token.Kind, scopes ...string) *script {
	h.t.Helper()
	m := &script{browser: h.browser(), now: h.soon, name: fmt.Sprintf("machine %d", scripts.Add(1))}
	factor := obj{"kind": kind}
	if kind == token.Key {
		m.key, factor["key"] = newKey(h.t)
	}
	made := b.must(201, "POST", "/me/tokens", obj{"name": m.name, "scopes": scopes, "factor": factor}).body
	m.id, m.text = made["token"].(obj)["id"].(string), made["text"].(string)
	if kind == token.Codes {
		m.phone = phone{secretOf(h.t, made["secret"].(string))}
	}
	return m
}

// request is what the program sends, with what it has: access, a signature, or the token alone.
func (m *script) request(method, path string, body any) *http.Request {
	m.t.Helper()
	r := m.plain(method, path, body)
	if m.access != "" {
		r.Header.Set("Authorization", "Bearer "+m.access)
	} else if m.key != nil {
		m.sign(r, "")
	}
	return r
}

// plain is a request with the token alone.
func (m *script) plain(method, path string, body any) *http.Request {
	m.t.Helper()
	r := m.browser.request(method, path, body)
	for _, name := range []string{"Origin", "Sec-Fetch-Site", httpapi.TokenHeader, "Cookie"} {
		r.Header.Del(name)
	}
	r.Header.Set("Authorization", "Bearer "+m.text)
	return r
}

// sign signs a request, with a nonce of the box or one of its own.
func (m *script) sign(r *http.Request, nonce string) {
	m.t.Helper()
	if err := token.Sign(r, m.key, m.id, nonce, m.now()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *script) send(method, path string, body any) answer {
	m.t.Helper()
	return m.raw(m.request(method, path, body))
}

// gets is send for a status that has to come.
func (m *script) gets(status int, code, method, path string, body any) answer {
	m.t.Helper()
	a := m.send(method, path, body)
	if a.StatusCode != status || a.code() != code {
		m.t.Errorf("%s as %s: %s %s: %d %s, want %d %s", m.name, m.how(), method, path, a.StatusCode, a.raw, status, code)
	}
	if challenged := a.Header.Get("WWW-Authenticate"); (status == 401) != strings.HasPrefix(challenged, "Bearer") || strings.Contains(challenged, "realm") {
		m.t.Errorf("%d comes with WWW-Authenticate: %q", status, challenged)
	}
	return a
}

func (m *script) how() string {
	switch {
	case m.access != "":
		return "bought access"
	case m.key != nil:
		return "a signature"
	default:
		return "the token alone"
	}
}

// code is what its generator of codes shows, so many steps from now.
func (m *script) code(steps int) string {
	return string(m.phone.seed.CodeAt(otp.Step(int(otp.StepAt(m.now())) + steps)))
}

// buys is the program with access that it has just bought, by a signature, a code, or the token alone.
func (m *script) buys() *script {
	m.t.Helper()
	body := obj{}
	if len(m.phone.seed) > 0 {
		body["code"] = m.code(0)
	}
	a := m.gets(200, "", "POST", "/machine/session", body)
	bought := *m
	bought.access, _ = a.body["access_token"].(string)
	if a.body["token_type"] != "Bearer" || a.body["expires_in"].(float64) < 890 || !strings.HasPrefix(bought.access, token.AccessPrefix) {
		m.t.Errorf("got %v", a.body)
	}
	return &bought
}

// R089: a token whose owner has 2-step verification on opens nothing without a second factor, and with one for a quarter of an hour.
func TestATokenAndAMachinesFactorBuyAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	free := h.script(owner, token.None, "users:read")
	free.gets(200, "", "GET", "/users", nil)
	bought := free.buys()
	bought.gets(200, "", "GET", "/users", nil)
	owner.enrol()
	owner.fresh()
	free.gets(401, "token_on_hold", "GET", "/users", nil)
	bought.gets(401, "token_on_hold", "GET", "/users", nil)
	free.gets(401, "token_on_hold", "POST", "/machine/session", obj{})

	h.script(owner, token.Key, "settings:write").gets(200, "", "PATCH", "/settings", obj{}) // a signed request is proof of itself
	var both []*script
	for _, kind := range []token.Kind{token.Codes, token.Key} {
		m := h.script(owner, kind, "users:read", "settings:read", "settings:write")
		alone := &script{browser: m.browser, name: m.name, text: m.text, id: m.id}
		alone.gets(401, "second_factor_required", "GET", "/users", nil)
		alone.gets(401, "second_factor_required", "POST", "/machine/session", obj{})
		both = append(both, m.buys())
	}
	each := func(do func(*script)) {
		for _, m := range both {
			do(m)
		}
	}
	each(func(m *script) {
		m.gets(200, "", "GET", "/users", nil)
		m.gets(200, "", "PATCH", "/settings", obj{})
		m.gets(403, "scope_missing", "GET", "/health", nil)
	})
	h.pass(5*time.Minute + time.Second)
	each(func(m *script) {
		m.gets(403, "step_up_required", "PATCH", "/settings", obj{})
		m.gets(200, "", "GET", "/settings", nil)
	})
	h.pass(9*time.Minute + 50*time.Second)
	each(func(m *script) { m.gets(200, "", "GET", "/settings", nil) })
	h.pass(10 * time.Second)
	each(func(m *script) { m.gets(401, "token_refused", "GET", "/settings", nil) })
}

// R092: a token counts in Authorization and nowhere else, and cookies beside it count for nothing.
func TestTokensCountInAuthorizationAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m := h.script(owner, token.None, "users:read")
	access := m.buys().access
	stranger := h.browser()
	for _, text := range []string{m.text, access} {
		for name, change := range map[string]func(*http.Request){
			"query":        func(r *http.Request) { r.URL.RawQuery = "access_token=" + text },
			"token query":  func(r *http.Request) { r.URL.RawQuery = "token=" + text },
			"cookie":       func(r *http.Request) { r.AddCookie(&http.Cookie{Name: httpapi.SessionCookie, Value: text}) },
			"other cookie": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: text}) },
			"basic name":   func(r *http.Request) { r.SetBasicAuth(text, "") },
			"basic word":   func(r *http.Request) { r.SetBasicAuth("admin", text) },
			"other header": func(r *http.Request) { r.Header.Set("X-Api-Key", text); r.Header.Set("X-Auth-Token", text) },
			"page token":   func(r *http.Request) { r.Header.Set(httpapi.TokenHeader, text) },
			"proxy":        func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer "+text) },
			"scheme":       func(r *http.Request) { r.Header.Set("Authorization", "Token "+text) },
			"no scheme":    func(r *http.Request) { r.Header.Set("Authorization", text) },
			"twice":        func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + text, "Bearer " + text} },
			"a list":       func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text+", Bearer "+text) },
			"beside basic": func(r *http.Request) {
				r.Header["Authorization"] = []string{"Basic YWRtaW46eA==", "Bearer " + text}
			},
			"blanks":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer  "+text) },
			"shorter": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text[:len(text)-1]) },
			"longer":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text+"A") },
		} {
			r := stranger.request("GET", "/users", nil)
			change(r)
			if a := stranger.raw(r); a.StatusCode != 401 {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.raw)
			}
		}
		r := m.plain("GET", "/users", nil)
		r.Header.Set("Authorization", "bEaReR "+text)
		if a := m.raw(r); a.StatusCode != 200 {
			t.Errorf("the case of the scheme: %d %s", a.StatusCode, a.raw)
		}
	}
	r := m.plain("POST", "/machine/session", nil)
	r.Header.Del("Authorization")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Body = http.NoBody
	if a := m.raw(r); a.StatusCode != 401 && a.StatusCode != 415 {
		t.Errorf("a form: %d %s", a.StatusCode, a.raw)
	}
	// An owner's session beside a token that opens nothing is of no use.
	r = owner.request("GET", "/users", nil)
	r.Header.Set("Authorization", "Bearer "+token.Prefix+strings.Repeat("A", 43))
	if a := owner.raw(r); a.StatusCode != 401 || a.code() != "token_refused" {
		t.Errorf("with a session: %d %s", a.StatusCode, a.raw)
	}
	if a := owner.raw(owner.request("GET", "/sign-in?token="+m.text, nil)); a.StatusCode != 401 {
		t.Errorf("got %d", a.StatusCode)
	}
	for _, where := range []string{m.text, access} {
		if strings.Contains(h.log.String(), where) || strings.Contains(h.log.String(), where[8:]) {
			t.Error("the program's log holds a token")
		}
	}
	m.text = token.Prefix + strings.Repeat("x", 43)
	a := m.gets(401, "token_refused", "GET", "/users", nil)
	if bytes.Contains(a.raw, []byte(m.text)) {
		t.Errorf("the refusal repeats the token: %s", a.raw)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(h.database())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(access)) || strings.Contains(string(data), m.text) {
		t.Error("the database holds a token")
	}
}

// R113: no page sends a token.
func TestAPageCannotUseAToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	m := h.script(h.claim(), token.None, "users:read", "me:read")
	for name, headers := range map[string][2]string{
		"another origin": {"Origin", "https://evil.example"}, "no origin": {"Origin", "null"}, "the plain scheme": {"Origin", "http://" + h.greeting.HTTPS},
		"cross-site": {"Sec-Fetch-Site", "cross-site"}, "same-site": {"Sec-Fetch-Site", "same-site"}, "our own page": {"Sec-Fetch-Site", "same-origin"},
	} {
		for _, path := range []string{"/users", "/me"} {
			r := m.plain("GET", path, nil)
			r.Header.Set(headers[0], headers[1])
			if a := m.raw(r); a.StatusCode != 403 || a.code() != "foreign_origin" || a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.raw)
			}
		}
	}
}
