package token_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/access/token"
	"castellan/internal/realtest"
)

// The key of RFC 8032, section 7.1, test 1.
const rfc8032 = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

func pemOf(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(key))}))
}

func TestAKeyIsReadInItsThreeForms(t *testing.T) {
	want := ed25519.PublicKey(must(hex.DecodeString(rfc8032)))
	if seed := must(hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")); !bytes.Equal(public(ed25519.NewKeyFromSeed(seed)), want) {
		t.Fatal("the vector of RFC 8032 does not hold")
	}
	raw := base64.StdEncoding.EncodeToString(want)
	for _, form := range []string{
		raw, strings.TrimRight(raw, "="), " " + raw + "\n", pemOf(want), "\n" + pemOf(want) + "\n", strings.ReplaceAll(pemOf(want), "\n", "\r\n"),
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea ada@laptop of Ada\n",
	} {
		got, err := token.ParseKey(form)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: got %x, %v", form, got, err)
		}
	}
	if got := token.Fingerprint(want); got != "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8" {
		t.Errorf("the fingerprint is %s", got)
	}
}

func TestWhatIsNoEd25519KeyIsRefused(t *testing.T) {
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	key := public(machine)
	blob := "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(machine))}))
	for _, bad := range []string{
		"", "key", text(machine)[:42], text(machine) + "AAAA", hex.EncodeToString(key), pemOf(&ec.PublicKey), private, pemOf(key) + pemOf(key), "x" + pemOf(key),
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----",
		"ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "ssh-ed25519 " + blob + "AAAA", "ssh-ed25519 " + blob + "\nssh-ed25519 " + blob,
		"ssh-rsa " + blob, "sk-ssh-ed25519@openssh.com " + blob, "command=\"x\" ssh-ed25519 " + blob, "ssh-ed25519 " + text(machine),
		pemOf(key) + strings.Repeat(" ", 10) + "x", strings.Repeat("A", 100_000), strings.Repeat("ssh-ed25519 ", 1000), "ssh-ed25519 " + blob + strings.Repeat(" c", 600),
	} {
		if got, err := token.ParseKey(bad); field(err) != "factor.key malformed" || got != nil {
			t.Errorf("%.60q: got %x, %v", bad, got, err)
		}
	}
}

// Whoever owns such a key makes signatures that hold for texts nobody signed.
func TestKeysWithSignaturesThatAnybodyCanMakeAreRefused(t *testing.T) {
	zeros := make([]byte, ed25519.SignatureSize)
	zeros[0] = 1 // the neutral point, and a scalar of zero
	for _, form := range token.WeakKeysForTest {
		for _, sign := range []byte{0, 0x80} {
			key := ed25519.PublicKey(must(hex.DecodeString(form)))
			key[31] |= sign
			if _, err := token.ParseKey(base64.StdEncoding.EncodeToString(key)); err == nil {
				t.Errorf("%x is taken", key)
			}
			forged := false
			for i := range 256 {
				forged = forged || ed25519.Verify(key, []byte{byte(i)}, zeros)
			}
			if !forged {
				t.Errorf("%x is refused for nothing", key)
			}
		}
	}
	if _, err := token.ParseKey(text(machine)); err != nil {
		t.Error(err)
	}
}

func TestFingerprintsAreThoseOfOpenSSH(t *testing.T) {
	keygen := realtest.Program(t, "ssh-keygen", "apt-get install openssh-client")
	path := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-C", "ada@laptop", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(keygen, "-l", "-f", path+".pub").Output()
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.ParseKey(string(must(os.ReadFile(path + ".pub"))))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := token.Fingerprint(key), strings.Fields(string(out))[1]; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeysOfOpenSSLAreRead(t *testing.T) {
	openssl := realtest.Program(t, "openssl", "apt-get install openssl")
	path := filepath.Join(t.TempDir(), "key.pem")
	if out, err := exec.Command(openssl, "genpkey", "-algorithm", "ed25519", "-out", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(openssl, "pkey", "-in", path, "-pubout").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.ParseKey(string(out)); err != nil {
		t.Errorf("%s: %v", out, err)
	}
}
