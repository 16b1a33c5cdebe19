package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"castellan/internal/secret"
)

// errUnsignable says that a request has a form whose signature would not be taken.
var errUnsignable = errors.New("this cannot be signed")

// Sign signs a request that is to be sent with a machine's key, so that Admit, Buy and Collect take it once: RFC 9421 over method, authority,
// path and query, and over the digest of the body (RFC 9530) where there is one. keyID is the id of the token, or the key's fingerprint where a
// token is collected. nonce is one of the box, see NonceHeader; empty: a random one. The request must not be changed after that; signed
// again, it bears the later signature alone.
func Sign(r *http.Request, key ed25519.PrivateKey, keyID, nonce string, now time.Time) error {
	if nonce == "" {
		nonce = secret.Token()
	}
	switch {
	case r.URL.RawPath != "":
		return fmt.Errorf("%w: its path has an escaped form of its own", errUnsignable)
	case !plain(keyID) || !plain(nonce):
		return fmt.Errorf("%w: the name of the key or the nonce is malformed", errUnsignable)
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	components, err := cover(r)
	if err != nil {
		return err
	}
	params := fmt.Sprintf(`("%s");created=%d;nonce="%s";keyid="%s";alg="%s"`, strings.Join(components, `" "`), now.Unix(), nonce, keyID, algorithm)
	text, err := base(r, components, params)
	if err != nil {
		return err
	}
	r.Header.Set(inputName, label+"="+params)
	r.Header.Set(signName, label+"=:"+base64.StdEncoding.EncodeToString(ed25519.Sign(key, text))+":")
	return nil
}

// cover returns what the signature of a request has to cover, and states the digest of its body.
func cover(r *http.Request) ([]string, error) {
	r.Header.Del(digestName)
	body, err := bodyOf(r)
	if err != nil || len(body) == 0 {
		return covered, err
	}
	sum := sha256.Sum256(body)
	r.Header.Set(digestName, "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	return append(slices.Clone(covered), digestName), nil
}

// plain reports whether a text may stand in a header between quotes as it is.
func plain(text string) bool {
	return text != "" && strings.IndexFunc(text, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) < 0
}
