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
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"castellan/internal/atomicfile"
)

const (
	// Life is how long a certificate is valid: browsers accept no more than 398 days.
	Life = 397 * 24 * time.Hour
	// backdate makes the certificate valid for browsers whose clocks are slow.
	backdate = 24 * time.Hour
)

// Names is for whom a certificate stands.
type Names struct {
	Hosts     []string
	Addresses []netip.Addr
}

// Keeper keeps the current certificate and its key in one file. It is safe for concurrent use.
type Keeper struct {
	path    string
	current atomic.Pointer[tls.Certificate]
}

// Open reads the certificate in the folder, if there is one.
func Open(folder string) *Keeper {
	k := &Keeper{path: filepath.Join(folder, "tls.pem")}
	if data, err := os.ReadFile(k.path); err == nil {
		if c, err := tls.X509KeyPair(data, data); err == nil {
			k.current.Store(&c)
		}
	}
	return k
}

// Renew makes a new certificate if the current one does not stand for all the names, or if less than a
// third of its life is left. It returns why it did, or nothing. The key stays the same while it can be read.
func (k *Keeper) Renew(names Names, now time.Time) (reason string, err error) {
	switch leaf := k.leaf(); {
	case leaf == nil:
		reason = "there was none"
	case now.After(leaf.NotAfter.Add(-Life / 3)):
		reason = "the old one ends soon"
	case now.Before(leaf.NotBefore):
		reason = "the old one is not valid yet"
	case !covers(leaf, names):
		reason = "the names or addresses of this NAS have changed"
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

// covers reports whether a certificate stands for exactly these names.
func covers(leaf *x509.Certificate, names Names) bool {
	hosts, ips := slices.Sorted(slices.Values(leaf.DNSNames)), make([]string, 0, len(leaf.IPAddresses))
	for _, ip := range leaf.IPAddresses {
		ips = append(ips, ip.String())
	}
	slices.Sort(ips)
	wantHosts, wantIPs := names.sorted()
	return slices.Equal(hosts, wantHosts) && slices.Equal(ips, wantIPs)
}

func (n Names) sorted() (hosts, ips []string) {
	for _, a := range n.Addresses {
		ips = append(ips, a.WithZone("").String())
	}
	slices.Sort(ips)
	hosts = slices.Sorted(slices.Values(n.Hosts))
	return slices.Compact(hosts), slices.Compact(ips)
}

// issue makes a certificate signed with its own key.
func issue(key *ecdsa.PrivateKey, names Names, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	hosts, ips := names.sorted()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: hosts[0], Organization: []string{"Castellan on this NAS"}},
		NotBefore:    now.Add(-backdate), NotAfter: now.Add(Life - backdate),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: hosts,
	}
	for _, ip := range ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
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
