package button

import (
	"errors"
	"fmt"
	"sync"
)

// Board is a kind of box whose button is known.
type Board struct {
	Name   string
	Key    *InputKey // nil: it has no reset button
	Where  string    // its line and level, for people
	Advice string    // what to do where it has none
}

// Auto finds the button by itself: the one that this board is known to have, else the one device of the board that has
// the key for a restart, else a GPIO line that the integrator named. It binds to nothing else: on some boards another
// button sends what looks like a reset.
type Auto struct {
	board *Board
	line  Source

	mu    sync.Mutex
	found Source
}

// NewAuto returns an Auto for a board that is known, or nil, and a GPIO line, or nil.
func NewAuto(board *Board, line *GPIOLine) *Auto {
	a := &Auto{board: board}
	if line != nil {
		a.line = *line
	}
	return a
}

// Kind is that of the button which was found last.
func (a *Auto) Kind() Kind {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		return None
	}
	return a.found.Kind()
}

// Name is that of the button which was found last.
func (a *Auto) Name() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		return "the button"
	}
	return a.found.Name()
}

func (a *Auto) find(s Source) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found = s
}

// Open looks for the button and claims it.
func (a *Auto) Open() (Line, error) {
	s, line, err := a.ofBoard()
	if err != nil && a.line != nil {
		var wrong error
		if line, wrong = a.line.Open(); wrong != nil {
			a.find(a.line)
			return line, fmt.Errorf("%s. The line of the config file is no button either: %w", err.Error(), wrong)
		}
		s, err = a.line, nil
	}
	a.find(s)
	return line, err
}

// ofBoard claims a key of an input device. Its source is nil where nobody knows of any.
func (a *Auto) ofBoard() (Source, Line, error) {
	if a.board == nil {
		key, line, err := openByRule()
		if errors.Is(err, errNoKey) {
			return nil, Line{}, errUnknown
		}
		return key, line, err
	}
	if a.board.Key == nil {
		return nil, Line{}, fmt.Errorf("this NAS is a %s. %s To get back in without one, use castellan recover on the NAS itself", a.board.Name, a.board.Advice)
	}
	line, err := a.board.Key.Open()
	if err != nil {
		err = fmt.Errorf("%w. This NAS is a %s, with its button on %s", err, a.board.Name, a.board.Where)
	}
	return *a.board.Key, line, err
}

// errUnknown says that no button was found by rule, and what else there is.
var errUnknown = missing("no reset button was found on this NAS. If it has one, let the NAS learn it in Settings › Reset button. To get back in without one, use castellan recover on the NAS itself")

// ofInput reports whether a source looks among the input devices.
func ofInput(s Source) bool {
	switch s.(type) {
	case InputKey, *Auto:
		return true
	default:
		return false
	}
}
