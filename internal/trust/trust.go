// Package trust says which certificate of a server the box believes, and in words why it did not believe one.
package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

// Server is whom a connection is meant for. Its certificate is always looked at.
type Server struct {
	Host string
	// Authority is a certificate authority in PEM that is trusted beside those of the system.
	Authority string
	// Pin is the SHA-256 of the one certificate that is trusted, in hex; it replaces every other check.
	Pin string
}

var errPin = errors.New("the server shows another certificate than the one that is trusted")

// TLS returns what a connection to the server has to keep to: TLS 1.2 or newer, and a certificate that is believed.
func (s Server) TLS() (*tls.Config, error) {
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.Pin != "" {
		config.InsecureSkipVerify = true // VerifyConnection takes over
		config.VerifyConnection = s.pinned
		return config, nil
	}
	if s.Authority != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // a box without authorities of its own
		}
		if !pool.AppendCertsFromPEM([]byte(s.Authority)) {
			return nil, errors.New("read certificate authority: it is no certificate in PEM")
		}
		config.RootCAs = pool
	}
	return config, nil
}

func (s Server) pinned(state tls.ConnectionState) error {
	sum := sha256.Sum256(state.PeerCertificates[0].Raw)
	if !strings.EqualFold(strings.ReplaceAll(s.Pin, ":", ""), fmt.Sprintf("%x", sum)) {
		return errPin
	}
	return nil
}

// Explain puts into words why the certificate of a server was not believed: what is so, then what to do. It is empty
// when the error is another. server is what the server is called, such as “mail server”.
func Explain(err error, server string) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errPin):
		return "The " + server + " shows another certificate than the one that is trusted here. Nothing was sent."
	case errors.As(err, &unknown):
		return "The " + server + "'s certificate comes from an authority that is not known here. Nothing was sent. Give its authority or the certificate's fingerprint if it is yours."
	case errors.As(err, &host):
		return "The " + server + "'s certificate is for another name. Nothing was sent. Use the name that is in the certificate."
	case errors.As(err, &invalid):
		return "The " + server + "'s certificate is not valid now. Nothing was sent."
	}
	return ""
}
