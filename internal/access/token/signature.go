package token

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
)

// What is looked at of the headers of a signature, in bytes and in components.
const (
	maxInput, maxSignature, maxDigest = 2048, 256, 512
	maxComponents                     = 16
)

// signed is what a signature says of itself, once it is right.
type signed struct {
	created int64
	nonce   string
}

// Why a signature is refused, for the log.
var (
	errShape   = errors.New("the headers of its signature are malformed")
	errMissing = errors.New("its signature does not cover method, authority, path, query and the digest of the body")
	errParams  = errors.New("created, nonce or keyid of its signature is missing or malformed, or there is another parameter")
	errKeyID   = errors.New("the keyid of its signature is not its token id")
	errDigest  = errors.New("the digest is not that of the body")
	errWrong   = errors.New("its signature is not right")
	errPath    = errors.New("the path has an escaped form of its own")
)

// hasSignature reports whether a request claims to be signed.
func hasSignature(r *http.Request) bool {
	return r != nil && (len(r.Header.Values(inputName)) > 0 || len(r.Header.Values(signName)) > 0)
}

// verify checks the signature of a request by a key (RFC 9421 section 3.2). The algorithm is the key's: what the signature says of it
// changes nothing. Whether the time is right and the nonce new is another matter, see fresh.
func verify(r *http.Request, key ed25519.PublicKey, keyID string) (signed, error) {
	s, err := check(r, key, keyID)
	if err != nil {
		return signed{}, ErrSignature.Because(err)
	}
	return s, nil
}

func check(r *http.Request, key ed25519.PublicKey, keyID string) (signed, error) {
	if r.URL.RawPath != "" {
		return signed{}, errPath
	}
	input, err := inputOf(r)
	if err != nil {
		return signed{}, err
	}
	signature, err := signatureOf(r)
	if err != nil {
		return signed{}, err
	}
	components, err := componentsOf(input)
	if err != nil {
		return signed{}, err
	}
	s, err := paramsOf(input, keyID)
	if err != nil {
		return signed{}, err
	}
	if err := checkBody(r, components); err != nil {
		return signed{}, err
	}
	params, err := httpsfv.Marshal(input)
	if err != nil {
		return signed{}, err
	}
	text, err := base(r, components, params)
	if err != nil {
		return signed{}, err
	}
	if !ed25519.Verify(key, text, signature) {
		return signed{}, errWrong
	}
	return s, nil
}

// member reads the one member of a header that is a dictionary: another signature beside it would be one that nobody looks at.
func member(r *http.Request, name string, longest int) (httpsfv.Member, error) {
	values := r.Header.Values(name)
	if len(values) != 1 || len(values[0]) > longest {
		return nil, errShape
	}
	d, err := httpsfv.UnmarshalDictionary(values)
	if err != nil || len(d.Names()) != 1 {
		return nil, errShape
	}
	m, ok := d.Get(label)
	if !ok {
		return nil, errShape
	}
	return m, nil
}

func inputOf(r *http.Request) (httpsfv.InnerList, error) {
	m, err := member(r, inputName, maxInput)
	if err != nil {
		return httpsfv.InnerList{}, err
	}
	list, ok := m.(httpsfv.InnerList)
	if !ok {
		return httpsfv.InnerList{}, errShape
	}
	return list, nil
}

func signatureOf(r *http.Request) ([]byte, error) {
	m, err := member(r, signName, maxSignature)
	if err != nil {
		return nil, err
	}
	item, ok := m.(httpsfv.Item)
	if !ok || len(item.Params.Names()) > 0 {
		return nil, errShape
	}
	signature, ok := item.Value.([]byte)
	if !ok || len(signature) != ed25519.SignatureSize {
		return nil, errShape
	}
	return signature, nil
}

// componentsOf returns what a signature covers. A component with a parameter is another one than that without it, so none may have any.
func componentsOf(input httpsfv.InnerList) (names []string, err error) {
	if len(input.Items) > maxComponents {
		return nil, errShape
	}
	for _, item := range input.Items {
		name, ok := item.Value.(string)
		known := !strings.HasPrefix(name, "@") || slices.Contains(covered, name)
		if !ok || !known || len(item.Params.Names()) > 0 || name != strings.ToLower(name) || slices.Contains(names, name) {
			return nil, errUncovered
		}
		names = append(names, name)
	}
	for _, name := range covered {
		if !slices.Contains(names, name) {
			return nil, errMissing
		}
	}
	return names, nil
}

// paramsOf reads what a signature says of itself.
func paramsOf(input httpsfv.InnerList, keyID string) (s signed, err error) {
	var id string
	for _, name := range input.Params.Names() {
		value, _ := input.Params.Get(name)
		ok := false
		switch name {
		case "created":
			s.created, ok = value.(int64)
		case "nonce":
			s.nonce, ok = value.(string)
		case "keyid":
			id, ok = value.(string)
		case "alg":
			ok = value == algorithm
		}
		if !ok {
			return signed{}, errParams
		}
	}
	switch {
	case s.created <= 0, len(s.nonce) < minNonce, len(s.nonce) > maxNonce, id == "":
		return signed{}, errParams
	case id != keyID:
		return signed{}, errKeyID
	}
	return s, nil
}

// checkBody compares the body with its digest (RFC 9530). A request with a body has one, and it is covered.
func checkBody(r *http.Request, components []string) error {
	body, err := bodyOf(r)
	if err != nil {
		return err
	}
	if !slices.Contains(components, digestName) {
		if len(body) > 0 {
			return errMissing
		}
		return nil
	}
	values := r.Header.Values(digestName)
	if len(values) != 1 || len(values[0]) > maxDigest {
		return errShape
	}
	d, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return errShape
	}
	return matches(d, body)
}

// matches reports whether every digest that is understood is the body's, and whether there is one at all.
func matches(d *httpsfv.Dictionary, body []byte) error {
	found := false
	for _, name := range d.Names() {
		var want []byte
		switch name {
		case "sha-256":
			sum := sha256.Sum256(body)
			want = sum[:]
		case "sha-512":
			sum := sha512.Sum512(body)
			want = sum[:]
		default:
			continue // others are known to be weak, or not known
		}
		m, _ := d.Get(name)
		item, ok := m.(httpsfv.Item)
		if !ok {
			return errShape
		}
		if got, ok := item.Value.([]byte); !ok || !bytes.Equal(got, want) {
			return errDigest
		}
		found = true
	}
	if !found {
		return fmt.Errorf("%w: it has neither sha-256 nor sha-512", errDigest)
	}
	return nil
}
