package realtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// Authority is a certificate authority that a test made for itself.
type Authority struct {
	PEM  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes a certificate authority.
func NewAuthority(t testing.TB) Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), cert, key}
}

// Certificate issues a certificate for an address or a name, and returns it and its key in PEM.
func (a Authority) Certificate(t testing.TB, host string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	coded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: coded})
}

// MTA is a real mail server on the loopback (Exim) that wants STARTTLS and a password, and puts what it takes
// into a folder.
type MTA struct {
	Host           string
	Port           int
	User, Password string
	Authority      string // in PEM

	t      testing.TB
	folder string
}

// MTAPort is where it listens: one of the ports that mail servers are looked for on.
const MTAPort = 2525

// NewMTA starts the mail server on a loopback address of its own, such as "127.0.0.9", so that several can run at a
// time. Exim changes its user, so it needs root; without root or without the program the test ends as Need says.
func NewMTA(t testing.TB, host string) *MTA {
	t.Helper()
	program := Program(t, "exim4", "apt-get install exim4-daemon-light")
	Need(t, "root", "run as root, which Exim starts as", os.Geteuid() == 0)
	dir, err := os.MkdirTemp("", "mta-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	authority := NewAuthority(t)
	cert, key := authority.Certificate(t, host)
	m := &MTA{
		Host: host, Port: MTAPort, User: "nas", Password: "a mail password", Authority: authority.PEM, t: t, folder: filepath.Join(dir, "mail"),
	}
	config := strings.NewReplacer("DIR", dir, "HOST", host, "PORT", fmt.Sprint(MTAPort), "PASSWORD", m.Password).Replace(eximConfig)
	for name, data := range map[string][]byte{"cert.pem": cert, "key.pem": key, "exim.conf": []byte(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"mail", "spool", "log"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", "nobody:nogroup", filepath.Join(dir, "mail"), filepath.Join(dir, "spool"), filepath.Join(dir, "log")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-C", filepath.Join(dir, "exim.conf"), "-bdf")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	m.waitUntilItAnswers()
	return m
}

// eximConfig wants encryption and a password, and puts what it takes into a folder. The browser stories use it, too.
//
//go:embed exim.conf
var eximConfig string

func (m *MTA) waitUntilItAnswers() {
	m.t.Helper()
	for range 600 {
		if c, err := net.Dial("tcp", net.JoinHostPort(m.Host, fmt.Sprint(m.Port))); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatal("the mail server does not answer")
}

// Mails returns what has come for an address, the oldest first.
func (m *MTA) Mails(address string) (mails []*mail.Message) {
	m.t.Helper()
	files, err := filepath.Glob(filepath.Join(m.folder, "new", "*"))
	if err != nil {
		m.t.Fatal(err)
	}
	sort.Slice(files, func(i, j int) bool { return modified(files[i]).Before(modified(files[j])) })
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			m.t.Fatal(err)
		}
		message, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			m.t.Fatal(err)
		}
		if message.Header.Get("Envelope-To") == address {
			mails = append(mails, message)
		}
	}
	return mails
}

func modified(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// Wait returns the newest mail for an address once there are n of them.
func (m *MTA) Wait(address string, n int) *mail.Message {
	m.t.Helper()
	for range 200 {
		if mails := m.Mails(address); len(mails) >= n {
			return mails[len(mails)-1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatalf("after 10 s there are %d mails for %s, want %d", len(m.Mails(address)), address, n)
	return nil
}

// Text returns the plain text of a mail, decoded.
func Text(t testing.TB, m *mail.Message) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextPart() // undoes quoted-printable
		if err != nil {
			t.Fatalf("the mail has no plain text: %v", err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			text, err := io.ReadAll(part)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
}

// Settings are the values with which Castellan reaches it.
func (m *MTA) Settings() map[string]any {
	return map[string]any{
		"host": m.Host, "port": m.Port, "security": "starttls", "user": m.User, "password": m.Password,
		"sender": "nas@example.org", "authority": m.Authority,
	}
}
