// Package certificate makes and keeps the box's own TLS certificate. The box signs it itself; people
// compare its fingerprint once.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/atomicfile"
)

const (
	// Life is how long a certificate is valid: browsers accept no more than 398 days.
	Life = 397 * 24 * time.Hour
	// backdate makes the certificate valid for browsers whose clocks are slow.
	backdate = 24 * time.Hour
	// maxNames is how many host names, and how many addresses, a certificate stands for.
	maxNames = 32
	// GivenAtOnce is how many certificates are made one after the other for names and addresses that the network gave.
	GivenAtOnce = 5
	// GivenEvery is after how long there is one more.
	GivenEvery = 10 * time.Minute
)

// Names is for whom a certificate stands, the most important first.
type Names struct {
	Hosts     []string
	Addresses []netip.Addr
}

// Keeper keeps the current certificate and its key in one file. It is safe for concurrent use.
type Keeper struct {
	path    string
	elapsed func() time.Duration
	current atomic.Pointer[tls.Certificate]

	renewing sync.Mutex
	spent    time.Duration // when all of GivenAtOnce are there again, on elapsed
}

// Open reads the certificate in the folder, if there is one. elapsed is a clock that never steps.
func Open(folder string, elapsed func() time.Duration) *Keeper {
	k := &Keeper{path: filepath.Join(folder, "tls.pem"), elapsed: elapsed}
	if data, err := os.ReadFile(k.path); err == nil {
		if c, err := tls.X509KeyPair(data, data); err == nil {
			k.current.Store(&c)
		}
	}
	return k
}

// Renew makes a new certificate if the current one lacks one of the names, or if less than a third of its
// life is left. It returns why it did, or nothing. People compare the fingerprint, so names that the box no
// longer has are no reason, and a new certificate keeps those of the old one while there is room. The key
// stays the same while it can be read.
//
// chosen are the names and addresses that the owner or the integrator chose, given those that the network gave: anybody on it may give
// ever new ones, so that one of these may be put off until a later call.
func (k *Keeper) Renew(chosen, given Names, now time.Time) (reason string, err error) {
	k.renewing.Lock()
	defer k.renewing.Unlock()
	chosen, names := chosen.with(Names{}), chosen.with(given)
	switch leaf := k.leaf(); {
	case leaf == nil:
		reason = "there was none"
	case now.After(leaf.NotAfter.Add(-Life / 3)):
		reason = "the old one ends soon"
	case now.Before(leaf.NotBefore):
		reason = "the old one is not valid yet"
	case !covers(leaf, chosen), !covers(leaf, names) && k.mayFollow():
		reason = "this NAS has a new name or address"
		names = names.with(namesOf(leaf))
	default:
		return "", nil
	}
	key, err := k.key()
	if err != nil {
		return "", fmt.Errorf("make certificate: %w", err)
	}
	data, err := issue(key, names, now)
	if err != nil {
		return "", fmt.Errorf("make certificate: %w", err)
	}
	if err := atomicfile.Write(k.path, data, 0o600); err != nil {
		return "", err
	}
	c, err := tls.X509KeyPair(data, data)
	if err != nil {
		return "", fmt.Errorf("read new certificate: %w", err)
	}
	k.current.Store(&c)
	return reason, nil
}

// TLS returns the settings of a server: TLS 1.2 and 1.3 with forward secrecy and authenticated encryption.
func (k *Keeper) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		},
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := k.current.Load(); c != nil {
				return c, nil
			}
			return nil, os.ErrNotExist
		},
	}
}

// Fingerprint returns the SHA-256 of the certificate as browsers show it, in pairs of hex digits.
func (k *Keeper) Fingerprint() string {
	leaf := k.leaf()
	if leaf == nil {
		return ""
	}
	sum := sha256.Sum256(leaf.Raw)
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	var pairs []string
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// mayFollow reports whether a certificate may be made now for what the network gave, and counts it.
func (k *Keeper) mayFollow() bool {
	now := k.elapsed()
	spent := max(k.spent, now)
	if spent-now > (GivenAtOnce-1)*GivenEvery {
		return false
	}
	k.spent = spent + GivenEvery
	return true
}

func (k *Keeper) leaf() *x509.Certificate {
	if c := k.current.Load(); c != nil {
		return c.Leaf
	}
	return nil
}

func (k *Keeper) key() (*ecdsa.PrivateKey, error) {
	if c := k.current.Load(); c != nil {
		if key, ok := c.PrivateKey.(*ecdsa.PrivateKey); ok {
			return key, nil
		}
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// namesOf returns for whom a certificate stands.
func namesOf(leaf *x509.Certificate) (n Names) {
	n.Hosts = leaf.DNSNames
	for _, ip := range leaf.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			n.Addresses = append(n.Addresses, a)
		}
	}
	return n
}

// covers reports whether a certificate stands for all the names.
func covers(leaf *x509.Certificate, names Names) bool {
	has := namesOf(leaf).with(Names{})
	missing := func(a netip.Addr) bool { return !slices.Contains(has.Addresses, a) }
	unnamed := func(h string) bool { return !slices.Contains(has.Hosts, h) }
	return !slices.ContainsFunc(names.Hosts, unnamed) && !slices.ContainsFunc(names.Addresses, missing)
}

// with returns the names and behind them the older ones, each once, and no more than fit.
func (n Names) with(older Names) (all Names) {
	for _, h := range slices.Concat(n.Hosts, older.Hosts) {
		if len(all.Hosts) < maxNames && !slices.Contains(all.Hosts, h) {
			all.Hosts = append(all.Hosts, h)
		}
	}
	for _, a := range slices.Concat(n.Addresses, older.Addresses) {
		a = a.Unmap().WithZone("")
		if len(all.Addresses) < maxNames && !slices.Contains(all.Addresses, a) {
			all.Addresses = append(all.Addresses, a)
		}
	}
	return all
}

// issue makes a certificate signed with its own key.
func issue(key *ecdsa.PrivateKey, names Names, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: names.Hosts[0], Organization: []string{"Castellan on this NAS"}},
		NotBefore:    now.Add(-backdate), NotAfter: now.Add(Life - backdate),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: names.Hosts,
	}
	for _, a := range names.Addresses {
		template.IPAddresses = append(template.IPAddresses, a.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}
