// Package secret makes and keeps what must not be guessed or read: random tokens, keys derived from
// the device key, and sealed values.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// Token returns 256 random bits in 43 URL-safe characters, for cookies and links.
func Token() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Digest is what is kept of a token: whoever reads it cannot present it.
type Digest [sha256.Size]byte

// DigestOf hashes a token. A token has 256 random bits, so one round of SHA-256 is enough.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ID returns a random identifier of 128 bits in 26 lower-case letters and digits. It is a name, not a
// secret, and says nothing about order or number.
func ID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return idEncoding.EncodeToString(b[:])
}

// IDOf returns an identifier in the form of ID that is the same for the same text. Whoever knows what the text may
// be can find it out.
func IDOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return idEncoding.EncodeToString(sum[:16])
}

// Crockford's base 32: no i, l, o or u, so that what is read aloud or from a label is not misread.
const readableAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	readableLength = 12 // of 5 bits: 60 bits
	recoveryLength = 24 // of 5 bits: 120 bits
	readableGroup  = 4
)

// Readable returns a password of 60 random bits in groups, such as "k7qp-m2xd-9w3t".
func Readable() string { return grouped(readable(readableLength)) }

// RecoveryCode returns 120 random bits in six groups of capital letters and digits.
func RecoveryCode() string { return strings.ToUpper(grouped(readable(recoveryLength))) }

// FoldRecoveryCode brings what somebody typed as a recovery code into one form. Case, spaces and dashes are
// forgiven, and nothing else.
func FoldRecoveryCode(typed string) (folded string, ok bool) {
	folded = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(typed))
	return folded, len(folded) == recoveryLength && allReadable(folded)
}

func readable(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = readableAlphabet[b[i]&31]
	}
	return string(b)
}

func allReadable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(readableAlphabet, r) }) < 0
}

func grouped(s string) string {
	var parts []string
	for ; len(s) > readableGroup; s = s[readableGroup:] {
		parts = append(parts, s[:readableGroup])
	}
	return strings.Join(append(parts, s), "-")
}

// Reread undoes what people do to a Readable password when they type it from a label: upper case,
// spaces or no dashes, and the letters o, i and l for the digits they look like. Text that is not such a
// password comes back unchanged.
func Reread(typed string) string {
	folded := strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(typed))
	if len(folded) != readableLength || !allReadable(folded) {
		return typed
	}
	return grouped(folded)
}
