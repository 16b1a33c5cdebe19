package clock

import "time"

// BackOrForward puts a move of the time into words: "3 min 12 s back".
func BackOrForward(by time.Duration) string {
	if by < 0 {
		return Words(-by) + " back"
	}
	return Words(by) + " forward"
}
