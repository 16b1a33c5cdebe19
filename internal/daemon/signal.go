package daemon

import (
	"path/filepath"

	"castellan/internal/access/claim"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/box/signal"
	"castellan/internal/event"
	"castellan/internal/store"
)

// lightsFile holds, in the data folder, what the lights of the box were, for after a crash.
const lightsFile = "lights.json"

// signals is the light and the beeper of this box.
func (d *Daemon) signals() *signal.Signal {
	c := d.Signal
	c.Keep, c.Boot, c.Log = filepath.Join(d.File.Data, lightsFile), clock.Boot(), d.Out
	return signal.New(c)
}

// stages are what the finger on the button is told.
var stages = map[button.Stage]signal.Moment{
	button.NotHeld: signal.LetGo, button.HeldShort: signal.Pressed, button.HeldLong: signal.Longer,
	button.ReleaseNow: signal.ReleaseNow, button.HeldOver: signal.Cancelled,
}

func (h *house) staged(s button.Stage) { h.signal.Tell(stages[s]) }

// greet shows that the box waits for its owner, where a reset has left it so. A house that was founded anew by the button
// tells here what the one before had no time for.
func (h *house) greet() {
	if h.refounded {
		h.refounded = false
		h.signal.Tell(signal.Restored)
		return
	}
	if h.db == nil {
		return
	}
	var owned, before bool
	var resets uint64
	err := h.db.View(func(tx *store.Tx) (err error) {
		if owned, before, err = claim.Owned(tx); err == nil {
			resets, _, err = claim.Resets(tx)
		}
		return err
	})
	if err != nil {
		h.Out.Error("find out who owns the box", "err", err)
	} else if !owned && (before || resets > 0) { // resets were not always counted
		h.signal.Tell(signal.Waiting)
	}
}

// heard takes in an event that was committed. It does not wait: whoever made the change does.
func (h *house) heard(e event.Event) {
	if e.Kind == event.Claimed {
		h.signal.Tell(signal.Claimed)
	}
	h.forward(e)
}

// counted is told every event, also those that are not recorded.
func (h *house) counted(e event.Event) { h.figures.Count(e) }
