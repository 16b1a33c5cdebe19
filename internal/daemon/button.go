package daemon

import (
	"os"
	"time"

	"castellan/internal/access/people"
	"castellan/internal/box/button"
	"castellan/internal/config"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// findButton has the button be what the owner decided.
func (h *house) findButton(tx *store.Tx) error {
	b, err := settings.GetButton(tx)
	h.button.Follow(people.ChoiceOf(b))
	return err
}

// board says where the button of this kind of box is, or nil: the kind is not known.
func (d *Daemon) board() *button.Board {
	b, known, err := config.BoardOf(config.Identify(os.DirFS("/")))
	if err != nil {
		d.Out.Error("look up the board", "err", err)
	}
	if !known {
		return nil
	}
	board := &button.Board{Name: b.Name, Advice: b.Advice}
	if b.Device != "" {
		board.Key, board.Where = &button.InputKey{Device: b.Device, Key: b.Key}, b.Line+", active "+b.Active
	}
	return board
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
			return button.NewAuto(d.board(), nil)
		}
		return button.NewAuto(d.board(), &line)
	default:
		return nil
	}
}
