package trust_test

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"castellan/internal/realtest"
	"castellan/internal/trust"
)

// serve answers handshakes with a certificate for a name, and returns where, and the certificate's fingerprint.
func serve(t *testing.T, authority realtest.Authority, name string) (address, pin string) {
	t.Helper()
	cert, key := authority.Certificate(t, name)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
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
			go func() { _ = c.(*tls.Conn).Handshake(); _ = c.Close() }()
		}
	}()
	return l.Addr().String(), fmt.Sprintf("%x", sha256.Sum256(pair.Certificate[0]))
}

func TestOnlyTheRightCertificateIsBelieved(t *testing.T) {
	authority, other := realtest.NewAuthority(t), realtest.NewAuthority(t)
	address, pin := serve(t, authority, "127.0.0.1")
	named, namedPin := serve(t, authority, "mail.example.org")
	tests := map[string]struct {
		address string
		server  trust.Server
		want    string // in the explanation; empty: it is believed
	}{
		"its authority":             {address, trust.Server{Authority: authority.PEM}, ""},
		"no authority":              {address, trust.Server{}, "authority that is not known"},
		"another authority":         {address, trust.Server{Authority: other.PEM}, "authority that is not known"},
		"another name":              {named, trust.Server{Authority: authority.PEM}, "for another name"},
		"pinned":                    {address, trust.Server{Pin: pin}, ""},
		"pinned in capital letters": {address, trust.Server{Pin: strings.ToUpper(pin)}, ""},
		"pinned under another name": {named, trust.Server{Pin: namedPin}, ""},
		"another one is pinned":     {address, trust.Server{Pin: namedPin}, "another certificate than the one that is trusted"},
		"a pin beside an authority": {address, trust.Server{Pin: namedPin, Authority: authority.PEM}, "another certificate than the one that is trusted"},
	}
	for name, tc := range tests {
		tc.server.Host = "127.0.0.1"
		config, err := tc.server.TLS()
		if err != nil {
			t.Fatal(err)
		}
		c, err := tls.Dial("tcp", tc.address, config)
		if err == nil {
			_ = c.Close()
		}
		said := trust.Explain(err, "mail server")
		if (err == nil) != (tc.want == "") || !strings.Contains(said, tc.want) || (said == "") != (err == nil) {
			t.Errorf("%s: %v, told as %q", name, err, said)
		}
	}
}

func TestWhatIsNoAuthorityIsSaid(t *testing.T) {
	if _, err := (trust.Server{Authority: "x"}).TLS(); err == nil {
		t.Error("it was taken")
	}
	for _, other := range []error{nil, errors.New("x"), &net.DNSError{IsNotFound: true}} {
		if said := trust.Explain(other, "server"); said != "" {
			t.Errorf("%v is told as %q", other, said)
		}
	}
}
