package reset_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/box/network"
	"castellan/internal/event"
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
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
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

// R140 (c) (d): where the file cannot be written anew the defaults are restored all the same, so the owner need not hold
// again; that something is left in the file is an event of its own, and the store takes it out later.
func TestAResetWhoseFileIsNotWrittenAnewIsDone(t *testing.T) {
	b, _ := newBench(t, &wire{done: true})
	inTheWay := filepath.Join(b.path+".compact", "something")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.isDone()
	if got := b.kinds(); got[0] != event.EraseFailed || got[1] != event.ResetDone {
		t.Errorf("events are %v", got)
	}
	if data, _ := os.ReadFile(b.path); !bytes.Contains(data, []byte("own-hash-canary")) {
		t.Fatal("the test proves nothing: the file holds nothing that was deleted")
	}
	if err := os.RemoveAll(filepath.Dir(inTheWay)); err != nil {
		t.Fatal(err)
	}
	if err := b.DB.Tidy(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(b.path); bytes.Contains(data, []byte("own-hash-canary")) {
		t.Error("the store took nothing out later")
	}
}

// R140 (c): what is restored is not told as a failure because its end cannot be noted.
func TestAResetWhoseEndCannotBeNotedIsDone(t *testing.T) {
	b, _ := newBench(t, &wire{done: true})
	b.Forget = func(context.Context) { _ = b.DB.Close() } // as if the disk went away then
	if err := b.Run(t.Context()); err != nil || b.Rest() != reset.RestTime {
		t.Errorf("%v, and a rest of %v", err, b.Rest())
	}
}

// isDone looks that a reset was done and noted, and that the rest began.
func (b *bench) isDone() {
	b.t.Helper()
	if got := b.account("admin").Password.Origin; got != account.Default {
		b.t.Errorf("the password is %v", got)
	}
	if now, later := b.Rest(), b.again("one").Rest(); now != reset.RestTime || later != reset.RestTime {
		b.t.Errorf("a rest of %v, after a restart %v", now, later)
	}
	kinds := len(b.kinds())
	if err := b.Resume(b.t.Context()); err != nil || len(b.kinds()) != kinds {
		b.t.Errorf("something is left to do: %v, %v", err, b.kinds())
	}
}

// R140 T30: a disk that is full keeps the owner out no more than one that is not.
func TestAResetOnAFullDiskIsDone(t *testing.T) {
	disk := t.TempDir()
	if said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "none", disk).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own wants root and Linux: %v %s", err, said)
	}
	t.Cleanup(func() { _ = exec.Command("umount", disk).Run() })
	b, _ := benchIn(t, disk, &wire{done: true})
	f, err := os.Create(filepath.Join(disk, "films"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.isDone()
	if got := b.kinds(); got[0] != event.EraseFailed {
		t.Errorf("the test proves nothing, events are %v", got)
	}
}

// R140: what was not done may be tried again at once.
func TestAResetThatFailsBeginsNoRest(t *testing.T) {
	b, _ := newBench(t, &wire{done: true})
	if err := b.DB.Update(func(tx *store.Tx) error { return reset.Begin(tx, b.passed, "one") }); err != nil || b.again("one").Rest() != reset.RestTime {
		t.Errorf("a box that was founded by the button: %v, %v", err, b.again("one").Rest())
	}
	if err := b.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); err == nil || b.Rest() > 0 {
		t.Errorf("%v, and a rest of %v", err, b.Rest())
	}
}
