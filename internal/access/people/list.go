package people

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"castellan/internal/access/account"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// MaxLines is how many people a list may name.
const MaxLines = 500

// Line is what a line of a list of people says, and what adding that person would do.
type Line struct {
	Number      int // in the file, from 1
	Name        string
	DisplayName string
	Email       string
	Group       string
	Invited     bool   // a link would be mailed
	Problem     string // why this person cannot be added, then what to do
}

// Preview reads a list of people: name, e-mail address and group on each line, separated by semicolons, commas or
// tabs, with or without a line of headings. It changes nothing. newGroups are those that do not exist yet.
func (o *Office) Preview(text string) (lines []Line, newGroups []string, err error) {
	rows, err := readList(text)
	if err != nil {
		return nil, nil, err
	}
	err = o.DB.View(func(tx *store.Tx) error {
		mail, err := settings.HasMail(tx)
		if err != nil {
			return err
		}
		own, err := account.Groups(tx)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, g := range own {
			known[g.Name] = true
		}
		seen := map[string]int{}
		for _, l := range rows {
			l.Invited = mail && l.Email != ""
			if l.Problem == "" {
				if l.Problem, err = problem(tx, l, seen); err != nil {
					return err
				}
			}
			if l.Problem == "" {
				seen[l.Name] = l.Number
				if l.Group != "" && !known[l.Group] {
					known[l.Group], newGroups = true, append(newGroups, l.Group)
				}
			}
			lines = append(lines, l)
		}
		return nil
	})
	return lines, newGroups, err
}

// problem says why a person of a list cannot be added, or nothing. seen are the names further up, with their lines.
func problem(tx *store.Tx, l Line, seen map[string]int) (string, error) {
	if _, twice := seen[l.Name]; twice {
		return "This user name stands in the list already. Give one of them another.", nil
	}
	err := account.Account{Name: l.Name, DisplayName: l.DisplayName, Email: l.Email, Role: account.User}.Check()
	if fields := fault.FieldsOf(err); len(fields) > 0 {
		return fields[0].Message, nil
	}
	if _, err := account.ByName(tx, l.Name); err == nil {
		return account.ErrTaken.Message, nil
	} else if !errors.Is(err, account.ErrUnknown) {
		return "", err
	}
	switch {
	case l.Group == account.AdministratorsGroup, l.Group == account.EverybodyGroup:
		return "Membership of the group " + l.Group + " follows from the role. Leave the group empty.", nil
	case l.Group != "" && !account.ValidGroupName(l.Group):
		return "The group’s name may have letters a to z, digits, “.”, “_” and “-”, up to 32.", nil
	}
	return "", nil
}

// readList splits a list into its lines.
func readList(text string) (lines []Line, err error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) {
		return nil, fault.InvalidField("text", "malformed", "The file is no UTF-8 text. Save it as “CSV UTF-8”.")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes = separator(text), -1, true, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fault.InvalidField("text", "malformed", "The file cannot be read as a list with separators. Check its quotation marks.").Because(err)
		}
		number, _ := r.FieldPos(0)
		if l, ok := lineOf(number, cells); ok {
			lines = append(lines, l)
		}
	}
	switch {
	case len(lines) == 0:
		return nil, fault.InvalidField("text", "empty", "There is nobody in the file. Put one person on each line: name;e-mail;group.")
	case len(lines) > MaxLines:
		return nil, fault.InvalidField("text", "too_many", "At most 500 people at a time. Split the file.")
	}
	return lines, nil
}

// separator returns the character that separates the cells of the first line.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best := ';'
	for _, r := range ",\t" {
		if strings.Count(first, string(r)) > strings.Count(first, string(best)) {
			best = r
		}
	}
	return best
}

// headings are words that stand over the first column where a list has headings.
var headings = []string{"name", "user", "user name", "username", "user_name"}

// lineOf reads a line; one of headings or without content is none.
func lineOf(number int, cells []string) (l Line, ok bool) {
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	if number == 1 && slices.Contains(headings, strings.ToLower(cells[0])) || strings.Join(cells, "") == "" {
		return l, false
	}
	extra := len(cells) > 3 && strings.Join(cells[3:], "") != ""
	cells = append(cells, "", "")
	l = Line{Number: number, Name: account.Fold(cells[0]), Email: cells[1], Group: account.Fold(cells[2])}
	if made := account.NameFrom(cells[0]); made != l.Name {
		l.Name, l.DisplayName = made, cells[0]
	}
	switch {
	case extra:
		l.Problem = "There are more than three columns. Keep name, e-mail and group."
	case l.Name == "":
		l.Problem = "There is no name. Write one into the first column."
	}
	return l, true
}
