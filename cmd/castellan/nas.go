package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/atomicfile"
)

// nas is a NAS that castellan login was done for, as it lies in the user's config folder: NAME.json, and NAME.key as PKCS #8, as openssl
// reads it.
type nas struct {
	Name        string    `json:"-"`
	URL         string    `json:"url"`
	PublicKey   string    `json:"public_key"`  // of its certificate, as curl --pinnedpubkey wants it: it stays when the certificate is renewed
	Certificate string    `json:"certificate"` // its fingerprint when it was compared
	Account     string    `json:"account"`     // in whose name the token acts
	Key         string    `json:"key"`         // fingerprint of the key in NAME.key
	TokenID     string    `json:"token_id"`
	TokenName   string    `json:"token_name"`
	Scopes      []string  `json:"scopes"`
	Expires     time.Time `json:"expires"`
	Token       string    `json:"token"`

	key ed25519.PrivateKey
}

var nasName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// folder is where the user's entries lie.
func folder() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder for settings: set HOME or XDG_CONFIG_HOME (%w)", err)
	}
	return filepath.Join(dir, "castellan"), nil
}

// files returns the paths of an entry.
func files(name string) (entry, key string, err error) {
	if !nasName.MatchString(name) {
		return "", "", misused("%q is no name of a NAS: it has letters, digits, dots and dashes", name)
	}
	dir, err := folder()
	return filepath.Join(dir, name+".json"), filepath.Join(dir, name+".key"), err
}

// load reads an entry with its key.
func load(name string) (*nas, error) {
	entry, keyFile, err := files(name)
	if err != nil {
		return nil, err
	}
	data, err := private(entry)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown(name)
	} else if err != nil {
		return nil, err
	}
	n := &nas{Name: name}
	if err := json.Unmarshal(data, n); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w. Do castellan login again", entry, err)
	}
	if data, err = private(keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if n.key = parseKey(data); n.key == nil || token.Fingerprint(n.public()) != n.Key {
		return nil, fmt.Errorf("%s does not hold the key of this entry. Do %s again", keyFile, n.login())
	}
	return n, nil
}

func (n *nas) public() ed25519.PublicKey {
	public, _ := n.key.Public().(ed25519.PublicKey)
	return public
}

// login is the command that makes the entry anew.
func (n *nas) login() string { return fmt.Sprintf("castellan login -name %s %s", n.Name, n.URL) }

// unknown says that there is no such entry, and which there are.
func unknown(name string) error {
	dir, err := folder()
	if err != nil {
		return err
	}
	entries, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(entries) == 0 {
		return fmt.Errorf("there is no NAS %q here. castellan login https://NAS:8001 adds one", name)
	}
	for i, e := range entries {
		entries[i] = strings.TrimSuffix(filepath.Base(e), ".json")
	}
	return fmt.Errorf("there is no NAS %q here, only %s", name, strings.Join(entries, ", "))
}

// private reads a file that nobody else may read.
func private(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("others on this machine may use %s (mode %04o), so it is not used. Revoke its token on the NAS if that may have happened; otherwise chmod 600 it", path, info.Mode().Perm())
	}
	return os.ReadFile(path)
}

// makeFolder makes the folder of the entries, for the user alone.
func makeFolder() error {
	dir, err := folder()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// save writes an entry: first the key, so that an entry never names one that is not there.
func (n *nas) save() error {
	entry, keyFile, err := files(n.Name)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(n.key)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	return atomicfile.Write(entry, append(data, '\n'), 0o600)
}

// parseKey reads a key as save writes it; nil: it is none.
func parseKey(data []byte) ed25519.PrivateKey {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil
	}
	parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, _ := parsed.(ed25519.PrivateKey)
	return key
}

// address reads the address of a NAS as a person types it, and the name it has here unless they give another one.
func address(text string) (base, name string, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", "", misused("%q is no address of a NAS. It looks like https://nas:8001", text)
	case u.Scheme == "http":
		return "", "", misused("a NAS is only called over https. Its address looks like https://%s:8001", u.Hostname())
	case u.User != nil:
		return "", "", misused("the address of a NAS holds no name and no password. Type https://%s", u.Host)
	case u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return "", "", misused("%q is too much: the address of a NAS ends with its port. Type https://%s", strings.TrimPrefix(text, "https://"+u.Host), u.Host)
	}
	host := strings.ToLower(u.Host)
	if u.Port() == "443" {
		host = strings.TrimSuffix(host, ":443")
	}
	name = strings.ToLower(u.Hostname())
	if net.ParseIP(name) == nil {
		name, _, _ = strings.Cut(name, ".")
	}
	return "https://" + strings.TrimSuffix(host, ":"), strings.ReplaceAll(name, ":", "-"), nil
}

// logout forgets a NAS. What its token may do is for the NAS to say.
func logout(c *call) error {
	if err := c.parse(1); err != nil {
		return err
	}
	entry, keyFile, err := files(c.args[0])
	if err != nil {
		return err
	}
	n := nas{Name: c.args[0]}
	data, err := os.ReadFile(entry)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Remove(keyFile); err == nil {
			_, err = fmt.Fprintf(c.out, "%s is gone from this machine.\n", keyFile)
			return err
		}
		return unknown(n.Name)
	}
	if err != nil {
		return err
	}
	damaged := json.Unmarshal(data, &n) != nil || n.URL == "" // whatever it holds goes
	for _, path := range []string{keyFile, entry} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	where := fmt.Sprintf("revoke “%s” at %s in Personal Settings › API access", n.TokenName, n.URL)
	if damaged {
		where = "its file was damaged and cannot say what it was called there, so look in Personal Settings › API access for the token that was used from here"
	}
	_, err = fmt.Fprintf(c.out, "The key and the token of %s are gone from this machine. The NAS still takes them from whoever has a copy:\n%s.\n", n.Name, where)
	return err
}
