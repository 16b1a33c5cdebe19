package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/access/token"
)

func TestTheAddressOfANASIsReadAsItIsTyped(t *testing.T) {
	tests := []struct{ typed, base, name, refused string }{
		{typed: "https://nas:8001", base: "https://nas:8001", name: "nas"},
		{typed: "https://nas:8001/", base: "https://nas:8001", name: "nas"},
		{typed: "https://Cellar.Example:443", base: "https://cellar.example", name: "cellar"},
		{typed: "https://192.0.2.7:8001", base: "https://192.0.2.7:8001", name: "192.0.2.7"},
		{typed: "https://[2001:db8::7]:8001", base: "https://[2001:db8::7]:8001", name: "2001-db8--7"},
		{typed: "nas:8001", refused: "looks like https://nas:8001"},
		{typed: "nas", refused: "looks like"},
		{typed: "https://", refused: "looks like"},
		{typed: "ftp://nas", refused: "looks like"},
		{typed: "http://nas:8000", refused: "only called over https"},
		{typed: "https://nas:8001/api", refused: `"/api" is too much`},
		{typed: "https://ada:word@nas:8001", refused: "holds no name and no password"},
		{typed: "https://nas:8001?x=1", refused: "ends with its port"},
		{typed: "https://nas:8001/#machine=x", refused: "ends with its port"},
		{typed: "https://na s", refused: "looks like"},
	}
	for _, tc := range tests {
		base, name, err := address(tc.typed)
		if base != tc.base || name != tc.name || (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
			t.Errorf("%s: %q %q %v, want %q %q %q", tc.typed, base, name, err, tc.base, tc.name, tc.refused)
		}
	}
}

func TestAFingerprintIsComparedInEveryFormThatPeopleHave(t *testing.T) {
	c := &x509.Certificate{Raw: []byte("certificate")}
	pairs := shown(c)
	digits := strings.ReplaceAll(pairs, ":", "")
	for typed, same := range map[string]bool{
		pairs: true, digits: true, strings.ToLower(pairs): true, "SHA256:" + pairs: true, "sha-256: " + digits: true,
		"SHA256:Ixvq7qCF+ixZhYMhM4gJHWo4N0DGTxGlOtZ5Z2tT8CE": false, digits[2:]: false, "": false, "SHA256:": false, "SHA256:00:11:22": false, pairs[:len(pairs)-2] + "00": false,
	} {
		if got := sameFingerprint(typed, c); got != same {
			t.Errorf("%q: %v, want %v", typed, got, same)
		}
	}
}

// entry writes an entry of a NAS into a folder of the test's own.
func entry(t *testing.T, name string) *nas {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n := &nas{Name: name, URL: "https://127.0.0.1:9", TokenID: "id", Token: "cst_text", Key: token.Fingerprint(public), key: key}
	if err := makeFolder(); err != nil {
		t.Fatal(err)
	}
	if err := n.save(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnEntryIsForItsUserAlone(t *testing.T) {
	entry(t, "cellar")
	path, keyFile, _ := files("cellar")
	for file, want := range map[string]os.FileMode{path: 0o600, keyFile: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
	if n, err := load("cellar"); err != nil || n.Token != "cst_text" || n.key == nil {
		t.Fatalf("%+v, %v", n, err)
	}
	for _, file := range []string{path, keyFile} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := load("cellar"); err == nil || !strings.Contains(err.Error(), "others on this machine may use "+file) {
				t.Errorf("%s with %v: %v", file, mode, err)
			}
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEntryWhoseFilesDoNotFitSaysWhatToDo(t *testing.T) {
	entry(t, "cellar")
	path, keyFile, _ := files("cellar")
	if _, err := load("attic"); err == nil || !strings.Contains(err.Error(), `no NAS "attic" here, only cellar`) {
		t.Errorf("an unknown one: %v", err)
	}
	if _, err := load("../cellar"); err == nil || !strings.Contains(err.Error(), "no name of a NAS") {
		t.Errorf("a path: %v", err)
	}
	whole, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{nil, []byte("nothing"), whole[:40]} {
		if err := os.WriteFile(keyFile, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load("cellar"); err == nil || !strings.Contains(err.Error(), "castellan login -name cellar https://127.0.0.1:9") {
			t.Errorf("with the key %q: %v", content, err)
		}
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	if _, err := load("cellar"); err == nil || !strings.Contains(err.Error(), "does not hold the key") {
		t.Errorf("without the key: %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load("cellar"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a broken entry: %v", err)
	}
	var out bytes.Buffer
	if code := run([]string{"logout", "cellar"}, &out, &out); code != 0 || !strings.Contains(out.String(), "its file was damaged") || strings.Contains(out.String(), "“”") {
		t.Errorf("forgetting it: %d %q", code, out.String())
	}
	if _, err := load("cellar"); err == nil || !strings.Contains(err.Error(), "castellan login https://NAS:8001 adds one") {
		t.Errorf("the last one is gone: %v", err)
	}
}

func TestWhatIsCalledIsCheckedBeforeItIsSigned(t *testing.T) {
	tests := []struct{ method, path, wantMethod, wantPath string }{
		{"get", "/time", "GET", "/time"},
		{"GET", "/api/v1/events?limit=5", "GET", "/events?limit=5"},
		{"PUT", "time", "", ""},
		{"PUT", "//elsewhere/time", "", ""},
		{"PUT", "https://elsewhere/time", "", ""},
		{"PUT", "/time%2Fx", "", ""},
		{"PUT", "/time#x", "", ""},
		{"TRACE", "/time", "", ""},
		{"GET /x", "/time", "", ""},
	}
	for _, tc := range tests {
		method, path, err := operation(tc.method, tc.path)
		if method != tc.wantMethod || path != tc.wantPath || (err == nil) != (tc.wantPath != "") {
			t.Errorf("%s %s: %q %q %v", tc.method, tc.path, method, path, err)
		}
	}
}
