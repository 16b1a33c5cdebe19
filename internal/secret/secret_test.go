package secret_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"castellan/internal/secret"
)

// R095
func TestTokensAreLongAndNeverRepeat(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		tok := secret.Token()
		if len(tok) != 43 || seen[tok] {
			t.Fatalf("token %q is short or repeated", tok)
		}
		seen[tok] = true
	}
}

func TestIDsFitTheContract(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9]{26}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := secret.ID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("id %q does not fit or repeats", id)
		}
		seen[id] = true
	}
}

// R007 R033
func TestReadablePasswordsHaveSixtyBitsInThreeGroups(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){2}$`)
	counts := map[rune]int{}
	const n = 4000
	for range n {
		p := secret.Readable()
		if !form.MatchString(p) {
			t.Fatalf("%q is not readable", p)
		}
		for _, r := range strings.ReplaceAll(p, "-", "") {
			counts[r]++
		}
	}
	want := float64(n*12) / 32
	for r, c := range counts {
		if math.Abs(float64(c)-want) > 6*math.Sqrt(want) {
			t.Errorf("%q came %d times, want about %.0f", r, c, want)
		}
	}
	if len(counts) != 32 {
		t.Errorf("%d different characters, want 32", len(counts))
	}
}

func TestRereadForgivesTheHandAndNothingElse(t *testing.T) {
	const label = "k7q0-m2x1-9w3t"
	for _, typed := range []string{label, "K7Q0-M2X1-9W3T", "k7q0m2x19w3t", "k7q0 m2x1 9w3t", "k7qo-m2xl-9w3t", "K7QOM2XI9W3T"} {
		if got := secret.Reread(typed); got != label {
			t.Errorf("Reread(%q) = %q, want %q", typed, got, label)
		}
	}
	for _, other := range []string{"", "k7q0-m2x1-9w3", "k7q0-m2x1-9w3tt", "k7q0_m2x1_9w3t", "correct horse battery", "k7q0-m2x1-9w3u", "ümlaut-text-x"} {
		if got := secret.Reread(other); got != other {
			t.Errorf("Reread(%q) = %q, want it unchanged", other, got)
		}
	}
}

func TestOnlyAWholeKeyIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	if _, err := secret.LoadKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	made := secret.NewKey()
	if err := os.WriteFile(path, made[:], 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := secret.LoadKey(path); err != nil || got != made {
		t.Errorf("the key came back different: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.LoadKey(path); err == nil {
		t.Error("a short key was accepted")
	}
}

// R133
func TestKeysShareNothing(t *testing.T) {
	a, b := secret.NewKey(), secret.NewKey()
	if a == b {
		t.Error("two devices have one key")
	}
	if a.Derive("seal") == a.Derive("password") || a.Derive("seal") == b.Derive("seal") {
		t.Error("derived keys are not one per purpose and device")
	}
}

// R087 R131
func TestASealedValueOpensOnlyForItsRecordAndKey(t *testing.T) {
	k := secret.NewKey()
	sealed := k.Seal([]byte("seed"), "factor/ines/1")
	if got, err := k.Open(sealed, "factor/ines/1"); err != nil || string(got) != "seed" {
		t.Fatalf("got %q, %v", got, err)
	}
	tests := map[string]func() ([]byte, error){
		"another record": func() ([]byte, error) { return k.Open(sealed, "factor/jonas/1") },
		"another key":    func() ([]byte, error) { return secret.NewKey().Open(sealed, "factor/ines/1") },
		"cut":            func() ([]byte, error) { return k.Open(sealed[:20], "factor/ines/1") },
		"changed":        func() ([]byte, error) { return k.Open("A"+strings.ToLower(sealed[1:]), "factor/ines/1") },
		"not base64":     func() ([]byte, error) { return k.Open("%%%", "factor/ines/1") },
		"empty":          func() ([]byte, error) { return k.Open("", "factor/ines/1") },
	}
	for name, open := range tests {
		if _, err := open(); !errors.Is(err, secret.ErrSealBroken) {
			t.Errorf("%s: got %v, want ErrSealBroken", name, err)
		}
	}
	if again := k.Seal([]byte("seed"), "factor/ines/1"); again == sealed {
		t.Error("two seals of one value are equal")
	}
}
