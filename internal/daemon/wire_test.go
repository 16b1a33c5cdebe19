package daemon_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// R108 R109 R028 R078 R119
func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	send := func(method, path, body string) answer {
		r := owner.request(method, path, obj{})
		r.Body = io.NopCloser(strings.NewReader(body))
		r.ContentLength = int64(len(body))
		return owner.raw(r)
	}
	tests := []struct {
		method, path, body string
		status             int
	}{
		{"PATCH", "/me", `{"role":"administrator"}`, 422},
		{"PATCH", "/me", `{"display_name":"x","id":"1"}`, 422},
		{"PATCH", "/me", `{"two_step":false}`, 422},
		{"PATCH", "/me", `{"hint":"mother"}`, 422},
		{"PATCH", "/me", `{"display_name":1}`, 422},
		{"PATCH", "/me", `{"display_name":["x"]}`, 422},
		{"PATCH", "/me", `{"display_name":"x","display_name":"y"}`, 400},
		{"PATCH", "/me", `{"display_name":"x","Display_Name":"y"}`, 400},
		{"PATCH", "/me", `{"DISPLAY_NAME":"x"}`, 400},
		{"PATCH", "/me", `{"display_name":"x"}{}`, 400},
		{"PATCH", "/me", `{"display_name":"x"} x`, 400},
		{"PATCH", "/me", `{"display_name":NaN}`, 400},
		{"PATCH", "/me", `{"display_name":"` + "\xff" + `"}`, 400},
		{"PATCH", "/me", `{"display_name":"a\u0000b"}`, 422},
		{"PATCH", "/me", `{"display_name":"a\u202eb"}`, 422},
		{"PATCH", "/me", strings.Repeat(`{"display_name":`, 40) + "1" + strings.Repeat("}", 40), 400},
		{"PATCH", "/me", `[]`, 422},
		{"PATCH", "/me", `null`, 200},
		{"PATCH", "/me", ``, 400},
		{"PATCH", "/me", `{`, 400},
		{"PUT", "/me/email", `{}`, 422},
		{"PUT", "/me/email", `{"email":null}`, 422},
		{"POST", "/users", `{"name":"x"}`, 422},
		{"POST", "/users", `{"name":"x","role":"root"}`, 422},
		{"POST", "/users", `{"name":"../x","role":"user"}`, 422},
		{"POST", "/users", `{"name":"x","role":"user","password":"chosen by somebody else"}`, 422},
		{"PUT", "/me/desktop", `{"theme":"auto","windows":[{"app":"x"}]}`, 422},
		{"POST", "/me/two-step/off", `{"password":"x","code":287082}`, 422},
		{"PATCH", "/settings", `{"nas_name":"$(id)"}`, 422},
		{"PATCH", "/settings", `{"time_zone":"../../etc/passwd"}`, 422},
	}
	for _, tc := range tests {
		if a := send(tc.method, tc.path, tc.body); a.StatusCode != tc.status {
			t.Errorf("%s %s %.60q: %d %s, want %d", tc.method, tc.path, tc.body, a.StatusCode, a.raw, tc.status)
		}
	}
	me := owner.must(200, "GET", "/me", nil).body
	if me["role"] != "administrator" || me["display_name"] != "" {
		t.Errorf("something was taken: %v", me)
	}
	owner.refused(400, "malformed", "GET", "/users?search=a&search=b", nil) // R124
	owner.refused(400, "malformed", "GET", "/users?limit=x", nil)
	owner.refused(422, "invalid", "GET", "/users?limit=0", nil)
	owner.refused(422, "invalid", "GET", "/events?before=x", nil)
	owner.refused(422, "invalid", "GET", "/events?area=x", nil)
	owner.refused(404, "not_found", "GET", "/users/..%2f..%2fetc", nil)
	owner.refused(404, "unknown_account", "GET", "/users/"+someID, nil)
}

