package clock

import "time"

// EarlierOrLater says how another time lies beside this one: "3 min 12 s earlier".
func EarlierOrLater(by time.Duration) string {
	if by < 0 {
		return Words(-by) + " earlier"
	}
	return Words(by) + " later"
}

// BackOrForward puts a move of the time into words: "3 min 12 s back".
func BackOrForward(by time.Duration) string {
	if by < 0 {
		return Words(-by) + " back"
	}
	return Words(by) + " forward"
}
