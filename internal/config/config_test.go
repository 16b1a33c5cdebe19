package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"castellan/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnEmptyFileIsAGoodOne(t *testing.T) {
	c, err := config.Load(write(t, ""))
	if err != nil || c.Web.HTTPS != ":8001" || c.Web.HTTP != ":8000" || c.Data != "/var/lib/castellan" || c.KeyFolder() != c.Data || len(c.Time.Servers) < 4 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	path := write(t, `
data = "data"
key_folder = "/flash/castellan"
socket = "/run/c.sock"
default_password_file = "label"
[web]
https = "[::]:9001"
http = ""
names = ["nas.example.org", "nas.example.org:8443", "203.0.113.9", "[2001:db8::9]:8443", "2001:db8::9"]
[time]
servers = ["127.0.0.1:11123", "ptbtime1.ptb.de", "2001:db8::1"]
[button]
source = "gpio"
device = "gpio-keys"
key = 0xc6
chip = "/dev/gpiochip0"
line = "5"
bias = "pull-up"
active = "high"
debounce = "5ms"
`)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if c.Data != filepath.Join(dir, "data") || c.DefaultPasswordFile != filepath.Join(dir, "label") || c.KeyFolder() != "/flash/castellan" {
		t.Errorf("paths are %+v", c)
	}
	want := config.Button{Source: "gpio", Device: "gpio-keys", Key: 198, Chip: "/dev/gpiochip0", Line: "5", Bias: "pull-up", Active: "high", Debounce: config.Duration(5 * time.Millisecond)}
	if c.Button != want || c.Web.HTTP != "" || len(c.Web.Names) != 5 || len(c.Time.Servers) != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		`dta = "x"`:                     "dta",
		"[web]\nhttpss = \":1\"":        "web.httpss",
		`data = ""`:                     "data",
		`socket = ""`:                   "socket",
		"[web]\nhttps = \"8001\"":       "web.https",
		"[web]\nhttps = \":99999\"":     "web.https",
		"[web]\nhttps = \"\"":           "web.https",
		"[web]\nhttp = \"x\"":           "web.http",
		"[web]\nnames = [\"a b\"]":      "web.names",
		"[web]\nnames = [\"-x\"]":       "web.names",
		"[web]\nnames = [\"x:99999\"]":  "web.names",
		"[web]\nnames = [\"x:y\"]":      "web.names",
		"[time]\nservers = [\"x;id\"]":  "time.servers",
		"[time]\nservers = [\"$(id)\"]": "time.servers",
		"[time]\nservers = [\"a:0\"]":   "time.servers",
		"[button]\nsource = \"usb\"":    "button.source",
		"[button]\nsource = \"gpio\"":   "button.line",
		"[button]\nsource = \"input\"":  "button.device",
		"[button]\nkey = 0":             "button.key",
		"[button]\nkey = 768":           "button.key",
		"[button]\nkey = -1":            "button.key",
		"[button]\nactive = \"yes\"":    "button.active",
		"[button]\nbias = \"up\"":       "button.bias",
		"[button]\ndebounce = \"5\"":    "",
		"[button]\ndebounce = \"2s\"":   "button.debounce",
		"[button]\ndebounce = \"-1ms\"": "button.debounce",
		`data = 5`:                      "data",
		`data = "x`:                     "",
		"data = \"x\"\ndata = \"y\"":    "data",
	} {
		_, err := config.Load(write(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "castellan.toml") {
			t.Errorf("%q: got %v, want a word on %q", text, err, want)
		}
	}
}

func TestAFileThatWasAskedForMustBeThere(t *testing.T) {
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.toml")); err == nil {
		t.Error("got nil, want an error")
	}
}

// A path that the kernel would not take is said before anything starts.
func TestTheSocketsPathHasALimit(t *testing.T) {
	for n, good := range map[int]bool{107: true, 108: false} {
		socket := "/" + strings.Repeat("x", n-1)
		c, err := config.Load(write(t, "socket = \""+socket+"\""))
		if good && (err != nil || c.Socket != socket) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if !good && (err == nil || !strings.Contains(err.Error(), "Name a shorter one")) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("data = \"x\"\n[button]\nsource = \"gpio\"\nline = \"5\"\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "fuzz.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Skip()
		}
		if c, err := config.Load(path); err == nil && (c.Data == "" || c.Socket == "" || c.Web.HTTPS == "") {
			t.Errorf("%q gave %+v", text, c)
		}
	})
}

// The file that is installed shows every setting, with the value that holds without it.
func TestTheInstalledFileTellsTheTruth(t *testing.T) {
	text, err := os.ReadFile("../../packaging/castellan.toml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	shown := 0
	for i, l := range lines {
		if strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "# ") {
			lines[i] = l[1:]
			shown++
		}
	}
	got, err := config.Load(write(t, strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" || shown != 17 {
		t.Errorf("%d settings, got - want +:\n%s", shown, diff)
	}
	if c, err := config.Load("../../packaging/castellan.toml"); err != nil || !cmp.Equal(c, want) {
		t.Errorf("as it is: %+v, %v", c, err)
	}
	if _, err := config.Load("../../packaging/castellan.run.toml"); err != nil {
		t.Errorf("the file of make run: %v", err)
	}
}
