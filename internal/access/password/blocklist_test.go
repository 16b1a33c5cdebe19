package password_test

import (
	"strings"
	"testing"

	"castellan/internal/access/password"
)

// R002 R012
func TestCommonPasswordsAreFound(t *testing.T) {
	around := []string{"marta", "attic-nas", "TS-464"}
	for _, bad := range []string{
		"password", "PASSWORD", "iloveyou", "123456789", "qwertyuiop", "football", "Password123", "passwordpassword", "letmein!!!!!!!!",
		"castellan2026", "Castellan", "castellan2026!!", "admin1234567890", "adminadminadmin", "nas", "attic-nas-2026", "ATTIC-NAS", "martamarta", "marta1234567890",
		"2026marta", "ts-464", "aaaaaaaaaaaaaaa", "abababababababab", "abcdefghijklmnop", "123456789012345", "qwertyuiopasdfghj", "987654321987654321", "qwertz123456789",
		"abcabcabcabcabc", "112233445566778899", "There is no spoon.", "chickennuggets13", "hackeristhebest", "SummerAriel0805",
		"sometimestheoccupiedmustfight", "zaqwsxzaq@mailinator.com", "1qaz2wsx3edc4rfv", "qazwsxedcrfvtgb", "passwordstandard", "1qazxsw23edcvfr4",
		"q1w2e3r4t5y6u7i8", "Happygorila123@", "adrien123456azerty", "amarinaal261018", "5774068ba016749", "Danebuchanan677", "cuarentaiveinte",
		"abichuelamagica3", "06671818giselle", "sophiagarnermoore14",
	} {
		if !password.Common(bad, around...) {
			t.Errorf("%q is not found", bad)
		}
	}
	for _, good := range []string{
		"kestrel lagoon amber winter", "my password is a long story", "four words in a row", "the castellan keeps the keys", "marta likes the attic",
		"Ωμέγα και άλφα μαζί", "8f2k19dkq02mzl5", "correct horse battery staple", "49203847562910384756", "🦊🐢🦉🐝🐙🦔🐳🦜🐞🦎🐌🦋🐡🦀🐿",
	} {
		if password.Common(good, around...) {
			t.Errorf("%q is taken for common", good)
		}
	}
}

// R012: the list is long enough for whoever has a second factor and for whoever has none, and small.
func TestTheListIsLongAndSmall(t *testing.T) {
	if n := password.Listed(); n < 50_000 || n > 1<<20/5 {
		t.Errorf("%d are listed", n)
	}
}

func TestPhrasesAreLongRandomAndNotCommon(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		p, bits := password.Phrase()
		if seen[p] || bits < 64 || len(strings.Fields(p)) != password.PhraseWords || password.Check(p, false) != nil || password.Common(p) {
			t.Fatalf("%q of %d bits", p, bits)
		}
		seen[p] = true
	}
}

func BenchmarkCommon(b *testing.B) {
	for b.Loop() {
		password.Common("kestrel lagoon amber winter", "marta")
	}
}
