package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// script is one of the examples that the documentation shows, as it is run.
type script struct {
	*process
	home string
	env  []string
}

// scripts prepares a machine that has the programs and the pin of a NAS, as the documentation says.
func (p *process) scripts(programs ...string) *script {
	p.t.Helper()
	for _, program := range append(programs, "curl", "openssl") {
		realtest.Program(p.t, program, "apt-get install "+program)
	}
	s := &script{process: p, home: p.t.TempDir()}
	s.env = append(os.Environ(), "NAS=https://localhost:"+p.port, "PIN="+s.pin(),
		"TOKEN_FILE="+s.path("token"), "SECRET_FILE="+s.path("secret"), "KEY_FILE="+s.path("key.pem"))
	return s
}

func (s *script) path(name string) string { return filepath.Join(s.home, name) }

func (s *script) keep(name string, text any) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text.(string)+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// shell runs what the documentation has people type.
func (s *script) shell(line string) string {
	s.t.Helper()
	cmd := exec.Command("sh", "-euc", line)
	cmd.Env, cmd.Dir = append(s.env, "ADDRESS=localhost:"+s.port), s.home
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return strings.TrimSpace(string(out))
}

// documented returns the line of the documentation that begins with a text.
func documented(t *testing.T, begin string) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/machines.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, begin) {
			return strings.ReplaceAll(line, "castellan.local:8001", "$ADDRESS")
		}
	}
	t.Fatalf("docs/machines.md has no line that begins with %q", begin)
	return ""
}

// pin is got as the documentation says, after the certificate was compared as it says.
func (s *script) pin() string {
	s.t.Helper()
	if shown := s.shell(documented(s.t, "openssl s_client -connect castellan.local:8001 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint")); !strings.HasSuffix(shown, "="+s.fingerprint()) {
		s.t.Errorf("openssl shows %q, the NAS %q", shown, s.fingerprint())
	}
	return "sha256//" + s.shell(documented(s.t, "openssl s_client -connect castellan.local:8001 </dev/null 2>/dev/null | openssl x509 -noout -pubkey"))
}

// runs runs a script and returns what it prints.
func (s *script) runs(name string, env []string, args ...string) (out, said string, err error) {
	s.t.Helper()
	cmd := exec.Command("../../packaging/examples/"+name, args...)
	cmd.Env = append(s.env, env...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

// instead has scripts find another program under a name, in the environment that it returns.
func (s *script) instead(name, text string) (path string) {
	s.t.Helper()
	folder := s.t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	return "PATH=" + folder + ":" + os.Getenv("PATH")
}

// R089 R041: with curl and oathtool alone, token and code buy access once.
func TestTheScriptWithCodesReadsTheNAS(t *testing.T) {
	p, _ := enrolled(t)
	s := p.scripts("oathtool")
	made := p.must(201, "POST", "/me/tokens", obj{"name": "script", "scopes": []string{"settings:read"}, "factor": obj{"kind": "codes"}})
	s.keep("token", made["text"])
	s.keep("secret", made["secret"])
	oathtool := realtest.Program(t, "oathtool", "apt-get install oathtool")
	still := []string{s.instead("oathtool", fmt.Sprintf("exec '%s' --now=@%d \"$@\"", oathtool, time.Now().Unix()))} // the code stays the same
	out, said, err := s.runs("access-by-code.sh", still, "/settings")
	var got map[string]string
	if err != nil || json.Unmarshal([]byte(out), &got) != nil || got["time_zone"] == "" {
		t.Fatalf("%v: %s %s", err, out, said)
	}
	if _, said, err := s.runs("access-by-code.sh", still, "/settings"); err == nil || !strings.Contains(said, `"code":"`) {
		t.Errorf("the same code: %v, %s", err, said)
	}
}

// R089 R090: with curl and openssl alone, a request is signed, also one with a body; a nonce of the NAS stands for a time that is wrong.
func TestTheScriptsThatSignReadAndChangeTheNAS(t *testing.T) {
	p, _ := enrolled(t)
	s := p.scripts()
	s.env = append(s.env, "HOME="+s.home)
	s.shell(documented(t, "install -d") + "\n" + documented(t, "openssl genpkey"))
	folder := filepath.Join(s.home, ".config", "castellan-script")
	if info, err := os.Stat(filepath.Join(folder, "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key is there for others: %v, %v", info, err)
	}
	s.home, s.env = folder, append(s.env, "TOKEN_FILE=", "KEY_FILE=") // where the scripts look by themselves
	key := s.shell(documented(t, "openssl pkey"))
	made := p.must(201, "POST", "/me/tokens", obj{
		"name": "script", "scopes": []string{"settings:read", "settings:write", "log:read"}, "factor": obj{"kind": "key", "key": key},
	})
	s.keep("token", made["text"])
	id := "TOKEN_ID=" + made["token"].(obj)["id"].(string)
	for name, env := range map[string][]string{"right clock": {id}, "clock of 2001": {id, s.instead("date", "echo 1000000000")}} {
		if out, said, err := s.runs("signed-get.sh", env, "/settings"); err != nil || !strings.Contains(out, `"time_zone":`) {
			t.Errorf("%s: %v: %s %s", name, err, out, said)
		}
		if out, said, err := s.runs("signed-get.sh", env, "/events?limit=2"); err != nil || strings.Count(out, `"message":`) != 2 {
			t.Errorf("%s, with a query: %v: %s %s", name, err, out, said)
		}
		if out, said, err := s.runs("signed-change.sh", env, "PATCH", "/settings", `{"nas_name":"cellar"}`); err != nil || !strings.Contains(out, `"nas_name":"cellar"`) {
			t.Errorf("%s, a change: %v: %s %s", name, err, out, said)
		}
	}
	if _, said, err := s.runs("signed-get.sh", []string{id}, "/users"); err == nil || !strings.Contains(said, `"status":403`) {
		t.Errorf("what the token is not for: %v, %s", err, said)
	}
	if _, said, err := s.runs("signed-get.sh", []string{id, "PIN=sha256//" + strings.Repeat("A", 43) + "="}, "/settings"); err == nil || !strings.Contains(said, "public key") {
		t.Errorf("another NAS: %v, %s", err, said)
	}
}

// R089: what the documentation has people type reads the NAS with access that the client buys.
func TestTheLineThatBuysAccessReadsTheNAS(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn("settings:read", "time:read")
	s := p.scripts()
	program := "#!/bin/sh\nCASTELLAN_TEST_BE=castellan exec '" + os.Args[0] + "' \"$@\"\n"
	if err := os.WriteFile(s.path("castellan"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "XDG_CONFIG_HOME="+m.home, "PATH="+s.home+":"+os.Getenv("PATH"))
	if out := s.shell(documented(t, "castellan -c nas access-token |")); !strings.Contains(out, `"clock":`) {
		t.Errorf("it prints %q", out)
	}
}
