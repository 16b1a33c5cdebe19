package button_test

import (
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/button"
)

// resting is a button of a box on which a reset is refused for so long, and what its finger is told.
func resting(t *testing.T, rest time.Duration) (*button.Button, func() []button.Press, func() []told) {
	t.Helper()
	began := time.Now()
	stages := make(chan told, 64)
	b, presses := runWith(t, button.Config{
		Source: button.NewSimulation(), Rest: func() time.Duration { return rest - time.Since(began) },
		Stage: func(s button.Stage) { stages <- told{s, time.Since(began)} },
	})
	return b, presses, func() (all []told) {
		for len(stages) > 0 {
			all = append(all, <-stages)
		}
		return all
	}
}

// R140: while resets are refused a hold does nothing, is said to do nothing, and everything else works.
func TestAHoldDoesNothingWhileAResetIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, presses, stages := resting(t, 10*time.Minute)
		if s := b.Status(); s.Rest != 10*time.Minute || !s.Works() {
			t.Errorf("at the start: %+v", s)
		}
		p, _, err := b.Hold(t.Context(), 6*time.Second)
		if want := (button.Press{Outcome: button.Nothing, Held: 6 * time.Second, Idle: button.IsResting, Means: button.Reset}); p != want || err != nil {
			t.Errorf("got %+v, %v", p, err)
		}
		for _, s := range stages() {
			if s.stage == button.ReleaseNow {
				t.Errorf("the finger was told to let go at %v", s.at)
			}
		}
		for hold, want := range map[time.Duration]button.Outcome{500 * ms: button.Presence, 3 * time.Second: button.Nothing, 11 * time.Second: button.Cancelled} {
			if p, _, _ := b.Hold(t.Context(), hold); p.Outcome != want || p.Idle != "" {
				t.Errorf("held %v: %+v", hold, p)
			}
		}
		time.Sleep(10 * time.Minute)
		if p, _, _ := b.Hold(t.Context(), 6*time.Second); p.Outcome != button.Reset || b.Status().Rest != 0 {
			t.Errorf("afterwards: %+v, for %v yet", p, b.Status().Rest)
		}
		if got := presses(); len(got) != 5 || got[0].Outcome == button.Reset {
			t.Errorf("acted upon: %+v", got)
		}
	})
}

// What the finger is told after five seconds is what comes of letting go, also where the refusal ends meanwhile.
func TestAHoldOverTheEndOfTheRestIsWhatTheFingerWasTold(t *testing.T) {
	for _, tc := range []struct {
		rest  time.Duration
		reset bool
	}{{4900 * ms, true}, {5100 * ms, false}, {6900 * ms, false}, {7100 * ms, false}} {
		synctest.Test(t, func(t *testing.T) {
			b, _, stages := resting(t, tc.rest)
			p, _, err := b.Hold(t.Context(), 7*time.Second)
			if err != nil || (p.Outcome == button.Reset) != tc.reset || (p.Idle == button.IsResting) == tc.reset {
				t.Errorf("rest of %v: %+v, %v", tc.rest, p, err)
			}
			warned := false
			for _, s := range stages() {
				warned = warned || s.stage == button.ReleaseNow
			}
			if warned != tc.reset {
				t.Errorf("rest of %v: told to let go %v, reset %v", tc.rest, warned, tc.reset)
			}
		})
	}
}

// A test shows what a press means, whether or not it would be refused just now.
func TestATestShowsTheWholeGestureWhileAResetIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, stages := resting(t, 10*time.Minute)
		b.Test()
		p, _, err := b.Hold(t.Context(), 6*time.Second)
		if err != nil || p.Idle != button.IsTest || p.Means != button.Reset {
			t.Errorf("got %+v, %v", p, err)
		}
		if all := stages(); len(all) != 4 || all[2].stage != button.ReleaseNow {
			t.Errorf("told %v", all)
		}
	})
}
