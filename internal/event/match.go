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
}

func matcherOf(q Query) matcher {
	return matcher{q, fold(q.Who), strings.Fields(fold(q.Text))}
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
	case !m.From.IsZero() && i.Newest.Before(m.From), !m.To.IsZero() && !i.Oldest.Before(m.To):
		return false
	case m.who != "" && !slices.Contains(i.Names, m.who):
		return false
	}
	return slices.ContainsFunc(i.Kinds, m.kind)
}

// records reads the lines of a block, in their places. Where a word is in none of them, nor in the words of the
// kinds, reading them is spared.
func (m *matcher) records(lines [][]byte, i index) []record {
	if !m.mayHold(lines, i) {
		return nil
	}
	records := make([]record, len(lines))
	for at, line := range lines {
		if json.Unmarshal(line, &records[at]) != nil {
			records[at] = record{Kind: Unreadable, Time: i.Oldest}
		}
	}
	return records
}

// mayHold compares words with the lines as they are kept. What JSON spells otherwise, and what stands between
// the words of a kind and a detail, cannot be told that way.
func (m *matcher) mayHold(lines [][]byte, i index) bool {
	var all []byte
	for _, word := range m.words {
		if strings.IndexFunc(word, unusual) >= 0 {
			continue
		}
		if slices.ContainsFunc(i.Kinds, func(k Kind) bool { return strings.Contains(strings.ToLower(catalogue[k].text), word) }) {
			continue
		}
		if all == nil {
			all = bytes.ToLower(bytes.Join(lines, []byte("\n")))
		}
		if !bytes.Contains(all, []byte(word)) {
			return false
		}
	}
	return true
}

// unusual reports whether a letter is not one that words, names and addresses are made of.
func unusual(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_')
}
