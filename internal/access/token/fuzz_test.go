package token_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"castellan/internal/access/token"
	"castellan/internal/fault"
)

// R090: whatever the headers are, nothing is admitted, and nothing ends the program.
func FuzzVerify(f *testing.F) {
	s := newStand(f)
	m := s.keyed()
	signed := s.sign(request("PUT", "/api/v1/settings?x=1", "{}"), machine, m.Token.ID, "")
	input, signature, digest := signed.Header.Get("Signature-Input"), signed.Header.Get("Signature"), signed.Header.Get("Content-Digest")
	other := s.sign(request("PUT", "/api/v1/settings?x=2", "{}"), machine, m.Token.ID, "")
	f.Add("PUT", "/api/v1/settings", "x=1", input, signature, digest, "{}")
	f.Add("PUT", "/api/v1/settings", "x=1", other.Header.Get("Signature-Input"), other.Header.Get("Signature"), digest, "{}")
	f.Add("GET", "/", "", `sig1=();created="x";nonce=1;keyid=:AAAA:;alg=?1`, `sig1=:AAAA:`, `sha-256=(1 2);a`, "")
	f.Add("GET", "/%2F", "%", `sig1=("@query-param";name="x" "@method");created=1;expires=2`, `sig1, sig1=(), sig2`, `sha-512=:AA==:, sha-256`, "x")
	f.Fuzz(func(t *testing.T, method, path, query, in, sig, dig, body string) {
		r := request("GET", "/", body)
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.Header = http.Header{"Signature-Input": strings.Split(in, "\x00"), "Signature": strings.Split(sig, "\x00"), "Content-Digest": {dig}}
		_, err := s.admit(s.bearer(m.Text, r))
		// The one request that was signed is right, and is told by its parts.
		if same := method == "PUT" && path == "/api/v1/settings" && (query == "x=1" || query == "x=2") && body == "{}"; err == nil && !same {
			t.Errorf("admitted: %q %q %q", in, sig, dig)
		}
		if known := (*fault.Error)(nil); err != nil && !errors.As(err, &known) {
			t.Errorf("refused without words: %v", err)
		}
		if _, _, err := s.Collect(text(machine), r, collector); err == nil {
			t.Error("a token was there to collect")
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{text(machine), pemOf(public(machine)), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea a", "-----BEGIN PUBLIC KEY-----"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		key, err := token.ParseKey(form)
		if err != nil {
			return
		}
		again, err := token.ParseKey(base64.StdEncoding.EncodeToString(key))
		if len(key) != 32 || err != nil || !again.Equal(key) || len(token.Fingerprint(key)) != 50 {
			t.Errorf("%q gives %x", form, key)
		}
	})
}
