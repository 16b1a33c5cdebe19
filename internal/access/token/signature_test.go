package token_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/remitly-oss/httpsig-go"

	"castellan/internal/access/token"
	"castellan/internal/secret"
)

// R090: the vectors of RFC 9421, appendix B.2.6, and of RFC 9530.
func TestTheTextThatIsSignedIsThatOfTheRFC(t *testing.T) {
	r := request("POST", "/foo?param=Value&Pet=dog", `{"hello": "world"}`)
	r.Host = "example.com"
	r.Header.Set("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Length", "18")
	params := `("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	got, err := token.BaseForTest(r, []string{"date", "@method", "@path", "@authority", "content-type", "content-length"}, params)
	if err != nil {
		t.Fatal(err)
	}
	want := `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ` + params
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	signature := "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
	if got := base64.StdEncoding.EncodeToString(ed25519.Sign(machine, got)); got != signature {
		t.Errorf("the signature is %s", got)
	}
}

func TestTheAuthorityAndTheQueryAreInTheirOneForm(t *testing.T) {
	for _, c := range []struct{ host, target, want string }{
		{"NAS.local:8001", "/a", "\"@authority\": nas.local:8001\n\"@path\": /a\n\"@query\": ?\n"},
		{"nas.local:443", "/a?", "\"@authority\": nas.local\n\"@path\": /a\n\"@query\": ?\n"},
		{"[2001:DB8::1]:8001", "/a%20b?x=%2F&y", "\"@authority\": [2001:db8::1]:8001\n\"@path\": /a%20b\n\"@query\": ?x=%2F&y\n"},
	} {
		r := request("GET", c.target, "")
		r.Host = c.host
		got, err := token.BaseForTest(r, []string{"@authority", "@path", "@query"}, "()")
		if err != nil || string(got) != c.want+`"@signature-params": ()` {
			t.Errorf("%s %s: got %s, %v", c.host, c.target, got, err)
		}
	}
}

// R090
func TestASignedRequestIsTakenOnce(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	for _, body := range []string{"", `{"name":"attic"}`} {
		r := s.sign(request("POST", "/api/v1/settings?x=1", body), machine, m.Token.ID, "")
		a, err := s.admit(s.bearer(m.Text, r))
		if err != nil || !a.Proved || a.Token.ID != m.Token.ID || a.Token.Account != owner.ID {
			t.Fatalf("got %+v, %v", a, err)
		}
		if left, _ := io.ReadAll(r.Body); string(left) != body {
			t.Errorf("the body is %q after that", left)
		}
		r.Body = io.NopCloser(strings.NewReader(body))
		_, err = s.admit(s.bearer(m.Text, r))
		wants(t, err, token.ErrUsed, "the same request once more")
		r = s.sign(request("POST", "/api/v1/settings?x=1", body), machine, m.Token.ID, "")
		_, err = s.buy(s.bearer(m.Text, r))
		wants(t, err, nil, "access for a signature")
		_, err = s.admit(s.bearer(m.Text, s.again(r, body)))
		wants(t, err, token.ErrUsed, "what bought access")
	}
}

func (s *stand) again(r *http.Request, body string) *http.Request {
	r.Body = io.NopCloser(strings.NewReader(body))
	return r
}

// input changes Signature-Input.
func input(r *http.Request, change func(string) string) {
	r.Header.Set("Signature-Input", change(r.Header.Get("Signature-Input")))
}

// to replaces a part of Signature-Input, and cut removes one.
func to(from, into string) func(*http.Request) {
	return func(r *http.Request) { input(r, func(v string) string { return strings.Replace(v, from, into, 1) }) }
}

func cut(part string) func(*http.Request) { return to(part, "") }

// bent are ways to change a request with a body after it was signed.
var bent = map[string]func(*http.Request){
	"another body":      func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"name":"cellar"}`)) },
	"no body":           func(r *http.Request) { r.Body = http.NoBody },
	"another path":      func(r *http.Request) { r.URL.Path = "/api/v1/network" },
	"another query":     func(r *http.Request) { r.URL.RawQuery = "x=2" },
	"no query":          func(r *http.Request) { r.URL.RawQuery = "" },
	"another method":    func(r *http.Request) { r.Method = "PATCH" },
	"another authority": func(r *http.Request) { r.Host = "other.local:8001" },
	"another port":      func(r *http.Request) { r.Host = "nas.local:8002" },
	"an escaped path":   func(r *http.Request) { r.URL.RawPath = "/api%2Fv1/settings" },
	"another digest": func(r *http.Request) {
		r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(make([]byte, 32))+":")
	},
	"a weak digest": func(r *http.Request) { r.Header.Set("Content-Digest", "md5=:AAAAAAAAAAAAAAAAAAAAAA==:") },
	"two digests, one wrong": func(r *http.Request) {
		r.Header.Set("Content-Digest", r.Header.Get("Content-Digest")+", sha-512=:AAAA:")
	},
	"a digest of no digest":        func(r *http.Request) { r.Header.Set("Content-Digest", "sha-256=(1 2)") },
	"two headers of digests":       func(r *http.Request) { r.Header.Add("Content-Digest", r.Header.Get("Content-Digest")) },
	"no digest":                    func(r *http.Request) { r.Header.Del("Content-Digest") },
	"no @method":                   cut(`"@method" `),
	"no @authority":                cut(`"@authority" `),
	"no @path":                     cut(`"@path" `),
	"no @query":                    cut(`"@query" `),
	"no content-digest":            cut(` "content-digest"`),
	"@target-uri for the path":     to(`"@path"`, `"@target-uri"`),
	"@request-target for the path": to(`"@path"`, `"@request-target"`),
	"a component with a parameter": to(`"@path"`, `"@path";req`),
	"a component twice":            to(`"@path"`, `"@path" "@path"`),
	"a component in capitals":      to(`"content-digest"`, `"Content-Digest"`),
	"a component that is a number": to(`"@path"`, `"@path" 7`),
	"a header that is not there":   to(`"@path"`, `"@path" "date"`),
	"an unknown component":         to(`"@path"`, `"@path" "@status"`),
	"no nonce":                     to(`;nonce="`, `;other="`),
	"a nonce that is a number":     func(r *http.Request) { input(r, func(v string) string { return nonceAs(v, `7`) }) },
	"a short nonce":                func(r *http.Request) { input(r, func(v string) string { return nonceAs(v, `"short"`) }) },
	"a long nonce": func(r *http.Request) {
		input(r, func(v string) string { return nonceAs(v, `"`+strings.Repeat("n", 65)+`"`) })
	},
	"another nonce":                func(r *http.Request) { input(r, func(v string) string { return nonceAs(v, `"0123456789abcdef"`) }) },
	"no created":                   to(`;created=`, `;other=`),
	"another created":              to(`;created=`, `;created=1`),
	"a created that is text":       to(`;created=`, `;created="x";other=`),
	"a created before 1970":        to(`;created=`, `;created=-`),
	"another algorithm":            to(`"ed25519"`, `"hmac-sha256"`),
	"an algorithm that is a token": to(`"ed25519"`, `ed25519`),
	"an algorithm that is a list":  to(`"ed25519"`, `:AAAA:`),
	"expires":                      to(`;created=`, `;expires=1;created=`),
	"another keyid":                to(`;keyid="`, `;keyid="x`),
	"no keyid":                     to(`;keyid=`, `;other=`),
	"another label":                to(`sig1=`, `sig2=`),
	"two labels":                   func(r *http.Request) { input(r, func(v string) string { return v + ", sig2=()" }) },
	"two headers of input":         func(r *http.Request) { r.Header.Add("Signature-Input", r.Header.Get("Signature-Input")) },
	"two headers of signatures":    func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) },
	"no input":                     func(r *http.Request) { r.Header.Del("Signature-Input") },
	"no signature":                 func(r *http.Request) { r.Header.Del("Signature") },
	"an empty signature":           func(r *http.Request) { r.Header.Set("Signature", "") },
	"a short signature":            func(r *http.Request) { r.Header.Set("Signature", "sig1=:AAAA:") },
	"a signature of zeros": func(r *http.Request) {
		r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(make([]byte, 64))+":")
	},
	"a signature with a parameter": func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")+";a=1") },
	"a signature that is text":     func(r *http.Request) { r.Header.Set("Signature", `sig1="AAAA"`) },
	"two signatures":               func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")+", sig2=:AAAA:") },
	"an input that is no list":     func(r *http.Request) { r.Header.Set("Signature-Input", `sig1="@method"`) },
	"a huge input": func(r *http.Request) {
		input(r, func(v string) string { return v + `;tag="` + strings.Repeat("x", 100_000) + `"` })
	},
	"a huge signature": func(r *http.Request) { r.Header.Set("Signature", "sig1=:"+strings.Repeat("AAAA", 100_000)+":") },
	"many components":  to(`("@method"`, "("+manyComponents()+` "@method"`),
}

