package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// table is what people read and grep: one line each, under a line of heads.
type table struct{ *tabwriter.Writer }

func (c *call) table(heads ...string) table {
	t := table{tabwriter.NewWriter(&terminal{Writer: c.out}, 0, 0, 2, ' ', 0)}
	if len(heads) > 0 {
		t.row(heads...)
	}
	return t
}

// row adds a line. An empty cell is a dash, so that columns can be counted.
func (t table) row(cells ...string) {
	line := make([]string, len(cells))
	for i, cell := range cells {
		if line[i] = strings.Join(strings.Fields(cell), " "); line[i] == "" {
			line[i] = "-"
		}
	}
	_, _ = fmt.Fprintln(t, strings.Join(line, "\t"))
}

// terminal keeps what strangers wrote, such as names, from doing more to a terminal than show: no controls, and nothing that turns the
// direction of the text.
type terminal struct {
	io.Writer
	half []byte // the beginning of a character whose end is still to come
}

func (t *terminal) Write(text []byte) (int, error) {
	all := slices.Concat(t.half, text)
	whole := len(all)
	for begin := len(all) - 1; begin >= max(0, len(all)-utf8.UTFMax); begin-- {
		if utf8.RuneStart(all[begin]) {
			if !utf8.FullRune(all[begin:]) {
				whole = begin
			}
			break
		}
	}
	t.half = slices.Clone(all[whole:])
	shown := bytes.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return '?'
		}
		return r
	}, all[:whole])
	if _, err := t.Writer.Write(shown); err != nil {
		return 0, err
	}
	return len(text), nil
}

// harmless returns where the output goes; a terminal is kept from what strangers wrote, also where the answer is printed as it came. A file or
// another program gets every byte.
func harmless(out io.Writer) io.Writer {
	f, ok := out.(*os.File)
	if !ok {
		return out
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return out
	}
	return &terminal{Writer: out}
}
