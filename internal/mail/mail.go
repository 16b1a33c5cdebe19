// Package mail sends a message through an SMTP server. It speaks TLS with a certificate that was verified, or
// not at all: nothing of a message, and no password, leaves over anything else.
package mail

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"castellan/internal/trust"

	gomail "github.com/wneessen/go-mail"
)

// Security says when a connection is encrypted.
type Security string

// The kinds of encryption. There is none without.
const (
	TLS      Security = "tls"      // from the first byte, usually port 465
	StartTLS Security = "starttls" // after the greeting, usually port 587
)

// Timeout is how long a delivery may take, unless its server or its context has less patience.
const Timeout = 15 * time.Second

// Server is where mail is handed over.
type Server struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: the server wants no name
	Password string
	From     string // the sender's address
	FromName string
	Hello    string // the name we give ourselves
	Patience time.Duration
	// Authority is a certificate authority in PEM that is trusted beside those of the system.
	Authority string
	// Pin is the SHA-256 of the one certificate that is trusted, in hex; it replaces every other check.
	Pin string
}

// Message is one mail to one person.
type Message struct {
	To      string
	Subject string
	Text    string
	HTML    string
}

// Send hands a message over. When it returns nil the server has taken it. Its errors are explained by
// Explain.
func (s Server) Send(ctx context.Context, m Message) error {
	config, err := trust.Server{Host: s.Host, Authority: s.Authority, Pin: s.Pin}.TLS()
	if err != nil {
		return err
	}
	message, err := s.compose(m)
	if err != nil {
		return err
	}
	patience := cmp.Or(s.Patience, Timeout) // the library looks at the context while it connects, and not later
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(patience), gomail.WithTLSConfig(config), gomail.WithHELO(s.Hello),
		gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithoutNoop(),
	}
	if s.Security == TLS {
		options = append(options, gomail.WithSSL())
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		err := client.DialAndSendWithContext(ctx, message)
		if message.IsDelivered() { // whatever the server says to the farewell
			err = nil
		}
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done(): // a server that talks slowly is given the whole time again at each step
		select {
		case err = <-done:
		default:
			err = ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// compose builds the message: plain text and HTML, one recipient, and no header that a value could add.
func (s Server) compose(m Message) (*gomail.Msg, error) {
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := out.FromFormat(s.FromName, s.From); err != nil {
		return nil, fmt.Errorf("compose mail: sender: %w", err)
	}
	if err := out.To(m.To); err != nil {
		return nil, fmt.Errorf("compose mail: recipient: %w", err)
	}
	out.Subject(m.Subject)
	_, domain, _ := strings.Cut(s.From, "@")
	out.SetMessageIDWithValue(messageID(domain))
	out.SetDate()
	// So that nobody's absence is answered to a machine (RFC 3834).
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return out, nil
}
