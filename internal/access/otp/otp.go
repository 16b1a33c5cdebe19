// Package otp computes and compares the codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six
// digits and steps of 30 seconds, which is what every app understands. It keeps no state; spending a
// code once is the business of package factor.
package otp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"castellan/internal/fault"
)

const (
	// Period is the length of a step (RFC 6238 section 5.2).
	Period = 30 * time.Second
	// Digits is the length of a code.
	Digits = 6
	// Window is how many steps before and after the current one are accepted: clocks of phones drift, and
	// typing takes time.
	Window = 1
	// SecretSize is the length of a secret in bytes: 160 bits, as RFC 4226 recommends (R6).
	SecretSize = 20
)

// Secret is what a NAS and an authenticator device share.
type Secret []byte

// NewSecret returns a random secret.
func NewSecret() Secret {
	s := make(Secret, SecretSize)
	_, _ = rand.Read(s)
	return s
}

// Base32 returns the secret as people type it into an app: upper case, no padding.
func (s Secret) Base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s)
}

// ParseSecret reads what Base32 wrote.
func ParseSecret(text string) (Secret, error) {
	s, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return s, nil
}

// Code is six ASCII digits.
type Code string

// ErrMalformed says that a text cannot be a code at all. Such a text is no guess and is not counted.
var ErrMalformed = fault.InvalidField("code", "malformed", "A code has exactly 6 digits.")

// ParseCode returns text as a Code. Nothing is trimmed or folded: a code with a space in it is not a
// code, so that no variant of a used one slips past the check that it was used (CVE-2025-6014).
func ParseCode(text string) (Code, error) {
	if len(text) != Digits {
		return "", ErrMalformed
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return "", ErrMalformed
		}
	}
	return Code(text), nil
}

// Step numbers the periods since 1970. A device's codes are spent in the order of their steps.
type Step uint64

// StepAt returns the step in which t lies. Times before 1970 lie in step 0.
func StepAt(t time.Time) Step {
	return Step(max(t.Unix(), 0)) / Step(Period/time.Second)
}

// CodeAt returns the code that the secret gives in a step.
func (s Secret) CodeAt(step Step) Code {
	code, err := hotp.GenerateCodeCustom(s.Base32(), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		panic(err) // only a secret that is not base 32 fails
	}
	return Code(code)
}

// Match finds the step within the window around now whose code this is. Steps up to and including last
// were accepted before and never match again (RFC 6238 section 5.2). Every step of the window is
// computed and compared, so the time taken does not tell which matched.
func (s Secret) Match(code Code, now time.Time, last Step) (Step, bool) {
	return s.match(code, StepAt(now), Window, last)
}

// Lag tells how far the clock that showed a code is from now, for the explanation of a refused code. It
// looks within span on both sides; negative means behind. It explains and never accepts.
func (s Secret) Lag(code Code, now time.Time, span time.Duration) (time.Duration, bool) {
	middle := StepAt(now)
	steps := Step(span / Period)
	found, ok := s.match(code, middle, min(steps, middle), 0)
	return (time.Duration(found) - time.Duration(middle)) * Period, ok
}

func (s Secret) match(code Code, middle, span, last Step) (Step, bool) {
	var found Step
	hit := 0
	for step := middle - min(span, middle); step <= middle+span; step++ {
		same := subtle.ConstantTimeCompare([]byte(s.CodeAt(step)), []byte(code))
		if step > last && same == 1 && hit == 0 {
			found, hit = step, 1
		}
	}
	return found, hit == 1
}
