package token

import (
	"encoding/json"
	"net/http"
	"time"
)

// BaseForTest is the text that is signed.
var BaseForTest = base

// NoteForTest remembers a nonce of a token.
func (t *Tokens) NoteForTest(one Token, nonce string) error {
	now, _ := t.config.Now()
	return t.fresh(&t.signatures, signed{created: now.Unix(), nonce: nonce}, signer{one.Account, keyOf(one.Account, one.ID)})
}

// NoteCollectorForTest remembers a nonce of somebody who wants to collect a token.
func (t *Tokens) NoteCollectorForTest(source, nonce string) error {
	now, _ := t.config.Now()
	return t.fresh(&t.collectors, signed{created: now.Unix(), nonce: nonce}, signer{source, source})
}

// NoncesForTest returns how many nonces are remembered.
func (t *Tokens) NoncesForTest() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.signatures.stamped.seen)
}

// CollectorNoncesForTest returns how many nonces of those who want to collect a token are remembered.
func (t *Tokens) CollectorNoncesForTest() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.collectors.stamped.seen)
}

// WaitingForTest returns how many tokens are known to wait for their machines, or to have waited.
func (t *Tokens) WaitingForTest() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, list := range t.waiting {
		n += len(list)
	}
	return n
}

// BoughtForTest returns how many access tokens are remembered.
func (t *Tokens) BoughtForTest() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.bought)
}

// WriteForTest writes which tokens were used.
func (t *Tokens) WriteForTest() { t.write() }

// RecordForTest returns a token as it is stored.
func RecordForTest(one Token, sealed string, used time.Time) []byte {
	r := record{
		Name: one.Name, Digest: digestOf(Prefix + "text"), Hint: one.Hint, Scopes: one.Scopes, Addresses: one.Addresses, Factor: one.Factor, Key: one.Key,
		Secret: sealed, LastStep: 59000000, Created: one.Created, Expires: one.Expires, Used: used, UsedFrom: one.UsedFrom, Told: []int{FirstNotice, SecondNotice}, Bond: []byte("bond"),
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

// WeakKeysForTest are the keys that are none.
var WeakKeysForTest = weakKeys

// DigestForTest compares a body with its digest.
func DigestForTest(r *http.Request, digest string) error {
	r.Header.Set(digestName, digest)
	return checkBody(r, []string{digestName})
}
