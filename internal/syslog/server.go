package syslog

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Server is where messages go.
type Server struct {
	Host      string
	Port      int
	Authority string // in PEM, trusted beside the system's own
	Pin       string // SHA-256 of the one certificate that is trusted, in hex
}

var errGone = errors.New("the server closed the connection")

func write(c net.Conn, m Message) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if err := c.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := c.Write(m.frame())
	return err
}

// Try sends one message over a connection of its own.
func (s Server) Try(ctx context.Context, m Message) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return write(c, m)
}

func (s Server) dial(ctx context.Context) (*tls.Conn, error) {
	config, err := s.tls()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	c, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, err
	}
	return c.(*tls.Conn), nil
}

var errPin = errors.New("the server shows another certificate than the one that is trusted")

// tls says which certificates are believed.
func (s Server) tls() (*tls.Config, error) {
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.Pin != "" {
		config.InsecureSkipVerify = true // VerifyConnection takes over
		config.VerifyConnection = func(state tls.ConnectionState) error {
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			if !strings.EqualFold(strings.ReplaceAll(s.Pin, ":", ""), fmt.Sprintf("%x", sum)) {
				return errPin
			}
			return nil
		}
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

// Explain puts an error into words: what is so, then what to do. Nothing that the server said is in them.
func Explain(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "There is no server of this name. Check the name."
	case errors.As(err, &dns):
		return "The name server does not answer, so the server cannot be found."
	case errors.Is(err, errPin):
		return "The server shows another certificate than the one that is trusted here. Nothing was sent."
	case errors.As(err, &unknown):
		return "The server's certificate comes from an authority that is not known here. Nothing was sent. Give its authority or the certificate's fingerprint if it is yours."
	case errors.As(err, &host):
		return "The server's certificate is for another name. Nothing was sent. Use the name that is in the certificate."
	case errors.As(err, &invalid):
		return "The server's certificate is not valid now. Nothing was sent."
	case errors.As(err, &record):
		return "The server does not speak TLS on this port. Nothing was sent."
	case errors.Is(err, errGone):
		return "The server closed the connection."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "The server does not answer in time."
	default:
		return "The server cannot be reached. Check its name and port."
	}
}
