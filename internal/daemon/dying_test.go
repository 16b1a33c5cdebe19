package daemon

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"castellan/internal/event"
)

// The moments of a reset at which a test ends the process.
const (
	BeforeSnapshot = "before the snapshot"
	BeforeCommit   = "after the snapshot, before the commit"
	AfterCommit    = "after the commit, before the file is written anew"
	Compacting     = "while the file is written anew"
	BeforeNetwork  = "before the network"
	NetworkFails   = "after the network failed"
	BeforeDone     = "before the reset is noted as finished"
	AfterDone      = "after all of it, but for the network"
)

// ResetAndDie resets a house as holding its button does, and ends this process at a moment of that, as the system ends one
// that it gives no time.
func ResetAndDie(c Config, moment string) error {
	h, err := New(c).build()
	if err != nil {
		return err
	}
	now, asked := h.reset.Now, 0
	h.reset.Now = func() time.Time {
		if asked++; moment == BeforeSnapshot || moment == BeforeCommit && asked == 2 {
			die()
		}
		return now()
	}
	h.log.Tee(func(e event.Event) {
		if moment == AfterCommit && e.Kind == event.ResetDone {
			die()
		}
	})
	if moment == Compacting {
		go dieOnceThereIs(h.databasePath() + ".compact")
	}
	h.reset.Network = dying{moment, new(int)}
	elapsed := h.reset.Elapsed
	h.reset.Elapsed = func() time.Duration {
		if moment == BeforeDone {
			die()
		}
		return elapsed()
	}
	if err := h.restore(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if moment != AfterDone {
		return h.reset.Follow(ctx)
	}
	die()
	return nil
}

// dying is a network service in which the process ends, at once or after it did not answer.
type dying struct {
	moment string
	asked  *int
}

func (d dying) RestoreWanted(context.Context, func() bool) (bool, error) {
	if *d.asked++; d.moment == BeforeNetwork || *d.asked > 1 {
		die()
	}
	return false, errors.New("the network service does not answer")
}

func dieOnceThereIs(path string) {
	for {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			die()
		}
	}
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
