package mail_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"castellan/internal/mail"
	"castellan/internal/realtest"
)

var letter = mail.Message{To: "ines@example.org", Subject: "Grüße", Text: "Hello Inês,\n\n123456\n.\n", HTML: "<p>Hello Inês</p>"}

// serve starts a recorder and returns a Server that knows how to reach it.
func serve(t *testing.T, r *realtest.Recorder, authority realtest.Authority, name string, encrypted bool) mail.Server {
	t.Helper()
	host, port := r.Serve(t, "127.0.0.1:0", authority, name, encrypted)
	return mail.Server{
		Host: host, Port: port, Security: mail.StartTLS, User: "nas", Password: "mail password",
		From: "nas@example.org", FromName: "attic-nas", Hello: "attic-nas.local", Authority: authority.PEM,
	}
}

// R063
func TestAMailHasOneRecipientAndNoOtherHeaders(t *testing.T) {
	authority := realtest.NewAuthority(t)
	r := &realtest.Recorder{}
	if err := serve(t, r, authority, "127.0.0.1", true).Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if len(r.To) != 1 || r.To[0] != "ines@example.org" || r.From[0] != "nas@example.org" || r.Auth[0] != "nas:mail password" {
		t.Errorf("from %v to %v as %v", r.From, r.To, r.Auth)
	}
	head, body, _ := bytes.Cut(r.Data, []byte("\r\n\r\n"))
	for _, want := range []string{"Auto-Submitted: auto-generated", "Subject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?=", "From: \"attic-nas\" <nas@example.org>", "@example.org>"} {
		if !bytes.Contains(head, []byte(want)) {
			t.Errorf("the head lacks %q:\n%s", want, head)
		}
	}
	if bytes.Contains(bytes.ToLower(head), []byte("user-agent")) || !bytes.Contains(body, []byte("123456")) || !bytes.Contains(body, []byte("multipart")) && !bytes.Contains(head, []byte("multipart/alternative")) {
		t.Errorf("got\n%s", r.Data)
	}
	for _, evil := range []string{"a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b.example> RCPT TO:<c@d.example", "a\x00@b.example", ""} {
		m := letter
		m.To = evil
		if err := serve(t, r, authority, "127.0.0.1", true).Send(t.Context(), m); err == nil {
			t.Errorf("%q was taken for a recipient", evil)
		}
	}
	m := letter
	m.Subject = "x\r\nBcc: c@d.example"
	r = &realtest.Recorder{}
	if err := serve(t, r, authority, "127.0.0.1", true).Send(t.Context(), m); err == nil {
		if head, _, _ := bytes.Cut(r.Data, []byte("\r\n\r\n")); len(r.To) != 1 || bytes.Contains(head, []byte("\nBcc:")) {
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
		r := &realtest.Recorder{}
		s := serve(t, r, authority, tc.host, tc.encrypted)
		tc.change(&s)
		err := s.Send(t.Context(), letter)
		if err == nil || !strings.Contains(mail.Explain(err).Message, tc.want) {
			t.Errorf("%s: %v, explained as %q", tc.name, err, mail.Explain(err).Message)
		}
		if len(r.Auth)+len(r.From)+len(r.Data) != 0 {
			t.Errorf("%s: the server heard %v %v", tc.name, r.Auth, r.From)
		}
	}
}

func TestAPinnedCertificateIsEnough(t *testing.T) {
	authority := realtest.NewAuthority(t)
	r := &realtest.Recorder{}
	s := serve(t, r, authority, "some.other.name", true)
	s.Authority, s.Pin = "", r.Pin
	if err := s.Send(t.Context(), letter); err != nil {
		t.Error(err)
	}
}

func TestARefusalIsShownInTheServersWords(t *testing.T) {
	authority := realtest.NewAuthority(t)
	for stage, code := range map[string]int{"auth": 535, "mail": 550, "rcpt": 451, "end": 554} {
		r := &realtest.Recorder{Refuse: map[string]*smtp.SMTPError{stage: {Code: code, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Not for you\x1b[2J, " + stage}}}
		err := serve(t, r, authority, "127.0.0.1", true).Send(t.Context(), letter)
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

// script is a mail server that says what it is told, a reply for each line it hears, and then nothing.
func script(t *testing.T, replies ...string) mail.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				for _, reply := range replies {
					if _, err := io.WriteString(c, reply); err != nil {
						return
					}
					if _, err := r.ReadString('\n'); err != nil {
						return
					}
				}
				_, _ = r.ReadString(0)
			}()
		}
	}()
	return mail.Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.StartTLS, User: "nas", Password: "mail password",
		From: "nas@example.org", Hello: "nas.local", Patience: 500 * time.Millisecond,
	}
}

// R064 R138: whatever a server says before it is known, nothing but our name is sent, and it is explained.
func TestAServerThatFailsBeforeItIsKnownIsExplained(t *testing.T) {
	const hello = "250-mail.test\r\n250 STARTTLS\r\n"
	for name, replies := range map[string][]string{
		"busy at the greeting":         {"421 too busy\r\n"},
		"refused at the greeting":      {"554 no service\r\n"},
		"no hello":                     {"220 ready\r\n", "502 what?\r\n", "502 what?\r\n"},
		"no STARTTLS after all":        {"220 ready\r\n", hello, "454 not now\r\n"},
		"replies that were not asked":  {"220 ready\r\n250 ok\r\n235 welcome\r\n250 ok\r\n354 go on\r\n250 taken\r\n"},
		"text in place of a handshake": {"220 ready\r\n", hello, "220 go on\r\n250 injected\r\n"},
		"a greeting without an end":    {"220-" + strings.Repeat("x", 4000)},
		"garbage":                      {"\x00\xff\x1b[2J\r\n"},
		"silence after the hello":      {"220 ready\r\n", hello},
	} {
		begin := time.Now()
		err := script(t, replies...).Send(t.Context(), letter)
		f := mail.Explain(err)
		if err == nil || f.Message == "" || strings.ContainsAny(f.Message, "\x1b\r\n\x00") || strings.Contains(f.Message, "mail password") {
			t.Errorf("%s: %v, explained as %q", name, err, f.Message)
		}
		if time.Since(begin) > 2*time.Second {
			t.Errorf("%s: it took %v", name, time.Since(begin))
		}
	}
}

// A server that talks, but slowly, gets no more time than one that says nothing.
func TestASlowServerIsGivenUpInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		c, err := l.Accept()
		for err == nil {
			_, err = io.WriteString(c, "220-still here\r\n")
			time.Sleep(100 * time.Millisecond)
		}
	}()
	s := script(t)
	s.Port = l.Addr().(*net.TCPAddr).Port
	begin := time.Now()
	if err := s.Send(t.Context(), letter); err == nil || time.Since(begin) > time.Second || !mail.Explain(err).Temporary {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}
