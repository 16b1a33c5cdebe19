package certificate_test

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"castellan/internal/box/certificate"
)

var (
	noon  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	names = certificate.Names{
		Hosts:     []string{"attic-nas.local", "attic-nas", "localhost"},
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.20"), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("::1")},
	}
)

// open opens a folder with a clock that stands still.
func open(dir string) *certificate.Keeper {
	return certificate.Open(dir, func() time.Duration { return 0 })
}

func renew(t *testing.T, k *certificate.Keeper, n certificate.Names, now time.Time) string {
	t.Helper()
	reason, err := k.Renew(n, certificate.Names{}, now)
	if err != nil {
		t.Fatal(err)
	}
	return reason
}

// handshake returns the certificate that a client sees, or the error it gets.
func handshake(t *testing.T, k *certificate.Keeper, c *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		server := tls.Server(far, k.TLS())
		_ = server.Handshake()
		_ = far.Close()
	}()
	c.InsecureSkipVerify = true
	client := tls.Client(near, c)
	err := client.Handshake()
	return client.ConnectionState(), err
}

// R129
func TestTheCertificateStandsForAllNamesAndAddresses(t *testing.T) {
	dir := t.TempDir()
	k := open(dir)
	if reason := renew(t, k, names, noon); reason != "there was none" {
		t.Errorf("reason %q", reason)
	}
	state, err := handshake(t, k, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	leaf := state.PeerCertificates[0]
	for _, name := range []string{"attic-nas", "attic-nas.local", "localhost", "192.0.2.20", "fe80::1", "::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if leaf.PublicKeyAlgorithm != x509.ECDSA || leaf.NotAfter.Sub(leaf.NotBefore) > 398*24*time.Hour {
		t.Errorf("algorithm %v, valid from %v to %v", leaf.PublicKeyAlgorithm, leaf.NotBefore, leaf.NotAfter)
	}
	if info, err := os.Stat(filepath.Join(dir, "tls.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info.Mode(), err)
	}
}

// R129
func TestTwoBoxesShareNothing(t *testing.T) {
	one, two := open(t.TempDir()), open(t.TempDir())
	renew(t, one, names, noon)
	renew(t, two, names, noon)
	a, _ := handshake(t, one, &tls.Config{})
	b, _ := handshake(t, two, &tls.Config{})
	if a.PeerCertificates[0].Equal(b.PeerCertificates[0]) || one.Fingerprint() == two.Fingerprint() {
		t.Error("two boxes have one certificate")
	}
	if len(one.Fingerprint()) != 95 {
		t.Errorf("the fingerprint is %q", one.Fingerprint())
	}
}

// R129
func TestItIsRenewedInTimeAndWhenNamesChangeAndKeepsItsKey(t *testing.T) {
	dir := t.TempDir()
	k := open(dir)
	renew(t, k, names, noon)
	before := k.Fingerprint()
	k = open(dir) // a restart
	if reason := renew(t, k, names, noon.AddDate(0, 7, 0)); reason != "" || k.Fingerprint() != before {
		t.Errorf("renewed after a restart: %q", reason)
	}
	state, _ := handshake(t, k, &tls.Config{})
	first := state.PeerCertificates[0]
	if reason := renew(t, k, names, noon.AddDate(0, 10, 0)); reason != "the old one ends soon" {
		t.Errorf("after ten months: %q", reason)
	}
	moved := names
	moved.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.21")}
	if reason := renew(t, k, moved, noon.AddDate(0, 10, 0)); reason == "" {
		t.Error("not renewed for a new address")
	}
	if reason := renew(t, k, moved, noon.AddDate(-20, 0, 0)); reason != "the old one is not valid yet" {
		t.Errorf("after the clock was found to be wrong: %q", reason)
	}
	state, _ = handshake(t, k, &tls.Config{})
	if !first.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(state.PeerCertificates[0].PublicKey) {
		t.Error("renewing changed the key")
	}
}

// R129 T33: the fingerprint that people compare stays while nothing new has to be in the certificate.
func TestTheCertificateKeepsTheNamesItHas(t *testing.T) {
	k := open(t.TempDir())
	renew(t, k, names, noon)
	first := k.Fingerprint()
	few := certificate.Names{Hosts: names.Hosts[1:], Addresses: []netip.Addr{netip.MustParseAddr("::ffff:192.0.2.20")}}
	if reason := renew(t, k, few, noon); reason != "" || k.Fingerprint() != first {
		t.Errorf("renewed for an address that is gone: %q", reason)
	}
	if reason := renew(t, k, certificate.Names{Hosts: []string{"cellar-nas"}, Addresses: few.Addresses}, noon); reason == "" {
		t.Error("not renewed for a new name")
	}
	for _, n := range []certificate.Names{names, few} {
		if reason := renew(t, k, n, noon); reason != "" {
			t.Errorf("it did not keep what it had: %q", reason)
		}
	}
	for i := range 100 { // a new address every day
		moved := certificate.Names{Hosts: []string{"cellar-nas"}, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})}}
		renew(t, k, moved, noon)
	}
	state, _ := handshake(t, k, &tls.Config{})
	leaf := state.PeerCertificates[0]
	if n := len(leaf.IPAddresses); n != 32 || leaf.VerifyHostname("10.0.0.99") != nil || leaf.VerifyHostname("10.0.0.68") != nil {
		t.Errorf("%d addresses are left of a hundred: %v", n, leaf.IPAddresses)
	}
	if leaf.VerifyHostname("attic-nas") != nil || leaf.Subject.CommonName != "cellar-nas" {
		t.Errorf("names %v of %v", leaf.DNSNames, leaf.Subject)
	}
	many := certificate.Names{Hosts: []string{"cellar-nas"}}
	for i := range 40 {
		many.Addresses = append(many.Addresses, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}))
	}
	renew(t, k, many, noon)
	if reason := renew(t, k, many, noon); reason != "" {
		t.Errorf("more addresses than fit renew it every time: %q", reason)
	}
}

