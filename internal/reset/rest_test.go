package reset_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/box/network"
	"castellan/internal/reset"
	"castellan/internal/store"
)

// again is the reset of a program that was started again, in the same run of the kernel or in another one.
func (b *bench) again(boot string) *reset.Reset {
	b.t.Helper()
	c := b.Config
	c.Boot = boot
	r := reset.New(c)
	if err := b.DB.View(r.Load); err != nil {
		b.t.Fatal(err)
	}
	return r
}

// R140: a finished reset begins a rest, which a restart of the program does not end and a start of the kernel does.
func TestAFinishedResetBeginsARest(t *testing.T) {
	b, _ := newBench(t, network.Unmanaged{})
	if left := b.Rest(); left > 0 {
		t.Errorf("before any reset: %v", left)
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := b.Rest(); left != reset.RestTime {
		t.Errorf("at once: %v", left)
	}
	b.passed += 3 * time.Minute
	if left := b.again("one").Rest(); left != 7*time.Minute {
		t.Errorf("after a restart: %v", left)
	}
	for _, boot := range []string{"two", ""} {
		if left := b.again(boot).Rest(); left > 0 {
			t.Errorf("after a start of the kernel, named %q: %v", boot, left)
		}
	}
	b.passed += 7 * time.Minute
	if left := b.Rest(); left > 0 {
		t.Errorf("after ten minutes: %v", left)
	}
	b.passed = time.Minute // the clock of another kernel that could not be told apart
	if left := b.again("one").Rest(); left > 0 {
		t.Errorf("on a clock that is behind: %v", left)
	}
}

// R140: what did not finish may be tried again at once.
func TestAResetThatFailsBeginsNoRest(t *testing.T) {
	w := &wire{broken: errors.New("the network service does not answer"), done: true}
	b, _ := newBench(t, w)
	if err := b.Run(t.Context()); err == nil || b.Rest() > 0 || b.again("one").Rest() > 0 {
		t.Errorf("%v, and a rest of %v", err, b.Rest())
	}
	w.broken = nil
	b.passed += time.Hour
	if err := b.Resume(t.Context()); err != nil || b.Rest() != reset.RestTime {
		t.Errorf("%v, and a rest of %v", err, b.Rest())
	}
	b.passed += reset.RestTime
	if err := b.DB.Update(func(tx *store.Tx) error { return reset.Begin(tx, b.passed, "one") }); err != nil || b.again("one").Rest() != reset.RestTime {
		t.Errorf("a box that was founded by the button: %v, %v", err, b.again("one").Rest())
	}
}
