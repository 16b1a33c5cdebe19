//go:build kernel && linux

package kerneltest

import (
	"encoding/json"
	"fmt"
	"slices"
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
	for end := time.Now().Add(giveUp); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now = [2]string{lightIn(t, m, greenLight), lightIn(t, m, amberLight)}; now == [2]string{green, amber} {
			return
		}
	}
	t.Fatalf("%s: the green light %s and the amber one %s, want %s and %s", when, now[0], now[1], green, amber)
}

// beepsOf listens to the line of a beeper until there were n beeps and a second without one, and returns how long each was.
func beepsOf(line Line, n int) (all []time.Duration) {
	var since, last time.Time
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		switch on := line.High(); {
		case on && since.IsZero():
			since = time.Now()
		case !on && !since.IsZero():
			last = time.Now()
			all, since = append(all, last.Sub(since)), time.Time{}
		case !on && len(all) >= n && time.Since(last) > time.Second:
			return all
		}
	}
	return all
}

// about reports whether beeps were as long as they should be, or nearly.
func about(got, want []time.Duration) bool {
	return slices.EqualFunc(got, want, func(g, w time.Duration) bool { return g > w/2 && g < w*2 })
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
		for try := 1; ; try++ {
			tell(what)
			got := beepsOf(m.Line(beeper), len(want))
			if about(got, want) {
				return
			}
			t.Logf("moment %d sounds for %v, want about %v", what, got, want)
			if try == tries {
				t.Fatal("it never sounds as it should")
			}
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

	request(t, m, "POST", fmt.Sprintf("/other/%d", signals.ReleaseNow), "")
	awaitLights(t, m, "told by another program", dark, urgently)
	request(t, m, "POST", "/crash", "")
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
	type sound struct {
		Code  uint16
		Value int32
		At    time.Duration
	}
	heard := func(n int) (all []sound) {
		t.Helper()
		for end := time.Now().Add(giveUp); len(all) < n && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if err := json.Unmarshal([]byte(request(t, m, "GET", "/beeps", "")), &all); err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	// It is silenced at the start, in case that a crash left it on.
	all := heard(1)
	if len(all) != 1 || all[0].Value != 0 {
		t.Fatalf("heard %v at the start", all)
	}
	for try := 1; ; try++ {
		before := len(all)
		request(t, m, "POST", fmt.Sprintf("/tell/%d", signals.Longer), "")
		heard(before + 2)
		time.Sleep(time.Second)
		all = heard(before + 2)
		if now := all[before:]; len(now) == 2 && now[0].Code == soundTone && now[0].Value >= 1000 && now[1].Value == 0 && now[1].At-now[0].At <= 500*time.Millisecond {
			break
		}
		t.Logf("heard %v", all)
		if try == tries {
			t.Fatal("it never sounds as it should")
		}
	}
	var found signals.Found
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/found", "")), &found); err != nil || found != (signals.Found{Beeper: "piezo"}) {
		t.Errorf("found %+v, %v", found, err)
	}
}
