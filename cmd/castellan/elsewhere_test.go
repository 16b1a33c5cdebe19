package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// terminalOf is the command line of somebody on another machine, with a config folder of their own.
type terminalOf struct {
	*process
	home string
}

func (p *process) elsewhere() *terminalOf { return &terminalOf{p, p.t.TempDir()} }

func (m *terminalOf) command(args ...string) *exec.Cmd {
	c := castellan(args...)
	c.Env = append(c.Env, "XDG_CONFIG_HOME="+m.home, "USER=ada", "CASTELLAN_CONFIG=/nowhere")
	return c
}

// runs does a command and returns what it printed, and its exit code.
func (m *terminalOf) runs(args ...string) (out, said string, code int) {
	m.t.Helper()
	c := m.command(args...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	_ = c.Run()
	return o.String(), e.String(), c.ProcessState.ExitCode()
}

// does is runs for what must work.
func (m *terminalOf) does(args ...string) string {
	m.t.Helper()
	out, said, code := m.runs(args...)
	if code != 0 {
		m.t.Fatalf("castellan %s ends with %d\n%s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

// refuses is runs for what must not work, for this reason.
func (m *terminalOf) refuses(reason string, args ...string) {
	m.t.Helper()
	if out, said, code := m.runs(args...); code != 1 || !strings.Contains(said, reason) {
		m.t.Errorf("castellan %s ends with %d\n%s%s, want 1 and %q", strings.Join(args, " "), code, out, said, reason)
	}
}

func (p *process) fingerprint() string {
	p.t.Helper()
	text, _ := p.must(200, "GET", "/status", nil)["fingerprint"].(string)
	return text
}

// wish is what the page reads in the link.
type wish struct {
	Name, Key string
	Scopes    []string
}

var machineLink = regexp.MustCompile(`https://localhost:\d+/#machine=([A-Za-z0-9_-]+)`)

// begins starts castellan login and returns the link that it prints, as the page reads it.
func (m *terminalOf) begins(args ...string) (wish wish, fingerprint string, cmd *exec.Cmd, rest *bytes.Buffer) {
	m.t.Helper()
	cmd, rest = m.command(append([]string{"login", "-name", "nas"}, args...)...), &bytes.Buffer{}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd.Stderr = rest
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if link := machineLink.FindStringSubmatch(lines.Text()); link != nil {
			data, err := base64.RawURLEncoding.DecodeString(link[1])
			if err == nil {
				err = json.Unmarshal(data, &wish)
			}
			if err != nil {
				m.t.Fatal(err)
			}
		}
		if text := strings.TrimSpace(lines.Text()); strings.HasPrefix(text, "SHA256:") {
			fingerprint = text
		}
		if strings.HasPrefix(lines.Text(), "Waiting") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return wish, fingerprint, cmd, rest
		}
	}
	_ = cmd.Wait()
	m.t.Fatalf("castellan login ended\n%s", rest)
	return wish, "", nil, nil
}

// allows makes the token as the page does for a person who is signed in, and returns its id.
func (p *process) allows(name, key string, scopes ...string) string {
	p.t.Helper()
	if len(scopes) == 0 {
		for _, s := range p.must(200, "GET", "/me/tokens", nil)["scopes"].([]any) {
			scopes = append(scopes, s.(obj)["name"].(string))
		}
	}
	made := p.must(201, "POST", "/me/tokens", obj{"name": name, "scopes": scopes, "factor": obj{"kind": "key", "key": key}, "collect": true})
	if made["text"] != nil {
		p.t.Errorf("the answer to the browser holds the text of the token: %v", made)
	}
	return made["token"].(obj)["id"].(string)
}

// logsIn is castellan login with the page's part, and returns the id of the token.
func (m *terminalOf) logsIn(scopes ...string) string {
	m.t.Helper()
	wish, fingerprint, cmd, rest := m.begins("-fingerprint", "SHA256:"+m.fingerprint(), "https://localhost:"+m.port)
	if host, _ := os.Hostname(); wish.Name != "ada@"+host || !strings.HasPrefix(fingerprint, "SHA256:") {
		m.t.Errorf("the link wishes %q with the key %q", wish.Name, fingerprint)
	}
	id := m.allows(wish.Name, wish.Key, scopes...)
	for _, one := range m.must(200, "GET", "/me/tokens", nil)["tokens"].([]any) {
		if one := one.(obj); one["id"] == id && one["key_fingerprint"] != fingerprint {
			m.t.Errorf("the page shows the key %v, the terminal %s", one["key_fingerprint"], fingerprint)
		}
	}
	if err := cmd.Wait(); err != nil {
		m.t.Fatalf("castellan login: %v\n%s", err, rest)
	}
	return id
}

// configure replaces something in the config file.
func (p *process) configure(from, to string) {
	p.t.Helper()
	text, err := os.ReadFile(p.config)
	if err == nil {
		err = os.WriteFile(p.config, []byte(strings.Replace(string(text), from, to, 1)), 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// keepsPort has the daemon listen on its port again after the next start.
func (p *process) keepsPort() {
	p.t.Helper()
	p.configure("127.0.0.1:0", "127.0.0.1:"+p.port)
}
