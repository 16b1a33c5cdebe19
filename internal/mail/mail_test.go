package mail_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"castellan/internal/mail"
	"castellan/internal/realtest"
)

var letter = mail.Message{To: "ines@example.org", Subject: "Grüße", Text: "Hello Inês,\n\n123456\n.\n", HTML: "<p>Hello Inês</p>"}

// recorder is a mail server that notes what it hears and misbehaves as it is told.
type recorder struct {
	mu       sync.Mutex
	from, to []string
	data     []byte
	auth     []string
	refuse   map[string]*smtp.SMTPError // by stage: auth, mail, rcpt, data, end
	pin      string                     // SHA-256 of its certificate
}

func (r *recorder) at(stage string) error {
	if e := r.refuse[stage]; e != nil {
		return e
	}
	return nil
}

type talk struct{ r *recorder }

func (r *recorder) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{r}, nil }

func (s *talk) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *talk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.r.mu.Lock()
		defer s.r.mu.Unlock()
		s.r.auth = append(s.r.auth, user+":"+password)
		return s.r.at("auth")
	}), nil
}
func (s *talk) Mail(from string, _ *smtp.MailOptions) error {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.from = append(s.r.from, from)
	return s.r.at("mail")
}
func (s *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.to = append(s.r.to, to)
	return s.r.at("rcpt")
}
func (s *talk) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.data = data
	return errors.Join(err, s.r.at("end"))
}
func (s *talk) Reset()        {}
func (s *talk) Logout() error { return nil }

// start serves the recorder and returns a Server that knows how to reach it.
func (r *recorder) start(t *testing.T, authority realtest.Authority, name string, encrypted bool) mail.Server {
	t.Helper()
	s := smtp.NewServer(r)
	s.Domain = "recorder.test"
	s.ErrorLog = log.New(io.Discard, "", 0)
	if encrypted {
		cert, key := authority.Certificate(t, name)
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
		r.pin = fmt.Sprintf("%x", sha256.Sum256(pair.Certificate[0]))
	} else {
		s.AllowInsecureAuth = true
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return mail.Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.StartTLS, User: "nas", Password: "mail password",
		From: "nas@example.org", FromName: "attic-nas", Hello: "attic-nas.local", Authority: authority.PEM,
	}
}

// R063
func TestAMailHasOneRecipientAndNoOtherHeaders(t *testing.T) {
	authority := realtest.NewAuthority(t)
	r := &recorder{}
	if err := r.start(t, authority, "127.0.0.1", true).Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if len(r.to) != 1 || r.to[0] != "ines@example.org" || r.from[0] != "nas@example.org" || r.auth[0] != "nas:mail password" {
		t.Errorf("from %v to %v as %v", r.from, r.to, r.auth)
	}
	head, body, _ := bytes.Cut(r.data, []byte("\r\n\r\n"))
	for _, want := range []string{"Auto-Submitted: auto-generated", "Subject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?=", "From: \"attic-nas\" <nas@example.org>", "@example.org>"} {
		if !bytes.Contains(head, []byte(want)) {
			t.Errorf("the head lacks %q:\n%s", want, head)
		}
	}
	if bytes.Contains(bytes.ToLower(head), []byte("user-agent")) || !bytes.Contains(body, []byte("123456")) || !bytes.Contains(body, []byte("multipart")) && !bytes.Contains(head, []byte("multipart/alternative")) {
		t.Errorf("got\n%s", r.data)
	}
	for _, evil := range []string{"a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b.example> RCPT TO:<c@d.example", "a\x00@b.example", ""} {
		m := letter
		m.To = evil
		if err := r.start(t, authority, "127.0.0.1", true).Send(t.Context(), m); err == nil {
			t.Errorf("%q was taken for a recipient", evil)
		}
	}
	m := letter
	m.Subject = "x\r\nBcc: c@d.example"
	r = &recorder{}
	if err := r.start(t, authority, "127.0.0.1", true).Send(t.Context(), m); err == nil {
		if head, _, _ := bytes.Cut(r.data, []byte("\r\n\r\n")); len(r.to) != 1 || bytes.Contains(head, []byte("\nBcc:")) {
			t.Errorf("a header was added:\n%s", head)
		}
	}
}

