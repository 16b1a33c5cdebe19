// Package fault holds the errors that may reach a person: a kind for programs to sort by, a code for
// programs to switch on, and a message that says what is so, then what to do.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts errors by what the caller can do about them.
type Kind uint8

// The kinds. The zero value is Internal: an error nobody thought of must not look like the caller's fault.
const (
	Internal        Kind = iota
	Malformed            // the request cannot be read
	Invalid              // the request can be read, but a value is not allowed
	Unauthenticated      // who is asking is not proved
	Forbidden            // who is asking is known, and may not
	NotFound
	Conflict // the request does not fit the state of things
	Gone     // it was there, and it lapsed or was used
	TooLarge
	Throttled   // too many tries; RetryIn says when to come back
	Unavailable // something the answer needs is not there right now

	kinds // how many there are
)

// Kinds lists every kind, for tables that must be complete.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Field says what is wrong with one value of a request.
type Field struct {
	Name    string // as the API calls it
	Code    string
	Message string
}

// Error is an error with words for a person. Rooms declare theirs as package variables beside the rule
// that raises them; two Errors are the same to errors.Is when their codes are equal.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  []Field
	RetryIn time.Duration // 0: no use in waiting
	Err     error         // for the log only
}

// Error gives the message and, for the log, the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Err = cause
	return &c
}

// Saying returns a copy of e with another message.
func (e *Error) Saying(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// After returns a copy of e that asks the caller to come back after d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryIn = d
	return &c
}

// InvalidField returns an error about one value of a request.
func InvalidField(name, code, message string) *Error {
	return InvalidFields(Field{Name: name, Code: code, Message: message})
}

// InvalidFields returns an error about several values of a request; its message is the first one's.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Message: fields[0].Message, Fields: fields}
}

// FieldsOf returns what an error says about values of a request; nothing for an error of another sort.
func FieldsOf(err error) []Field {
	var f *Error
	if errors.As(err, &f) {
		return f.Fields
	}
	return nil
}
