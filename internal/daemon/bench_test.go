package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/config"
	"castellan/internal/daemon"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

const goodPassword, newPassword = "four words in a row", "five other words in a row"

// house is a daemon that runs in this process, on ports of its own.
type house struct {
	t        *testing.T
	file     config.Config
	greeting daemon.Greeting
	log      *logBuffer
	stop     func() error
	hash     password.Config // what a hash costs
	passed   atomic.Int64    // by how much the clock that never steps was moved
	stood    atomic.Int64    // where it stands; 0: it goes
	stepped  atomic.Int64
	root     fstest.MapFS // what the box's other services leave, see keeper.Config
	bus      string       // of the system, see keeper.Config
	db       *store.DB    // of the daemon that runs
}

// logBuffer keeps what the daemon writes to its log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// newHouse makes the config of a box without hardware.
func newHouse(t *testing.T) *house {
	t.Helper()
	file := config.Default()
	file.Data = t.TempDir()
	file.Socket = filepath.Join(file.Data, "s")
	file.Web = config.Web{HTTPS: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
	file.Button.Source = "simulated"
	file.Time.Servers, file.Network.Service = nil, config.NoNetwork
	return &house{t: t, file: file, log: &logBuffer{}, root: fstest.MapFS{}, bus: "unix:path=/nowhere/at/all", hash: password.Config{Memory: 64, Passes: 1}}
}

// start runs the daemon until the test ends or stop is called, and waits until it answers.
func (h *house) start() *house {
	h.t.Helper()
	ready := make(chan daemon.Greeting, 4)
	ctx, cancel := context.WithCancel(context.Background())
	d := h.daemon(func(g daemon.Greeting) { ready <- g })
	ended := make(chan error, 1)
	go func() { ended <- d.RunForTest(ctx, func(db *store.DB) { h.db = db }) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(5 * time.Second):
			h.t.Error("the daemon did not stop within 5 s")
			return nil
		}
	})
	h.t.Cleanup(func() { _ = h.stop() })
	select {
	case h.greeting = <-ready:
	case err := <-ended:
		h.t.Fatalf("the daemon ended: %v\n%s", err, h.log)
	case <-time.After(10 * time.Second):
		h.t.Fatalf("the daemon does not answer\n%s", h.log)
	}
	return h
}

// daemon returns a daemon that was not started.
func (h *house) daemon(ready func(daemon.Greeting)) *daemon.Daemon {
	return daemon.New(h.config(ready))
}

// restart stops the daemon and starts it again with the same data.
func (h *house) restart() {
	h.t.Helper()
	if err := h.stop(); err != nil {
		h.t.Fatal(err)
	}
	h.start()
}

// claim makes admin the owner, with goodPassword, puts 2-step verification off for everybody, and returns
// their browser.
func (h *house) claim() *browser {
	h.t.Helper()
	b := h.take()
	b.must(204, "POST", "/me/two-step/later", nil)
	return b
}

// take makes admin the owner, with goodPassword, and returns their browser in the wizard.
func (h *house) take() *browser {
	h.t.Helper()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword, "nas_name": "attic-nas", "time_zone": "Europe/Berlin"})
	return b
}

// settle waits until the certificate stands for the name that the owner chose, and returns its
// fingerprint.
func (h *house) settle() string {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(60 * time.Millisecond) { // fewer than a source may open
		c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			h.t.Fatal(err)
		}
		leaf := c.ConnectionState().PeerCertificates[0]
		_ = c.Close()
		if leaf.VerifyHostname("attic-nas") == nil && strings.Count(h.log.String(), `"certificate.made"`) >= 2 {
			return fingerprint(leaf.Raw)
		}
	}
	h.t.Fatal("the certificate was not renewed")
	return ""
}

type obj = map[string]any

// browser is what a browser is to the daemon: cookies, the page's token, and headers that say where a
// request comes from.
type browser struct {
	t       *testing.T
	client  *http.Client
	base    string // scheme, host and port that requests go to
	origin  string // of the page
	host    string // in the Host header, where that is not base's
	cookies map[string]string
	token   string
	header  http.Header // in place of or beside what a browser sends
}

