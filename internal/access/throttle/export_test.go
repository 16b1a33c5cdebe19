package throttle

// LanesForTest returns how many password lanes are kept.
func LanesForTest(t *Throttle) int { return len(t.passwords.lanes) }

// NamesForTest returns how many lanes of names are kept.
func NamesForTest(t *Throttle) int { return len(t.accounts.lanes) }

// FreeForTest is how many tries a level leaves of those that are free.
func (l Level) FreeForTest(n int) int { return l.free(n) }
