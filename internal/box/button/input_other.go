//go:build !linux

package button

import (
	"context"
	"errors"
)

var errOnlyLinux = errors.New("input devices can be read on Linux only. Use the simulated button")

// Open fails: only Linux has these input devices.
func (k InputKey) Open() (Line, error) { return Line{}, errOnlyLinux }

func openByRule() (InputKey, Line, error) { return InputKey{}, Line{}, errOnlyLinux }

// inputNews tells nothing.
func inputNews(context.Context) <-chan struct{} { return nil }

// hearKeys hears nothing.
func hearKeys(context.Context) (<-chan KeyEdge, []error) { return nil, nil }
