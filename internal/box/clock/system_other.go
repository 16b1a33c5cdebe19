//go:build !linux

package clock

import "time"

var started = time.Now()

// Elapsed returns the time since the program started.
func Elapsed() time.Duration { return time.Since(started) }

// Boot is unknown here.
func Boot() string { return "" }

// Synchronised is unknown here.
func Synchronised() bool { return false }

// Kept takes the system's word for its clock.
func Kept() bool { return true }
