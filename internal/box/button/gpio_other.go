//go:build !linux

package button

import "errors"

// Open fails: only Linux has the GPIO character device.
func (g GPIOLine) Open() (Line, error) {
	return Line{}, errors.New("GPIO lines can be read on Linux only. Use the simulated button.")
}
