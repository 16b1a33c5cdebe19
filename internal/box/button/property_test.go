package button_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"castellan/internal/box/button"
)

// expected says what presses a line's edges are, from all of them at once and by the time stamps alone. Releases shorter than
// Settle are bounces. What is down at the start, or for as long as Stuck, ends with the next release and means nothing.
func expected(times button.Times, pressed bool, edges []button.Edge) (presses []button.Press) {
	changes := changesOf(pressed, edges)
	if pressed && len(changes) > 0 {
		changes = changes[1:] // the release of what was down at the start
	}
	for i := 0; i+1 < len(changes); {
		began := changes[i].At
		end := i + 1
		stuck := func() bool { return changes[end].At-began >= times.Stuck }
		for !stuck() && end+2 < len(changes) && changes[end+1].At-changes[end].At < times.Settle {
			end += 2
		}
		// A line that is down again soon after its last release has not been released.
		open := end+2 == len(changes) && changes[end+1].At-changes[end].At < times.Settle
		if held := changes[end].At - began; !stuck() && !open && held >= times.ShortFrom {
			presses = append(presses, button.Press{Outcome: times.Outcome(held), Held: held})
		}
		i = end + 1
	}
	return presses
}

// changesOf leaves out edges that change nothing.
func changesOf(pressed bool, edges []button.Edge) (changes []button.Edge) {
	for _, e := range edges {
		if e.Pressed != pressed {
			pressed = e.Pressed
			changes = append(changes, e)
		}
	}
	return changes
}

// meant is what letting go means in a stage.
var meant = map[button.Stage]button.Outcome{
	button.HeldShort: button.Presence, button.HeldLong: button.Nothing, button.ReleaseNow: button.Reset, button.HeldOver: button.Cancelled,
}

// prove plays edges with the timer at work and compares every press with what is expected, and with what the finger was told
// when it let go.
func prove(t *testing.T, pressed bool, edges []button.Edge) {
	t.Helper()
	times := button.DefaultTimes()
	g := button.NewGesture(times, pressed)
	var got []button.Press
	var told button.Stage
	note := func(next button.Gesture, p button.Press, ended bool) {
		g = next
		if ended {
			if got = append(got, p); meant[told] != p.Outcome {
				t.Fatalf("told stage %d, and then %+v\npressed at the start %v, %v", told, p, pressed, edges)
			}
		}
		told = g.Stage()
	}
	for _, e := range edges {
		for at, ok := g.Next(); ok && at <= e.At; at, ok = g.Next() {
			note(g.At(at))
		}
		note(g.Edge(e))
	}
	for at, ok := g.Next(); ok; at, ok = g.Next() {
		note(g.At(at))
	}
	if want := expected(times, pressed, edges); !slices.Equal(got, want) {
		t.Fatalf("got  %+v\nwant %+v\npressed at the start %v, %v", got, want, pressed, edges)
	}
	if holds := len(changesOf(pressed, edges)); len(got)*2 > holds {
		t.Fatalf("%d outcomes of %d changes", len(got), holds)
	}
}

// lineOf makes the edges of a line: each step is the time until the next one and whether the line changes. Most changes bounce.
func lineOf(pressed bool, steps []uint16) (edges []button.Edge) {
	var now time.Duration
	for _, step := range steps {
		amount, kind := time.Duration(step>>3), step&7
		switch {
		case kind < 3:
			now += amount % 60 * ms // a contact that bounces, around Settle
		case kind < 5:
			now += amount % 200 * ms
		case kind == 5:
			now += (4900 + amount%200) * ms // the ends of the zones
		case kind == 6:
			now += (9900 + amount%200) * ms
		default:
			now += amount * 8 * ms // up to 65 s
		}
		if step&64 == 0 || kind < 3 {
			pressed = !pressed
		}
		edges = append(edges, button.Edge{Pressed: pressed, At: now})
	}
	return edges
}

// R140 (a): on tens of thousands of lines with bounces, no reset without a hold of 5 to 10 s by the time stamps and a release,
// never two outcomes of one hold, nothing of what was down at the start, and what the finger was told last is what happens.
func TestEveryPressIsWhatItsTimeStampsSay(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 140))
	resets := 0
	for range 50_000 {
		steps := make([]uint16, random.IntN(40))
		for i := range steps {
			steps[i] = uint16(random.Uint32())
		}
		pressed := random.IntN(4) == 0
		edges := lineOf(pressed, steps)
		prove(t, pressed, edges)
		for _, p := range expected(button.DefaultTimes(), pressed, edges) {
			if p.Outcome == button.Reset {
				resets++
			}
		}
	}
	if resets < 1000 {
		t.Errorf("the test proves little: %d resets", resets)
	}
}

func FuzzEveryPressIsWhatItsTimeStampsSay(f *testing.F) {
	f.Add(false, []byte{0, 7, 0, 5, 1, 0})
	f.Add(true, []byte{3, 7, 255, 255, 0, 5, 9, 1, 2, 0})
	f.Fuzz(func(t *testing.T, pressed bool, data []byte) {
		var steps []uint16
		for pair := range slices.Chunk(data[:min(len(data), 400)], 2) {
			steps = append(steps, uint16(pair[0])<<8|uint16(pair[len(pair)-1]))
		}
		prove(t, pressed, lineOf(pressed, steps))
	})
}
