package throttle

// LanesForTest returns how many password lanes are kept.
func LanesForTest(t *Throttle) int { return len(t.passwords.lanes) }

// FreeForTest is how many tries a level leaves of those that are free.
func (l Level) FreeForTest(n int) int { return l.free(n) }
