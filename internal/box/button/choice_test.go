package button_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/button"
)

// nameless is a board that is known to have no button, so that no device of the machine that runs the test is taken for one.
var nameless = &button.Board{Name: "box for tests", Advice: "It has no button."}

// found runs a Button whose config file leaves open which it is; keys are what it hears while it
// listens, and unheard says what it does not.
func found(t *testing.T, keys <-chan button.KeyEdge, unheard ...error) (*button.Button, func() []button.Press) {
	t.Helper()
	return runWith(t, button.Config{
		Source: button.NewAuto(nameless, nil),
		Keys:   func(context.Context) (<-chan button.KeyEdge, []error) { return keys, unheard },
		News:   func(context.Context) <-chan struct{} { return nil },
	})
}

func TestATestShowsPressesAndDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, presses := run(t, button.NewSimulation())
		if err := b.CanTest(); err != nil {
			t.Fatal(err)
		}
		b.Test()
		if s := b.Status(); s.Testing != button.TestTime || s.Works() {
			t.Errorf("at the start: %+v", s)
		}
		p, _, err := b.Hold(t.Context(), 6*time.Second)
		want := button.Press{Outcome: button.Nothing, Held: 6 * time.Second, Idle: button.IsTest, Means: button.Reset}
		if p != want || err != nil {
			t.Errorf("got %+v, %v", p, err)
		}
		// One that outlasts the test began in it; the next counts again.
		time.Sleep(b.Status().Testing - time.Second)
		if p, _, _ := b.Hold(t.Context(), 6*time.Second); p.Idle != button.IsTest || p.Outcome != button.Nothing {
			t.Errorf("over the end: %+v", p)
		}
		if p, _, _ := b.Hold(t.Context(), 6*time.Second); p.Outcome != button.Reset || p.Idle != "" {
			t.Errorf("afterwards: %+v", p)
		}
		if got := presses(); len(got) != 3 || got[0].Outcome != button.Nothing || got[1].Outcome != button.Nothing {
			t.Errorf("acted upon: %+v", got)
		}
	})
}

// The disk has to wake for the event of a press; what is pressed meanwhile is still pressed in the test.
func TestAPressThatWaitsForTheDiskIsStillOneOfTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edges := make(chan button.Edge, 8)
		var got []button.Press
		b := button.New(button.Config{Source: fed(edges), Times: button.DefaultTimes(), Log: quiet, Pressed: func(p button.Press) (string, error) {
			got = append(got, p)
			if len(got) == 1 {
				time.Sleep(20 * time.Second)
			}
			return "", nil
		}})
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { _ = b.Run(ctx) })
		synctest.Wait()
		b.Test()
		time.Sleep(button.TestTime - 10*time.Second)
		now := button.TestTime - 10*time.Second
		edges <- down(now)
		time.Sleep(time.Second)
		edges <- up(now + time.Second)
		time.Sleep(time.Second)
		edges <- down(now + 2*time.Second)
		time.Sleep(6 * time.Second)
		edges <- up(now + 8*time.Second)
		time.Sleep(time.Minute)
		stop()
		ended.Wait()
		if len(got) != 2 || got[1].Held != 6*time.Second || got[1].Idle != button.IsTest || got[1].Outcome != button.Nothing {
			t.Errorf("got %+v", got)
		}
	})
}

// fed is a line whose edges a test gives.
type fed chan button.Edge

func (fed) Kind() button.Kind { return button.GPIO }
func (fed) Name() string      { return "a line for tests" }
func (f fed) Open() (button.Line, error) {
	return button.Line{Edges: f, Close: func() error { return nil }}, nil
}

func TestATestThatIsEndedArmsTheNextPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := run(t, button.NewSimulation())
		go func() { _, _, _ = b.Hold(t.Context(), 6*time.Second) }()
		time.Sleep(time.Second)
		b.Test() // a press that has begun
		time.Sleep(time.Second)
		b.EndTest()
		time.Sleep(10 * time.Second)
		if s := b.Status(); s.Last.Idle != button.IsTest {
			t.Errorf("a press that began before a test: %+v", s.Last)
		}
		if p, _, _ := b.Hold(t.Context(), 6*time.Second); p.Outcome != button.Reset {
			t.Errorf("afterwards: %+v", p)
		}
	})
}

