package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsTypedWrongIsExplained(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.toml")
	if err := os.WriteFile(broken, []byte("dta = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good.toml")
	if err := os.WriteFile(good, []byte("socket = \"none\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		code int
		want string
	}{
		{nil, 0, "castellan serve"},
		{[]string{"help"}, 0, "castellan recover"},
		{[]string{"version"}, 0, version},
		{[]string{"dance"}, 2, `no command "dance"`},
		{[]string{"recover"}, 2, "usage: castellan recover"},
		{[]string{"recover", "a", "b"}, 2, "usage: castellan recover"},
		{[]string{"serve", "now"}, 2, "usage: castellan serve"},
		{[]string{"check-config", "-config", broken}, 1, `no setting "dta"`},
		{[]string{"check-config", "-config", good}, 0, "The config file is good"},
		{[]string{"serve", "-config", broken}, 1, `no setting "dta"`},
		{[]string{"default-password", "-config", good}, 1, "nobody answers at"},
		{[]string{"version", "-x"}, 2, "castellan: flag provided but not defined: -x. castellan help version says which there are\n"},
		{[]string{"help", "dance"}, 2, `no command "dance"`},
		{[]string{"help", "login"}, 0, "  -name NAME"},
		{[]string{"login", "-h"}, 0, "  -fingerprint SHA256:…"},
		{[]string{"help", "users"}, 0, "castellan -c NAME users show [-json] USER"},
		{[]string{"-c", "nas"}, 2, "-c nas wants a command, such as castellan -c nas health"},
		{[]string{"users"}, 2, "users goes on with list or show. castellan help users"},
		{[]string{"-c", "nas", "users", "dance"}, 2, "users goes on with list or show"},
		{[]string{"users", "list"}, 2, "usage: castellan -c NAME users list"},
		{[]string{"-c", "nas", "recover", "ada"}, 2, "recover takes no -c"},
		{[]string{"-c"}, 2, "-c wants the name of a NAS"},
		{[]string{"-c=nas", "dance"}, 2, `no command "dance"`},
		{[]string{"-c", "nobody-at-all", "time"}, 1, `there is no NAS "nobody-at-all" here`},
		{[]string{"time", "-c", "nobody-at-all"}, 1, `there is no NAS "nobody-at-all" here`},
		{[]string{"-c", "nas", "api", "GET"}, 2, "usage: castellan -c NAME api METHOD /PATH"},
		{[]string{"-c", "nas", "api", "PUT", "/time", "-d", "{"}, 2, "is not JSON"},
		{[]string{"login", "http://nas:8000"}, 2, "only called over https"},
		{[]string{"login", "https://127.0.0.1:9"}, 1, "nobody answers at https://127.0.0.1:9"},
		{[]string{"login", "-name", "a/b", "https://127.0.0.1:9"}, 2, "no name of a NAS"},
		{[]string{"login", "nas:8001"}, 2, "looks like https://nas:8001"},
		{[]string{"login", "-scopes", "metrics,Time", "https://127.0.0.1:9"}, 2, `"Time" is no scope`},
		{[]string{"login", "-fingerprint", "SHA256:00:11:22", "https://127.0.0.1:9"}, 2, `"SHA256:00:11:22" is no SHA-256 fingerprint`},
		{[]string{"-c", "nas", "api", "GET", "settings"}, 2, "no path of the API"},
		{[]string{"-c", "nas", "events", "-n", "x"}, 2, "castellan help events"},
		{[]string{"-c", "nas", "events", "-n", "10001"}, 2, "-n is from 0 to 10000"},
		{[]string{"log", "-n", "-1"}, 2, "-n is from 0 to 10000"},
		{[]string{"button", "press", "-hold", "2h", "-config", good}, 2, "up to 1m"},
		{[]string{"policy"}, 0, "Wrong passwords: 5 free"},
		{[]string{"routes"}, 0, "/api/v1/sign-in/code"},
		{[]string{"internal", "verify", filepath.Join(dir, "none")}, 1, "none"},
	}
	for _, tc := range tests {
		var out bytes.Buffer
		if code := run(tc.args, &out, &out); code != tc.code || !strings.Contains(out.String(), tc.want) {
			t.Errorf("%v: %d %q, want %d %q", tc.args, code, out.String(), tc.code, tc.want)
		}
		if lines := strings.Count(out.String(), "\n"); tc.code == 2 && lines != 1 {
			t.Errorf("%v: what is wrong stands among %d lines:\n%s", tc.args, lines, &out)
		}
	}
}
