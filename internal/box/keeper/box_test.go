package keeper_test

import (
	"context"
	"io/fs"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"castellan/internal/box/keeper"
)

// box is a machine whose kernel keeps the books of its clock as Linux does. No test may set the clock of the machine
// it runs on; the real calls are tried on a kernel of their own, see internal/kerneltest.
type box struct {
	mu      sync.Mutex
	start   time.Time
	slept   time.Duration
	off     time.Duration // the system clock less true time
	sync    bool
	most    time.Duration // the maximum error when it was last written
	written time.Time
	right   bool
	refuses bool
	steps   []time.Duration
	slews   []time.Duration
	told    []time.Duration
	rtc     int
}

func newBox() *box {
	return &box{start: time.Now(), off: -3 * time.Hour, right: true}
}

func (b *box) Look() (keeper.Kernel, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := time.Since(b.start) + b.slept
	most := b.most + time.Since(b.written)/2000 // 500 parts in a million
	return keeper.Kernel{
		At: at, Slept: b.slept, Base: time.Duration(b.start.UnixNano()) + b.off, Synchronised: b.sync && most < 16*time.Second,
		MaxError: most, MaySet: b.right,
	}, nil
}

// declare needs mu.
func (b *box) declare(most time.Duration) { b.sync, b.most, b.written = true, most, time.Now() }

func (b *box) Step(by, most time.Duration, rtc bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses {
		return syscall.EPERM
	}
	b.off += by
	b.steps = append(b.steps, by)
	b.declare(most)
	if rtc {
		b.rtc++
	}
	return nil
}

func (b *box) Slew(by, most time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses {
		return syscall.EPERM
	}
	b.slews = append(b.slews, by)
	b.declare(most)
	return nil
}

// change does something to the box beside the Keeper.
func (b *box) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// hand is another who sets the clock right.
func (b *box) hand() { b.change(func() { b.declare(10 * time.Millisecond) }) }

// noBus is the address of a bus on which nobody listens.
const noBus = "unix:path=/nonexistent"

// alone is a file system on which nobody keeps the clock.
func alone() fstest.MapFS { return fstest.MapFS{"proc/1/comm": file("init\n")} }

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// run runs a Keeper of the box inside a bubble until the test ends.
func run(t *testing.T, b *box, root fs.FS) *keeper.Keeper {
	t.Helper()
	k := keeper.New(keeper.Config{
		Hands: b, Root: root, Bus: noBus, Out: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Stepped: func(by time.Duration) { b.told = append(b.told, by) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return k
}

func follow(k *keeper.Keeper, offset time.Duration, jump bool) {
	k.Follow(offset, 0, jump)
	synctest.Wait()
}
