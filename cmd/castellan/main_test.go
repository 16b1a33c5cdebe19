package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/daemon"
)

// TestMain lets the test program be the daemon as well, so that real processes can be started and killed.
func TestMain(m *testing.M) {
	if os.Getenv("CASTELLAN_TEST_BE") == "castellan" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// castellan returns a command of the program.
func castellan(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "CASTELLAN_TEST_BE=castellan", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere/at/all") // the machine of the test keeps its zone
	return c
}

// process is a daemon in a process of its own.
type process struct {
	t       *testing.T
	config  string
	program string // empty: the test program itself
	cmd     *exec.Cmd
	log     *bytes.Buffer
	port    string
	label   string
	cookies map[string]string
	token   string
}

func newProcess(t *testing.T) *process {
	t.Helper()
	config := filepath.Join(t.TempDir(), "castellan.toml")
	text := "data = \"data\"\nsocket = \"s\"\n[web]\nhttps = \"127.0.0.1:0\"\nhttp = \"\"\n[time]\nservers = []\n[network]\nservice = \"none\"\n[button]\nsource = \"simulated\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &process{t: t, config: config, cookies: map[string]string{}}
}

var greetingForm = regexp.MustCompile(`(?s)address +https://localhost:(\d+).*password +.*?([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})`)

func (p *process) start() {
	p.t.Helper()
	p.cmd, p.log = castellan("serve", "-config", p.config, "-greeting"), &bytes.Buffer{}
	if p.program != "" {
		p.cmd.Path = p.program
	}
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	var greeting strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		greeting.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "hold it") {
			break
		}
	}
	m := greetingForm.FindStringSubmatch(greeting.String())
	if m == nil {
		p.t.Fatalf("the greeting is %q\n%s", greeting.String(), p.log)
	}
	p.port, p.label = m[1], m[2]
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

// kill ends the process as a power cut would end its memory.
func (p *process) kill() {
	p.t.Helper()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// call sends a request and returns status and body.
func (p *process) call(method, path string, body any) (int, map[string]any) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(method, "https://localhost:"+p.port+"/api/v1"+path, bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://localhost:"+p.port)
	r.Header.Set("Castellan-Token", p.token)
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer)
	for _, c := range response.Cookies() {
		p.cookies[c.Name] = c.Value
	}
	if token, ok := answer["token"].(string); ok {
		p.token = token
	}
	return response.StatusCode, answer
}

