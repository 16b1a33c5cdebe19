package daemon

import (
	"time"

	"castellan/internal/access/people"
	"castellan/internal/box/button"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// findButton has the button be what the owner decided.
func (h *house) findButton(tx *store.Tx) error {
	b, err := settings.GetButton(tx)
	h.button.Follow(people.ChoiceOf(b))
	return err
}

// buttonSource returns the button of the integrator's file, or nil.
func (d *Daemon) buttonSource() button.Source {
	b := d.File.Button
	line := button.GPIOLine{Chip: b.Chip, Line: b.Line, Bias: b.Bias, ActiveLow: b.Active == "low", Debounce: time.Duration(b.Debounce)}
	switch b.Source {
	case "simulated":
		return button.NewSimulation()
	case "gpio":
		return line
	case "input":
		return button.InputKey{Device: b.Device, Key: b.Key}
	case "auto":
		if b.Line == "" {
			return button.NewAuto(nil, nil)
		}
		return button.NewAuto(nil, &line)
	default:
		return nil
	}
}
