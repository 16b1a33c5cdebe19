package daemon_test

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// bodies are well-formed requests for the operations that want one.
var bodies = map[string]any{
	"SignIn": obj{"name": "x", "password": "y"}, "SignInCode": obj{"code": "123456"}, "SignInPassword": obj{"password": "x"},
	"Claim": obj{"name": "admin", "password": "x"}, "StepUp": obj{"password": "x"}, "ChangeMe": obj{}, "ChangeEmail": obj{"email": ""},
	"ChangePassword": obj{"current": "x", "password": "y"}, "SaveDesktop": obj{"theme": "auto", "windows": []any{}},
	"StartEnrolment": obj{"name": "x"}, "ConfirmEnrolment": obj{"code": "123456"}, "TurnTwoStepOff": obj{"password": "x"}, "AskUnlock": obj{"name": "x"}, "AskUnlockPress": obj{"name": "x"}, "GetUnlockPress": obj{"token": "x"}, "UnlockBrowser": obj{"token": "x.y"}, "ChooseButton": obj{}, "EnableButton": obj{"enabled": true},
	"ChangeDefender": obj{"limits": "normal", "allow": []any{}, "block": []any{}}, "Forgotten": obj{"email": "x@example.org"}, "OpenPasswordLink": obj{"link": "x.y"}, "UsePasswordLink": obj{"link": "x.y", "password": "five other words in a row"},
	"PreviewUsers": obj{"text": "ines"}, "UndoEmailChange": obj{"token": "x.y"}, "ConfirmNetwork": obj{"token": "x"}, "ChangeAnnouncement": obj{"enabled": true}, "ConfirmEmail": obj{"code": "123456"}, "RenameDevice": obj{"name": "x"}, "ConfirmEmailWay": obj{"code": "123456"},
	"AddGroup": obj{"name": "x", "members": []any{}}, "ChangeGroup": obj{"name": "x", "members": []any{}},
	"ChangePolicy": obj{"two_step": "nobody", "groups": []any{}, "email_codes": "everybody"},
	"ChangeMail":   obj{"host": "x", "port": 465, "security": "tls", "user": "", "sender": "x@example.org"},
	"TestMail":     obj{"to": "x@example.org", "server": obj{"host": "x", "port": 465, "security": "tls", "user": "", "sender": "x@example.org"}},
	"AddUser":      obj{"name": "x", "role": "user"}, "CreateToken": obj{"name": "x", "scopes": []any{"me:read"}, "factor": obj{"kind": "none"}}, "SetTokenFactor": obj{"kind": "none"}, "StartMachineSession": obj{}, "CollectToken": obj{"key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}, "ChangeUser": obj{}, "ChangeSettings": obj{}, "LocalRecover": obj{"name": "x"}, "LocalPressButton": obj{"hold_ms": 50}, "ChangeTime": obj{"servers": []any{}, "verified_only": false, "set_system_clock": false}, "AcceptTime": obj{"by_ms": 7200000}, "SetTime": obj{"now": "2026-11-22T12:00:00Z"}, "ChangeAutomaticTime": obj{"on": true},
}

const someID = "abcdefghijklmnopqrstuvwxyz"

// R003 R004 R005 R106: every route, with every kind of credential.
func TestEveryRouteWithEveryCredential(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"}).body
	user := h.browser()
	user.must(200, "POST", "/sign-in", obj{"name": "ines", "password": added["password"]})
	user.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	half := h.browser()
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	ticket := half.cookies[httpapi.TicketCookie]
	session := owner.cookies[httpapi.SessionCookie]

	with := func(change func(*browser)) *browser {
		b := h.browser()
		change(b)
		return b
	}
	callers := map[string]*browser{
		"nothing": h.browser(),
		"basic": with(func(b *browser) {
			b.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:"+goodPassword)))
		}),
		"session as bearer":  with(func(b *browser) { b.header.Set("Authorization", "Bearer "+session) }),
		"ticket as bearer":   with(func(b *browser) { b.header.Set("Authorization", "Bearer "+ticket) }),
		"ticket as session":  with(func(b *browser) { b.cookies[httpapi.SessionCookie] = ticket; b.token = half.token }),
		"session as ticket":  with(func(b *browser) { b.cookies[httpapi.TicketCookie] = session; b.token = owner.token }),
		"cookie with a name": with(func(b *browser) { b.cookies["username"] = "admin" }),
		"header with a name": with(func(b *browser) { b.header.Set("X-Remote-User", "admin") }),
		"session twice": with(func(b *browser) {
			b.header.Set("Cookie", httpapi.SessionCookie+"="+session+"; "+httpapi.SessionCookie+"=x")
		}),
		"another cookie's name": with(func(b *browser) { b.cookies["castellan"] = session }),
		"ticket":                half,
		"user":                  user,
	}
	operations := httpapi.Operations()
	slices.SortStableFunc(operations, func(a, b api.Operation) int { // what ends a session or a ticket comes last
		return cmp.Compare(order(a), order(b))
	})
	denied := map[string]bool{}
	for _, op := range operations {
		for name, b := range callers {
			c := b.clone()
			a := c.call(op.Method, path(op, someID), bodies[op.ID])
			denied[fmt.Sprint(op.ID, " ", name)] = true
			want := wanted(op, name)
			if a.StatusCode >= 500 || !want(a) {
				t.Errorf("%s %s as %s: %d %s", op.Method, op.Path, name, a.StatusCode, a.raw)
			}
		}
	}
	if len(denied) != len(httpapi.Operations())*len(callers) {
		t.Errorf("only %d pairs were tried", len(denied))
	}
	owner.fresh() // and none of that ended the owner's session
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	half.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}

func order(op api.Operation) int {
	if op.ID == "SignOut" || op.ID == "CancelSignIn" {
		return 1
	}
	return 0
}

// wanted says which answer a caller may get from an operation.
func wanted(op api.Operation, caller string) func(answer) bool {
	status := func(codes ...int) func(answer) bool {
		return func(a answer) bool {
			for _, c := range codes {
				if a.StatusCode == c {
					return true
				}
			}
			return false
		}
	}
	switch op.Access {
	case api.ForPublic:
		if op.ID == "WaitForButton" || op.ID == "Forgotten" { // it is owned, and has no mail server
			return status(409)
		}
		return status(200, 401, 409, 410, 429)
	case api.ForLocal:
		return status(404)
	case api.ForTicket:
		if caller == "ticket" {
			return status(200, 204, 401, 403, 410, 422)
		}
		return status(401)
	case api.ForUser:
		if caller == "user" {
			return func(a answer) bool { return a.StatusCode != 401 || a.code() == "sign_in_expired" }
		}
		return status(401)
	default:
		if caller == "user" {
			return status(403)
		}
		return status(401)
	}
}

// R106: standing on the box itself grants nothing, nor does a session of a user on the socket.
func TestTheSocketGrantsNoMoreThanItsOwnRoutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	local := h.local()
	local.refused(401, "signed_out", "GET", "/users", nil)
	local.refused(401, "signed_out", "GET", "/me", nil)
}

