package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"castellan/internal/store"
)

// R140 (h): only a check that found damage says so; the way back from damage costs all accounts.
func TestOnlyACheckThatFoundDamageCallsADatabaseDamaged(t *testing.T) {
	for script, want := range map[string]error{
		"exit 0": nil, "exit 3": store.ErrDamaged, "exit 4": store.ErrLocked, "exit 5": fs.ErrPermission,
		"echo 'panic: page 7 already freed'; exit 2":             store.ErrDamaged,
		"echo 'unexpected fault address 0x7f'; exit 2":           store.ErrDamaged,
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
	said := p.until(cmd, "press it")
	if !greetingForm.MatchString(said) || strings.Contains(said, "recovery") {
		t.Errorf("it says %q", said)
	}
}

// until runs a program until it has written a word to its standard output, or ended, and returns what it
// wrote.
func (p *process) until(cmd *exec.Cmd, word string) string {
	p.t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = in.Close()
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var said bytes.Buffer
	chunk := make([]byte, 4096)
	for !strings.Contains(said.String(), word) {
		n, err := out.Read(chunk)
		said.Write(chunk[:n])
		if errors.Is(err, io.EOF) {
			break
		}
	}
	return said.String()
}

const nobody = 65534

// asNobody gives the files of a process to another user, but for some, and returns the daemon as a program
// of that user.
func (p *process) asNobody(but ...string) *exec.Cmd {
	p.t.Helper()
	if os.Geteuid() != 0 {
		p.t.Skip("only root can give files away")
	}
	home := filepath.Dir(p.config)
	if err := os.Chmod(filepath.Dir(home), 0o711); err != nil {
		p.t.Fatal(err)
	}
	err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || slices.Contains(but, filepath.Base(path)) {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := castellan("serve", "-config", p.config, "-greeting")
	cmd.Path = "/proc/self/exe" // this program may lie where only its builder can go
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// R138 R140 (h): files that belong to somebody else are whole. The daemon says so and stops.
func TestAFileThatMayNotBeReadIsNotDamaged(t *testing.T) {
	for _, name := range []string{"castellan.db", "device.key"} {
		p := newProcess(t)
		p.start()
		p.kill()
		said := p.until(p.asNobody(name), "press it")
		if !strings.Contains(said, "permission denied") || !strings.Contains(said, "Give the file to the user") || strings.Contains(said, "damaged") {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// The owner always gets in: a certificate that cannot be written is no reason to stay shut while there is
// another.
func TestACertificateThatCannotBeWrittenKeepsTheDoorOpen(t *testing.T) {
	p := newProcess(t)
	p.start()
	p.kill()
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("[web]"), []byte("[web]\nnames = [\"cellar.example\"]"), 1)
	if err := os.WriteFile(p.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// In a folder with the sticky bit nobody replaces somebody else's file (unlink(2)).
	data := filepath.Join(filepath.Dir(p.config), "data")
	cmd := p.asNobody("data", "tls.pem")
	if err := errors.Join(os.Chmod(data, 0o777|os.ModeSticky), os.Chmod(filepath.Join(data, "tls.pem"), 0o644)); err != nil {
		t.Fatal(err)
	}
	said := p.until(cmd, "press it")
	if !greetingForm.MatchString(said) || !strings.Contains(said, "renew certificate") {
		t.Errorf("it says %q", said)
	}
	if err := os.Remove(filepath.Join(data, "tls.pem")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if said := p.until(p.asNobody("data"), "press it"); greetingForm.MatchString(said) || !strings.Contains(said, "tls.pem") {
		t.Errorf("without any certificate it says %q", said)
	}
}