// R064
func TestNothingLeavesWithoutAVerifiedCertificate(t *testing.T) {
	authority, stranger := realtest.NewAuthority(t), realtest.NewAuthority(t)
	cert, _ := authority.Certificate(t, "127.0.0.1")
	block, _ := pem.Decode(cert)
	another := fmt.Sprintf("%x", sha256.Sum256(block.Bytes))
	tests := []struct {
		name      string
		host      string
		encrypted bool
		change    func(*mail.Server)
		want      string
	}{
		{"no STARTTLS", "127.0.0.1", false, func(*mail.Server) {}, "no encryption"},
		{"wrong name", "mail.example.org", true, func(*mail.Server) {}, "another name"},
		{"unknown authority", "127.0.0.1", true, func(s *mail.Server) { s.Authority = stranger.PEM }, "not known here"},
		{"no authority given", "127.0.0.1", true, func(s *mail.Server) { s.Authority = "" }, "not known here"},
		{"another pin", "127.0.0.1", true, func(s *mail.Server) { s.Pin = another }, "another certificate"},
		{"TLS on a STARTTLS port", "127.0.0.1", true, func(s *mail.Server) { s.Security = mail.TLS }, "does not speak TLS"},
	}
	for _, tc := range tests {
		r := &recorder{}
		s := r.start(t, authority, tc.host, tc.encrypted)
		tc.change(&s)
		err := s.Send(t.Context(), letter)
		if err == nil || !strings.Contains(mail.Explain(err).Message, tc.want) {
			t.Errorf("%s: %v, explained as %q", tc.name, err, mail.Explain(err).Message)
		}
		if len(r.auth)+len(r.from)+len(r.data) != 0 {
			t.Errorf("%s: the server heard %v %v", tc.name, r.auth, r.from)
		}
	}
}

func TestAPinnedCertificateIsEnough(t *testing.T) {
	authority := realtest.NewAuthority(t)
	r := &recorder{}
	s := r.start(t, authority, "some.other.name", true)
	s.Authority, s.Pin = "", r.pin
	if err := s.Send(t.Context(), letter); err != nil {
		t.Error(err)
	}
}

func TestARefusalIsShownInTheServersWords(t *testing.T) {
	authority := realtest.NewAuthority(t)
	for stage, code := range map[string]int{"auth": 535, "mail": 550, "rcpt": 451, "end": 554} {
		r := &recorder{refuse: map[string]*smtp.SMTPError{stage: {Code: code, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Not for you\x1b[2J, " + stage}}}
		err := r.start(t, authority, "127.0.0.1", true).Send(t.Context(), letter)
		if err == nil {
			t.Errorf("%s: taken", stage)
			continue
		}
		f := mail.Explain(err)
		if !strings.Contains(f.Reply, fmt.Sprint(code)) || !strings.Contains(f.Reply, "Not for you") || strings.ContainsAny(f.Message, "\x1b\r\n") {
			t.Errorf("%s: %+v (%v)", stage, f, err)
		}
		if f.Temporary != (code/100 == 4) {
			t.Errorf("%s: temporary %v", stage, f.Temporary)
		}
		if strings.Contains(f.Message, "mail password") {
			t.Errorf("%s: the password is shown", stage)
		}
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := mail.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.StartTLS, From: "nas@example.org", Hello: "nas.local", Patience: 300 * time.Millisecond}
	start := time.Now()
	err = s.Send(t.Context(), letter)
	if f := mail.Explain(err); err == nil || time.Since(start) > 3*time.Second || !f.Temporary {
		t.Errorf("after %v: %v, %+v", time.Since(start), err, f)
	}
	_ = l.Close()
	err = s.Send(t.Context(), letter)
	if f := mail.Explain(err); err == nil || !strings.Contains(f.Message, "cannot be reached") {
		t.Errorf("nobody there: %v, %+v", err, f)
	}
	s.Host = "no-such-host.invalid"
	if err = s.Send(t.Context(), letter); err == nil || !strings.Contains(mail.Explain(err).Message, "mail server") {
		t.Errorf("no such name: %v", err)
	}
}

func TestARealMailServerTakesIt(t *testing.T) {
	mta := realtest.NewMTA(t, "127.0.0.9")
	s := mail.Server{
		Host: mta.Host, Port: mta.Port, Security: mail.StartTLS, User: mta.User, Password: mta.Password,
		From: "nas@example.org", FromName: "attic-nas", Hello: "attic-nas.local", Authority: mta.Authority,
	}
	if err := s.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	got := mta.Wait("ines@example.org", 1)
	if got.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasPrefix(got.Header.Get("Content-Type"), "multipart/alternative") {
		t.Errorf("got %v", got.Header)
	}
	s.Password = "wrong"
	if err := s.Send(t.Context(), letter); err == nil || !strings.Contains(mail.Explain(err).Reply, "535") {
		t.Errorf("a wrong password: %v, %+v", err, mail.Explain(err))
	}
}
