package event

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// line is an event as it leaves the box: exported, printed by the command line, and sent to a syslog server.
// SECURITY.md describes it, and testdata/line.schema.json holds it to that. Fields are added and never renamed.
type line struct {
	Number  uint64            `json:"number"`
	Time    string            `json:"time"`  // UTC
	Clock   string            `json:"clock"` // the state of trusted time
	Kind    Kind              `json:"kind"`
	Area    Area              `json:"area"`
	Outcome Outcome           `json:"outcome"`
	Level   Level             `json:"level"`
	Actor   string            `json:"actor,omitempty"`
	Address string            `json:"address,omitempty"`
	Agent   string            `json:"browser,omitempty"`
	Request string            `json:"request,omitempty"`
	Message string            `json:"message"`
	Details map[string]string `json:"details,omitempty"`
}

// timeForm is RFC 3339 with thousandths, as a syslog server takes it, too.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

// Stamp returns the time of an event as it is written outside the box.
func (e Event) Stamp() string { return e.Time.UTC().Format(timeForm) }

// Line returns an event as one line of JSON, without its end. It holds ASCII alone, so nothing in it can forge
// a line, or turn the letters of one around, in whatever shows it.
func (e Event) Line() []byte {
	l := line{
		Number: e.Number, Time: e.Stamp(), Clock: e.Clock, Kind: e.Kind, Area: e.Kind.Area(), Outcome: e.Outcome(),
		Level: e.Level(), Actor: e.Actor, Address: e.Address, Agent: e.Agent, Request: e.Request, Message: e.Message(),
	}
	for _, d := range e.Details {
		if l.Details == nil {
			l.Details = map[string]string{}
		}
		l.Details[d.Name] = d.Value
	}
	data, _ := json.Marshal(l) // never fails: all of it is text
	return plain(data)
}

// ReadLine reads a line that Line made, for the command line of the box.
func ReadLine(data []byte) (e Event, message string, err error) {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return e, "", err
	}
	e = Event{Number: l.Number, Clock: l.Clock, Kind: l.Kind, Actor: l.Actor, Address: l.Address}
	e.Time, err = time.Parse(timeForm, l.Time)
	return e, l.Message, err
}

// plain spells what is beyond ASCII in a JSON text by its numbers.
func plain(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for _, r := range string(data) {
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = hex(hex(out, high), low)
		default:
			out = hex(out, r)
		}
	}
	return out
}

func hex(out []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// Columns names the columns of Row.
func Columns() []string {
	return []string{"number", "time", "clock", "level", "outcome", "area", "kind", "actor", "address", "browser", "request", "message", "details"}
}

// Row returns an event as the cells of a table for a spreadsheet.
func (e Event) Row() []string {
	var details []string
	for _, d := range e.Details {
		details = append(details, d.Name+": "+d.Value)
	}
	row := []string{
		strconv.FormatUint(e.Number, 10), e.Stamp(), e.Clock, string(e.Level()), string(e.Outcome()), string(e.Kind.Area()),
		string(e.Kind), e.Actor, e.Address, e.Agent, e.Request, e.Message(), strings.Join(details, "; "),
	}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// formula finds what a spreadsheet takes for the beginning of a formula, in a cell and behind all that may part
// cells: where people write decimal commas, it parts them at semicolons, whatever is in quotes.
var formula = regexp.MustCompile(`(^|[;,|\t\r\n])([\s"]*)([=+\-@＝＋－＠])`)

// harmless keeps a spreadsheet from taking a cell, or a part of it, for a formula (OWASP, CSV injection).
func harmless(cell string) string {
	cell = formula.ReplaceAllString(cell, "$1$2'$3")
	if cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Table returns cells as one line of CSV (RFC 4180). Every one is in quotes, so that no program takes a letter in
// it for the end of the cell.
func Table(cells []string) []byte {
	var line []byte
	for i, cell := range cells {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, '"')
		line = append(line, strings.ReplaceAll(cell, `"`, `""`)...)
		line = append(line, '"')
	}
	return append(line, "\r\n"...)
}
