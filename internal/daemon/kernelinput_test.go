//go:build kernel && linux

package daemon_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// owned is a machine whose button the kernel's gpio-keys owns, claimed by its owner.
func owned(t *testing.T, arch kerneltest.Arch, button string, keys ...kerneltest.Key) (m *kerneltest.Machine, owner *browser, label string) {
	t.Helper()
	m = bootWith(t, arch, button, keys...)
	owner, label = visit(t, m), labelIn(t, m)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
	owner.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	owner.must(204, "POST", "/me/two-step/later", nil)
	return m, owner, label
}

// R140 (a) on a real kernel whose driver owns the button: nothing is configured, and the button is found.
func TestTheKernelsInputDeviceIsTheButton(t *testing.T) {
	t.Parallel()
	// With the machine's power key, and by itself for a program of 32 bits, whose events are shorter.
	for device, arch := range map[string]kerneltest.Arch{"gpio-keys": kerneltest.ARM64, "reset-keys": kerneltest.ARM32} {
		m, owner, _ := owned(t, arch, "", kerneltest.Key{Line: buttonLine, Code: 408, Device: device})
		finger := m.Line(buttonLine)
		b := owner.must(200, "GET", "/button", nil).body
		if b["source"] != "input" || b["state"] != "released" || !strings.Contains(b["detail"].(string), device) {
			t.Fatalf("got %v", b)
		}
		for hold, want := range map[time.Duration]string{time.Second: "presence", 3 * time.Second: "nothing"} {
			least := heldOn(t, owner, finger, hold)
			waitFor(t, func() bool {
				last, ok := owner.must(200, "GET", "/button", nil).body["last"].(obj)
				return ok && last["outcome"] == want && last["held_ms"].(float64) > ms(least)-100
			})
		}
		if state := owner.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
			t.Fatalf("after 3 s of holding: %v", state)
		}
		finger.Hold(7 * time.Second)
		waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
		if code := m.Stop(); code != 0 {
			t.Errorf("the daemon ended with %d", code)
		}
	}
}

// The line of such a button is no GPIO line that anybody may have.
func TestTheKernelsLineIsNotFreeForGPIO(t *testing.T) {
	t.Parallel()
	_, owner, _ := owned(t, kerneltest.ARM64, "source = \"gpio\"\nchip = \"gpiochip0\"\nline = \"5\"\n", kerneltest.Key{Line: buttonLine, Code: 408, Device: "gpio-keys"})
	if b := owner.must(200, "GET", "/button", nil).body; b["state"] != "absent" || !strings.Contains(b["detail"].(string), `is held by "Reset Button"`) {
		t.Errorf("got %v", b)
	}
}

// A board that nobody knows, whose button sends what no reset button should: it is bound when somebody has pressed it.
func TestTheKernelsUnknownKeyIsLearnt(t *testing.T) {
	t.Parallel()
	m, owner, _ := owned(t, kerneltest.ARM64, "", kerneltest.Key{Line: buttonLine, Code: 198, Device: "odd_keys"})
	finger := m.Line(buttonLine)
	if b := owner.must(200, "GET", "/button", nil).body; b["state"] != "absent" || b["can_learn"] != true || !strings.Contains(b["detail"].(string), "learn it") {
		t.Fatalf("got %v", b)
	}
	odd := obj{"device": "odd_keys", "key": 198}
	owner.refused(409, "no_button", "POST", "/button/test", nil)
	owner.refused(409, "not_heard", "PUT", "/button", odd)
	owner.must(200, "POST", "/button/learn", nil)
	heard := func() []any { return listOf(owner.must(200, "GET", "/button/learn", nil).body["heard"]) }
	waitFor(t, func() bool { finger.Hold(300 * time.Millisecond); return len(heard()) == 1 }) // once the lesson listens
	finger.Press()
	time.Sleep(3 * time.Second)
	before := heard()[0].(obj)["presses"].(float64)
	time.Sleep(3 * time.Second)
	finger.Release()
	waitFor(t, func() bool { all := heard(); return len(all) == 1 && all[0].(obj)["presses"] == before+1 })
	if h := heard()[0].(obj); h["device"] != "odd_keys" || h["key"] != 198.0 || h["held_ms"].(float64) < 5900 {
		t.Errorf("heard %v", h)
	}
	owner.refused(409, "not_heard", "PUT", "/button", obj{"device": "odd_keys", "key": 199})
	owner.must(200, "PUT", "/button", odd)
	waitFor(t, func() bool {
		b := owner.must(200, "GET", "/button", nil).body
		return b["state"] == "released" && b["learnt"] == true
	})

	owner.must(200, "POST", "/button/test", nil)
	finger.Hold(6 * time.Second)
	press := func() obj {
		last, _ := owner.must(200, "GET", "/button", nil).body["last"].(obj)
		return last
	}
	waitFor(t, func() bool { p := press(); return p != nil && p["idle"] == "test" && p["means"] == "reset" })
	owner.must(204, "DELETE", "/button/test", nil)

	owner.refused(422, "invalid", "PUT", "/button/enabled", obj{"enabled": false})
	owner.must(200, "PUT", "/button/enabled", obj{"enabled": false, "nas_name": "castellan"})
	finger.Hold(6 * time.Second)
	waitFor(t, func() bool { p := press(); return p["idle"] == "disabled" && p["means"] == "reset" })
	if state := owner.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Fatalf("a press that does nothing led to %v", state)
	}
	owner.must(200, "PUT", "/button/enabled", obj{"enabled": true})
	finger.Hold(6 * time.Second)
	waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
}

// R140 (a): a key that stays down is stuck, and its release after a minute is no reset. The device and the key are those of the
// config file here.
func TestTheKernelsKeyThatStaysDownIsStuck(t *testing.T) {
	t.Parallel()
	m, owner, _ := owned(t, kerneltest.ARM64, "source = \"input\"\ndevice = \"gpio-keys\"\n", kerneltest.Key{Line: buttonLine, Code: 408, Device: "gpio-keys"})
	finger := m.Line(buttonLine)
	owner.must(200, "GET", "/status", nil)
	finger.Press()
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "pressed" })
	time.Sleep(61 * time.Second)
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "stuck" })
	finger.Release()
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "released" })
	if state := owner.must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Errorf("a stuck button led to %v", state)
	}
}
