//go:build kernel && linux

package kerneltest

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"castellan/internal/box/keeper"
	"castellan/internal/realtest"
)

// told is the probe's Time.
type told struct {
	Now                  time.Time
	RTC                  int64
	Elapsed, Boot, Awake time.Duration
	Synchronised         bool
	Keeper               keeper.Status
	Stepped              []time.Duration
}

func timeIn(t testing.TB, m *Machine) (now told) {
	t.Helper()
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/time", "")), &now); err != nil {
		t.Fatal(err)
	}
	return now
}

// awaitTime waits until the probe tells what is wanted.
func awaitTime(t testing.TB, m *Machine, what string, wanted func(told) bool) told {
	t.Helper()
	var now told
	for end := time.Now().Add(giveUp); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if now = timeIn(t, m); wanted(now) {
			return now
		}
	}
	t.Fatalf("%s: got %+v", what, now)
	return now
}

// probeFor is the probe for a processor.
func probeFor(t testing.TB, arch Arch) string {
	t.Helper()
	if arch == ARM64 {
		return binary(t)
	}
	realtest.Program(t, "go", installGo)
	to := filepath.Join(t.TempDir(), "probe")
	if err := compile(arch, "castellan/internal/kerneltest/probe", to); err != nil {
		t.Fatal(err)
	}
	return to
}

// near reports whether a time is at most some seconds after another.
func near(got, want time.Time) bool {
	return !got.Before(want.Add(-time.Second)) && got.Before(want.Add(20*time.Second))
}

// A box that wakes up in the year 2000 is set to 2039 and back to 2026, on a real kernel and its battery-backed clock. The
// program of 32 bits does as well as that of 64: its seconds end in 2038, those of the kernel do not.
func TestTheKeeperSetsARealClock(t *testing.T) {
	for _, arch := range []Arch{ARM64, ARM32} {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := Start(t, Config{Binary: probeFor(t, arch), Forwards: []int{port}, RTC: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
			at := awaitTime(t, m, "at the start", func(n told) bool { return n.Keeper.Who == keeper.Castellan })
			if at.Now.Year() != 2000 || at.Synchronised || !at.Keeper.MaySet {
				t.Errorf("got %+v", at)
			}
			for _, want := range []time.Time{time.Date(2039, 3, 4, 5, 6, 7, 0, time.UTC), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} {
				before, steps := timeIn(t, m), len(at.Stepped)
				request(t, m, "POST", fmt.Sprintf("/follow?jump&offset=%v", before.Now.Sub(want)), "")
				at = awaitTime(t, m, "set", func(n told) bool { return len(n.Stepped) > steps })
				if !near(at.Now, want) || !near(time.Unix(at.RTC, 0), want) || !at.Synchronised || at.Keeper.Who != keeper.Castellan {
					t.Errorf("want %v, got %+v, with the battery-backed clock at %v", want, at, time.Unix(at.RTC, 0).UTC())
				}
				time.Sleep(1200 * time.Millisecond) // no offset is taken for a second after a step
			}
			// A little is bent: the time since the start gains nothing, as nothing is gained by setting the clock.
			from := timeIn(t, m)
			request(t, m, "POST", "/follow?offset=-400ms", "")
			time.Sleep(4 * time.Second)
			after := timeIn(t, m)
			passed := after.Elapsed - from.Elapsed
			gained := after.Now.Sub(from.Now) - passed
			t.Logf("bent by %v within %v", gained, passed)
			if len(after.Stepped) != len(at.Stepped) || gained < 500*time.Microsecond || gained > passed/1000 {
				t.Errorf("the clock gained %v, stepped by %v", gained, after.Stepped)
			}
		})
	}
}

// R139: chrony makes up for a wrong clock by running it faster, and CLOCK_BOOTTIME with it. The time since the start must
// not run along.
func TestTheTimeSinceTheStartIsNotBent(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
	request(t, m, "POST", "/bend?tick=11000", "") // a tenth faster
	began := time.Now()
	before := timeIn(t, m)
	time.Sleep(3 * time.Second)
	after := timeIn(t, m)
	took := time.Since(began)
	elapsed, boot := after.Elapsed-before.Elapsed, after.Boot-before.Boot
	t.Logf("%v passed here, the time since the start went on by %v, CLOCK_BOOTTIME by %v", took, elapsed, boot)
	if ahead := boot - elapsed; ahead < 200*time.Millisecond || elapsed < 2900*time.Millisecond || elapsed > took+time.Second {
		t.Errorf("CLOCK_BOOTTIME is %v ahead", ahead)
	}
}

// The box sleeps: the time since the start goes on.
func TestTheTimeSinceTheStartGoesOnWhileTheBoxSleeps(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
	began := time.Now()
	var both []told
	if err := json.Unmarshal([]byte(request(t, m, "POST", "/sleep", "")), &both); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	before, after := both[0], both[1]
	elapsed, boot, awake := after.Elapsed-before.Elapsed, after.Boot-before.Boot, after.Awake-before.Awake
	t.Logf("%v passed here, %v in the box, which was awake for %v", took, elapsed, awake)
	if awake > boot-3*time.Second || (elapsed-boot).Abs() > 50*time.Millisecond || elapsed < 4*time.Second || elapsed > took+time.Second {
		t.Errorf("elapsed %v, CLOCK_BOOTTIME %v, awake %v, here %v", elapsed, boot, awake, took)
	}
}

// A virtual machine that its host pauses cannot know: no clock of its kernel goes on but the battery-backed one. SECURITY.md
// says so.
func TestAPausedMachineDoesNotNotice(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
	began := time.Now()
	before := timeIn(t, m)
	m.Pause(5 * time.Second)
	after := timeIn(t, m)
	took := time.Since(began)
	elapsed, boot, rtc := after.Elapsed-before.Elapsed, after.Boot-before.Boot, after.RTC-before.RTC
	t.Logf("%v passed here, the time since the start went on by %v, CLOCK_BOOTTIME by %v, the battery-backed clock by %d s", took, elapsed, boot, rtc)
	if unseen := took - 2*time.Second; elapsed > unseen || boot > unseen || rtc < 4 {
		t.Error("a pause is noticed: trusted time can be better than SECURITY.md says")
	}
}
