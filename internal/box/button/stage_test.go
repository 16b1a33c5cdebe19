package button_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"castellan/internal/box/button"
)

func TestAStageSaysWhatLettingGoWouldDo(t *testing.T) {
	means := map[button.Stage]button.Outcome{
		button.HeldShort: button.Presence, button.HeldLong: button.Nothing, button.ReleaseNow: button.Reset, button.HeldOver: button.Cancelled,
		button.NotHeld: button.Nothing,
	}
	times := button.DefaultTimes()
	rapid.Check(t, func(t *rapid.T) {
		held := time.Duration(rapid.IntRange(0, 59999).Draw(t, "ms")) * ms
		if stage := times.Stage(held); means[stage] != times.Outcome(held) {
			t.Fatalf("held %v: stage %d, but it means %s", held, stage, times.Outcome(held))
		}
		g, _, _ := button.NewGesture(times, false).Edge(down(0))
		for at, ok := g.Next(); ok && at <= held; at, ok = g.Next() {
			g, _, _ = g.At(at)
		}
		if g.Stage() != times.Stage(held) {
			t.Fatalf("held %v: told %d, is %d", held, g.Stage(), times.Stage(held))
		}
	})
}

func TestABounceChangesNoStage(t *testing.T) {
	g, _, _ := button.NewGesture(button.DefaultTimes(), false).Edge(down(0))
	for _, e := range []button.Edge{up(6000 * ms), down(6010 * ms), up(6020 * ms)} {
		if g, _, _ = g.Edge(e); g.Stage() != button.ReleaseNow {
			t.Errorf("at %v: %d", e.At, g.Stage())
		}
	}
	if g, _, _ = g.At(6050 * ms); g.Stage() != button.NotHeld {
		t.Errorf("afterwards: %d", g.Stage())
	}
}

// told is a stage and when it was told.
type told struct {
	stage button.Stage
	at    time.Duration
}

// listen runs a Button and returns the stages that it tells.
func listen(t *testing.T, source button.Source) (*button.Button, func() []told) {
	t.Helper()
	var mu sync.Mutex
	var got []told
	began := time.Now()
	b, _ := runWith(t, button.Config{Source: source, Stage: func(s button.Stage) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, told{s, time.Since(began)})
	}})
	return b, func() []told { mu.Lock(); defer mu.Unlock(); return slices.Clone(got) }
}

func TestTheFingerIsToldWhereItStands(t *testing.T) {
	whole := []told{
		{button.HeldShort, 50 * ms}, {button.HeldLong, 2 * time.Second}, {button.ReleaseNow, 5 * time.Second},
		{button.HeldOver, 10 * time.Second}, {button.NotHeld, 60 * time.Second},
	}
	for hold, stages := range map[time.Duration]int{30 * ms: 0, 200 * ms: 1, 3 * time.Second: 2, 6 * time.Second: 3, 11 * time.Second: 4, 2 * time.Minute: 5} {
		synctest.Test(t, func(t *testing.T) {
			b, got := listen(t, button.NewSimulation())
			if _, _, err := b.Hold(t.Context(), hold); err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(whole[:stages])
			if hold < time.Minute && stages > 0 {
				want = append(want, told{button.NotHeld, hold + 30*ms})
			}
			if !slices.Equal(got(), want) {
				t.Errorf("held %v: told %v, want %v", hold, got(), want)
			}
		})
	}
}

// A button that is turned off says nothing that it does not do. One that is tried says all of it.
func TestAButtonThatIsTurnedOffTellsNothing(t *testing.T) {
	for disabled, want := range map[bool]int{true: 0, false: 4} {
		synctest.Test(t, func(t *testing.T) {
			b, got := listen(t, button.NewSimulation())
			b.Follow(button.Choice{Disabled: disabled})
			b.Test()
			if _, _, err := b.Hold(t.Context(), 6*time.Second); err != nil || len(got()) != want {
				t.Errorf("turned off %v: told %v, %v", disabled, got(), err)
			}
		})
	}
}

// leaving is a line that is pressed and goes away.
type leaving struct{ edges chan button.Edge }

func (l leaving) Kind() button.Kind { return button.GPIO }
func (l leaving) Name() string      { return "line 5 of gpiochip0" }
func (l leaving) Open() (button.Line, error) {
	return button.Line{Edges: l.edges, Close: func() error { return nil }}, nil
}

func TestALineThatGoesAwayLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := leaving{make(chan button.Edge)}
		_, got := listen(t, l)
		l.edges <- down(0)
		time.Sleep(6 * time.Second)
		close(l.edges)
		synctest.Wait()
		if all := got(); len(all) != 4 || all[3].stage != button.NotHeld {
			t.Errorf("told %v", all)
		}
	})
}
