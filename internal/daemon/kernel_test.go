//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
	"castellan/internal/realtest"
)

const buttonLine = 5

// boot starts the real program on a real kernel whose clock begins in the year 2000, with its button on a
// GPIO line that the test drives.
func boot(t *testing.T, line string) *kerneltest.Machine {
	t.Helper()
	return bootWith(t, kerneltest.ARM64, fmt.Sprintf("source = \"gpio\"\nchip = \"gpiochip0\"\nline = \"%s\"\nactive = \"high\"\n", line))
}

// bootWith starts the real program with a button of the config file, beside keys that the kernel owns.
func bootWith(t *testing.T, arch kerneltest.Arch, button string, keys ...kerneltest.Key) *kerneltest.Machine {
	t.Helper()
	config := machineOf(t, arch, button)
	config.Keys = keys
	return kerneltest.Start(t, config)
}

// machineOf is a machine for the real program with a button of the config file.
func machineOf(t *testing.T, arch kerneltest.Arch, button string) kerneltest.Config {
	t.Helper()
	var servers []string
	for range 3 {
		servers = append(servers, net.JoinHostPort(kerneltest.Host, realtest.Chronyd(t)))
	}
	config := fmt.Sprintf(`data = "/data/castellan"
socket = "/data/castellan/s"
[time]
servers = ["%s"]
[button]
%s`, strings.Join(servers, `", "`), button)
	return kerneltest.Config{
		Binary: kerneltest.BuildFor(t, arch, "castellan/cmd/castellan"), Args: []string{"serve", "-config", "/castellan.toml", "-greeting"},
		Files: map[string][]byte{"/castellan.toml": []byte(config)},
		RTC:   time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Forwards: []int{8001},
	}
}

// visit is a browser that reaches the machine through the forwarded port.
func visit(t *testing.T, m *kerneltest.Machine) *browser {
	b := newBrowser(t, "https://"+m.Addr(8001))
	b.host = "10.0.2.15:8001"
	b.origin = "https://" + b.host
	return b
}

// R140 (a) (d), R139 (h), on a real kernel's GPIO line.
func TestTheButtonOnARealKernel(t *testing.T) {
	m := boot(t, fmt.Sprint(buttonLine))
	owner := visit(t, m)
	label := labelIn(t, m)
	finger := m.Line(buttonLine)

	status := owner.must(200, "GET", "/status", nil).body
	if status["state"] != "unclaimed" || status["claim"].(obj)["button"] != true {
		t.Fatalf("got %v", status)
	}
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
	owner.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword, "nas_name": "attic-nas", "time_zone": "Europe/Berlin"})
	phone := owner.enrol()
	clock := owner.must(200, "POST", "/time/sync", nil).body["clock"].(obj)
	if clock["state"] != "synced" || !strings.Contains(clock["message"].(string), "years slow; codes are checked against network time") {
		t.Errorf("the clock is %v", clock)
	}
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"}).body
	ines := visit(t, m)
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": added["password"]})
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	tablet := ines.enrol()
	began := time.Now()
	least := heldOn(t, owner, finger, 3*time.Second)
	var last obj
	waitFor(t, func() bool { last, _ = owner.must(200, "GET", "/button", nil).body["last"].(obj); return last != nil })
	if took := last["held_ms"].(float64); last["outcome"] != "nothing" || took < ms(least)-100 || took > ms(time.Since(began)) {
		t.Errorf("the last press was %v", last)
	}
	if state := owner.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Fatalf("after 3 s of holding: %v", state)
	}
	owner.must(204, "DELETE", "/session", nil)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	owner.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})

	finger.Hold(7 * time.Second)
	waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
	owner.refused(409, "unclaimed", "GET", "/me", nil)
	after := visit(t, m)
	after.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	after.refused(409, "unclaimed", "POST", "/sign-in/code", obj{"code": phone.code(1)})
	if step := after.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label}).body; step["next"] != "claim" {
		t.Errorf("the default password leads to %v", step)
	}
	after.must(201, "POST", "/claim", obj{"name": "admin", "password": newPassword})
	if me := after.must(200, "GET", "/me", nil).body; me["two_step"] != false {
		t.Errorf("2-step verification is still on: %v", me)
	}
	ines = visit(t, m)
	if step := ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword}).body; step["next"] != "code" {
		t.Errorf("the other account lost its 2-step verification: %v", step)
	}
	ines.must(200, "POST", "/sign-in/code", obj{"code": tablet.code(0)})

	finger.Hold(11 * time.Second) // holding on cancels
	time.Sleep(300 * time.Millisecond)
	if state := after.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Errorf("after 11 s of holding: %v", state)
	}
	if code := m.Stop(); code != 0 {
		t.Errorf("the daemon ended with %d", code)
	}
}

func TestAPressOnARealKernelClaims(t *testing.T) {
	m := boot(t, fmt.Sprint(buttonLine))
	b := visit(t, m)
	waitFor(t, func() bool { // the NAS answers before it has found its button
		claim, _ := b.must(200, "GET", "/status", nil).body["claim"].(obj)
		return claim["button"] == true
	})
	b.must(200, "POST", "/claim/button", nil)
	m.Line(buttonLine).Hold(500 * time.Millisecond)
	waitFor(t, func() bool { return b.must(200, "GET", "/claim/button", nil).body["state"] == "confirmed" })
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
}

func TestALineOfTheKernelIsExplainedByName(t *testing.T) {
	m := boot(t, fmt.Sprint(kerneltest.PowerKey))
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": labelIn(t, m)})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	b.must(204, "POST", "/me/two-step/later", nil)
	button := b.must(200, "GET", "/button", nil).body
	if button["state"] != "absent" || !strings.Contains(button["detail"].(string), `is held by "GPIO Key Poweroff"`) {
		t.Errorf("got %v", button)
	}
	b = visit(t, m)
	if claim, ok := b.must(200, "GET", "/status", nil).body["claim"]; ok {
		t.Errorf("got %v", claim)
	}
}

// heldOn presses a button for a while, and returns how much of that the NAS knew of it at least: it may hear of a press late.
func heldOn(t *testing.T, owner *browser, finger kerneltest.Line, d time.Duration) (least time.Duration) {
	t.Helper()
	began := time.Now()
	finger.Press()
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "pressed" })
	known := time.Now()
	time.Sleep(d - time.Since(began))
	least = time.Since(known)
	finger.Release()
	return least
}

func ms(d time.Duration) float64 { return float64(d.Milliseconds()) }

// labelIn waits until the machine has printed the default password.
func labelIn(t *testing.T, m *kerneltest.Machine) (label string) {
	t.Helper()
	waitFor(t, func() bool {
		for line := range strings.Lines(m.Console()) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "password" {
				label = fields[1]
			}
		}
		return label != ""
	})
	return label
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 100 {
		if done() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it did not happen within 10 s")
}