// R129 T33: whoever gives the box ever new names and addresses does not have it make ever new certificates; what its owner chose is never put off.
func TestWhatTheNetworkGivesIsFollowedAFewTimesOnly(t *testing.T) {
	elapsed := 3 * time.Hour
	k := certificate.Open(t.TempDir(), func() time.Duration { return elapsed })
	renew(t, k, names, noon)
	number := 0
	given := func() (n certificate.Names) {
		number++
		return certificate.Names{Hosts: []string{"attic-nas-2.local"}, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(number >> 8), byte(number)})}}
	}
	follow := func(chosen certificate.Names) (made int, last certificate.Names) {
		for range 50 {
			last = given()
			reason, err := k.Renew(chosen, last, noon)
			if err != nil {
				t.Fatal(err)
			}
			if reason != "" {
				made++
			}
		}
		return made, last
	}
	made, last := follow(names)
	if made != certificate.GivenAtOnce {
		t.Errorf("%d certificates at once", made)
	}
	covers := func(host string) bool {
		state, _ := handshake(t, k, &tls.Config{})
		return state.PeerCertificates[0].VerifyHostname(host) == nil
	}
	if covers(last.Addresses[0].String()) {
		t.Error("it was not put off")
	}
	elapsed += certificate.GivenEvery - time.Second
	if made, _ = follow(names); made != 0 {
		t.Errorf("%d certificates too soon", made)
	}
	chosen := names
	chosen.Addresses = append([]netip.Addr{netip.MustParseAddr("192.0.2.99")}, names.Addresses...)
	if reason, _ := k.Renew(chosen, last, noon); reason == "" || !covers("192.0.2.99") || !covers(last.Addresses[0].String()) {
		t.Errorf("what was chosen was put off: %q", reason)
	}
	elapsed += time.Second
	if made, _ = follow(chosen); made != 1 {
		t.Errorf("%d certificates after a pause", made)
	}
	elapsed += 1000 * certificate.GivenEvery
	if made, _ = follow(chosen); made != certificate.GivenAtOnce {
		t.Errorf("%d certificates at once after a long time", made)
	}
}

func TestADamagedFileIsReplaced(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tls.pem"), []byte("-----BEGIN nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := open(dir)
	if _, err := handshake(t, k, &tls.Config{}); err == nil {
		t.Error("a handshake without a certificate")
	}
	if reason := renew(t, k, names, noon); reason != "there was none" || k.Fingerprint() == "" {
		t.Errorf("reason %q", reason)
	}
}

// R128
func TestOldVersionsAndWeakSuitesAreRefused(t *testing.T) {
	k := open(t.TempDir())
	renew(t, k, names, noon)
	for name, c := range map[string]*tls.Config{
		"TLS 1.0":            {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
		"TLS 1.1":            {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC":                {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}},
		"RSA key exchange":   {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
		"RSA authentication": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
	} {
		if _, err := handshake(t, k, c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if state, err := handshake(t, k, &tls.Config{}); err != nil || state.Version != tls.VersionTLS13 {
		t.Errorf("got %x, %v; want TLS 1.3", state.Version, err)
	}
	if _, err := handshake(t, k, &tls.Config{MaxVersion: tls.VersionTLS12}); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
}