// R125 R118
func TestNothingElseIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	for _, p := range []string{"/debug/pprof/", "/metrics", "/.git/config", "/swagger", "/api/docs", "/api/v1", "/api/v2/status", "/.env", "/api/v1/users/", "/assets/", "/assets", "/../etc/passwd", "/%2e%2e/etc/passwd", "/..%5cetc", "//", "/index.html.gz", "/README"} {
		r, err := http.NewRequest("GET", "https://"+h.greeting.HTTPS+p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := b.raw(r); a.StatusCode != 404 && a.StatusCode != 409 {
			t.Errorf("%s: %d %.80s", p, a.StatusCode, a.raw)
		}
	}
	if a := b.call("GET", "/status?callback=evil", nil); bytes.Contains(a.raw, []byte("evil")) || bytes.Contains(a.raw, []byte("0.0.0-test")) {
		t.Errorf("got %s", a.raw)
	}
}

// R121
func TestLargeAndSlowRequestsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	a := owner.call("PATCH", "/me", obj{"display_name": strings.Repeat("x", 65<<10)})
	if a.StatusCode != 413 {
		t.Errorf("65 KiB: %d %s", a.StatusCode, a.raw)
	}
	if a := h.browser().call("POST", "/sign-in", obj{"name": "x", "password": strings.Repeat("x", 9<<10)}); a.StatusCode != 413 {
		t.Errorf("9 KiB at the sign-in: %d %s", a.StatusCode, a.raw)
	}
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	host := "Host: localhost:" + port + "\r\n"
	if got := h.wire("GET /api/v1/status HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n"); got != "431" {
		t.Errorf("17 KiB of headers: %s", got)
	}
	if got := h.wire("POST /api/v1/sign-in HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"2000\r\n" + strings.Repeat("x", 0x2000) + "\r\n10\r\n" + strings.Repeat("x", 0x10) + "\r\n"); got != "413" {
		t.Errorf("a body without an end: %s", got)
	}
	if testing.Short() {
		return
	}
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	_, _ = io.WriteString(c, "GET /api/v1/status HTTP/1.1\r\n"+host+"X: ")
	_ = c.SetReadDeadline(time.Now().Add(15 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(start) > 12*time.Second {
		t.Errorf("headers that never end were waited for %v: %v", time.Since(start), err)
	}
}

// R121 R021
func TestOneSourceCannotTakeAllConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	var open []net.Conn
	for range 200 {
		c, err := net.Dial("tcp", h.greeting.HTTPS)
		if err != nil {
			break
		}
		defer c.Close()
		open = append(open, c)
	}
	if n := settled(open, httpapi.MaxPerSource); n > httpapi.MaxPerSource {
		t.Errorf("%d connections of one source are held open", n)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}, Timeout: 5 * time.Second}
	c, err := tls.DialWithDialer(&d, "tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatalf("another source is not served: %v", err)
	}
	_ = c.Close()
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// R129 T33
func TestTheStatusShowsTheCertificateThatIsUsed(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	leaf := c.ConnectionState().PeerCertificates[0]
	shown := h.browser().must(200, "GET", "/status", nil).body["fingerprint"].(string)
	if got := fingerprint(leaf.Raw); got != shown || got != h.greeting.Fingerprint {
		t.Errorf("used %s, shown %s, greeted %s", got, shown, h.greeting.Fingerprint)
	}
	if err := leaf.VerifyHostname("127.0.0.1"); err != nil {
		t.Error(err)
	}
}

// R129: a new name is in the certificate at once, without a restart.
func TestANewNameIsInTheCertificate(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.must(200, "PATCH", "/settings", obj{"nas_name": "cellar-nas"})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(60 * time.Millisecond) {
		c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		err = c.ConnectionState().PeerCertificates[0].VerifyHostname("cellar-nas.local")
		_ = c.Close()
		if err == nil {
			return
		}
	}
	t.Error("the new name is not in the certificate")
}

// R004: GET changes nothing.
func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.settle()
	count := func() float64 { return owner.must(200, "GET", "/events", nil).body["kept"].(float64) }
	before := count()
	for _, op := range httpapi.Operations() {
		if op.Method == "GET" && op.Access != api.ForLocal {
			owner.call("GET", path(op, someID), nil)
		}
	}
	if after := count(); after != before {
		t.Errorf("%v events before, %v after", before, after)
	}
}
