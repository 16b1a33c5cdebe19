package syslog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Severity says how urgent a message is (RFC 5424 section 6.2.1).
type Severity int

// The severities that are used.
const (
	Error         Severity = 3
	Warning       Severity = 4
	Informational Severity = 6
)

// facility is that of security messages, which only few may read (authpriv).
const facility = 10

// Message is one line for a server.
type Message struct {
	Severity Severity
	Time     time.Time
	Synced   bool   // the time is known for certain
	Host     string // the name of the box
	ID       string // the kind of message, up to 32 characters of ASCII
	Sequence uint64 // a number that grows, so that a gap shows; 0: none
	Text     string // ASCII, so that it needs no mark of its encoding
}

// String returns the message in the form of RFC 5424.
func (m Message) String() string {
	data := fmt.Sprintf(`[timeQuality tzKnown="1" isSynced="%d"]`, map[bool]int{true: 1}[m.Synced])
	if m.Sequence > 0 {
		// It has 31 bits and begins anew at 1 (RFC 5424 section 7.3.1).
		data += fmt.Sprintf(`[meta sequenceId="%d"]`, (m.Sequence-1)%(1<<31-1)+1)
	}
	return fmt.Sprintf("<%d>1 %s %s castellan - %s %s %s", facility*8+int(m.Severity), m.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		word(m.Host, 255), word(m.ID, 32), data, printable(m.Text))
}

// frame returns the message with its length before it (RFC 5425 section 4.3).
func (m Message) frame() []byte {
	text := m.String()
	return append(strconv.AppendInt(nil, int64(len(text)), 10), " "+text...)
}

// word makes one field of the header.
func word(text string, longest int) string {
	text = strings.ReplaceAll(printable(text), " ", "_")
	if text == "" {
		return "-"
	}
	return text[:min(len(text), longest)]
}

// printable replaces all that is not a letter of printed ASCII.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
