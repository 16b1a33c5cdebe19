package session

// CountForTest returns how many tickets are kept.
func CountForTest(t *Tickets) int { return len(t.all) }