func (h *house) browser() *browser {
	h.t.Helper()
	return newBrowser(h.t, "https://"+h.greeting.HTTPS)
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{
		t: t, base: base, origin: base, cookies: map[string]string{}, header: http.Header{},
		client: &http.Client{Transport: transport, Timeout: 100 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// local is the command line's way to the daemon.
func (h *house) local() *browser {
	b := newBrowser(h.t, "http://castellan")
	b.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", h.file.Socket)
	}}
	return b
}

// answer is what came back.
type answer struct {
	*http.Response
	raw  []byte
	body obj
}

func (a answer) code() string {
	code, _ := a.body["code"].(string)
	return code
}

// raw sends a request as it is.
func (b *browser) raw(r *http.Request) answer {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	a := answer{Response: response}
	if a.raw, err = io.ReadAll(response.Body); err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	_ = json.Unmarshal(a.raw, &a.body)
	holds(b.t, r, a)
	return a
}

// request builds what a page of the desktop sends.
func (b *browser) request(method, path string, body any) *http.Request {
	b.t.Helper()
	reader := io.Reader(http.NoBody)
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequest(method, b.base+httpapi.Base+path, reader)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host = b.host
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != "GET" {
		r.Header.Set("Origin", b.origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set(httpapi.TokenHeader, b.token)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// call sends a request and keeps what a browser would keep of the answer.
func (b *browser) call(method, path string, body any) answer {
	b.t.Helper()
	a := b.raw(b.request(method, path, body))
	b.keep(a)
	return a
}

// must is call for an answer that has to come.
func (b *browser) must(status int, method, path string, body any) answer {
	b.t.Helper()
	a := b.call(method, path, body)
	if a.StatusCode != status {
		b.t.Fatalf("%s %s: %d %s, want %d", method, path, a.StatusCode, a.raw, status)
	}
	return a
}

// events returns the entries that a question finds, in however many parts the answer comes.
func (b *browser) events(query string) (all []any) {
	b.t.Helper()
	for before := ""; ; {
		page := b.must(200, "GET", "/events?"+query+before, nil).body
		all = append(all, listOf(page["events"])...)
		if page["searched_to"] == nil || page["next"] == nil {
			return all
		}
		before = "&before=" + page["next"].(string)
	}
}

var requestID = regexp.MustCompile(`"request":"[a-z0-9]+"`)

// unnumbered is an answer without the id of its request.
func unnumbered(a answer) []byte { return requestID.ReplaceAll(a.raw, nil) }

// refused is call for a refusal that has to come.
func (b *browser) refused(status int, code, method, path string, body any) answer {
	b.t.Helper()
	a := b.call(method, path, body)
	if a.StatusCode != status || a.code() != code {
		b.t.Errorf("%s %s: %d %s, want %d %s", method, path, a.StatusCode, a.raw, status, code)
	}
	return a
}

// fresh asks for the session anew, for instance after its cookie was renewed.
func (b *browser) fresh() obj {
	b.t.Helper()
	return b.must(200, "GET", "/session", nil).body
}

// phone is an authenticator app.
type phone struct{ seed otp.Secret }

// code is what the phone shows, once a code that was not used has come.
func (p phone) code(steps int) string {
	return string(p.seed.CodeAt(otp.Step(int(otp.StepAt(time.Now())) + steps)))
}

// early is the code of the step before. A step that is about to end is waited out, as its code would be too old when it
// comes.
func (p phone) early() string {
	for time.Now().Unix()%30 >= 27 {
		time.Sleep(100 * time.Millisecond)
	}
	return p.code(-1)
}

// enrol turns 2-step verification on with the code of the step before, so that the current one is free.
func (b *browser) enrol() phone {
	p, _ := b.enrolled()
	return p
}

// enrolled is enrol that returns the recovery codes, too.
func (b *browser) enrolled() (p phone, codes []string) {
	b.t.Helper()
	e := b.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"})
	p = phone{secretOf(b.t, e.body["secret"].(string))}
	b.must(200, "POST", fmt.Sprintf("/me/two-step/devices/%s/confirmation", e.body["id"]), obj{"code": p.early(), "saved": true})
	for _, c := range listOf(e.body["recovery_codes"]) {
		codes = append(codes, c.(string))
	}
	return p, codes
}

func secretOf(t *testing.T, text string) otp.Secret {
	t.Helper()
	s, err := otp.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// path fills the parameters of an operation's path.
func path(op api.Operation, id string) string { return strings.ReplaceAll(op.Path, ":id", id) }

// http1 is a transport that speaks HTTP/1.1 only.
func http1(b *browser) *http.Transport {
	t := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	b.t.Cleanup(t.CloseIdleConnections)
	return t
}

// fingerprint is the SHA-256 of a certificate in pairs of hex digits.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.Trim(strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), ":")
}

// TestMain lets more tests run at a time than there are processors: most of them wait, for a finger on the
// button or for a slow client.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
