package signal_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/signal"
)

// The environment that has TestACrash run a Signal until it is killed: the folder of lights and the file.
const (
	treeOfChild = "CASTELLAN_TEST_LIGHTS"
	keepOfChild = "CASTELLAN_TEST_LIGHTS_KEPT"
)

// A program that is killed while the light says to let go leaves a light that is what it was as of the next start.
func TestACrashLeavesNoLightChanged(t *testing.T) {
	if root := os.Getenv(treeOfChild); root != "" {
		s := signal.New(signal.Config{Lights: root, Inputs: root, Keep: os.Getenv(keepOfChild), Boot: "a", Log: slog.New(slog.DiscardHandler)})
		s.Tell(signal.ReleaseNow)
		_ = s.Run(context.Background())
		return
	}
	k := newTree(t)
	k.light(green, nil)
	k.light(amber, map[string]string{"brightness": "0", "trigger": "none timer [heartbeat]\n"})
	child := exec.Command(os.Args[0], "-test.run=^TestACrashLeavesNoLightChanged$")
	child.Env = append(os.Environ(), treeOfChild+"="+k.root, keepOfChild+"="+k.keep)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); k.is(amber) != "timer 255 200 200"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the light is %q", k.is(amber))
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if k.is(green) != "none 0 500 500" || !k.kept() {
		t.Fatalf("killed, the light is %q, and the file is there: %v", k.is(green), k.kept())
	}
	synctest.Test(t, func(t *testing.T) {
		k.t = t
		_, stop := k.run()
		k.want("after the start", green, was)
		if got := k.is(amber); got != "heartbeat 255 200 200" && got != "heartbeat 0 200 200" {
			t.Errorf("after the start the amber light is %q", got)
		}
		stop()
	})
}

func TestWhatIsLeftOfACrashIsJudged(t *testing.T) {
	const left = `{"boot":"a","lights":{"nas:green:status":{"trigger":"heartbeat"},"../../etc/passwd":{"trigger":"none","brightness":"1"}}}`
	tests := map[string]struct{ boot, file, trigger, want string }{
		"of this run of the kernel":           {"a", left, "none [timer]", "heartbeat"},
		"of one before":                       {"b", left, "none [timer]", "timer"},
		"somebody has set the light up since": {"a", left, "none [disk-activity]", "disk-activity"},
		"a file that is no such file":         {"a", "{", "none [timer]", "timer"},
	}
	for name, tc := range tests {
		synctest.Test(t, func(t *testing.T) {
			k := newTree(t)
			k.light(green, map[string]string{"trigger": tc.trigger, "delay_on": absent, "delay_off": absent})
			if err := os.WriteFile(k.keep, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			s := k.signal(tc.boot)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _ = s.Run(ctx) }()
			k.want(name, green, tc.want+" 255")
			cancel()
			synctest.Wait()
			if k.kept() {
				t.Errorf("%s: the file is left", name)
			}
		})
	}
}
