package realtest

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Recorder is a mail server that notes what it hears and misbehaves as it is told.
type Recorder struct {
	Mu       sync.Mutex // guards the notes while mail comes
	From, To []string
	Data     []byte // of the newest mail
	Mails    []RecordedMail
	Auth     []string
	Refuse   map[string]*smtp.SMTPError // by stage: auth, mail, rcpt, end
	Pin      string                     // SHA-256 of its certificate
}

// RecordedMail is a mail that was taken.
type RecordedMail struct {
	To   string
	Data []byte
}

func (r *Recorder) at(stage string) error {
	if e := r.Refuse[stage]; e != nil {
		return e
	}
	return nil
}

type talk struct {
	r  *Recorder
	to string // of this conversation: several can go on at a time
}

// NewSession begins a conversation.
func (r *Recorder) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{r: r}, nil }

func (s *talk) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *talk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.r.Mu.Lock()
		defer s.r.Mu.Unlock()
		s.r.Auth = append(s.r.Auth, user+":"+password)
		return s.r.at("auth")
	}), nil
}
func (s *talk) Mail(from string, _ *smtp.MailOptions) error {
	s.r.Mu.Lock()
	defer s.r.Mu.Unlock()
	s.r.From = append(s.r.From, from)
	return s.r.at("mail")
}
func (s *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.r.Mu.Lock()
	defer s.r.Mu.Unlock()
	s.r.To, s.to = append(s.r.To, to), to
	return s.r.at("rcpt")
}
func (s *talk) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.r.Mu.Lock()
	defer s.r.Mu.Unlock()
	s.r.Data = data
	s.r.Mails = append(s.r.Mails, RecordedMail{s.to, data})
	return errors.Join(err, s.r.at("end"))
}
func (s *talk) Reset()        {}
func (s *talk) Logout() error { return nil }

// Serve listens at an address until the test ends, with a certificate for a name or without encryption, and
// returns where.
func (r *Recorder) Serve(t testing.TB, listen string, authority Authority, name string, encrypted bool) (host string, port int) {
	t.Helper()
	s := smtp.NewServer(r)
	s.Domain = "recorder.test"
	s.ErrorLog = silence{}
	if encrypted {
		cert, key := authority.Certificate(t, name)
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
		r.Pin = fmt.Sprintf("%x", sha256.Sum256(pair.Certificate[0]))
	} else {
		s.AllowInsecureAuth = true
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	address := l.Addr().(*net.TCPAddr)
	return address.IP.String(), address.Port
}

type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

// Count returns how many mails were taken.
func (r *Recorder) Count() int {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	return len(r.Mails)
}