// R113 R114
func TestChangesFromElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	own := owner.origin
	tests := map[string]func(http.Header){
		"cross-site":            func(x http.Header) { x.Set("Sec-Fetch-Site", "cross-site"); x.Del("Origin") },
		"same-site, other port": func(x http.Header) { x.Set("Sec-Fetch-Site", "same-site"); x.Set("Origin", "https://127.0.0.1:9443") },
		"another origin":        func(x http.Header) { x.Set("Origin", "https://evil.example"); x.Del("Sec-Fetch-Site") },
		"null origin":           func(x http.Header) { x.Set("Origin", "null"); x.Del("Sec-Fetch-Site") },
		"the plain scheme": func(x http.Header) {
			x.Set("Origin", strings.Replace(own, "https", "http", 1))
			x.Del("Sec-Fetch-Site")
		},
		"no sign of an origin":  func(x http.Header) { x.Del("Origin"); x.Del("Sec-Fetch-Site") },
		"a page opened by hand": func(x http.Header) { x.Set("Sec-Fetch-Site", "none"); x.Del("Origin") },
		"no token":              func(x http.Header) { x.Del(httpapi.TokenHeader) },
		"another token":         func(x http.Header) { x.Set(httpapi.TokenHeader, strings.Repeat("A", 43)) },
	}
	for name, change := range tests {
		r := owner.request("PATCH", "/me", obj{"display_name": "evil"})
		change(r.Header)
		if a := owner.raw(r); a.StatusCode != 403 {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.raw)
		} else if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: allowed for %s", name, got)
		}
	}
	for media, want := range map[string]int{
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415, "": 415,
		"application/json; charset=utf-16": 415, "application/json; charset=utf-8": 200, "application/json": 200,
	} {
		r := owner.request("PATCH", "/me", obj{"display_name": "Owner"})
		r.Header.Set("Content-Type", media)
		if a := owner.raw(r); a.StatusCode != want {
			t.Errorf("%q: %d %s, want %d", media, a.StatusCode, a.raw, want)
		}
	}
	r := owner.request("OPTIONS", "/me", nil)
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Access-Control-Request-Method", "PATCH")
	if a := owner.raw(r); a.StatusCode != 405 || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight: %d %v", a.StatusCode, a.Header)
	}
	if me := owner.must(200, "GET", "/me", nil).body; me["display_name"] != "Owner" {
		t.Errorf("something got through: %v", me)
	}
}

