package account

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"castellan/internal/fault"
)

// The longest values, in code points.
const (
	MaxDisplayName = 64
	MaxEmail       = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
)

// Fold returns a name as it is looked up: in lower case.
func Fold(name string) string { return strings.ToLower(name) }

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// NameFrom makes a user name out of a person's name: “Zoë Example” becomes zoe.example.
func NameFrom(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			if gap && b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteRune(r)
			gap = false
		case unicode.Is(unicode.Mn, r):
		default:
			gap = true
		}
	}
	made := strings.TrimLeft(b.String(), "._-")
	return made[:min(len(made), 32)]
}

// languages are those the desktop speaks.
var languages = map[string]bool{"": true, "en": true}

// tidy brings texts into one form before they are checked.
func (a Account) tidy() Account {
	a.Name = Fold(a.Name)
	a.DisplayName = norm.NFC.String(strings.TrimSpace(a.DisplayName))
	a.Email = strings.TrimSpace(a.Email)
	return a
}

// Check reports what is wrong with the texts of an account, as an error about fields.
func (a Account) Check() error { return a.tidy().check() }

func (a Account) check() error {
	var wrong []fault.Field
	add := func(name, code, message string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Message: message})
	}
	if !nameForm.MatchString(a.Name) {
		add("name", "malformed", "Letters a to z, digits, “.”, “_” and “-”, up to 32, and a letter or a digit first.")
	}
	if !Shown(a.DisplayName, MaxDisplayName) {
		add("display_name", "malformed", "Up to 64 characters that can be seen.")
	}
	if a.Email != "" && !validEmail(a.Email) {
		add("email", "malformed", notAnAddress)
	}
	if a.Role != Administrator && a.Role != User {
		add("role", "unknown", "Administrator or user.")
	}
	if !languages[a.Language] {
		add("language", "unknown", "This language is not there.")
	}
	if wrong != nil {
		return fault.InvalidFields(wrong...)
	}
	return nil
}

// Shown reports whether a text can be shown as a name: valid, not too long, and without control
// characters and those that turn the direction of writing around.
func Shown(text string, most int) bool {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > most {
		return false
	}
	for _, r := range text {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
			return false
		}
	}
	return true
}

// Words returns what anybody would try as a password of the account: its names and its address.
func (a Account) Words() []string {
	user, _, _ := strings.Cut(a.Email, "@")
	words := []string{a.Name, a.DisplayName, a.Email, user}
	return append(words, strings.Fields(a.DisplayName)...)
}

// CheckEmail reports what is wrong with an address. None at all is right.
func CheckEmail(address string) error {
	if address != "" && !validEmail(address) {
		return fault.InvalidField("email", "malformed", notAnAddress)
	}
	return nil
}

const notAnAddress = "This does not look like an e-mail address."

// validEmail accepts plain addresses, user@host, and nothing that could add a header, a name or a
// second recipient.
func validEmail(address string) bool {
	if len(address) > MaxEmail || strings.ContainsAny(address, "\r\n\x00<>,;:\"()[]\\ \t") {
		return false
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && Shown(address, MaxEmail)
}

// Masked shows enough of an address for its owner to know it, and nobody else: a•••@e•••.org.
func Masked(address string) string {
	user, domain, found := strings.Cut(address, "@")
	if !found {
		return ""
	}
	first := func(s string) string {
		_, size := utf8.DecodeRuneInString(s)
		return s[:size] + "•••"
	}
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
		return first(user) + "@" + first(domain) + domain[dot:]
	}
	return first(user) + "@" + first(domain)
}
