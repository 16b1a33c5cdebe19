//go:build kernel && linux

package kerneltest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/button"
)

// pressed is the probe's button.
type pressed struct {
	State   button.State
	Detail  string
	Presses []button.Press
}

func buttonIn(t testing.TB, m *Machine) (now pressed) {
	t.Helper()
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/button", "")), &now); err != nil {
		t.Fatal(err)
	}
	return now
}

func awaitButton(t testing.TB, m *Machine, what string, within time.Duration, wanted func(pressed) bool) pressed {
	t.Helper()
	var now pressed
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now = buttonIn(t, m); wanted(now) {
			return now
		}
	}
	t.Fatalf("%s: got %+v", what, now)
	return now
}

// A button whose driver goes away and comes back works again soon after, long before the next try would be due. A press that
// the device did not live through counts for nothing. Nobody else gets a device that is grabbed, and one of the same name that
// was plugged in meanwhile is not taken for it.
func TestAButtonIsFoundAgainWhenItsDriverComesBack(t *testing.T) {
	t.Parallel()
	const device = "reset-keys"
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}, Args: []string{"-button"}, Keys: []Key{{Line: 5, Code: 408, Device: device}}})
	released := func(p pressed) bool { return p.State == button.IsReleased }
	awaitButton(t, m, "at the start", giveUp, released)
	m.Line(5).Hold(300 * time.Millisecond)
	awaitButton(t, m, "a press", giveUp, func(p pressed) bool { return len(p.Presses) == 1 && p.Presses[0].Outcome == button.Presence })
	if second := request(t, m, "GET", "/second?device="+device, ""); !strings.Contains(second, "held by another program") {
		t.Errorf("a second program got the device: %s", second)
	}

	m.Line(5).Press()
	awaitButton(t, m, "pressed", giveUp, func(p pressed) bool { return p.State == button.IsPressed })
	request(t, m, "POST", "/driver/unbind?device="+device, "")
	awaitButton(t, m, "gone", giveUp, func(p pressed) bool { return p.State == button.IsAbsent })
	m.Line(5).Release()
	time.Sleep(2 * time.Second) // by now the next try is 15 s away
	request(t, m, "POST", "/driver/bind?device="+device, "")
	began := time.Now()
	awaitButton(t, m, "back", 5*time.Second, released)
	t.Logf("found again after %v", time.Since(began))
	m.Line(5).Hold(300 * time.Millisecond)
	if p := awaitButton(t, m, "a press afterwards", giveUp, func(p pressed) bool { return len(p.Presses) >= 2 }); len(p.Presses) != 2 {
		t.Errorf("got %v", p.Presses)
	}

	request(t, m, "POST", "/driver/unbind?device="+device, "")
	m.Line(5).Press()
	request(t, m, "POST", "/plug?device="+device, "") // it gets the lower number
	request(t, m, "POST", "/driver/bind?device="+device, "")
	awaitButton(t, m, "pressed from the start", giveUp, func(p pressed) bool { return p.State == button.IsStuck })
	time.Sleep(6 * time.Second)
	m.Line(5).Release()
	if p := awaitButton(t, m, "released", giveUp, released); len(p.Presses) != 2 {
		t.Errorf("held from the start: %v", p.Presses)
	}
	if second := request(t, m, "GET", "/second?device="+device, ""); !strings.Contains(second, "held by another program") {
		t.Errorf("what was plugged in was taken for the button of the board: %q", second)
	}
}
