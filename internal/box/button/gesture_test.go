package button_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"castellan/internal/box/button"
)

const ms = time.Millisecond

// play feeds edges, then lets a minute and more pass, and returns the presses that ended.
func play(g button.Gesture, edges ...button.Edge) (presses []button.Press) {
	note := func(p button.Press, ended bool) {
		if ended {
			presses = append(presses, p)
		}
	}
	var last time.Duration
	for _, e := range edges {
		var p button.Press
		var ended bool
		g, p, ended = g.Edge(e)
		note(p, ended)
		last = e.At
	}
	for range 4 {
		if at, ok := g.Next(); ok {
			last = max(last, at)
		}
		var p button.Press
		var ended bool
		g, p, ended = g.At(last)
		note(p, ended)
	}
	return presses
}

func down(at time.Duration) button.Edge { return button.Edge{Pressed: true, At: at} }
func up(at time.Duration) button.Edge   { return button.Edge{At: at} }

// R140 (a)
func TestWhatAPressMeansIsDecidedOnRelease(t *testing.T) {
	tests := []struct {
		held time.Duration
		want button.Outcome // empty: no press at all
	}{
		{20 * ms, ""}, {49 * ms, ""}, {50 * ms, button.Presence}, {200 * ms, button.Presence}, {1999 * ms, button.Presence},
		{2000 * ms, button.Nothing}, {4900 * ms, button.Nothing}, {4999 * ms, button.Nothing},
		{5000 * ms, button.Reset}, {6 * time.Second, button.Reset}, {9999 * ms, button.Reset},
		{10000 * ms, button.Cancelled}, {30 * time.Second, button.Cancelled}, {61 * time.Second, ""},
	}
	for _, tc := range tests {
		got := play(button.NewGesture(button.DefaultTimes(), false), down(time.Second), up(time.Second+tc.held))
		switch {
		case tc.want == "" && len(got) != 0:
			t.Errorf("held %v: got %v, want nothing at all", tc.held, got)
		case tc.want != "" && (len(got) != 1 || got[0] != button.Press{Outcome: tc.want, Held: tc.held}):
			t.Errorf("held %v: got %v, want one %s", tc.held, got, tc.want)
		}
	}
}

// R140 (a)
func TestALineThatReadsPressedAtTheStartIsNotArmed(t *testing.T) {
	g := button.NewGesture(button.DefaultTimes(), true)
	if got := play(g, up(6*time.Second)); len(got) != 0 {
		t.Errorf("released after 6 s from the start: %v", got)
	}
	if got := play(g, up(6*time.Second), down(7*time.Second), up(13*time.Second)); len(got) != 1 || got[0].Outcome != button.Reset {
		t.Errorf("after the release it is not armed: %v", got)
	}
}

func TestBouncesAreOnePress(t *testing.T) {
	got := play(button.NewGesture(button.DefaultTimes(), false),
		down(0), up(3*ms), down(5*ms), up(8*ms), down(20*ms), // a contact that bounces when it closes
		up(6000*ms), down(6004*ms), up(6009*ms), down(6011*ms), up(6020*ms)) // and when it opens
	if len(got) != 1 || got[0] != (button.Press{Outcome: button.Reset, Held: 6020 * ms}) {
		t.Errorf("got %v, want one reset of 6.02 s", got)
	}
}

func TestTwoPressesAreTwoPresses(t *testing.T) {
	got := play(button.NewGesture(button.DefaultTimes(), false), down(0), up(300*ms), down(400*ms), up(600*ms))
	if len(got) != 2 || got[0].Held != 300*ms || got[1].Held != 200*ms {
		t.Errorf("got %v", got)
	}
}

func TestMissedEdgesEndWhatWasGoingOn(t *testing.T) {
	g, _, _ := button.NewGesture(button.DefaultTimes(), false).Edge(down(0))
	if got := play(g.Lost(true), up(6*time.Second)); len(got) != 0 {
		t.Errorf("a hold with a gap in it counted: %v", got)
	}
	if got := play(g.Lost(false), up(6*time.Second)); len(got) != 0 {
		t.Errorf("a release with a gap before it counted: %v", got)
	}
}

// R140 (a): whatever the line does, a reset takes a release after 5 to 10 s of holding.
func TestNoResetWithoutAHoldAndARelease(t *testing.T) {
	times := button.DefaultTimes()
	rapid.Check(t, func(t *rapid.T) {
		g := button.NewGesture(times, rapid.Bool().Draw(t, "pressed at start"))
		level := g.Held(0) != 0
		now := time.Duration(0)
		var edges []button.Edge
		for range rapid.IntRange(1, 60).Draw(t, "edges") {
			now += time.Duration(rapid.OneOf(rapid.IntRange(0, 60), rapid.IntRange(0, 12000), rapid.IntRange(55000, 65000)).Draw(t, "ms")) * ms
			if !rapid.Bool().Draw(t, "same level again") {
				level = !level
			}
			edges = append(edges, button.Edge{Pressed: level, At: now})
		}
		for _, p := range play(g, edges...) {
			if p.Outcome != times.Outcome(p.Held) || p.Held < times.ShortFrom || p.Held > times.Stuck {
				t.Fatalf("%v from %v", p, edges)
			}
			if p.Outcome == button.Reset && !heldFor(edges, p.Held, times.Settle) {
				t.Fatalf("a reset out of nothing: %v from %v", p, edges)
			}
		}
	})
}

// heldFor reports whether the line was down from one edge to another that lie held apart, with no gap as
// long as settle between.
func heldFor(edges []button.Edge, held, settle time.Duration) bool {
	for i, first := range edges {
		if !first.Pressed {
			continue
		}
		open := time.Duration(-1)
		for _, e := range edges[i:] {
			if e.Pressed {
				if open >= 0 && e.At-open >= settle {
					break
				}
				open = -1
				continue
			}
			if open < 0 {
				open = e.At
			}
			if e.At-first.At == held {
				return true
			}
		}
	}
	return false
}
