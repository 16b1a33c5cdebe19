package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/store"
)

// R140 (h): only a check that found damage says so; the way back from damage costs all accounts.
func TestOnlyACheckThatFoundDamageCallsADatabaseDamaged(t *testing.T) {
	for script, want := range map[string]error{
		"exit 0": nil, "exit 3": store.ErrDamaged, "exit 4": store.ErrLocked, "exit 5": fs.ErrPermission,
		"echo 'panic: page 7 already freed'; exit 2":             store.ErrDamaged,
		"echo 'unexpected fault address 0x7f'; exit 2":           store.ErrDamaged,
		"echo 'fatal error: stack overflow'; exit 2":             store.ErrDamaged,
		"echo 'fatal error: runtime: out of memory'; exit 2":     errUnknown,
		"echo 'runtime: failed to create new OS thread'; exit 2": errUnknown,
		"kill -9 $$": errUnknown, "exit 1": errUnknown, "exit 126": errUnknown, "exit 127": errUnknown,
	} {
		out, err := exec.Command("sh", "-c", script).CombinedOutput()
		got := verdict("/data/castellan.db", err, out)
		if errors.Is(want, errUnknown) {
			if got == nil || errors.Is(got, store.ErrDamaged) || !strings.Contains(got.Error(), "/data/castellan.db") {
				t.Errorf("%s: %v", script, got)
			}
		} else if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
	missing := exec.Command(filepath.Join(t.TempDir(), "gone")).Run()
	if got := verdict("x", missing, nil); got == nil || errors.Is(got, store.ErrDamaged) {
		t.Errorf("a program that is not there: %v", got)
	}
}

var errUnknown = errors.New("nothing is known")

// The check is the same program, also after another one was installed in its place.
func TestTheCheckRunsAfterTheProgramWasReplaced(t *testing.T) {
	p := newProcess(t)
	p.start()
	p.kill()
	copied := filepath.Join(t.TempDir(), "castellan")
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := os.Open(copied)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	cmd := castellan("serve", "-config", p.config, "-greeting")
	cmd.Path, cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{program}
	said := p.until(cmd, "hold it")
	if !greetingForm.MatchString(said) || strings.Contains(said, "recovery") {
		t.Errorf("it says %q", said)
	}
}
