package token_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"castellan/internal/access/token"
	"castellan/internal/secret"
)

// form is a signature as it may be made elsewhere.
type form struct {
	components []string // as they stand in the header; nil: what is wanted
	params     string   // behind created, nonce and keyid
	nonce      string
	created    *int64
	digest     string
	change     func(*http.Request)
}

const ourBody = `{"name":"attic"}`

// signed is a request with a right signature of a form over the text that this form means.
func (s *stand) signed(m token.Made, f form) *http.Request {
	s.t.Helper()
	r := request("PUT", "/api/v1/settings?x=1", ourBody)
	sum := sha512.Sum512([]byte(ourBody))
	r.Header.Set("Content-Digest", "sha-512=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	if f.digest != "" {
		r.Header.Set("Content-Digest", f.digest)
	}
	if f.change != nil {
		f.change(r)
	}
	if f.components == nil {
		f.components = []string{`"@method"`, `"@authority"`, `"@path"`, `"@query"`, `"content-digest"`}
	}
	if f.nonce == "" {
		f.nonce = secret.Token()
	}
	created := s.now.Unix()
	if f.created != nil {
		created = *f.created
	}
	params := fmt.Sprintf(`(%s);created=%d;nonce="%s";keyid="%s"%s`, strings.Join(f.components, " "), created, f.nonce, m.Token.ID, f.params)
	var names []string
	for _, c := range f.components {
		names = append(names, strings.Split(c, `"`)[1])
	}
	text, err := token.BaseForTest(r, names, params)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Signature-Input", "sig1="+params)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(ed25519.Sign(machine, text))+":")
	return r
}

// R090: what is right and means something else than was wanted.
func TestARightSignatureOfAnotherFormIsRefused(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	wanted := []string{`"@method"`, `"@authority"`, `"@path"`, `"@query"`, `"content-digest"`}
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf(`"x-%d"`, i))
	}
	headers := func(r *http.Request) {
		for i := range 12 {
			r.Header.Set(fmt.Sprintf("X-%d", i), "x")
		}
		r.Header.Set("Date", "  today ")
	}
	zero := int64(0)
	for name, c := range map[string]struct {
		form form
		want error
	}{
		"as wanted":                     {form{}, nil},
		"with the algorithm":            {form{params: `;alg="ed25519"`}, nil},
		"in another order":              {form{components: []string{wanted[4], wanted[2], wanted[1], wanted[0], wanted[3]}}, nil},
		"with a header beside":          {form{components: append(slices.Clone(wanted), `"date"`), change: headers}, nil},
		"with a nonce of 16":            {form{nonce: strings.Repeat("n", 16)}, nil},
		"with a nonce of 64":            {form{nonce: strings.Repeat("n", 64)}, nil},
		"with a nonce of 15":            {form{nonce: strings.Repeat("n", 15)}, token.ErrSignature},
		"with a nonce of 65":            {form{nonce: strings.Repeat("n", 65)}, token.ErrSignature},
		"an escaped path":               {form{change: func(r *http.Request) { r.URL.RawPath = "/api/v1%2Fsettings" }}, token.ErrSignature},
		"a component with a parameter":  {form{components: []string{wanted[0], wanted[1], `"@path";req`, wanted[3], wanted[4]}}, token.ErrSignature},
		"a component twice":             {form{components: append(slices.Clone(wanted), wanted[0])}, token.ErrSignature},
		"a component in capitals":       {form{components: append(slices.Clone(wanted), `"Date"`), change: headers}, token.ErrSignature},
		"too many components":           {form{components: append(slices.Clone(wanted), many...), change: headers}, token.ErrSignature},
		"the body is not covered":       {form{components: wanted[:4]}, token.ErrSignature},
		"another algorithm":             {form{params: `;alg="rsa-v1_5-sha256"`}, token.ErrSignature},
		"it says when it lapses":        {form{params: `;expires=99999999999`}, token.ErrSignature},
		"it has a tag":                  {form{params: `;tag="x"`}, token.ErrSignature},
		"no time, and one of the box":   {form{created: &zero, nonce: s.Nonce()}, token.ErrSignature},
		"a digest that is not known":    {form{digest: "unixsum=:AAAA:"}, token.ErrSignature},
		"a digest that is not the body": {form{digest: "sha-512=:AAAA:"}, token.ErrSignature},
		"a digest that is no header":    {form{digest: "sha-512"}, token.ErrSignature},
	} {
		_, err := s.admit(s.bearer(m.Text, s.signed(m, c.form)))
		wants(t, err, c.want, "%s", name)
	}
}

// R090: the vectors of RFC 9530, appendix B.
func TestDigestsAreThoseOfTheRFC(t *testing.T) {
	for digest, want := range map[string]bool{
		"sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:": true,
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:":                                             true,
		"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:":                                             false,
	} {
		r := request("POST", "/foo", "{\"hello\": \"world\"}\n")
		if got := token.DigestForTest(r, digest) == nil; got != want {
			t.Errorf("%s: %v", digest, got)
		}
	}
}

// R090: a header that is covered and comes twice would be signed by half.
func TestACoveredHeaderComesOnce(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	signed := func() *http.Request {
		t.Helper()
		r := request("GET", "/api/v1/me", "")
		r.Header.Set("Accept", "application/json")
		components := []string{"@method", "@authority", "@path", "@query", "accept"}
		params := fmt.Sprintf(`("%s");created=%d;nonce="%s";keyid="%s"`, strings.Join(components, `" "`), s.now.Unix(), secret.Token(), m.Token.ID)
		text, err := token.BaseForTest(r, components, params)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Signature-Input", "sig1="+params)
		r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(ed25519.Sign(machine, text))+":")
		return r
	}
	_, err := s.admit(s.bearer(m.Text, signed()))
	wants(t, err, nil, "once")
	twice := signed()
	twice.Header.Add("Accept", "text/html")
	_, err = s.admit(s.bearer(m.Text, twice))
	wants(t, err, token.ErrSignature, "twice")
}
