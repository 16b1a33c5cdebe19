package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// shown returns the SHA-256 of a certificate as browsers and the NAS show it, in pairs of hex digits.
func shown(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum[:]), " ", ":"))
}

// pinOf returns what is compared with each connection: the SHA-256 of the certificate's public key, which stays the same when the NAS
// makes another certificate for its new name.
func pinOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return "sha256//" + base64.StdEncoding.EncodeToString(sum[:])
}

// digest reads a fingerprint that a person typed, in hex with colons or without, or in base 64.
func digest(typed string) (sum []byte, ok bool) {
	digits := strings.TrimSpace(typed)
	if head, rest, found := strings.Cut(digits, ":"); found && strings.EqualFold(strings.ReplaceAll(head, "-", ""), "sha256") {
		digits = strings.TrimSpace(rest)
	}
	sum, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(digits))
	if err != nil || len(sum) != sha256.Size {
		sum, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(digits, "="))
	}
	return sum, err == nil && len(sum) == sha256.Size
}

// sameFingerprint compares a fingerprint that a person typed with that of a certificate.
func sameFingerprint(typed string, c *x509.Certificate) bool {
	sum := sha256.Sum256(c.Raw)
	got, ok := digest(typed)
	return ok && bytes.Equal(got, sum[:])
}

// otherCertificate refuses a NAS that shows another certificate than the one that was compared.
type otherCertificate struct{ was, is, login string }

func (e *otherCertificate) Error() string {
	return fmt.Sprintf(`this NAS has another certificate than before, with another key. Somebody else may answer in its place.
  compared at login  %s
  shown now          %s
Nothing was sent. If the NAS was set up anew, compare the second one with what it shows itself, and accept it with %s`, e.was, e.is, e.login)
}

// connectFor is how long a connection, and the handshake over it, may take.
const connectFor = 10 * time.Second

// pinned returns a client that talks to this NAS alone: it looks at the certificate of each connection before anything is sent. It follows no
// redirects.
func (n *nas) pinned() *http.Client {
	check := func(s tls.ConnectionState) error {
		if c := s.PeerCertificates[0]; pinOf(c) != n.PublicKey {
			return &otherCertificate{was: n.Certificate, is: shown(c), login: n.login()}
		}
		return nil
	}
	dialer := &net.Dialer{Timeout: connectFor}
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectFor, ForceAttemptHTTP2: true,
			// The box signs its certificate itself. Its public key is known instead, and the handshake proves the private one.
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: check},
		},
	}
}

// look returns the certificate that a NAS shows now. Nothing is sent to it.
func look(ctx context.Context, base string) (*x509.Certificate, error) {
	host := strings.TrimPrefix(base, "https://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "443")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*connectFor)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: connectFor}, Config: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, away(base, err)
	}
	defer func() { _ = connection.Close() }()
	tlsConnection, ok := connection.(*tls.Conn)
	if !ok {
		return nil, fmt.Errorf("%w at %s over TLS", errAway, base)
	}
	return tlsConnection.ConnectionState().PeerCertificates[0], nil
}
