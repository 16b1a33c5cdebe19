package people_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/box/button"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// withButton gives the office a button from a source, which is watched until the test ends; keys are what it hears.
func (b *bench) withButton(source button.Source, keys <-chan button.KeyEdge) {
	b.t.Helper()
	b.Button = button.New(button.Config{
		Source: source, Times: button.DefaultTimes(), Log: slog.New(slog.DiscardHandler), Pressed: func(button.Press) (string, error) { return "", nil },
		Keys: func(context.Context) (<-chan button.KeyEdge, []error) { return keys, nil }, News: func(context.Context) <-chan struct{} { return nil },
	})
	ctx, stop := context.WithCancel(b.t.Context())
	done := make(chan error)
	go func() { done <- b.Button.Run(ctx) }()
	b.t.Cleanup(func() { stop(); <-done })
	<-b.Button.Tried()
}

func (b *bench) chosen() (s settings.Button) {
	b.t.Helper()
	if err := b.DB.View(func(tx *store.Tx) (err error) { s, err = settings.GetButton(tx); return err }); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// T28: whoever turns the button off has typed the name of the NAS, and it is recorded.
func TestTurningTheButtonOffTakesTheNameOfTheNAS(t *testing.T) {
	b := newBench(t)
	b.withButton(button.NewSimulation(), nil)
	for _, name := range []string{"", "nas", "castellan.local", "castellan castellan"} {
		if err := b.DisableButton(b.root, name); !errors.Is(err, people.ErrWrongName) || b.chosen().Disabled || b.Button.Status().Disabled {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := b.DisableButton(b.root, " Castellan "); err != nil || !b.chosen().Disabled || !b.Button.Status().Disabled {
		t.Fatalf("got %v, %+v", err, b.Button.Status())
	}
	if e := b.last(); e.Kind != event.ButtonDisabled || e.Actor != "admin" {
		t.Errorf("the event is %+v", e)
	}
	before := b.last().Number
	if err := b.DisableButton(b.root, "castellan"); err != nil || b.last().Number != before {
		t.Errorf("what changes nothing is recorded: %v", err)
	}
	if err := b.EnableButton(b.root); err != nil || b.chosen().Disabled || b.Button.Status().Disabled || b.last().Kind != event.ButtonEnabled {
		t.Errorf("got %v, %+v", err, b.last())
	}
}

func TestOnlyAdministratorsDecideAboutTheButton(t *testing.T) {
	b := newBench(t)
	b.withButton(button.NewAuto(&button.Board{Name: "box for tests"}, nil), nil)
	ines := b.own("ines", account.User)
	nobody := people.Actor{ID: ines.ID, Name: "ines"}
	for what, err := range map[string]error{
		"listen": b.ListenForButton(nobody), "choose": b.ChooseButton(nobody, nil), "test": b.TestButton(nobody),
		"off": b.DisableButton(nobody, "castellan"), "on": b.EnableButton(nobody),
	} {
		if !errors.Is(err, people.ErrRole) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s := b.Button.Status(); s.Learning != 0 || s.Testing != 0 || s.Disabled {
		t.Errorf("got %+v", s)
	}
}

// R140: what was not heard is not chosen; what was is stored, and the button is that one at once.
func TestTheButtonThatWasHeardIsChosen(t *testing.T) {
	b := newBench(t)
	keys := make(chan button.KeyEdge)
	b.withButton(button.NewAuto(&button.Board{Name: "box for tests"}, nil), keys)
	odd := button.InputKey{Device: "odd-keys", Key: 198}
	if err := b.ChooseButton(b.root, &odd); !errors.Is(err, button.ErrUnlike) || b.chosen().Device != "" {
		t.Errorf("before: %v", err)
	}
	if err := b.ListenForButton(b.root); err != nil || b.last().Kind != event.ButtonLearning || b.last().Get("for") != "1 min" {
		t.Fatalf("got %v, %+v", err, b.last())
	}
	for i, pressed := range []bool{true, false} {
		keys <- button.KeyEdge{InputKey: odd, Edge: button.Edge{Pressed: pressed, At: time.Duration(i) * time.Second}}
	}
	for range 3000 {
		if b.Button.CheckHeard(odd) == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := b.ChooseButton(b.root, &odd); err != nil || b.chosen() != (settings.Button{Device: "odd-keys", Key: 198}) {
		t.Fatalf("got %v, %+v", err, b.chosen())
	}
	if e := b.last(); e.Kind != event.ButtonChosen || e.Get("button") != `key 198 of "odd-keys"` {
		t.Errorf("the event is %+v", e)
	}
	if s := b.Button.Status(); !s.Learnt || s.Learning != 0 || s.Kind != button.Input {
		t.Errorf("got %+v", s)
	}
	if err := b.ChooseButton(b.root, nil); err != nil || b.chosen() != (settings.Button{}) || b.Button.Status().Learnt {
		t.Errorf("by itself again: %v, %+v", err, b.chosen())
	}
}

func TestATestOfTheButtonIsRecorded(t *testing.T) {
	b := newBench(t)
	b.withButton(button.NewSimulation(), nil)
	if err := b.TestButton(b.root); err != nil || b.last().Kind != event.ButtonTested || b.Button.Status().Testing == 0 {
		t.Errorf("got %v, %+v", err, b.last())
	}
	if err := b.ListenForButton(b.root); !errors.Is(err, button.ErrFixed) {
		t.Errorf("got %v", err)
	}
	b.withButton(nil, nil)
	if err := b.TestButton(b.root); !errors.Is(err, button.ErrAbsent) {
		t.Errorf("without one: %v", err)
	}
}
