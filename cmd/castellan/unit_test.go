package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		`(?m)^DeviceAllow=char-gpiochip rw$`, `(?m)^DeviceAllow=char-input rw$`, `(?m)^ReadWritePaths=-/sys/devices$`, `(?m)^ReadWritePaths=-/etc/systemd/network -/run/systemd/network$`, `(?m)^SupplementaryGroups=gpio$`,
		`(?m)^Restart=on-failure$`, `(?m)^StartLimitIntervalSec=0$`, `(?m)^NoNewPrivileges=yes$`,
	} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the unit lacks %s", want)
		}
	}
	if regexp.MustCompile(`(?m)^ProtectClock=(yes|true|1|on)`).Match(text) {
		t.Error("ProtectClock= forbids adjtimex")
	}
	if regexp.MustCompile(`CAP_SYS_TIME=|=.*CAP_|@clock`).Match(text) {
		t.Error("the unit lets the daemon do what a drop-in is for")
	}
	understood(t, text, nil)
}

// The drop-in gives the right to set the clock, and nothing else.
func TestTheDropInLetsTheDaemonSetTheClock(t *testing.T) {
	unit, err := os.ReadFile("../../packaging/systemd/castellan.service")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../packaging/systemd/castellan-clock.conf")
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			settings = append(settings, strings.TrimSpace(line))
		}
	}
	want := []string{"[Service]", "CapabilityBoundingSet=CAP_SYS_TIME", "AmbientCapabilities=CAP_SYS_TIME", "SystemCallFilter=@clock", "DeviceAllow=char-rtc rw"}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Error(diff)
	}
	understood(t, unit, text)
}

// systemd-logind leaves the key of the reset button alone, and everything else is as it was.
func TestTheDropInKeepsLogindOffTheResetButton(t *testing.T) {
	text, err := os.ReadFile("../../packaging/systemd/castellan-logind.conf")
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			settings = append(settings, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff([]string{"[Login]", "HandleRebootKey=ignore", "HandleRebootKeyLongPress=ignore"}, settings); diff != "" {
		t.Error(diff)
	}
}

// understood has systemd itself read the unit, with a drop-in if there is one.
func understood(t *testing.T, unit, dropIn []byte) {
	t.Helper()
	analyze := realtest.Program(t, "systemd-analyze", "apt-get install systemd")
	file := filepath.Join(t.TempDir(), "castellan.service")
	if err := os.WriteFile(file, bytes.ReplaceAll(unit, []byte("/usr/bin/castellan"), []byte("/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if dropIn != nil {
		if err := errors.Join(os.Mkdir(file+".d", 0o700), os.WriteFile(file+".d/clock.conf", dropIn, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, "verify", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), "castellan.service") || strings.Contains(string(out), "clock.conf") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
