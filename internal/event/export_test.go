package event

// Keep makes the log smaller.
func (l *Log) Keep(n uint64) { l.kept = n }
