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
	beeper     = 4 // its line

	soundTone = 2 // SND_TONE of include/uapi/linux/input-event-codes.h
)

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

// beepsOf listens to the line of a beeper for a while and returns how long each beep was.
func beepsOf(line Line, within time.Duration) (all []time.Duration) {
	var since time.Time
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		switch on := line.High(); {
		case on && since.IsZero():
			since = time.Now()
		case !on && !since.IsZero():
			all, since = append(all, time.Since(since)), time.Time{}
		}
	}
	return all
}

// The kernel's own drivers for lights and beepers: what is told is seen and heard, and every light is what it was afterwards,
// also one that blinks by a measure of its own, and also after a program was killed in the middle.
func TestLightsAndABeeperOfARealKernel(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{
		Binary: binary(t), Forwards: []int{port}, Args: []string{"-signal", "-data", DataDir}, Beeper: beeper,
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
	sounds := func(what signals.Moment, want ...time.Duration) {
		t.Helper()
		tell(what)
		got := beepsOf(m.Line(beeper), 1500*time.Millisecond)
		ok := len(got) == len(want)
		for i := range got {
			ok = ok && got[i] > want[i]/2 && got[i] < want[i]*2
		}
		if !ok {
			t.Errorf("moment %d sounds for %v, want about %v", what, got, want)
		}
	}
	const short, long = 120 * time.Millisecond, 900 * time.Millisecond
	sounds(signals.ReleaseNow, short, short)
	awaitLights(t, m, "let go now", dark, urgently)
	var found signals.Found
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/found", "")), &found); err != nil || found.Light != greenLight || found.Warning != amberLight || found.Beeper != "beeper" {
		t.Errorf("found %+v, %v", found, err)
	}
	sounds(signals.Cancelled, long)
	awaitLights(t, m, "cancelled", green, amber)
	sounds(signals.Longer, short)
	tell(signals.Pressed)
	time.Sleep(500 * time.Millisecond)
	awaitLights(t, m, "after a press", green, amber)
	sounds(signals.Restored, short, short, short)
	awaitLights(t, m, "restored", slowly, amber)
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
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}, Args: []string{"-signal", "-data", DataDir}, Beeper: beeper})
	request(t, m, "POST", "/beeper?name=piezo", "")
	request(t, m, "POST", "/start", "")
	request(t, m, "POST", fmt.Sprintf("/tell/%d", signals.Longer), "")
	time.Sleep(time.Second)
	var all []struct {
		Code  uint16
		Value int32
		At    time.Duration
	}
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/beeps", "")), &all); err != nil {
		t.Fatal(err)
	}
	// It is silenced at the start, in case that a crash left it on.
	if len(all) != 3 || all[0].Value != 0 || all[1].Code != soundTone || all[1].Value < 1000 || all[2].Value != 0 || all[2].At-all[1].At > 500*time.Millisecond {
		t.Errorf("heard %v", all)
	}
	var found signals.Found
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/found", "")), &found); err != nil || found != (signals.Found{Beeper: "piezo"}) {
		t.Errorf("found %+v, %v", found, err)
	}
}
