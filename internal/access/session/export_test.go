package session

import "encoding/json"

// CountForTest returns how many tickets are kept.
func CountForTest(t *Tickets) int { return len(t.all) }

// RecordForTest returns a known browser as it is stored.
func RecordForTest(b Browser) []byte {
	data, err := json.MarshalIndent(browserRecord(b), "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

// EndingForTest returns how many sessions are marked as being ended.
func EndingForTest(s *Sessions) int { return len(s.ending) }
