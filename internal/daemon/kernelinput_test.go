//go:build kernel && linux

package daemon_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// owned is a machine whose button the kernel's gpio-keys owns, claimed by its owner.
func owned(t *testing.T, button string, keys ...kerneltest.Key) (m *kerneltest.Machine, owner *browser, label string) {
	t.Helper()
	m = bootWith(t, button, keys...)
	owner, label = visit(t, m), labelIn(t, m)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
	owner.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	owner.must(204, "POST", "/me/two-step/later", nil)
	return m, owner, label
}

// R140 (a) on a real kernel whose driver owns the button: nothing is configured, and the button is found.
func TestTheKernelsInputDeviceIsTheButton(t *testing.T) {
	t.Parallel()
	for _, device := range []string{"gpio-keys", "reset-keys"} { // with the machine's power key, and by itself
		m, owner, _ := owned(t, "", kerneltest.Key{Line: buttonLine, Code: 408, Device: device})
		finger := m.Line(buttonLine)
		b := owner.must(200, "GET", "/button", nil).body
		if b["source"] != "input" || b["state"] != "released" || !strings.Contains(b["detail"].(string), device) {
			t.Fatalf("got %v", b)
		}
		for hold, want := range map[time.Duration]string{time.Second: "presence", 3 * time.Second: "nothing"} {
			finger.Hold(hold)
			waitFor(t, func() bool {
				last, ok := owner.must(200, "GET", "/button", nil).body["last"].(obj)
				return ok && last["outcome"] == want && last["held_ms"].(float64) > float64(hold.Milliseconds()-100)
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
	_, owner, _ := owned(t, "source = \"gpio\"\nchip = \"gpiochip0\"\nline = \"5\"\n", kerneltest.Key{Line: buttonLine, Code: 408, Device: "gpio-keys"})
	if b := owner.must(200, "GET", "/button", nil).body; b["state"] != "absent" || !strings.Contains(b["detail"].(string), `is held by "Reset Button"`) {
		t.Errorf("got %v", b)
	}
}