// R115
func TestOnlyKnownHostsAreServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	for host, want := range map[string]int{
		"127.0.0.1:" + port: 200, "localhost:" + port: 200, "LocalHost:" + port: 200, "attic-nas:" + port: 200, "attic-nas.local:" + port: 200, "[::1]:" + port: 200,
		"evil.example:" + port: 421, "attic-nas.local.:" + port: 421, "localhost:9": 421, "localhost": 421, "attic-nas.local.evil.example:" + port: 421,
		"203.0.113.9:" + port: 421, "admin@localhost:" + port: 421, "castellan:" + port: 421,
	} {
		for _, one := range []bool{true, false} {
			b := h.browser()
			if one {
				b.client.Transport = http1(b)
			}
			r := b.request("GET", "/status", nil)
			r.Host = host
			a, err := b.client.Do(r)
			if err != nil {
				continue // the client itself refuses to send it
			}
			_ = a.Body.Close()
			if a.StatusCode != want {
				t.Errorf("%s (HTTP/1.1 %v): %d, want %d", host, one, a.StatusCode, want)
			}
		}
	}
	for request, want := range map[string]string{
		"GET /api/v1/status HTTP/1.0\r\n\r\n":                                                                               "421",
		"GET https://evil.example/api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                           "421",
		"GET https://localhost:" + port + "/api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                 "421",
		"GET /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\nHost: evil.example\r\n\r\n":                         "400",
		"GET /api/v1/status HTTP/1.1\r\n\r\n":                                                                               "400",
		"GET /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\nX-Forwarded-Host: evil.ex\r\n\r\n":                  "200",
		"TRACE /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                                             "405",
		"CONNECT localhost:" + port + " HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                                   "405",
		"BREW /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                                              "405",
		"BREW / HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n":                                                           "405",
		"PUT /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\nContent-Length: 0\r\n\r\n":                          "405",
		"POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost:" + port + "\r\nTransfer-Encoding: xchunked\r\n\r\n":              "501",
		"POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost:" + port + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx": "400",
	} {
		if got := h.wire(request); got != want {
			t.Errorf("%q: %s, want %s", request, got, want)
		}
	}
}

// wire sends bytes over TLS and returns the status that comes back.
func (h *house) wire(request string) string {
	h.t.Helper()
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(15 * time.Second))
	_, _ = io.WriteString(c, request)
	line, _ := bufio.NewReader(c).ReadString('\n')
	if parts := strings.Fields(line); len(parts) > 1 {
		return parts[1]
	}
	return "closed"
}

