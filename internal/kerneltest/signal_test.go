//go:build kernel && linux

package kerneltest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	signals "castellan/internal/box/signal"
)

// The lights of the machine. The green one is on; the amber one blinks by a measure of its own.
const (
	greenLight = "nas:green:status"
	amberLight = "nas:amber:status"
)

// sound is the probe's beep.
type sound struct {
	Code  uint16
	Value int32
	At    time.Duration
}

// lightIn returns the files of a light that say what it is. How bright one is that the kernel lets blink says nothing.
func lightIn(t testing.TB, m *Machine, name string) (is string) {
	t.Helper()
	var files map[string]string
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/light/"+name, "")), &files); err != nil {
		t.Fatal(err)
	}
	if _, blinks := files["delay_on"]; blinks {
		return fmt.Sprintf("blinks %s/%s", files["delay_on"], files["delay_off"])
	}
	return "shines " + files["brightness"]
}

func awaitLights(t testing.TB, m *Machine, when, green, amber string) {
	t.Helper()
	var now [2]string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now = [2]string{lightIn(t, m, greenLight), lightIn(t, m, amberLight)}; now == [2]string{green, amber} {
			return
		}
	}
	t.Fatalf("%s: the green light %s and the amber one %s, want %s and %s", when, now[0], now[1], green, amber)
}

// awaitBeeps waits for beeps and returns how long each was.
func awaitBeeps(t testing.TB, m *Machine, n int) (lengths []time.Duration) {
	t.Helper()
	var all []sound
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && len(all) < 2*n; time.Sleep(50 * time.Millisecond) {
		if err := json.Unmarshal([]byte(request(t, m, "GET", "/beeps", "")), &all); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != 2*n {
		t.Fatalf("heard %v, want %d beeps", all, n)
	}
	for i := 0; i < len(all); i += 2 {
		if all[i].Value == 0 || all[i+1].Value != 0 {
			t.Fatalf("heard %v", all)
		}
		lengths = append(lengths, all[i+1].At-all[i].At)
	}
	return lengths
}

// The kernel's own drivers for lights and beepers: what is told is seen and heard, and every light is what it was afterwards,
// also one that blinks by a measure of its own, and also after a program was killed in the middle.
func TestLightsAndABeeperOfARealKernel(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{
		Binary: binary(t), Forwards: []int{port}, Args: []string{"-signal", "-data", DataDir}, Beeper: 4,
		Lights: []Light{{Line: 1, Name: greenLight, On: true}, {Line: 2, Name: amberLight, Trigger: "timer"}},
	})
	for file, value := range map[string]string{"delay_on": "110", "delay_off": "230"} {
		request(t, m, "PUT", "/light/"+amberLight+"/"+file+"?value="+value, "")
	}
	green := lightIn(t, m, greenLight)
	const amber, urgently, slowly, dark = "blinks 110/230", "blinks 200/200", "blinks 1000/1000", "shines 0"
	if green == dark {
		t.Fatalf("at the start the green light %s", green)
	}
	awaitLights(t, m, "at the start", green, amber)
	tell := func(what signals.Moment) { request(t, m, "POST", fmt.Sprintf("/tell/%d", what), "") }

	request(t, m, "POST", "/start", "")
	request(t, m, "POST", "/listen?device=beeper", "")
	tell(signals.ReleaseNow)
	awaitLights(t, m, "let go now", dark, urgently)
	for _, length := range awaitBeeps(t, m, 2) {
		if length < 110*time.Millisecond || length > 400*time.Millisecond {
			t.Errorf("a beep of %v", length)
		}
	}
	var found signals.Found
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/found", "")), &found); err != nil || found.Light != greenLight || found.Warning != amberLight || found.Beeper != "beeper" {
		t.Errorf("found %+v, %v", found, err)
	}
	tell(signals.Cancelled)
	awaitLights(t, m, "cancelled", green, amber)
	if all := awaitBeeps(t, m, 3); all[2] < 850*time.Millisecond {
		t.Errorf("the long beep took %v", all[2])
	}
	tell(signals.Pressed)
	time.Sleep(500 * time.Millisecond)
	awaitLights(t, m, "after a press", green, amber)
	tell(signals.Restored)
	awaitLights(t, m, "restored", slowly, amber)
	awaitBeeps(t, m, 6)
	tell(signals.Claimed)
	awaitLights(t, m, "claimed", green, amber)
	tell(signals.Waiting)
	awaitLights(t, m, "waiting", slowly, amber)
	request(t, m, "POST", "/stop", "")
	awaitLights(t, m, "stopped", green, amber)

	request(t, m, "POST", fmt.Sprintf("/crash/%d", signals.ReleaseNow), "")
	awaitLights(t, m, "killed", dark, urgently)
	request(t, m, "POST", "/start", "")
	awaitLights(t, m, "started after the crash", green, amber)
}

// A beeper that takes a frequency gets one, and is taken before one that does not.
func TestABeeperOfARealKernelThatTakesAFrequency(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}, Args: []string{"-signal", "-data", DataDir}, Beeper: 4})
	request(t, m, "POST", "/beeper?name=piezo", "")
	request(t, m, "POST", "/start", "")
	request(t, m, "POST", fmt.Sprintf("/tell/%d", signals.Longer), "")
	awaitBeeps(t, m, 1)
	var all []sound
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/beeps", "")), &all); err != nil || all[0].Code != 2 || all[0].Value < 1000 {
		t.Errorf("heard %v, %v", all, err)
	}
	var found signals.Found
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/found", "")), &found); err != nil || found != (signals.Found{Beeper: "piezo"}) {
		t.Errorf("found %+v, %v", found, err)
	}
}
