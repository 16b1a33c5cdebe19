//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// installation are the commands of the README under "Install", without the one that compiles.
func installation(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "\n## Install\n")
	var commands []string
	for line := range strings.Lines(text) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    ")
		switch {
		case ok && command != "make dist":
			commands = append(commands, command)
		case !ok && len(commands) > 0:
			return strings.Join(commands, "\n")
		}
	}
	t.Fatal("the README does not say how to install")
	return ""
}

// systemOf is a Debian with a reset button that the kernel owns, and the files of this project in /source.
func systemOf(t *testing.T, script string) kerneltest.Config {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"../../packaging/*.toml", "../../packaging/systemd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal("there is nothing to install", err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files["/source/"+strings.TrimPrefix(path, "../../")] = content
		}
	}
	return kerneltest.Config{
		Binary: program(t, kerneltest.ARM64), System: true, Files: files, Script: script,
		Keys:   []kerneltest.Key{{Line: buttonLine, Code: 408, Device: "gpio-keys"}, {Line: oddLine, Code: 0x102, Device: oddKeys}},
		Lights: []kerneltest.Light{{Line: 1, Name: "nas:green:status", On: true}, {Line: 2, Name: "nas:red:fault"}, {Line: 7, Name: oddLight}}, Beeper: 4,
	}
}

// A button whose key, BTN_2, udev has no word for, and a light with a name that a shell could take for more than a name.
const (
	oddLine  = 6
	oddKeys  = "user-keys"
	oddLight = "nas:blue:it's $(a) light"
)

// R140, with the button of most boards: a key that systemd-logind listens to as well.
func TestADebianOnARealKernel(t *testing.T) {
	t.Run("alone reboots by the button", rebootsByTheButton) // or the other one proves nothing
	t.Run("leaves the button to Castellan", leavesTheButton)
}

// rebootsByTheButton is what systemd-logind does without Castellan.
func rebootsByTheButton(t *testing.T) {
	m := kerneltest.Start(t, systemOf(t, "true"))
	m.Line(buttonLine).Hold(time.Second)
	for end := time.Now().Add(time.Minute); !m.Ended(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			said, _ := m.Run("journalctl -b --no-pager -u systemd-logind; systemctl status systemd-logind")
			t.Fatalf("the machine did not reboot: %s", said)
		}
	}
}

// leavesTheButton is what it does with Castellan, as the README installs it and as a user without rights: first by the drop-in, then
// by the inhibitor that the rules for polkit allow. The button does what Castellan says, and its light answers.
func leavesTheButton(t *testing.T) {
	config := systemOf(t, fmt.Sprintf("cd /source\nmkdir dist\nmv /bin/castellan dist/castellan-linux-arm64\n%s\n", installation(t)))
	config.Forwards = []int{8001}
	m := kerneltest.Start(t, config)
	said := func(command string) string {
		t.Helper()
		text, code := m.Run(command)
		if code != 0 {
			t.Fatalf("%s: %d\n%s", command, code, text)
		}
		return text
	}
	if who := said("systemctl show -p User --value castellan; stat -c %U /proc/$(systemctl show -p MainPID --value castellan)"); who != "castellan\ncastellan" {
		t.Errorf("the daemon runs as %q", who)
	}
	label := strings.Fields(said("castellan default-password"))[3]
	claim := func() *browser {
		b := visit(t, m)
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
		b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
		b.must(204, "POST", "/me/two-step/later", nil)
		return b
	}
	owner, finger, green := claim(), m.Line(buttonLine), m.Line(1)
	button := owner.must(200, "GET", "/button", nil).body
	if f := button["feedback"].(obj); button["source"] != "input" || button["state"] != "released" || f["light"] != "nas:green:status" || f["beeper"] != "beeper" {
		t.Errorf("the button is %v", button)
	}
	guarded := func(b *browser, by string) {
		t.Helper()
		waitFor(t, func() bool { return b.must(200, "GET", "/button", nil).body["guard"] == by })
	}
	guarded(owner, "ignored") // by the drop-in, which the README installs
	finger.Hold(time.Second)
	last := func(b *browser, outcome string) {
		t.Helper()
		waitFor(t, func() bool {
			p, ok := b.must(200, "GET", "/button", nil).body["last"].(obj)
			return ok && p["outcome"] == outcome
		})
	}
	last(owner, "presence")
	hears(t, m, owner, said)
	if who := said(`stat -c '%G %a' "/sys/class/leds/` + strings.ReplaceAll(oddLight, "$", `\$`) + `/brightness"`); who != "gpio 664" {
		t.Errorf("the light belongs to %s", who)
	}
	finger.Hold(7 * time.Second)
	waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
	waitFor(t, func() bool { return changes(green, 4*time.Second) > 0 }) // it blinks for the owner to come
	claim()

	said("install -D -m 644 /source/packaging/systemd/castellan.polkit.rules /etc/polkit-1/rules.d/60-castellan.rules && rm /etc/systemd/logind.conf.d/castellan.conf && systemctl restart polkit systemd-logind castellan")
	said("until grep -q ':1F41 .* 0A ' /proc/net/tcp6; do sleep 0.1; done")
	owner = visit(t, m)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	guarded(owner, "inhibited")
	if list := said("systemd-inhibit --list --no-pager --no-legend"); !strings.Contains(list, "handle-reboot-key") {
		t.Errorf("what is inhibited is %q", list)
	}
	finger.Hold(time.Second)
	last(owner, "presence")
	time.Sleep(2 * time.Second) // a reboot would have begun
	if m.Ended() {
		t.Fatal("the machine rebooted")
	}
}

// hears checks that the udev rule lets the daemon listen to a key which udev itself does not count among keys, and that a lesson
// says so where a rule does not.
func hears(t *testing.T, m *kerneltest.Machine, owner *browser, said func(string) string) {
	t.Helper()
	lesson := func() obj { return owner.must(200, "GET", "/button/learn", nil).body }
	owner.must(200, "POST", "/button/learn", nil)
	waitFor(t, func() bool {
		m.Line(oddLine).Hold(300 * time.Millisecond)
		heard := listOf(lesson()["heard"])
		return len(heard) == 1 && heard[0].(obj)["device"] == oddKeys && heard[0].(obj)["name"] == "BTN_2" && heard[0].(obj)["presses"].(float64) > 0
	})
	if l := lesson(); len(listOf(l["unheard"])) != 0 {
		t.Errorf("the lesson is %v", l)
	}
	owner.must(204, "DELETE", "/button/learn", nil)

	device := said("for d in /sys/class/input/event*; do ! grep -qx " + oddKeys + " $d/device/name || basename $d; done")
	said("chmod 600 /dev/input/" + device)
	owner.must(200, "POST", "/button/learn", nil)
	waitFor(t, func() bool {
		unheard := listOf(lesson()["unheard"])
		return len(unheard) == 1 && strings.Contains(unheard[0].(string), device+` ("`+oddKeys+`")`)
	})
	owner.must(204, "DELETE", "/button/learn", nil)
	said("chmod 660 /dev/input/" + device)
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "released" })
}
