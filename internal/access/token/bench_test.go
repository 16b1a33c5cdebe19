package token_test

import (
	"io"
	"strings"
	"testing"

	"castellan/internal/access/token"
	"castellan/internal/secret"
)

func BenchmarkAdmitSigned(b *testing.B) {
	s := newStand(b)
	m := s.keyed()
	const body = `{"name":"attic"}`
	r := request("PUT", "/api/v1/settings?x=1", body)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		r.Body = io.NopCloser(strings.NewReader(body))
		s.sign(r, machine, m.Token.ID, secret.Token())
		if i%1000 == 0 {
			s.pass(token.Skew)
		}
		s.sign(r, machine, m.Token.ID, secret.Token())
		b.StartTimer()
		if _, err := s.admit(s.bearer(m.Text, r)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdmitAccess(b *testing.B) {
	s := newStand(b)
	m := s.coded()
	bought, err := s.code(m, s.codeAt(m, 0))
	if err != nil {
		b.Fatal(err)
	}
	bearer := s.bearer(bought.Text, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.admit(bearer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	s := newStand(b)
	r := request("GET", "/api/v1/settings?x=1", "")
	b.ReportAllocs()
	for b.Loop() {
		s.sign(r, machine, "keyid", "")
	}
}
