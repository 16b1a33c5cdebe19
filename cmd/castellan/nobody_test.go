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
)

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

// R106: the command line's socket answers root and the daemon's own user, whoever else may open it.
func TestTheSocketKnowsWhoIsThere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	p := newProcess(t)
	p.start()
	home := filepath.Dir(p.config)
	for path, mode := range map[string]fs.FileMode{filepath.Dir(home): 0o755, home: 0o755, p.config: 0o644, filepath.Join(home, "s"): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(uid uint32) (string, error) {
		cmd := castellan("default-password", "-config", p.config)
		cmd.Path = "/proc/self/exe"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := ask(0); err != nil || !strings.Contains(out, p.label) {
		t.Fatalf("root: %v, %s", err, out)
	}
	if out, err := ask(nobody); err == nil || strings.Contains(out, p.label) || strings.Contains(out, "permission denied") {
		t.Errorf("somebody else: %v, %s", err, out)
	}
}

// R138 R140 (h): files that belong to somebody else are whole. The daemon says so and stops.
func TestAFileThatMayNotBeReadIsNotDamaged(t *testing.T) {
	for _, name := range []string{"castellan.db", "device.key"} {
		p := newProcess(t)
		p.start()
		p.kill()
		said := p.until(p.asNobody(name), "hold it")
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
	said := p.until(cmd, "hold it")
	if !greetingForm.MatchString(said) || !strings.Contains(said, "renew certificate") {
		t.Errorf("it says %q", said)
	}
	if err := os.Remove(filepath.Join(data, "tls.pem")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if said := p.until(p.asNobody("data"), "hold it"); greetingForm.MatchString(said) || !strings.Contains(said, "tls.pem") {
		t.Errorf("without any certificate it says %q", said)
	}
}