func (p *process) must(status int, method, path string, body any) map[string]any {
	p.t.Helper()
	got, answer := p.call(method, path, body)
	if got != status {
		p.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

type obj = map[string]any

const goodPassword = "four words in a row"

// enrolled starts a claimed box whose owner has 2-step verification on.
func enrolled(t *testing.T) (*process, otp.Secret) {
	p := newProcess(t)
	p.start()
	p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": p.label})
	p.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	e := p.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"})
	seed, err := otp.ParseSecret(e["secret"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for {
		step := otp.StepAt(time.Now()) - 1
		status, answer := p.call("POST", fmt.Sprintf("/me/two-step/devices/%s/confirmation", e["id"]), obj{"code": seed.CodeAt(step), "saved": true})
		if status == 200 {
			return p, seed
		}
		if otp.StepAt(time.Now())-1 == step { // else the code may have run out on its way
			t.Fatalf("the first code: %d %v", status, answer)
		}
	}
}

// R054: a code that let somebody in is spent, whatever happens to the process right after.
func TestACodeThatWasAcceptedIsSpentAfterACrash(t *testing.T) {
	p, seed := enrolled(t)
	code := seed.CodeAt(otp.StepAt(time.Now()))
	p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	p.must(200, "POST", "/sign-in/code", obj{"code": code})
	p.kill()
	p.start()
	p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if status, answer := p.call("POST", "/sign-in/code", obj{"code": code}); status != 401 || answer["code"] != "code_refused" {
		t.Errorf("the same code after the crash: %d %v", status, answer)
	}
}

// R053: wrong tries are counted although the sign-in fails, and a crash does not wipe the count.
func TestWrongCodesAreRememberedAfterACrash(t *testing.T) {
	p, seed := enrolled(t)
	wrong := "000000"
	for try := range 10 {
		if try%4 == 0 {
			p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
		}
		p.must(401, "POST", "/sign-in/code", obj{"code": wrong})
	}
	p.kill()
	p.start()
	p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if status, answer := p.call("POST", "/sign-in/code", obj{"code": seed.CodeAt(otp.StepAt(time.Now()) + 1)}); status != 429 || answer["retry_in"].(float64) < 800 {
		t.Errorf("the right code after the crash: %d %v", status, answer)
	}
}

func TestACrashLeavesAWholeDatabaseAndNoSecondDaemon(t *testing.T) {
	p, _ := enrolled(t)
	second := castellan("serve", "-config", p.config)
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another") {
		t.Errorf("a second daemon: %v, %s", err, out)
	}
	p.kill()
	p.start()
	if status, _ := p.call("GET", "/status", nil); status != 200 {
		t.Errorf("after the crash: %d", status)
	}
	start := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	if err := p.cmd.Wait(); err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("stopped after %v: %v", time.Since(start), err)
	}
}

// R007 R140: a garbled database is found by the check in a process of its own.
func TestADamagedDatabaseIsSaidAndTheExitCodeTellsIt(t *testing.T) {
	p := newProcess(t)
	p.start()
	p.kill()
	db := filepath.Join(filepath.Dir(p.config), "data", "castellan.db")
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3 * 4096; i+1000 < len(data); i += 4096 {
		copy(data[i:], bytes.Repeat([]byte{0xff}, 1000))
	}
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := castellan("serve", "-config", p.config)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	giveUp := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer giveUp.Stop()
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); said.WriteString(lines.Text() + "\n") {
		if strings.Contains(lines.Text(), "database_damaged") {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() <= 0 || !strings.Contains(said.String(), "database_damaged") {
		t.Errorf("ended with %v\n%s", err, said.String())
	}
}

func TestTheCommandsTalkToTheRunningDaemon(t *testing.T) {
	p, _ := enrolled(t)
	ask := func(args ...string) string {
		t.Helper()
		out, err := castellan(append(args, "-config", p.config)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v, %s", args, err, out)
		}
		return string(out)
	}
	if out := ask("default-password"); !strings.Contains(out, p.label) {
		t.Errorf("got %q", out)
	}
	if out := ask("button", "press", "--hold", "100ms"); !strings.Contains(out, "nobody was waiting for it") {
		t.Errorf("got %q", out)
	}
	if out := ask("sessions"); !strings.Contains(out, "LAST ACTIVE") || !regexp.MustCompile(`(?m)^admin +20\d\d-.* 127\.0\.0\.1 `).MatchString(out) {
		t.Errorf("got %q", out)
	}
	if out := ask("sessions", "end", "admin"); !regexp.MustCompile(`^[1-9]\d* sessions ended\n$`).MatchString(out) {
		t.Errorf("got %q", out)
	}
	if out := ask("sessions"); strings.Contains(out, "admin") {
		t.Errorf("got %q", out)
	}
	out := ask("recover", "admin")
	given := regexp.MustCompile(`[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}`).FindString(out)
	if step := p.must(200, "POST", "/sign-in", obj{"name": "admin", "password": given}); step["next"] != "password" {
		t.Errorf("the one-time password leads to %v", step)
	}
	if out := ask("log", "-n", "3"); strings.Count(out, "\n") != 3 || !strings.Contains(out, "root") {
		t.Errorf("got %q", out)
	}
	if out := ask("log", "-json", "-n", "1"); !json.Valid([]byte(out)) || !strings.Contains(out, `"kind":"`) {
		t.Errorf("got %q", out)
	}
	if out := ask("log", "verify"); !strings.Contains(out, "The log is as it was written") {
		t.Errorf("got %q", out)
	}
	bad := castellan("recover", "-config", p.config, "nobody")
	if out, err := bad.CombinedOutput(); err == nil || !strings.Contains(string(out), "no such account") {
		t.Errorf("nobody: %v, %s", err, out)
	}
}

// R001 R094: the limits that are documented are those that are in force.
func TestSECURITYHoldsThePolicy(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"policy", "-json"}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	var rules []daemon.Rule
	if err := json.Unmarshal(out.Bytes(), &rules); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, r := range rules {
		row := fmt.Sprintf("| %s | %s | %s | %s | %s |", r.Name, r.Value, r.Scope, r.Cleared, r.Reason)
		if !strings.Contains(string(text), row+"\n") {
			t.Errorf("SECURITY.md lacks the row\n%s", row)
		}
		rows++
	}
	table := regexp.MustCompile(`(?s)<!-- policy -->\n(.*?)<!-- /policy -->`).FindStringSubmatch(string(text))
	if table == nil || strings.Count(table[1], "\n") != rows+2 {
		t.Errorf("SECURITY.md has other rows than the %d of the policy", rows)
	}
}

// R003: the ways in that are documented are those that there are.
func TestSECURITYHoldsTheRoutes(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"routes", "-json"}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	var rows []route
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Access == "public" || r.Access == "ticket" || r.Access == "local" {
			if row := fmt.Sprintf("| %s %s | %s |", r.Method, r.Path, r.Access); !strings.Contains(string(text), row) {
				t.Errorf("SECURITY.md does not name the way in %s", row)
			}
		}
	}
}
