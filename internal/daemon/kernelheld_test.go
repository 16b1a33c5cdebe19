//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// R140 (a) on a real kernel: a button that is down before the kernel starts, on a line of its own or owned by a driver, does nothing
// when it is released after six seconds and more, and works from then on.
func TestAButtonHeldWhileTheKernelStartsDoesNothingBeforeItsRelease(t *testing.T) {
	for name, tc := range map[string]struct {
		button    string
		keys      []kerneltest.Key
		activeLow []int
	}{
		"GPIO line":               {button: fmt.Sprintf("source = \"gpio\"\nchip = \"gpiochip0\"\nline = \"%d\"\nactive = \"high\"\n", buttonLine)},
		"GPIO line, pulled down":  {button: fmt.Sprintf("source = \"gpio\"\nchip = \"gpiochip0\"\nline = \"%d\"\nactive = \"low\"\n", buttonLine), activeLow: []int{buttonLine}},
		"the kernel's own driver": {keys: []kerneltest.Key{{Line: buttonLine, Code: 408, Device: "gpio-keys"}}},
	} {
		t.Run(name, func(t *testing.T) {
			config := machineOf(t, kerneltest.ARM64, tc.button)
			config.Keys, config.ActiveLow, config.Held = tc.keys, tc.activeLow, []int{buttonLine}
			m := kerneltest.Start(t, config)
			owner, finger := visit(t, m), m.Line(buttonLine)
			owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": labelIn(t, m)})
			owner.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
			owner.must(204, "POST", "/me/two-step/later", nil)
			state := func() any { return owner.must(200, "GET", "/button", nil).body["state"] }
			if got := state(); got != "stuck" {
				t.Errorf("held since the start: %v", got)
			}
			time.Sleep(5500 * time.Millisecond)
			finger.Release()
			waitFor(t, func() bool { return state() == "released" })
			time.Sleep(300 * time.Millisecond)
			if b := owner.must(200, "GET", "/button", nil).body; b["last"] != nil {
				t.Errorf("its release was a press: %v", b["last"])
			}
			if got := owner.must(200, "GET", "/status", nil).body["state"]; got != "ready" {
				t.Fatalf("its release led to %v", got)
			}
			finger.Hold(7 * time.Second)
			waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
		})
	}
}
