package signal_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/signal"
)

// tree is a folder of lights as the kernel has it. Its files keep what was written last.
type tree struct {
	t    *testing.T
	root string
	keep string
	log  *bytes.Buffer
}

func newTree(t *testing.T) *tree {
	t.Helper()
	dir := t.TempDir()
	return &tree{t, filepath.Join(dir, "leds"), filepath.Join(dir, "lights.json"), &bytes.Buffer{}}
}

// light makes a light. Its files are as the kernel shows them.
func (k *tree) light(name string, files map[string]string) {
	k.t.Helper()
	dir := filepath.Join(k.root, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		k.t.Fatal(err)
	}
	for file, text := range map[string]string{"max_brightness": "255\n", "brightness": "255\n", "trigger": "[none] timer heartbeat\n", "delay_on": "500\n", "delay_off": "500\n"} {
		if given, ok := files[file]; ok {
			text = given
		}
		if text == absent {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			k.t.Fatal(err)
		}
	}
}

const absent = "absent"

// is returns what a light's trigger, brightness and delays are.
func (k *tree) is(name string) string {
	k.t.Helper()
	var all []string
	for _, file := range []string{"trigger", "brightness", "delay_on", "delay_off"} {
		b, err := os.ReadFile(filepath.Join(k.root, name, file))
		if err != nil {
			continue
		}
		text := strings.TrimSpace(string(b))
		if _, rest, ok := strings.Cut(text, "["); ok {
			text, _, _ = strings.Cut(rest, "]")
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func (k *tree) want(when, name, want string) {
	k.t.Helper()
	synctest.Wait()
	if got := k.is(name); got != want {
		k.t.Errorf("%s, %s is %q, want %q", when, name, got, want)
	}
}

func (k *tree) signal(boot string) *signal.Signal {
	return signal.New(signal.Config{
		Lights: k.root, Inputs: filepath.Join(filepath.Dir(k.root), "input"), Keep: k.keep, Boot: boot, Log: slog.New(slog.NewTextHandler(k.log, nil)),
	})
}

// run has a Signal tell until the test or stop ends it.
func (k *tree) run() (s *signal.Signal, stop func()) {
	k.t.Helper()
	s = k.signal("a")
	ctx, cancel := context.WithCancel(k.t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := s.Run(ctx); err != nil {
			k.t.Error(err)
		}
	})
	stop = func() { cancel(); ended.Wait() }
	k.t.Cleanup(stop)
	synctest.Wait()
	return s, stop
}

// kept reports whether the file for after a crash is there.
func (k *tree) kept() bool {
	_, err := os.Stat(k.keep)
	return err == nil
}

const (
	green = "nas:green:status"
	amber = "nas:amber:status"
	was   = "none 255 500 500"
)

func TestAHoldIsShownAndTheLightIsWhatItWasAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, nil)
		s, stop := k.run()
		if f := s.Found(); f != (signal.Found{Light: green, Warning: green}) {
			t.Errorf("found %+v", f)
		}
		s.Tell(signal.Pressed)
		k.want("pressed", green, "none 0 500 500")
		time.Sleep(200 * time.Millisecond)
		k.want("after the blink", green, was)
		s.Tell(signal.Longer)
		k.want("longer", green, was)
		s.Tell(signal.ReleaseNow)
		k.want("let go now", green, "timer 255 200 200")
		s.Tell(signal.Cancelled)
		k.want("cancelled", green, "none 255 200 200") // the kernel's delays go with its blinking
		s.Tell(signal.ReleaseNow)
		s.Tell(signal.LetGo)
		k.want("let go", green, "none 255 200 200")
		if !k.kept() {
			t.Error("what the light was is not on the disk")
		}
		stop()
		if k.kept() {
			t.Error("the file is left")
		}
	})
}

func TestTheAmberLightSaysToLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, nil)
		k.light(amber, map[string]string{"brightness": "0"})
		s, _ := k.run()
		s.Tell(signal.ReleaseNow)
		k.want("let go now", amber, "timer 255 200 200")
		k.want("let go now", green, "none 0 500 500")
		s.Tell(signal.LetGo)
		k.want("let go", amber, "none 0 200 200")
		k.want("let go", green, was)
		s.Tell(signal.ReleaseNow)
		s.Tell(signal.LetGo)
		s.Tell(signal.Restored)
		k.want("restored", amber, "none 0 200 200")
		k.want("restored", green, "timer 255 1000 1000")
	})
}

