package token

import (
	"crypto/ed25519"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/secret"
	"castellan/internal/store"
)

type record struct {
	Name      string            `json:"name"`
	Digest    string            `json:"digest,omitempty"` // SHA-256 of its text, in hex; empty: nobody has collected it yet
	Hint      string            `json:"hint,omitempty"`
	Scopes    []string          `json:"scopes"`
	Addresses []netip.Prefix    `json:"addresses,omitempty"`
	Factor    Kind              `json:"factor"`
	Key       ed25519.PublicKey `json:"key,omitempty"`
	Secret    string            `json:"secret,omitempty"`    // for codes, sealed
	LastStep  otp.Step          `json:"last_step,omitempty"` // the last one accepted
	Created   time.Time         `json:"created"`
	Expires   time.Time         `json:"expires"`
	Used      time.Time         `json:"used,omitzero"` // to the hour
	UsedFrom  string            `json:"used_from,omitempty"`
	Told      []int             `json:"told,omitempty"` // of its end: so many days before, see Warn
	Bond      []byte            `json:"bond"`           // see bondOf
}

// tokens are kept under "account/id", and where each of them lies under the digest of its text.
var (
	tokens  = store.NewTable[record]("tokens")
	digests = store.NewTable[string]("token_digests")
)

func keyOf(account, id string) string { return account + "/" + id }

// identity is what a secret for codes is sealed to: it opens for this token of this account only.
func identity(key string) string { return "token/" + key }

func (r record) token(key string) Token {
	account, id, _ := strings.Cut(key, "/")
	return Token{
		ID: id, Account: account, Name: r.Name, Hint: r.Hint, Scopes: r.Scopes, Addresses: r.Addresses, Factor: r.Factor, Key: r.Key,
		Created: r.Created, Expires: r.Expires, Used: r.Used, UsedFrom: r.UsedFrom, waits: r.Digest == "",
	}
}

// bondOf ties together whose a record is, what its text is, what it may do and its second factor, with a key that is not in the database:
// whoever can write there can neither plant a token nor give one to somebody else (R087).
func (t *Tokens) bondOf(key string, r record) []byte {
	text, err := json.Marshal([]any{key, r.Digest, r.Scopes, r.Addresses, r.Factor, r.Key, r.Secret, r.Expires.Unix()})
	if err != nil {
		panic(err) // texts, numbers and prefixes
	}
	return t.bonds.MAC(text)
}

var errBond = errors.New("the record is not what was made here")

// whole reports whether a record is what was made here.
func (t *Tokens) whole(key string, r record) bool { return hmac.Equal(r.Bond, t.bondOf(key, r)) }

// put stores a record as it is from now on.
func (t *Tokens) put(tx *store.Tx, key string, r record) error {
	r.Bond = t.bondOf(key, r)
	return tokens.Put(tx, key, r)
}

// give makes the text of a token, which its record then knows. From then on it is in use.
func (t *Tokens) give(tx *store.Tx, key string, r *record) (text string, err error) {
	text = Prefix + secret.Token()
	r.Digest, r.Hint = digestOf(text), text[:len(Prefix)+hintLength]
	t.foresee(tx, *r)
	return text, digests.Put(tx, r.Digest, key)
}

// hintLength is how many characters of a text are kept to tell it from others: 24 of its 256 bits.
const hintLength = 4

func digestOf(text string) string {
	d := secret.DigestOf(text)
	return hex.EncodeToString(d[:])
}

// find returns the record of a text. The bond ties the digest to the record, and nothing ties where the digest says it lies: whoever can write
// the database could lead a text of theirs to somebody's token.
func (t *Tokens) find(tx *store.Tx, text string) (key string, r record, err error) {
	digest := digestOf(text)
	key, found, err := digests.Get(tx, digest)
	if err == nil && found {
		r, found, err = tokens.Get(tx, key)
	}
	switch {
	case err != nil:
		return "", record{}, err
	case !found:
		return "", record{}, ErrRefused
	case r.Digest != digest:
		return "", record{}, ErrRefused.Because(errBond)
	}
	return key, r, nil
}

// eachOf visits the tokens of an account.
func eachOf(tx *store.Tx, account string, visit func(key string, r record) error) error {
	prefix := account + "/"
	return tokens.Each(tx, prefix, func(key string, r record) error {
		if !strings.HasPrefix(key, prefix) {
			return store.ErrStop
		}
		return visit(key, r)
	})
}

// drop deletes a token, and what was bought with it when the transaction commits.
func (t *Tokens) drop(tx *store.Tx, key string, r record) error {
	_, id, _ := strings.Cut(key, "/")
	err := errors.Join(tokens.Delete(tx, key), t.config.Throttle.PardonCodes(tx, throttle.OfToken(id)))
	if r.Digest != "" {
		err = errors.Join(err, digests.Delete(tx, r.Digest))
	}
	tx.OnCommit(func() { t.forget(key) })
	return err
}
