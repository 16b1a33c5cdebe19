package event

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// matcher tells what a query looks for.
type matcher struct {
	Query
	who   string
	words []string
	parts []string // of the words, see split
	lower []byte
}

func matcherOf(q Query) matcher {
	return matcher{Query: q, who: fold(q.Who), words: strings.Fields(fold(q.Text)), parts: split(fold(q.Text))}
}

func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// names returns who acted and whose account an event is about, folded.
func (e Event) names() (names []string) {
	for _, name := range []string{fold(e.Actor), fold(e.Get("account"))} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (m *matcher) kind(k Kind) bool {
	return (m.Area == "" || k.Area() == m.Area) && (m.Kind == "" || k == m.Kind) && (m.Outcome == "" || k.may(m.Outcome))
}

// event reports whether an event is looked for.
func (m *matcher) event(e Event) bool {
	switch {
	case !m.kind(e.Kind), m.Outcome != "" && e.Outcome() != m.Outcome:
		return false
	case !m.From.IsZero() && e.Time.Before(m.From), !m.To.IsZero() && !e.Time.Before(m.To):
		return false
	case m.who != "" && !slices.Contains(e.names(), m.who):
		return false
	case len(m.words) == 0:
		return true
	}
	text := fold(e.text())
	return !slices.ContainsFunc(m.words, func(word string) bool { return !strings.Contains(text, word) })
}

// text is everything about an event that can be searched.
func (e Event) text() string {
	parts := []string{e.Message(), e.Actor, e.Address, e.Agent, e.Request, string(e.Kind)}
	for _, d := range e.Details {
		parts = append(parts, d.Value)
	}
	return strings.Join(parts, "\n")
}

// block reports whether a block can hold something that is looked for.
func (m *matcher) block(i index) bool {
	switch {
	case i.lost:
		return true
	case !m.From.IsZero() && i.Newest.Before(m.From), !m.To.IsZero() && !i.Oldest.Before(m.To):
		return false
	case m.who != "" && !slices.Contains(i.Names, m.who):
		return false
	}
	return slices.ContainsFunc(i.Kinds, m.kind)
}

// line reads a line of a block and reports whether it is looked for. What cannot be is not read: it comes back
// with no more than its number and about its time.
func (m *matcher) line(n uint64, line []byte, i index) (e Event, matches bool) {
	if !m.mayBe(line) {
		return Event{Number: n, Time: i.Oldest}, false
	}
	var r record
	if json.Unmarshal(line, &r) != nil {
		r = record{Kind: Unreadable, Time: i.Oldest}
	}
	e = r.event(n)
	return e, m.event(e)
}

// mayBe compares a line with what is looked for as it is kept, which is much quicker than reading it. It is
// never wrong when it says no.
func (m *matcher) mayBe(line []byte) bool {
	_, rest, _ := bytes.Cut(line, []byte(`"kind":"`))
	kind, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		return true // it is read, and found to be unreadable
	}
	if !m.kind(Kind(kind)) {
		return false
	}
	if m.who == "" && m.parts == nil {
		return true
	}
	m.lower = appendLower(m.lower[:0], line)
	if !slices.ContainsFunc(split(m.who), func(part string) bool { return !bytes.Contains(m.lower, []byte(part)) }) {
		words := strings.ToLower(catalogue[Kind(kind)].text)
		return !slices.ContainsFunc(m.parts, func(part string) bool {
			return !bytes.Contains(m.lower, []byte(part)) && !strings.Contains(words, part)
		})
	}
	return false
}

// appendLower appends a line with its ASCII letters in lower case.
func appendLower(to, line []byte) []byte {
	for _, c := range line {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// split takes a text apart at all that JSON might spell otherwise, and at what stands between the words of a kind
// and a detail. Each part is then in one of the two.
func split(text string) []string { return strings.FieldsFunc(text, unusual) }

// unusual reports whether a letter is none of those that most words, names and addresses are made of.
func unusual(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
		return false
	default:
		return true
	}
}
