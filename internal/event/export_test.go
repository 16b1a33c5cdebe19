package event

// Keep makes the log smaller.
func (l *Log) Keep(n uint64) { l.kept = n }

// KeepBytes makes the file of the log smaller.
func (l *Log) KeepBytes(n int64) { l.bytes = n }
