package password

import (
	"crypto/rand"
	_ "embed"
	"math"
	"math/big"
	"strings"
	"sync"
)

// wordList holds 7,776 words, one a line (of zxcvbn-ts 4.1.3, MIT licence).
//
//go:embed words.txt
var wordList string

var words = sync.OnceValue(func() []string { return strings.Fields(wordList) })

// PhraseWords is how many words a suggested passphrase has.
const PhraseWords = 5

// PhraseList returns how many words there are to choose from.
func PhraseList() int { return len(words()) }

// Phrase returns a passphrase of random words, and how many bits there are to guess.
func Phrase() (phrase string, bits int) {
	all := words()
	chosen := make([]string, PhraseWords)
	for i := range chosen {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		chosen[i] = all[n.Int64()]
	}
	return strings.Join(chosen, " "), int(math.Log2(float64(len(all))) * PhraseWords)
}
