package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi/api"
	"castellan/internal/realtest"
)

// answering is a NAS that answers the first request, the second and so on as it is told.
func answering(t *testing.T, answers ...func(http.ResponseWriter)) (r *remote, asked *atomic.Int64, notes *bytes.Buffer) {
	t.Helper()
	asked, notes = &atomic.Int64{}, &bytes.Buffer{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answers[min(int(asked.Add(1)), len(answers))-1](w)
	}))
	t.Cleanup(server.Close)
	n := entry(t, "cellar")
	n.URL, n.PublicKey = server.URL, pinOf(server.Certificate())
	return &remote{nas: n, keyID: n.TokenID, client: n.pinned(), notes: notes, now: time.Now}, asked, notes
}

func (n *remote) get() (text string, err error) {
	err = n.ask(context.Background(), "GET", "/x", nil, func(body io.Reader) error {
		data, err := io.ReadAll(body)
		text = string(data)
		return err
	})
	return text, err
}

// problem answers with a refusal.
func problem(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestANASThatIsBusyIsWaitedForAsLongAsItIsWorthIt(t *testing.T) {
	busy := func(seconds string) func(http.ResponseWriter) {
		return problem(503, `{"status":503,"code":"busy","detail":"Too much at once."}`, "Retry-After", seconds)
	}
	r, asked, notes := answering(t, busy("1"), problem(429, "", "Retry-After", "1"), problem(200, "here"))
	begin := time.Now()
	if text, err := r.get(); err != nil || text != "here" || asked.Load() != 3 || time.Since(begin) < 2*time.Second {
		t.Errorf("%q, %v, after %d requests and %s", text, err, asked.Load(), time.Since(begin))
	}
	if !strings.Contains(notes.String(), "asks to come again in 1 s") {
		t.Errorf("it says %q", notes)
	}
	for _, late := range []string{"31", "86400", "soon", "-1", ""} {
		r, asked, _ := answering(t, busy(late))
		if _, err := r.get(); err == nil || err.Error() != "Too much at once." || asked.Load() != 1 {
			t.Errorf("asked to wait for %q: %v, after %d requests", late, err, asked.Load())
		}
	}
}

func TestPagesArePrintedOneAfterTheOther(t *testing.T) {
	first, second := `{"users":[{"name":"ada"}],"total":2,"next":"a&b"}`, `{"users":[{"name":"bob","unheard_of":1.50}],"total":2}`
	for asJSON, want := range map[bool]string{false: "ada\nbob\n", true: first + second} {
		r, asked, _ := answering(t, problem(200, first), problem(200, second))
		var out bytes.Buffer
		name := r.Name
		c := &call{nas: &name, reached: r, out: &out}
		table := c.table()
		err := pages(c, "/users", asJSON, func(p api.UserPage) { table.row(p.Users[0].Name) })
		if !asJSON {
			_ = table.Flush()
		}
		got := out.String()
		if asJSON {
			got = strings.NewReplacer("\n", "", " ", "", `\u0026`, "&").Replace(got)
		}
		if err != nil || asked.Load() != 2 || got != want {
			t.Errorf("%v after %d requests: got %q, want %q", err, asked.Load(), got, want)
		}
	}
}

func TestARequestIsSignedAnewTwiceAtMost(t *testing.T) {
	r, asked, _ := answering(t, problem(401, `{"status":401,"code":"signature_time","detail":"Sign again."}`, token.NonceHeader, "a-nonce-of-the-nas"))
	if _, err := r.get(); err == nil || asked.Load() != resigned+1 {
		t.Errorf("%v, after %d requests", err, asked.Load())
	}
}

func TestAnAnswerThatIsNoneOfTheAPISaysSo(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"a page":     problem(404, "<h1>Not found</h1>"),
		"a redirect": problem(302, "", "Location", "https://elsewhere.example/"),
		"nothing":    problem(500, ""),
	} {
		r, asked, _ := answering(t, answer)
		if _, err := r.get(); err == nil || !strings.Contains(err.Error(), "as a NAS with Castellan does not") || asked.Load() != 1 {
			t.Errorf("%s: %v, after %d requests", name, err, asked.Load())
		}
	}
}

func TestARefusalNamesTheValuesThatAreMeant(t *testing.T) {
	r, _, _ := answering(t, problem(422, `{"status":422,"code":"invalid","detail":"Too long.","fields":[{"name":"nas_name","code":"long","detail":"Too long."},{"name":"zone","code":"unknown","detail":"Unknown."}]}`))
	if _, err := r.get(); err == nil || err.Error() != "Too long. (nas_name)\n  zone: Unknown." {
		t.Errorf("it says %q", err)
	}
}

// A token that somebody makes by hand is none for this machine.
func TestAMissingScopeIsAskedForByLogin(t *testing.T) {
	r, _, _ := answering(t, problem(403, `{"status":403,"code":"scope_missing","detail":"This token has no scope network:read."}`))
	r.Scopes = []string{"system:read", "time:read"}
	if _, err := r.get(); err == nil || !strings.Contains(err.Error(), "has no scope network:read.\nFor this machine that is castellan login -name cellar -scopes system:read,time:read,… https://127.0.0.1:") {
		t.Errorf("it says %q", err)
	}
}

func TestAnExpiredTokenIsCalledThat(t *testing.T) {
	refusal := problem(401, `{"status":401,"code":"token_refused","detail":"This token opens nothing here."}`)
	r, _, _ := answering(t, refusal)
	r.Expires = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if _, err := r.get(); err == nil || !strings.Contains(err.Error(), "It was good until 2026-01-02. To have another one: castellan login -name cellar https://127.0.0.1:") {
		t.Errorf("it says %q", err)
	}
	r, _, _ = answering(t, refusal)
	r.Expires = time.Now().Add(time.Hour)
	if _, err := r.get(); err == nil || strings.Contains(err.Error(), "good until") || !strings.Contains(err.Error(), "castellan login") {
		t.Errorf("it says %q", err)
	}
}

// Whoever types confirms the certificate; without somebody who types nothing is confirmed.
func TestACertificateIsConfirmedByWhoeverTypes(t *testing.T) {
	script := realtest.Program(t, "script", "apt-get install bsdutils")
	p := newProcess(t)
	p.start()
	for typed, want := range map[string]string{"yes\n": "/#machine=", "no\n": "was not confirmed", "\n": "was not confirmed"} {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		cmd := exec.CommandContext(ctx, script, "-qec", os.Args[0]+" login -name nas https://localhost:"+p.port, "/dev/null")
		cmd.Env = append(castellan().Env, "XDG_CONFIG_HOME="+t.TempDir())
		cmd.Stdin = strings.NewReader(typed)
		said := p.until(cmd, want)
		stop()
		if !strings.Contains(said, want) || !strings.Contains(said, p.fingerprint()) {
			t.Errorf("%q: it says\n%s", typed, said)
		}
	}
}