// R140: turned off, the button does nothing, not even restore the administrator's defaults.
func TestAButtonThatIsTurnedOffDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, presses := run(t, button.NewSimulation())
		b.Follow(button.Choice{Disabled: true})
		for hold, means := range map[time.Duration]button.Outcome{500 * ms: button.Presence, 6 * time.Second: button.Reset} {
			p, _, err := b.Hold(t.Context(), hold)
			if want := (button.Press{Outcome: button.Nothing, Held: hold, Idle: button.IsDisabled, Means: means}); p != want || err != nil {
				t.Errorf("held %v: got %+v, %v", hold, p, err)
			}
		}
		if s := b.Status(); s.Works() || !s.Disabled || s.State != button.IsReleased {
			t.Errorf("got %+v", s)
		}
		b.Follow(button.Choice{})
		if p, _, _ := b.Hold(t.Context(), 6*time.Second); p.Outcome != button.Reset {
			t.Errorf("turned on: %+v", p)
		}
		if got := presses(); got[0].Outcome != button.Nothing || got[1].Outcome != button.Nothing {
			t.Errorf("acted upon: %+v", got)
		}
	})
}

// R140: the reset is never bound to a key that nobody has pressed.
func TestOnlyAKeyThatWasPressedAndReleasedIsLearnt(t *testing.T) {
	odd, other := button.InputKey{Device: "odd-keys", Key: 198}, button.InputKey{Device: "odd-keys", Key: 199}
	synctest.Test(t, func(t *testing.T) {
		keys := make(chan button.KeyEdge)
		b, presses := found(t, keys)
		if err := b.CheckHeard(odd); !errors.Is(err, button.ErrUnlike) {
			t.Errorf("before: %v", err)
		}
		b.Learn()
		synctest.Wait()
		if s := b.Status(); s.Learning != button.LearnTime || s.Works() || s.State != button.IsAbsent {
			t.Errorf("while listening: %+v", s)
		}
		keys <- button.KeyEdge{InputKey: other, Edge: up(0)} // down since before
		keys <- button.KeyEdge{InputKey: odd, Edge: down(time.Second)}
		keys <- button.KeyEdge{InputKey: odd, Edge: down(time.Second)}
		synctest.Wait()
		if l := b.Lesson(); len(l.Heard) != 1 || !l.Heard[0].Pressed || l.Heard[0].Presses != 0 {
			t.Errorf("while it is down: %+v", l)
		}
		if err := b.CheckHeard(odd); !errors.Is(err, button.ErrUnlike) {
			t.Errorf("while it is down: %v", err)
		}
		keys <- button.KeyEdge{InputKey: odd, Edge: up(7 * time.Second)}
		synctest.Wait()
		if l := b.Lesson(); l.Heard[0] != (button.Heard{InputKey: odd, Presses: 1, Held: 6 * time.Second}) {
			t.Errorf("afterwards: %+v", l)
		}
		if err := errors.Join(b.CheckHeard(odd)); err != nil || b.CheckHeard(other) == nil {
			t.Errorf("got %v", err)
		}
		if len(presses()) != 0 {
			t.Errorf("what was pressed to be learnt acted: %v", presses())
		}
		b.EndLearning()
		time.Sleep(time.Second)
		if s := b.Status(); s.Learning != 0 || b.Lesson().Left != 0 || b.CheckHeard(odd) != nil {
			t.Errorf("ended: %+v", s)
		}
		time.Sleep(button.LearnKept - 2*time.Second) // from the end on, of which a second is gone
		if err := b.CheckHeard(odd); err != nil {
			t.Errorf("within ten minutes: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := b.CheckHeard(odd); !errors.Is(err, button.ErrUnlike) {
			t.Errorf("too late: %v", err)
		}
	})
}

// Where the right key cannot be heard, pressing it tells nobody anything: the lesson says so.
func TestALessonSaysWhatItCannotHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unheard []error
		for n := range button.MaxHeard + 1 {
			unheard = append(unheard, fmt.Errorf("the daemon may not open device %d. Let it", n))
		}
		b, _ := found(t, nil, unheard...)
		b.Learn()
		synctest.Wait()
		if l := b.Lesson(); len(l.Unheard) != button.MaxHeard || l.Unheard[1] != "The daemon may not open device 1. Let it." {
			t.Errorf("got %q", l.Unheard)
		}
		b.EndLearning()
		if l := b.Lesson(); len(l.Unheard) != button.MaxHeard {
			t.Errorf("afterwards: %q", l.Unheard)
		}
		b.Learn()
		synctest.Wait()
		if l := b.Lesson(); len(l.Unheard) != button.MaxHeard {
			t.Errorf("once more: %q", l.Unheard)
		}
	})
}

func TestListeningEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, odd := make(chan button.KeyEdge), button.InputKey{Device: "odd-keys", Key: 198}
		b, _ := found(t, keys)
		b.Learn()
		synctest.Wait()
		keys <- button.KeyEdge{InputKey: odd, Edge: down(time.Second)}
		keys <- button.KeyEdge{InputKey: odd, Edge: up(2 * time.Second)}
		time.Sleep(button.LearnTime + time.Millisecond)
		synctest.Wait()
		if s := b.Status(); s.Learning != 0 || s.Problem == "" {
			t.Errorf("got %+v", s)
		}
		time.Sleep(button.LearnKept - time.Second)
		if err := b.CheckHeard(odd); err != nil {
			t.Errorf("within ten minutes after it ended: %v", err)
		}
		time.Sleep(time.Second)
		if err := b.CheckHeard(odd); !errors.Is(err, button.ErrUnlike) {
			t.Errorf("too late: %v", err)
		}
	})
}

func TestAFloodOfKeysIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := make(chan button.KeyEdge)
		b, _ := found(t, keys)
		b.Learn()
		synctest.Wait()
		for code := range uint16(100) {
			keys <- button.KeyEdge{InputKey: button.InputKey{Device: "x", Key: code + 1}, Edge: down(0)}
		}
		if n := len(b.Lesson().Heard); n != button.MaxHeard {
			t.Errorf("%d keys are kept", n)
		}
	})
}

func TestTheConfigFileLeavesNothingToLearn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := run(t, button.NewSimulation())
		odd := button.InputKey{Device: "odd-keys", Key: 198}
		if !errors.Is(b.CanLearn(), button.ErrFixed) || !errors.Is(b.CheckHeard(odd), button.ErrFixed) {
			t.Error("there is something to learn")
		}
		b.Follow(button.Choice{Key: &odd}) // learnt before the config file said otherwise
		if s := b.Status(); s.Kind != button.Simulated || s.Learnt || s.CanLearn {
			t.Errorf("got %+v", s)
		}
	})
}

func TestABoardWithoutAButtonSaysWhatToDo(t *testing.T) {
	a := button.NewAuto(nameless, nil)
	if _, err := a.Open(); err == nil || a.Kind() != button.None || !strings.Contains(err.Error(), "this NAS is a box for tests. It has no button.") || !strings.Contains(err.Error(), "castellan recover") {
		t.Errorf("got %v", err)
	}
	a = button.NewAuto(nameless, &button.GPIOLine{Chip: "gpiochip99", Line: "5"})
	if _, err := a.Open(); err == nil || a.Kind() != button.GPIO || !strings.Contains(err.Error(), "It has no button.") || !strings.Contains(err.Error(), "The line of the config file is no button either") {
		t.Errorf("got %v", err)
	}
	a = button.NewAuto(&button.Board{Name: "box with keys", Key: &button.InputKey{Device: "no such keys", Key: 408}, Where: "gpio1 5, active low"}, nil)
	if _, err := a.Open(); err == nil || a.Kind() != button.Input || !strings.Contains(err.Error(), "This NAS is a box with keys, with its button on gpio1 5, active low") {
		t.Errorf("got %v", err)
	}
}

func TestWhatWasLearntIsTheButton(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := found(t, nil)
		if s := b.Status(); s.Kind != button.None || !s.CanLearn || s.Learnt {
			t.Errorf("before: %+v", s)
		}
		b.Follow(button.Choice{Key: &button.InputKey{Device: "odd-keys", Key: 198}})
		time.Sleep(time.Second)
		if s := b.Status(); s.Kind != button.Input || s.Name != `key 198 of "odd-keys"` || !s.Learnt || s.Problem == "" {
			t.Errorf("got %+v", s)
		}
		b.Follow(button.Choice{})
		time.Sleep(time.Second)
		if s := b.Status(); s.Kind != button.None || s.Learnt {
			t.Errorf("found again by itself: %+v", s)
		}
	})
}
