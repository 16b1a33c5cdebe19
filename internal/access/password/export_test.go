package password

import "context"

// NewGateForTest returns the way into a new gate.
func NewGateForTest() func(context.Context) (func(), error) { return newGate().enter }
