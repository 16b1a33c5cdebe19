package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// What a signature covers, and what it says of itself. Label names the one signature of a request.
const (
	label      = "sig1"
	algorithm  = "ed25519"
	method     = "@method"
	authority  = "@authority"
	path       = "@path"
	query      = "@query"
	digestName = "content-digest"
	inputName  = "Signature-Input"
	signName   = "Signature"
)

// covered is what every signature covers; one of a request with a body covers its digest, too. Path and query together are all
// of the target: @target-uri and @request-target are other spellings of the same and are not understood.
var covered = []string{method, authority, path, query}

// errUncovered says that a request lacks what its signature covers, or has it twice.
var errUncovered = errors.New("a component of its signature is missing, repeated or not understood")

// base is the text that is signed (RFC 9421 section 2.5): a line for every component, then the parameters as they stand in
// Signature-Input.
func base(r *http.Request, components []string, params string) ([]byte, error) {
	var b bytes.Buffer
	for _, name := range components {
		value, err := component(r, name)
		if err != nil {
			return nil, err
		}
		b.WriteString(`"` + name + `": ` + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + params)
	return b.Bytes(), nil
}

// component returns the value of one (RFC 9421 section 2.1 and 2.2).
func component(r *http.Request, name string) (string, error) {
	switch name {
	case method:
		return r.Method, nil
	case authority:
		return authorityOf(r), nil
	case path:
		return r.URL.EscapedPath(), nil
	case query:
		return "?" + r.URL.RawQuery, nil
	}
	values := r.Header.Values(name)
	if strings.HasPrefix(name, "@") || len(values) != 1 {
		return "", fmt.Errorf("%w: %q", errUncovered, name)
	}
	return strings.TrimSpace(values[0]), nil
}

// authorityOf is whom a request is for: in lower case, without the port that is the usual one (RFC 9421 section 2.2.3).
func authorityOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// bodyOf reads the body of a request and puts it back.
func bodyOf(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body that is signed: %w", err)
	}
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