// R090
func TestASignatureHoldsForOneRequestOnly(t *testing.T) {
	const body = `{"name":"attic"}`
	s := newStand(t)
	m, other := s.keyed(), s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(stray)}})
	for name, change := range bent {
		t.Run(name, func(t *testing.T) {
			r := s.sign(request("PUT", "/api/v1/settings?x=1", body), machine, m.Token.ID, "")
			change(r)
			_, err := s.admit(s.bearer(m.Text, r))
			wants(t, err, token.ErrSignature, "admit")
			_, err = s.buy(s.bearer(m.Text, s.again(r, body)))
			if err == nil && name != "another body" && name != "no body" {
				t.Error("access was sold")
			}
		})
	}
	for name, r := range map[string]*http.Request{
		"another key":               s.sign(request("GET", "/api/v1/me", ""), stray, m.Token.ID, ""),
		"the name of another token": s.sign(request("GET", "/api/v1/me", ""), machine, other.Token.ID, ""),
		"another token's signature": s.sign(request("GET", "/api/v1/me", ""), stray, other.Token.ID, ""),
	} {
		_, err := s.admit(s.bearer(m.Text, r))
		wants(t, err, token.ErrSignature, "%s", name)
	}
	_, err := s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
	wants(t, err, nil, "a right signature after all that")
}

