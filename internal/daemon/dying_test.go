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
	AfterDone      = "after all of it"
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
	h.reset.Network = dying{moment}
	elapsed := h.reset.Elapsed
	h.reset.Elapsed = func() time.Duration {
		if moment == BeforeDone {
			die()
		}
		return elapsed()
	}
	if err := h.restore(); (err != nil) != (moment == NetworkFails) {
		return err
	}
	die()
	return nil
}

// dying is a network service in which the process ends, or that does not answer.
type dying struct{ moment string }

func (d dying) RestoreAutomatic(context.Context) (bool, error) {
	switch d.moment {
	case BeforeNetwork:
		die()
	case NetworkFails:
		return false, errors.New("the network service does not answer")
	}
	return true, nil
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
