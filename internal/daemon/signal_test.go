package daemon_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/signal"
)

// signals says where the lights of a house are: it has none unless a test makes them.
func (h *house) signals() signal.Config {
	return signal.Config{Lights: filepath.Join(h.file.Data, "leds"), Inputs: filepath.Join(h.file.Data, "input")}
}

// The lights of a house, and what they look like.
const (
	greenLight = "nas:green:status"
	redLight   = "nas:red:fault"
	steady     = "none 255"
	slowly     = "timer 255 1000"
	urgently   = "timer 255 200"
)

// lights gives a house a green light that is on and a red one that is off, by files as the kernel has them.
func (h *house) lights() {
	h.t.Helper()
	for name, brightness := range map[string]string{greenLight: "255", redLight: "0"} {
		dir := filepath.Join(h.file.Data, "leds", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			h.t.Fatal(err)
		}
		for file, text := range map[string]string{"max_brightness": "255", "brightness": brightness, "trigger": "[none] timer", "delay_on": "0", "delay_off": "0"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// light returns what drives a light, its brightness, and its delay where it blinks.
func (h *house) light(name string) string {
	h.t.Helper()
	read := func(file string) string {
		b, err := os.ReadFile(filepath.Join(h.file.Data, "leds", name, file))
		if err != nil {
			h.t.Fatal(err)
		}
		return string(b)
	}
	trigger := read("trigger")
	if strings.Contains(trigger, "[none]") {
		trigger = "none"
	}
	if trigger != "timer" {
		return trigger + " " + read("brightness")
	}
	return strings.Join([]string{trigger, read("brightness"), read("delay_on")}, " ")
}

// shows waits until both lights look as wanted.
func (h *house) shows(when, green, red string) {
	h.t.Helper()
	for end := time.Now().Add(30 * time.Second); h.light(greenLight) != green || h.light(redLight) != red; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("%s: green is %q and red is %q, want %q and %q", when, h.light(greenLight), h.light(redLight), green, red)
		}
	}
}

// R140: whoever holds the button sees when to let go, and whoever comes by later sees that the box waits for its owner, also
// after a restart and until somebody claims it.
func TestTheLightsSayWhereAPressStands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lights()
	h.start()
	h.shows("new", steady, "none 0")
	owner := h.claim()
	var b obj
	h.awaits("the first look for lights", 30*time.Second, func() bool {
		b = owner.must(200, "GET", "/button", nil).body["feedback"].(obj)
		return b["light"] != nil
	})
	if b["light"] != greenLight || b["warning"] != redLight || b["beeper"] != nil {
		t.Errorf("feedback is %v", b)
	}
	held := make(chan answer)
	go func() { held <- h.local().call("POST", "/local/button", obj{"hold_ms": 8000}) }()
	h.awaits("let go now", 30*time.Second, func() bool { return h.light(redLight) == urgently && h.light(greenLight) == "none 0" })
	if a := <-held; a.body["outcome"] != "reset" {
		t.Fatalf("got %v", a.body)
	}
	h.shows("restored", slowly, "none 0")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.shows("stopped", steady, "none 0")
	h.start()
	h.shows("started again", slowly, "none 0")
	h.claim()
	h.shows("claimed", steady, "none 0")
	h.restart()
	h.shows("of an owner", steady, "none 0")
}

// awaits waits until something is so.
func (h *house) awaits(what string, within time.Duration, so func() bool) {
	h.t.Helper()
	for end := time.Now().Add(within); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("%s: not within %v", what, within)
		}
	}
}

// R140 (h): a house that the button had founded anew says so, though it is another one.
func TestTheLightSaysThatTheHouseWasFoundedAnew(t *testing.T) {
	t.Parallel()
	h := used(t)
	h.lights()
	if err := os.Truncate(h.database(), 5000); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.shows("in need of recovery", steady, "none 0")
	b := h.local()
	go func() {
		if response, err := b.client.Do(b.request("POST", "/local/button", obj{"hold_ms": 5200})); err == nil { // the house is rebuilt meanwhile
			_ = response.Body.Close()
		}
	}()
	h.awaits("founded anew", 20*time.Second, func() bool { return h.light(greenLight) == slowly && h.light(redLight) == "none 0" })
	h.awaits("open again", 20*time.Second, func() bool { return strings.Count(h.log.String(), `"box.started"`) == 2 })
	h.restart()
	h.shows("founded anew and started again", slowly, "none 0")
	if claim := h.browser().must(200, "GET", "/status", nil).body["claim"].(obj); claim["again"] != false || claim["anew"] != true || claim["label"] != false {
		t.Errorf("the page does not say that accounts and settings are gone: %v", claim)
	}
	owner := h.claim()
	h.shows("claimed", steady, "none 0")
	if got := owner.kinds("button"); !slices.Contains(got, "box.reset") { // R140 (i): the new log begins with it
		t.Errorf("the log of the button says %v", got)
	}
	if left := owner.must(200, "GET", "/button", nil).body["rest_in"].(float64); left < 500 {
		t.Errorf("the next reset is refused for %v s", left)
	}
	if s := owner.fresh(); s["reset_at"] != nil {
		t.Errorf("whoever claims is told: %v", s["reset_at"])
	}
}

// R140 (c): the power went while the house was founded anew, and nothing of the old one is in its place any more. The next start
// knows that the button did it.
func TestAFoundingThatWasCutOffIsStillAReset(t *testing.T) {
	t.Parallel()
	h := used(t)
	h.lights()
	for _, file := range []string{h.database(), h.key()} {
		if err := os.Rename(file, file+".aside-abcdefgh"); err != nil {
			t.Fatal(err)
		}
	}
	h.start()
	h.shows("founded anew", slowly, "none 0")
	if claim := h.browser().must(200, "GET", "/status", nil).body["claim"].(obj); claim["again"] != false || claim["anew"] != true {
		t.Errorf("the claim is %v", claim)
	}
}

// R140 (i): a reset of a box that nobody ever owned is told by the light, and the page does not speak of what was kept.
func TestAResetOfANewBoxIsNoClaimAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lights()
	h.start()
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	h.restart()
	h.shows("reset, and started again", slowly, "none 0")
	if claim := h.browser().must(200, "GET", "/status", nil).body["claim"].(obj); claim["again"] != false || claim["anew"] != false || claim["label"] != true {
		t.Errorf("the claim is %v", claim)
	}
}

// A box without lights is nothing unusual: nothing is written for them.
func TestAHouseWithoutLightsKeepsNoFileOfThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 300})
	if f := owner.must(200, "GET", "/button", nil).body["feedback"].(obj); len(f) != 0 {
		t.Errorf("feedback is %v", f)
	}
	if _, err := os.Stat(filepath.Join(h.file.Data, "lights.json")); err == nil {
		t.Error("the file is there")
	}
}