func nonceAs(input, value string) string {
	before, after, _ := strings.Cut(input, `nonce="`)
	_, after, _ = strings.Cut(after, `"`)
	return before + "nonce=" + value + after
}

func manyComponents() string {
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf(`"x-%d"`, i))
	}
	return strings.Join(names, " ")
}

func TestASignatureOfAnotherKeyIDSaysWhereTheRightOneIs(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}})
	_, err := s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, "backup", "")))
	wants(t, err, token.ErrSignature, "another keyid")
	if err == nil || !strings.Contains(err.Error(), "names no key of this token") {
		t.Errorf("it says %v", err)
	}
}

// R090
func TestTheTimeOfASignatureIsWithinAMinuteOfTrustedTime(t *testing.T) {
	for off, want := range map[time.Duration]error{
		0: nil, -60 * time.Second: nil, 60 * time.Second: nil, -61 * time.Second: token.ErrTime, 61 * time.Second: token.ErrTime,
		-time.Hour: token.ErrTime, 24 * time.Hour: token.ErrTime,
	} {
		s := newStand(t)
		s.pass(time.Hour)
		m := s.keyed()
		r := request("GET", "/api/v1/me", "")
		if err := token.Sign(r, machine, m.Token.ID, "", s.now.Add(off)); err != nil {
			t.Fatal(err)
		}
		_, err := s.admit(s.bearer(m.Text, r))
		wants(t, err, want, "%v off", off)
		s.unknown = true
		_, err = s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
		wants(t, err, token.ErrTime, "while the time is not known")
	}
}

// R090
func TestANonceIsTakenOnceWhateverTheClockDoes(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	const nonce = "0123456789abcdef"
	r := s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, nonce)
	_, err := s.admit(s.bearer(m.Text, r))
	wants(t, err, nil, "the first time")
	_, err = s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/about", ""), machine, m.Token.ID, nonce)))
	wants(t, err, token.ErrUsed, "another request with the nonce")
	other := s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}})
	_, err = s.admit(s.bearer(other.Text, s.sign(request("GET", "/api/v1/me", ""), machine, other.Token.ID, nonce)))
	wants(t, err, nil, "the nonce with another token")

	s.pass(59 * time.Second)
	_, err = s.admit(s.bearer(m.Text, r))
	wants(t, err, token.ErrUsed, "within the minute")
	s.pass(3 * time.Minute) // the nonce is forgotten with the next signature
	_, err = s.admit(s.bearer(m.Text, s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")))
	wants(t, err, nil, "four minutes later")
	s.mu.Lock()
	s.now = s.now.Add(-4 * time.Minute)
	s.mu.Unlock()
	_, err = s.admit(s.bearer(m.Text, r))
	wants(t, err, token.ErrTime, "once the time went back")
}

// R090
func TestASignatureFromBeforeTheStartIsNotTaken(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	r := s.sign(request("GET", "/api/v1/me", ""), machine, m.Token.ID, "")
	_, err := s.admit(s.bearer(m.Text, r))
	wants(t, err, nil, "before the start")
	nonce := s.Nonce()
	s.pass(time.Second)
	s.start()
	_, err = s.admit(s.bearer(m.Text, r))
	wants(t, err, token.ErrTime, "the same after it")
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, nonce, -time.Second)))
	wants(t, err, token.ErrTime, "with a nonce of the start before")
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, "", 0)))
	wants(t, err, nil, "a new one")
}

