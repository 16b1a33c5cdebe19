package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"

	"castellan/internal/trust"
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
	config, err := trust.Server{Host: s.Host, Authority: s.Authority, Pin: s.Pin}.TLS()
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

// Explain puts an error into words: what is so, then what to do. Nothing that the server said is in them.
func Explain(err error) string {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var network net.Error
	certificate := trust.Explain(err, "server")
	switch {
	case certificate != "":
		return certificate
	case errors.As(err, &dns) && dns.IsNotFound:
		return "There is no server of this name. Check the name."
	case errors.As(err, &dns):
		return "The name server does not answer, so the server cannot be found."
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
