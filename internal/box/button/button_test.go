package button_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/button"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// run starts a Button in a synctest bubble and returns the presses it reports.
func run(t *testing.T, source button.Source) (*button.Button, func() []button.Press) {
	t.Helper()
	return runWith(t, button.Config{Source: source})
}

// runWith is run for a Button of which more is said than its source.
func runWith(t *testing.T, c button.Config) (*button.Button, func() []button.Press) {
	t.Helper()
	var mu sync.Mutex
	var got []button.Press
	c.Times, c.Log, c.Pressed = button.DefaultTimes(), quiet, func(p button.Press) (string, error) {
		mu.Lock()
		got = append(got, p)
		mu.Unlock()
		return "said of it", nil
	}
	b := button.New(c)
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); ended.Wait() })
	synctest.Wait()
	return b, func() []button.Press { mu.Lock(); defer mu.Unlock(); return got }
}

func TestHoldingTheSimulatedButton(t *testing.T) {
	for hold, want := range map[time.Duration]button.Outcome{
		200 * ms: button.Presence, 3 * time.Second: button.Nothing, 6 * time.Second: button.Reset, 11 * time.Second: button.Cancelled, 10 * ms: button.Nothing,
		2 * time.Minute: button.Nothing,
	} {
		words, reported := "said of it", 1
		switch {
		case hold < 50*ms:
			words, reported = "nothing, as that was too short for a finger", 0
		case hold > time.Minute:
			words, reported = "nothing, as a button that reads pressed for so long counts as stuck", 0
		}
		synctest.Test(t, func(t *testing.T) {
			b, presses := run(t, button.NewSimulation())
			p, said, err := b.Hold(t.Context(), hold)
			if err != nil || p.Outcome != want || said != words {
				t.Errorf("held %v: got %v, %q, %v; want %s", hold, p, said, err, want)
			}
			if got := presses(); len(got) != reported || reported > 0 && got[0].Outcome != want {
				t.Errorf("held %v: reported %v", hold, got)
			}
		})
	}
}

// What came of a press is told when all of it is done, however long that takes, and with what went wrong.
func TestHoldingWaitsForWhatThePressSetsOff(t *testing.T) {
	for name, failed := range map[string]error{"it goes well": nil, "it fails": errors.New("the disk is full")} {
		synctest.Test(t, func(t *testing.T) {
			acted := false
			b := button.New(button.Config{Source: button.NewSimulation(), Times: button.DefaultTimes(), Log: quiet, Pressed: func(button.Press) (string, error) {
				time.Sleep(20 * time.Second)
				acted = true
				return "", failed
			}})
			ctx, stop := context.WithCancel(t.Context())
			var ended sync.WaitGroup
			ended.Go(func() { _ = b.Run(ctx) })
			p, _, err := b.Hold(t.Context(), 6*time.Second)
			if p.Outcome != button.Reset || !errors.Is(err, failed) || !acted {
				t.Errorf("%s: got %v, %v, acted %v", name, p, err, acted)
			}
			stop()
			ended.Wait()
		})
	}
}

func TestTheStatusFollowsTheFinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := run(t, button.NewSimulation())
		if s := b.Status(); s.State != button.IsReleased || s.Kind != button.Simulated || !s.Works() || s.Last != nil {
			t.Errorf("at rest: %+v", s)
		}
		go func() { _, _, _ = b.Hold(t.Context(), 6*time.Second) }()
		time.Sleep(2500 * ms)
		if s := b.Status(); s.State != button.IsPressed || s.Held != 2500*ms {
			t.Errorf("while pressed: %+v", s)
		}
		time.Sleep(5 * time.Second)
		if s := b.Status(); s.State != button.IsReleased || s.Last == nil || s.Last.Outcome != button.Reset {
			t.Errorf("afterwards: %+v", s)
		}
	})
}

func TestAButtonHeldTooLongIsStuckUntilReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, presses := run(t, button.NewSimulation())
		go func() { _, _, _ = b.Hold(t.Context(), 2*time.Minute) }()
		time.Sleep(61 * time.Second)
		if s := b.Status(); s.State != button.IsStuck || s.Works() || !strings.Contains(s.Describe(), "stuck") {
			t.Errorf("got %+v", s)
		}
		time.Sleep(2 * time.Minute)
		if s := b.Status(); s.State != button.IsReleased || len(presses()) != 0 {
			t.Errorf("got %+v and presses %v", s, presses())
		}
	})
}

// late is a line whose driver comes with the third try.
type late struct{ tries int }

func (l *late) Kind() button.Kind { return button.GPIO }
func (l *late) Name() string      { return "line 5 of gpiochip0" }
func (l *late) Open() (button.Line, error) {
	if l.tries++; l.tries < 3 {
		return button.Line{}, errors.New("there is no line 5 of gpiochip0")
	}
	return button.Line{Edges: make(chan button.Edge), Close: func() error { return nil }}, nil
}

func TestALineThatComesLateIsClaimedThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := run(t, &late{})
		if s := b.Status(); s.State != button.IsAbsent || s.Describe() != "There is no line 5 of gpiochip0." || s.Works() {
			t.Errorf("before: %+v", s)
		}
		time.Sleep(time.Minute)
		if s := b.Status(); s.State != button.IsReleased {
			t.Errorf("after a minute: %+v", s)
		}
	})
}

func TestABoxWithoutAButtonSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := run(t, nil)
		if s := b.Status(); s.Kind != button.None || s.Works() || !strings.Contains(s.Describe(), "castellan recover") {
			t.Errorf("got %+v", s)
		}
		if _, _, err := b.Hold(t.Context(), time.Second); !errors.Is(err, button.ErrNotSimulated) {
			t.Errorf("got %v, want ErrNotSimulated", err)
		}
	})
}

func TestAPressThatIsGivenUpReleasesTheButton(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, presses := run(t, button.NewSimulation())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := b.Hold(ctx, 6*time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		if got := presses(); len(got) != 1 || got[0].Outcome != button.Presence {
			t.Errorf("got %v", got)
		}
	})
}

func TestAMissingLineIsExplained(t *testing.T) {
	for _, line := range []button.GPIOLine{{Chip: "gpiochip99", Line: "5"}, {Chip: "/dev/gpio-nas", Line: "reset"}, {Chip: "gpiochip99", Line: "RESET"}} {
		_, err := line.Open()
		if err == nil || !strings.ContainsAny(err.Error(), ".") || strings.Contains(err.Error(), "%!") {
			t.Errorf("%+v: got %v", line, err)
		}
	}
}