// R112 R116 R119 R126: R112 as far as the box's own certificate goes, which HSTS is not sent for
func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	answers := map[string]answer{
		"200":      owner.call("GET", "/me", nil),
		"204":      owner.call("PUT", "/me/desktop", obj{"theme": "dark", "windows": []any{}}),
		"401":      h.browser().call("GET", "/me", nil),
		"404":      owner.call("GET", "/nothing", nil),
		"405":      owner.call("DELETE", "/me", nil),
		"422":      owner.call("PATCH", "/me", obj{"display_name": "a\nb"}),
		"page":     owner.raw(plainRequest(t, "GET", "https://"+h.greeting.HTTPS+"/")),
		"no page":  owner.raw(plainRequest(t, "GET", "https://"+h.greeting.HTTPS+"/nothing")),
		"redirect": owner.raw(plainRequest(t, "GET", "http://"+h.greeting.HTTP+"/")),
		"plain":    owner.raw(plainRequest(t, "POST", "http://"+h.greeting.HTTP+"/api/v1/sign-in")),
	}
	for name, a := range answers {
		csp := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: the policy lacks %s", name, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: the policy is %s", name, csp)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if a.Header.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, a.Header.Get(header))
			}
		}
		if a.Header.Get("Permissions-Policy") == "" || a.Header.Get("Server") != "" || a.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %v", name, a.Header)
		}
		if kind := a.Header.Get("Content-Type"); len(a.raw) > 0 && !strings.Contains(kind, "charset=utf-8") && !strings.HasPrefix(kind, "application/json") {
			t.Errorf("%s: the body is %q", name, kind)
		}
		if strings.Contains(name, "0") && a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", name, a.Header.Get("Cache-Control"))
		}
	}
	if a := answers["405"]; !strings.Contains(a.Header.Get("Allow"), "PATCH") {
		t.Errorf("405 allows %q", a.Header.Get("Allow"))
	}
}

func plainRequest(t *testing.T, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// R111 R110
func TestThePlainPortOnlyRedirectsPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	a := b.raw(plainRequest(t, "GET", "http://"+h.greeting.HTTP+"//evil.example/x?y=z"))
	if a.StatusCode != 308 || a.Header.Get("Location") != "https://"+h.greeting.HTTPS+"/" || len(a.Cookies()) != 0 {
		t.Errorf("%d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	for _, r := range []*http.Request{
		plainRequest(t, "POST", "http://"+h.greeting.HTTP+"/"), plainRequest(t, "GET", "http://"+h.greeting.HTTP+"/api/v1/status"),
		plainRequest(t, "POST", "http://"+h.greeting.HTTP+"/api/v1/sign-in"),
	} {
		if a := b.raw(r); a.StatusCode != 426 || len(a.Cookies()) != 0 {
			t.Errorf("%s %s: %d", r.Method, r.URL.Path, a.StatusCode)
		}
	}
	r := plainRequest(t, "GET", "http://"+h.greeting.HTTP+"/")
	r.Host = "evil.example"
	if a := b.raw(r); a.StatusCode != 421 {
		t.Errorf("an unknown host: %d", a.StatusCode)
	}
}

// R110
func TestCookiesAreHeldByTheBrowserAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	answers := []answer{
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword}),
		b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword}),
		b.must(200, "POST", "/session/step-up", obj{"password": goodPassword}),
		b.must(204, "DELETE", "/session", nil),
	}
	set := 0
	for _, a := range answers {
		for _, line := range a.Header.Values("Set-Cookie") {
			set++
			for _, part := range []string{"__Host-", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"} {
				if !strings.Contains(line, part) {
					t.Errorf("%q lacks %q", line, part)
				}
			}
			stays := strings.Contains(line, "Max-Age") && !strings.Contains(line, "Max-Age=0")
			if strings.Contains(line, "Domain") || len(line) > 4096 || stays != strings.HasPrefix(line, httpapi.BrowserCookie+"=") {
				t.Errorf("%q", line)
			}
		}
	}
	if set < 5 {
		t.Errorf("only %d cookies were set", set)
	}
	if got := answers[3].Header.Get("Clear-Site-Data"); got != `"cache", "storage"` { // R126
		t.Errorf("the browser is told to clear %q", got)
	}
}

// R096
func TestAPlantedCookieIsReplacedAndNeverAdopted(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	b := h.browser()
	planted := strings.Repeat("A", 43)
	b.cookies[httpapi.SessionCookie], b.cookies[httpapi.TicketCookie] = planted, planted
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if b.cookies[httpapi.SessionCookie] == planted {
		t.Error("the planted cookie is the session's")
	}
	c := h.browser()
	c.cookies[httpapi.SessionCookie] = planted
	c.refused(401, "signed_out", "GET", "/me", nil)
}
