package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi/api"
)

// R089 R090: a key that its owner allowed in the browser, after a sign-in with 2-step verification, calls the NAS from elsewhere with every
// request signed; the terminal never shows the token.
func TestAMachineLogsInAndReadsTheNAS(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	entry, err := os.ReadFile(filepath.Join(m.home, "castellan", "nas.json"))
	if err != nil || !strings.Contains(string(entry), `"token": "cst_`) || !strings.Contains(string(entry), `"account": "admin"`) {
		t.Fatalf("%s, %v", entry, err)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"users", "list"}, `(?m)^NAME +ROLE .*\nadmin +administrator +active +on `},
		{[]string{"users", "show", "Admin"}, `(?m)^name +admin$`},
		{[]string{"groups"}, `(?m)^\S+ +built-in +admin$`},
		{[]string{"sessions"}, `(?m)^admin +20\d\d-.* 127\.0\.0\.1 `},
		{[]string{"network"}, `(?m)^name +\S`},
		{[]string{"events", "-n", "3"}, `(?m)^20\d\d-\d\d-\d\d .*Z  (info|warning|error) `},
		{[]string{"settings"}, `(?m)^time zone +\S`},
		{[]string{"api", "GET", "/me"}, `"name":"admin"`},
		{[]string{"api", "get", "/api/v1/events?limit=1"}, `^\{"behind"`},
		{[]string{"access-token"}, `^csa_\S+\n$`},
	} {
		if out := m.does(append([]string{"-c", "nas"}, tc.args...)...); !regexp.MustCompile(tc.want).MatchString(out) || strings.Contains(out, "cst_") {
			t.Errorf("%v prints\n%s, want %s", tc.args, out, tc.want)
		}
	}
	for _, args := range [][]string{{"time"}, {"health"}} { // 1 where something is wrong, as it is with this NAS
		if out, said, _ := m.runs("-c", "nas", args[0]); out == "" || strings.Contains(said, "{") {
			t.Errorf("%v prints %q and %q", args, out, said)
		}
	}
	m.refuses(`no user "nobody"`, "-c", "nas", "users", "show", "nobody")
}

func TestEverythingIsAlsoPrintedAsTheAPISaysIt(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	for path, args := range map[string][]string{
		"/groups": {"groups"}, "/settings": {"settings"}, "/network": {"network"}, "/users": {"users", "list"}, "/health": {"health"}, "/time": {"time"},
	} {
		out, said, _ := m.runs(append(append([]string{"-c", "nas"}, args...), "--json")...)
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Errorf("%v prints %q, %q: %v", args, out, said, err)
		}
		for name := range p.must(200, "GET", path, nil) {
			if _, ok := got[name]; !ok {
				t.Errorf("%v lacks %s", args, name)
			}
		}
	}
	var session api.MachineSession
	if err := json.Unmarshal([]byte(m.does("-c", "nas", "access-token", "--json")), &session); err != nil || session.ExpiresIn != 900 {
		t.Errorf("%+v, %v", session, err)
	}
	var last api.Event
	if err := json.Unmarshal([]byte(m.does("-c", "nas", "events", "--json", "-n", "1")), &last); err != nil || last.Id == "" {
		t.Errorf("%+v, %v", last, err)
	}
	out, said, code := m.runs("-c", "nas", "api", "GET", "/nothing", "--json")
	var problem api.Problem
	if err := json.Unmarshal([]byte(out), &problem); err != nil || problem.Status != 404 || code != 1 || said == "" {
		t.Errorf("a refusal: %d %q %q", code, out, said)
	}
}

