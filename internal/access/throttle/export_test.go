package throttle

// LanesForTest returns how many password lanes are kept.
func LanesForTest(t *Throttle) int { return len(t.passwords.lanes) }