func TestTheLightBlinksUntilTheBoxIsClaimed(t *testing.T) {
	for name, first := range map[string]signal.Moment{"after a reset": signal.Restored, "after a start": signal.Waiting} {
		synctest.Test(t, func(t *testing.T) {
			k := newTree(t)
			k.light(green, nil)
			s, _ := k.run()
			s.Tell(first)
			k.want(name, green, "timer 255 1000 1000")
			s.Tell(signal.Pressed)
			k.want("pressed", green, "none 0 1000 1000")
			time.Sleep(time.Second)
			k.want("after the blink", green, "timer 255 1000 1000")
			s.Tell(signal.Claimed)
			k.want("claimed", green, "none 255 1000 1000")
		})
	}
}

func TestAFailedResetBlinksFiveTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, map[string]string{"brightness": "0"})
		s, _ := k.run()
		s.Tell(signal.Failed)
		changes, last := 0, k.is(green)
		for range 300 {
			time.Sleep(5 * time.Millisecond)
			synctest.Wait()
			if now := k.is(green); now != last {
				changes, last = changes+1, now
			}
		}
		if changes != 10 { // five times on and off
			t.Errorf("the light changed %d times, want 10", changes)
		}
		k.want("afterwards", green, "none 0 500 500")
	})
}

// A kernel without the trigger for blinking has nothing that could be written there.
func TestALightWithoutTriggersBlinksByTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, map[string]string{"trigger": absent, "delay_on": absent, "delay_off": absent, "brightness": "0"})
		s, stop := k.run()
		s.Tell(signal.Waiting)
		var seen []string
		for range 4 {
			time.Sleep(time.Second)
			synctest.Wait()
			seen = append(seen, k.is(green))
		}
		if got := strings.Join(seen, " "); got != "0 255 0 255" && got != "255 0 255 0" {
			t.Errorf("got %s", got)
		}
		stop()
		k.want("stopped", green, "0")
	})
}

func TestABoxWithoutLightsTellsNothingAndWritesNothing(t *testing.T) {
	for name, have := range map[string]func(*tree){
		"no folder":          func(*tree) {},
		"no light":           func(k *tree) { _ = os.MkdirAll(k.root, 0o755) },
		"a light for a disk": func(k *tree) { k.light("nas:red:disk", nil); k.light("input3::capslock", nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newTree(t)
			have(k)
			s, stop := k.run()
			for m := signal.LetGo; m <= signal.Claimed; m++ {
				s.Tell(m)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if f := s.Found(); f != (signal.Found{}) || k.kept() || k.log.Len() != 0 {
				t.Errorf("%s: found %+v, file %v, log %s", name, f, k.kept(), k.log)
			}
			stop()
		})
	}
}

// A disk that sleeps delays the first change of a light. What is told too late would say what is not so any more.
func TestWhatComesTooLateIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, nil)
		s := k.signal("a")
		s.Tell(signal.Pressed)
		s.Tell(signal.ReleaseNow)
		time.Sleep(2 * signal.Stale)
		s.Tell(signal.LetGo)
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { _ = s.Run(ctx) })
		k.want("late", green, was)
		cancel()
		ended.Wait()
	})
}

// The button's goroutine never waits for a light, and what was told last counts.
func TestTellingNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		k.light(green, nil)
		s := k.signal("a")
		for range 1000 {
			s.Tell(signal.ReleaseNow)
		}
		s.Tell(signal.Waiting)
		s.Tell(signal.LetGo)
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { _ = s.Run(ctx) })
		time.Sleep(time.Minute)
		k.want("afterwards", green, "timer 255 1000 1000")
		cancel()
		ended.Wait()
	})
}

func TestALightThatComesLateIsFoundWithTheNextPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTree(t)
		s, _ := k.run()
		k.light(green, nil)
		s.Tell(signal.Pressed)
		k.want("pressed", green, "none 0 500 500")
		if f := s.Found(); f.Light != green {
			t.Errorf("found %+v", f)
		}
		time.Sleep(time.Second)
		if err := os.RemoveAll(k.root); err != nil { // and its driver may go
			t.Fatal(err)
		}
		s.Tell(signal.ReleaseNow)
		s.Tell(signal.LetGo)
		s.Tell(signal.Pressed)
		synctest.Wait()
		if f := s.Found(); f.Light != "" || k.log.Len() != 0 {
			t.Errorf("found %+v, log %s", f, k.log)
		}
	})
}