// R091: what is not for machines says so; what changes something is signed with its body.
func TestAMachineChangesWhatItsScopesAllowAndNothingElse(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn("me:read", "settings:read", "settings:write", "time:write")
	m.does("-c", "nas", "api", "PATCH", "/settings", "-d", `{"nas_name":"cellar"}`)
	if out := m.does("-c", "nas", "settings"); !strings.Contains(out, "cellar") {
		t.Errorf("it is called\n%s", out)
	}
	body := filepath.Join(m.home, "body.json")
	if err := os.WriteFile(body, []byte(`{"nas_name":"attic"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := m.does("-c", "nas", "api", "PATCH", "/settings", "-d", "@"+body); !strings.Contains(out, `"nas_name":"attic"`) {
		t.Errorf("from a file: %s", out)
	}
	if out, said, _ := m.runs("-c", "nas", "api", "POST", "/time/sync"); !strings.Contains(out, `"clock"`) && !strings.Contains(said, "time server") {
		t.Errorf("a change without a body: %s%s", out, said)
	}
	m.refuses("nas_name", "-c", "nas", "api", "PATCH", "/settings", "-d", `{"nas_name":""}`)
	m.refuses("castellan: ", "-c", "nas", "users", "list")
	m.refuses("castellan: ", "-c", "nas", "api", "PUT", "/me/password", "-d", `{"password":"four other words here"}`)
	m.refuses("castellan: ", "-c", "nas", "api", "GET", "/me/tokens")
}

// R093: what was revoked opens nothing, and the client says how to go on.
func TestARevokedTokenAndItsEntry(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	id := m.logsIn()
	m.does("-c", "nas", "settings")
	p.must(204, "DELETE", "/me/tokens/"+id, nil)
	m.refuses("To have another one: castellan login -name nas https://localhost:"+p.port, "-c", "nas", "settings")

	// The NAS is known already, so that nobody has to compare its certificate again, and what the machine was allowed is proposed again.
	wish, _, cmd, rest := m.begins("https://localhost:" + p.port)
	if !slices.Contains(wish.Scopes, "log:read") {
		t.Errorf("the link proposes %v", wish.Scopes)
	}
	p.allows(wish.Name, wish.Key, "settings:read")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("castellan login again: %v\n%s", err, rest)
	}
	m.does("-c", "nas", "settings")
	if out := m.does("logout", "nas"); !strings.Contains(out, "Personal Settings › API access") {
		t.Errorf("it says %q", out)
	}
	if left, _ := filepath.Glob(filepath.Join(m.home, "castellan", "*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	m.refuses(`there is no NAS "nas" here`, "-c", "nas", "settings")
	m.refuses(`there is no NAS "nas" here`, "logout", "nas")
}

// joins adds a person and returns what signs in as them.
func (p *process) joins(name string) *process {
	p.t.Helper()
	other := *p
	other.cookies, other.token = map[string]string{}, ""
	other.must(200, "POST", "/sign-in", obj{"name": name, "password": p.must(201, "POST", "/users", obj{"name": name, "role": "user"})["password"]})
	other.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	return &other
}

// R093: whoever reads the link of a login again and is first neither gets the machine to act in their name nor ends the login.
func TestALoginAgainWaitsOnForTheTokenOfItsOwner(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	mallory := p.joins("mallory")
	wish, _, cmd, rest := m.begins("https://localhost:" + p.port)
	for _, name := range []string{"one", "another"} {
		id := mallory.allows(name, wish.Key, "me:read")
		for range 100 { // until the machine has it, and has asked once more
			if time.Sleep(100 * time.Millisecond); mallory.has(id)["state"] == "active" {
				break
			}
		}
		if got := mallory.has(id)["state"]; got != "active" {
			t.Fatalf("the token of mallory is %v: nobody fetched it\n%s", got, rest)
		}
		time.Sleep(collectEvery + 500*time.Millisecond)
	}
	id := p.allows("laptop", wish.Key, "settings:read")
	if err := cmd.Wait(); err != nil || strings.Count(rest.String(), "mallory allowed this key as well") != 2 {
		t.Fatalf("castellan login: %v\n%s", err, rest)
	}
	t.Setenv("XDG_CONFIG_HOME", m.home)
	if n, err := load("nas"); err != nil || n.Account != "admin" || n.TokenID != id {
		t.Errorf("kept is %+v, %v", n, err)
	}
	m.does("-c", "nas", "settings")
}

// has returns a token of one's own as the page lists it.
func (p *process) has(id string) obj {
	p.t.Helper()
	for _, one := range p.must(200, "GET", "/me/tokens", nil)["tokens"].([]any) {
		if one := one.(obj); one["id"] == id {
			return one
		}
	}
	p.t.Fatal("it is not listed")
	return nil
}

func TestAnotherCertificateIsNotBelieved(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	was := p.fingerprint()
	m.refuses("that is not the one you gave", "login", "-fingerprint", strings.Repeat("00", 32), "https://localhost:"+p.port)
	m.refuses("shows itself with -fingerprint", "login", "-name", "other", "https://localhost:"+p.port)

	// The same key in another certificate: the NAS has a new name.
	p.keepsPort()
	p.kill()
	p.configure("[web]\n", "[web]\nnames = [\"cellar.example\"]\n")
	p.start()
	if now := p.fingerprint(); now == was {
		t.Fatal("the test proves nothing: the certificate is the same")
	}
	m.does("-c", "nas", "settings")

	// Another key: somebody else, or a NAS that was set up anew.
	p.kill()
	m.refuses("nobody answers at https://localhost:"+p.port, "-c", "nas", "settings")
	if err := os.Remove(filepath.Join(filepath.Dir(p.config), "data", "tls.pem")); err != nil {
		t.Fatal(err)
	}
	p.start()
	for _, want := range []string{"compared at login  " + was, "shown now          " + p.fingerprint(), "castellan login -name nas https://localhost:" + p.port} {
		m.refuses(want, "-c", "nas", "settings")
	}
}

// R090: a machine whose clock is wrong signs again with the nonce of the NAS.
func TestAMachineWithAWrongClockIsServed(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	t.Setenv("XDG_CONFIG_HOME", m.home)
	n, err := load("nas")
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []time.Duration{0, 2 * time.Minute, -2 * time.Minute, 10 * 365 * 24 * time.Hour, -50 * 365 * 24 * time.Hour} {
		r := &remote{nas: n, keyID: n.TokenID, client: n.pinned(), notes: io.Discard, now: func() time.Time { return time.Now().Add(off) }}
		for range 2 {
			err := r.ask(context.Background(), "GET", "/settings?", nil, func(body io.Reader) error { _, err := io.ReadAll(body); return err })
			if err != nil {
				t.Errorf("with a clock %s off: %v", off, err)
			}
		}
	}
}

func TestALoginThatNobodyAllowsKeepsNothing(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	_, _, cmd, rest := m.begins("-fingerprint", p.fingerprint(), "https://localhost:"+p.port)
	time.Sleep(100 * time.Millisecond)
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(rest.String(), "nothing was kept") {
		t.Errorf("%v, %s", err, rest)
	}
	if left, _ := filepath.Glob(filepath.Join(m.home, "castellan", "*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