func (s *stand) signedAt(m token.Made, nonce string, off time.Duration) *http.Request {
	s.t.Helper()
	r := request("GET", "/api/v1/me", "")
	if err := token.Sign(r, machine, m.Token.ID, nonce, s.now.Add(off)); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// R090
func TestANonceOfTheBoxStandsForTheTimeOnceForAMinute(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	s.unknown = true
	nonce := s.Nonce()
	if len(nonce) < 16 || len(nonce) > 64 || nonce == s.Nonce() {
		t.Errorf("the nonce is %q", nonce)
	}
	_, err := s.admit(s.bearer(m.Text, s.signedAt(m, nonce, -365*24*time.Hour)))
	wants(t, err, nil, "whatever the time")
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, nonce, -time.Hour)))
	wants(t, err, token.ErrUsed, "once more")
	nonce = s.Nonce()
	s.pass(time.Minute)
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, nonce, time.Hour)))
	wants(t, err, nil, "after a minute")
	nonce = s.Nonce()
	s.pass(time.Minute + time.Nanosecond)
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, nonce, 0)))
	wants(t, err, token.ErrTime, "later")
	s.unknown = false
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, nonce, 0)))
	wants(t, err, token.ErrTime, "later, although the time is known by now")
	bent := []byte(s.Nonce())
	bent[2] ^= 1
	s.unknown = true
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, string(bent), 0)))
	wants(t, err, token.ErrTime, "with one that is not of this box")
}

// Another implementation agrees with ours, both ways.
func TestAnotherImplementationTakesOurSignaturesAndMakesOurs(t *testing.T) {
	s := newStand(t)
	s.now = time.Now() // theirs reads the system clock
	s.elapsed += time.Minute
	m := s.keyed()
	for _, body := range []string{"", `{"name":"attic"}`} {
		r := s.sign(request("PUT", "/api/v1/settings?x=1&y=%20", body), machine, m.Token.ID, "")
		fields := []string{"@method", "@authority", "@path", "@query"}
		if body != "" {
			fields = append(fields, "content-digest")
		}
		_, err := httpsig.Verify(r, keys{m.Token.ID: public(machine)}, httpsig.VerifyProfile{
			SignatureLabel: "sig1", AllowedAlgorithms: []httpsig.Algorithm{httpsig.Algo_ED25519}, RequiredFields: httpsig.Fields(fields...),
			RequiredMetadata:       []httpsig.Metadata{httpsig.MetaCreated, httpsig.MetaNonce, httpsig.MetaKeyID},
			DisableTimeEnforcement: true,
		})
		wants(t, err, nil, "they verify what we signed")

		r = request("PUT", "/api/v1/settings?x=1&y=%20", body)
		err = httpsig.Sign(r, httpsig.SigningProfile{
			Algorithm: httpsig.Algo_ED25519, Digest: httpsig.DigestSHA512, Fields: httpsig.Fields(fields...), Label: "sig1",
			Metadata: []httpsig.Metadata{httpsig.MetaKeyID, httpsig.MetaNonce, httpsig.MetaCreated},
		}, httpsig.SigningKey{Key: machine, MetaKeyID: m.Token.ID})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.admit(s.bearer(m.Text, r))
		wants(t, err, nil, "we verify what they signed")
	}
}

type keys map[string]ed25519.PublicKey

func (k keys) FetchByKeyID(_ context.Context, _ http.Header, id string) (httpsig.KeySpecer, error) {
	return httpsig.KeySpec{KeyID: id, Algo: httpsig.Algo_ED25519, PubKey: k[id]}, nil
}

func (k keys) Fetch(context.Context, http.Header, httpsig.MetadataProvider) (httpsig.KeySpecer, error) {
	return nil, io.EOF
}

func TestWhatCannotBeSignedIsSaidSo(t *testing.T) {
	r := request("GET", "/a%2Fb", "")
	if err := token.Sign(r, machine, "id", "", noon); err == nil || r.Header.Get("Signature") != "" {
		t.Errorf("an escaped path was signed: %v", err)
	}
	for _, bad := range []string{"", `a"b`, "a b", "a\\b", "a\n", "ä"} {
		if err := token.Sign(request("GET", "/", ""), machine, bad, "", noon); err == nil {
			t.Errorf("keyid %q was signed", bad)
		}
	}
	r, _ = http.NewRequest("", "https://nas.local:8001", bytes.NewReader(nil))
	if err := token.Sign(r, machine, secret.ID(), "", noon); err != nil || !strings.Contains(r.Header.Get("Signature-Input"), `"@path"`) || r.Method != "GET" || r.URL.Path != "/" {
		t.Errorf("a bare request: %v", err)
	}
}
