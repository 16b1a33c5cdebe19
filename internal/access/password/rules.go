package password

import (
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"castellan/internal/fault"
)

// The rules for new passwords (NIST SP 800-63B-4 section 3.1.1.2): length is all that counts. There is no
// rule about kinds of characters, and passwords do not age.
const (
	MinAlone  = 15 // code points, where the password is the only factor
	MinBeside = 8  // beside a second factor
	Max       = 128
)

// Min returns the fewest code points that a new password may have.
func Min(secondFactor bool) int {
	if secondFactor {
		return MinBeside
	}
	return MinAlone
}

// Length counts a password as the rules do: in code points after NFC normalisation.
func Length(password string) int { return utf8.RuneCountInString(norm.NFC.String(password)) }

// tooLong keeps huge texts away from normalisation and hashing. A code point has at most four bytes,
// and NFC never makes one out of more than a few.
func tooLong(password string) bool { return len(password) > 16*Max || Length(password) > Max }

// CheckTyped refuses what is longer than any password can be, before anything is spent on it.
func CheckTyped(password string) error {
	if tooLong(password) {
		return fault.InvalidField("password", "too_long", "At most "+strconv.Itoa(Max)+" characters. Shorten it.")
	}
	return nil
}

// Check reports why a new password is not good enough and how to do better, as an error about the field "password".
// around are words that anybody would try for this account or on this box.
func Check(password string, secondFactor bool, around ...string) error {
	if err := CheckTyped(password); err != nil {
		return err
	}
	least := Min(secondFactor)
	switch {
	case !utf8.ValidString(password):
		return fault.InvalidField("password", "malformed", "The password holds bytes that are no text. Type it again.")
	case Length(password) < least:
		return fault.InvalidField("password", "too_short", "At least "+strconv.Itoa(least)+" characters. Several words in a row are easy to remember.")
	case Common(password, around...):
		return fault.InvalidField("password", "blocklisted", "This is one of the passwords that are tried first. Choose several words that do not belong together.")
	}
	return nil
}

// ErrReused refuses the password that was only meant to be replaced.
var ErrReused = fault.InvalidField("password", "reused", "This is the password that was given to you. Choose one that only you know.")
