package button

import (
	"strconv"
	"time"
)

// GPIOLine says which line of which GPIO chip the button is on.
type GPIOLine struct {
	Chip      string // path, name or label; empty: the first chip that has a line of this name
	Line      string // name, or number on the chip
	Bias      string // "pull-up", "pull-down", "disabled" or empty: as it is
	ActiveLow bool   // pressed pulls the line down
	Debounce  time.Duration
}

// Kind is GPIO.
func (g GPIOLine) Kind() Kind { return GPIO }

// Name says where the line is.
func (g GPIOLine) Name() string {
	line := "line " + g.Line
	if _, err := strconv.Atoi(g.Line); err != nil {
		line = "line " + strconv.Quote(g.Line)
	}
	if g.Chip == "" {
		return line
	}
	return line + " of " + g.Chip
}
