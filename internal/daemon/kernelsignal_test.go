//go:build kernel && linux

package daemon_test

import (
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// changes counts how often a line changes within a time.
func changes(line kerneltest.Line, within time.Duration) (n int) {
	level := line.High()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if now := line.High(); now != level {
			level, n = now, n+1
		}
	}
	return n
}

// blinks reports whether a line changes about every half: eight times are expected, and a busy host makes some of them late.
func blinks(line kerneltest.Line, half time.Duration) bool {
	n := changes(line, 8*half)
	return n >= 4 && n <= 12
}

// R140 on a real kernel: a finger on a button that the kernel owns, and the lights on its lines. They are looked at from
// outside the machine.
func TestARealKernelsLightsSayWhereAPressStands(t *testing.T) {
	t.Parallel()
	const green, red = 1, 2
	config := machineOf(t, kerneltest.ARM64, "")
	config.Keys = []kerneltest.Key{{Line: buttonLine, Code: 408, Device: "gpio-keys"}}
	config.Lights, config.Beeper = []kerneltest.Light{{Line: green, Name: "nas:green:status", On: true}, {Line: red, Name: "nas:red:fault"}}, 4
	m := kerneltest.Start(t, config)
	owner, label := visit(t, m), labelIn(t, m)
	claim := func(b *browser) {
		b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
		b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	}
	claim(owner)
	owner.must(204, "POST", "/me/two-step/later", nil)
	if f := owner.must(200, "GET", "/button", nil).body["feedback"].(obj); f["light"] != "nas:green:status" || f["warning"] != "nas:red:fault" || f["beeper"] != "beeper" {
		t.Errorf("feedback is %v", f)
	}
	finger, greenLight, redLight := m.Line(buttonLine), m.Line(green), m.Line(red)
	asBefore := func() bool {
		return changes(greenLight, 2*time.Second) == 0 && greenLight.High() && !redLight.High()
	}
	if !asBefore() {
		t.Fatal("at the start the lights are not as the board has them")
	}
	began := time.Now()
	finger.Press()
	waitFor(t, func() bool { return owner.must(200, "GET", "/button", nil).body["state"] == "pressed" })
	known := time.Now() // by then it was
	for !redLight.High() {
		if time.Since(began) > 8*time.Second {
			t.Fatal("the red light does not say to let go")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if said := time.Since(began); said < 4900*time.Millisecond || time.Since(known) > 6500*time.Millisecond {
		t.Errorf("the red light said to let go after %v", said)
	} else {
		t.Logf("the red light said to let go after %v", said)
	}
	if !blinks(redLight, 200*time.Millisecond) {
		t.Error("the red light does not blink")
	}
	if changes(greenLight, time.Second) > 0 || greenLight.High() {
		t.Error("the green light is not off meanwhile")
	}
	finger.Release()
	after := visit(t, m)
	waitFor(t, func() bool { return after.must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
	time.Sleep(time.Second)
	if !blinks(greenLight, time.Second) || redLight.High() {
		t.Error("the green light does not blink for the owner to come")
	}
	claim(after)
	time.Sleep(time.Second)
	if !asBefore() {
		t.Error("claimed, the lights are not what they were")
	}
	if code := m.Stop(); code != 0 {
		t.Errorf("the daemon ended with %d", code)
	}
}
