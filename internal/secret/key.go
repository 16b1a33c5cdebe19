package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/chacha20poly1305"

	"castellan/internal/atomicfile"
)

// KeySize is the length of the device key and of every key derived from it, in bytes.
const KeySize = 32

// Key is the device key, or a key derived from it.
type Key [KeySize]byte

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:])
	return k
}

// CreateKey makes a new device key and writes it to path, readable by its owner only.
func CreateKey(path string) (Key, error) {
	k := NewKey()
	return k, atomicfile.Write(path, k[:], 0o600)
}

// ErrKeyDamaged says that a file holds something else than a device key.
var ErrKeyDamaged = errors.New("the device key is damaged")

// LoadKey reads the device key from path. The error is fs.ErrNotExist where there is none, ErrKeyDamaged
// where it is none, and the system's where it cannot be read.
func LoadKey(path string) (Key, error) {
	var k Key
	data, err := os.ReadFile(path)
	if err != nil {
		return k, fmt.Errorf("read device key: %w", err)
	}
	if len(data) != KeySize {
		return k, fmt.Errorf("read device key %q: %w: it has %d bytes instead of %d", path, ErrKeyDamaged, len(data), KeySize)
	}
	copy(k[:], data)
	return k, nil
}

// Derive returns the sub-key for one purpose (HKDF, RFC 5869). Keys of different purposes say nothing
// about each other.
func (k Key) Derive(purpose string) Key {
	out, err := hkdf.Key(sha256.New, k[:], nil, "castellan/"+purpose, KeySize)
	if err != nil {
		panic(err) // the lengths are constants
	}
	return Key(out)
}

// MAC returns HMAC-SHA-256 of data under the key.
func (k Key) MAC(data []byte) []byte {
	h := hmac.New(sha256.New, k[:])
	h.Write(data)
	return h.Sum(nil)
}

// ErrSealBroken says that a sealed value was made with another key, for another record, or was changed.
var ErrSealBroken = errors.New("sealed value does not open")

// Seal encrypts plain with XChaCha20-Poly1305 and binds it to the record it belongs to: it opens only
// under the same identity.
func (k Key) Seal(plain []byte, identity string) string {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(err) // the length is a constant
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce)
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(identity)))
}

// Open decrypts what Seal made. Its error is ErrSealBroken.
func (k Key) Open(sealed, identity string) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(err)
	}
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(data) < aead.NonceSize() {
		return nil, ErrSealBroken
	}
	plain, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(identity))
	if err != nil {
		return nil, ErrSealBroken
	}
	return plain, nil
}
