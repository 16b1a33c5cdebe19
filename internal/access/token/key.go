package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"castellan/internal/fault"
)

// ErrKey says that a text is no key. A weak one is none: it has signatures that anybody can make.
var ErrKey = fault.InvalidField("factor.key", "malformed", "This is no Ed25519 public key. It looks like ssh-ed25519 AAAA… or begins with -----BEGIN PUBLIC KEY-----.")

// sshType is what OpenSSH calls such a key (RFC 8709 section 4).
const sshType = "ssh-ed25519"

// maxKeyText is the length of the longest text that is looked at; a line of OpenSSH ends with any comment.
const maxKeyText = 1024

// ParseKey reads a public key of Ed25519 from a line of OpenSSH, from PEM (PKIX), or from the base 64 of its 32 bytes.
func ParseKey(text string) (ed25519.PublicKey, error) {
	text = strings.TrimSpace(text)
	key := ed25519.PublicKey(nil)
	switch {
	case len(text) > maxKeyText:
	case strings.HasPrefix(text, "-----BEGIN"):
		key = keyOfPEM(text)
	case strings.HasPrefix(text, sshType):
		key = keyOfSSH(text)
	default:
		key, _ = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if len(key) != ed25519.PublicKeySize || weak(key) {
		return nil, ErrKey
	}
	return key, nil
}

func keyOfPEM(text string) ed25519.PublicKey {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	key, _ := parsed.(ed25519.PublicKey)
	return key
}

// keyOfSSH reads "ssh-ed25519 BASE64 comment".
func keyOfSSH(text string) ed25519.PublicKey {
	parts := strings.Fields(text)
	if len(parts) < 2 || parts[0] != sshType || strings.ContainsAny(text, "\r\n") {
		return nil
	}
	blob, err := base64.StdEncoding.DecodeString(parts[1])
	key, ok := strings.CutPrefix(string(blob), string(sshBlob(nil)[:len(sshType)+8]))
	if err != nil || !ok {
		return nil
	}
	return ed25519.PublicKey(key)
}

// sshBlob is the SSH form of a key: its type and its bytes, each behind its length.
func sshBlob(key ed25519.PublicKey) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(sshType)))
	b = append(b, sshType...)
	b = binary.BigEndian.AppendUint32(b, ed25519.PublicKeySize)
	return append(b, key...)
}

// Fingerprint names a key as ssh-keygen does: SHA256 and base 64 without padding, over the key's SSH form (RFC 4253 section 6.6).
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(sshBlob(key))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// weakKeys are the points of small order, and what else decodes to them, without the bit of the sign. crypto/ed25519 takes them, and a signature
// of zeros is right for one text in eight.
var weakKeys = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func weak(key ed25519.PublicKey) bool {
	unsigned := slices.Clone(key)
	unsigned[ed25519.PublicKeySize-1] &= 0x7f
	return slices.Contains(weakKeys, hex.EncodeToString(unsigned))
}
