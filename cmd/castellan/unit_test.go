package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"castellan/internal/realtest"
)

// The systemd unit is one that systemd understands, and leaves the daemon what it needs: whether the kernel's clock
// is synchronised (adjtimex(2)), its state folder, and another try whatever went wrong.
func TestTheUnitLeavesTheDaemonWhatItNeeds(t *testing.T) {
	text, err := os.ReadFile("../../packaging/systemd/castellan.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^SystemCallFilter=.*\badjtimex\b`, `(?m)^StateDirectory=castellan$`, `(?m)^CapabilityBoundingSet=$`,
		`(?m)^Restart=on-failure$`, `(?m)^StartLimitIntervalSec=0$`, `(?m)^NoNewPrivileges=yes$`,
	} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the unit lacks %s", want)
		}
	}
	if regexp.MustCompile(`(?m)^ProtectClock=(yes|true|1|on)`).Match(text) {
		t.Error("ProtectClock= forbids adjtimex")
	}
	analyze := realtest.Program(t, "systemd-analyze", "apt-get install systemd")
	unit := filepath.Join(t.TempDir(), "castellan.service")
	if err := os.WriteFile(unit, bytes.ReplaceAll(text, []byte("/usr/bin/castellan"), []byte("/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "castellan.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
