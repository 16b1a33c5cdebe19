package settings_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func server() settings.Mail {
	return settings.Mail{Host: "mail.example.org", Port: 465, Security: "tls", User: "nas", Password: "mail-password-canary", Sender: "nas@example.org"}
}

// R131
func TestTheMailServersPasswordIsSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	key := secret.NewKey()
	if err := db.Update(func(tx *store.Tx) error { return settings.PutMail(tx, key, server()) }); err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *store.Tx) error {
		m, set, err := settings.GetMail(tx, key)
		if !set || m != server() {
			t.Errorf("got %+v", m)
		}
		if _, _, err := settings.GetMail(tx, secret.NewKey()); err == nil {
			t.Error("another key opens it")
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte("canary")) {
		t.Errorf("the password is in the file, %v", err)
	}
}

// R063 R123
func TestAMailServerHasAForm(t *testing.T) {
	tests := map[string]func(*settings.Mail){
		"no host": func(m *settings.Mail) { m.Host = "" }, "a host with a space": func(m *settings.Mail) { m.Host = "a b" },
		"a host with a line break": func(m *settings.Mail) { m.Host = "a\r\nb" }, "an address of the cloud": func(m *settings.Mail) { m.Host = "169.254.169.254" },
		"a link-local address": func(m *settings.Mail) { m.Host = "fe80::1" }, "any address": func(m *settings.Mail) { m.Host = "0.0.0.0" },
		"a multicast address": func(m *settings.Mail) { m.Host = "224.0.0.1" }, "an option": func(m *settings.Mail) { m.Host = "-oProxy" },
		"port 22": func(m *settings.Mail) { m.Port = 22 }, "no port": func(m *settings.Mail) { m.Port = 0 }, "port 70000": func(m *settings.Mail) { m.Port = 70000 },
		"no encryption": func(m *settings.Mail) { m.Security = "none" }, "a sender with a header": func(m *settings.Mail) { m.Sender = "a@b.example\r\nBcc: c@d.example" },
		"a sender with a name": func(m *settings.Mail) { m.Sender = "NAS <a@b.example>" }, "two senders": func(m *settings.Mail) { m.Sender = "a@b.example,c@d.example" },
		"a user of two lines": func(m *settings.Mail) { m.User = "a\nb" }, "a password of two lines": func(m *settings.Mail) { m.Password = "a\rb" },
		"a long password": func(m *settings.Mail) { m.Password = strings.Repeat("x", 600) }, "no certificate": func(m *settings.Mail) { m.Authority = "x" }, "half a fingerprint": func(m *settings.Mail) { m.Fingerprint = "AA:BB" },
	}
	for name, change := range tests {
		m := server()
		if change(&m); m.Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for _, host := range []string{"mail.example.org", "192.0.2.7", "2001:db8::1", "localhost", "127.0.0.1"} {
		m := server()
		if m.Host = host; m.Check() != nil {
			t.Errorf("%s was refused: %v", host, m.Check())
		}
	}
}

func TestAKeptPasswordGoesToItsOwnServerOnly(t *testing.T) {
	asked := server()
	asked.Password, asked.Sender = "", "other@example.org"
	if m, err := asked.Keeping(server()); err != nil || m.Password != server().Password || m.Sender != "other@example.org" {
		t.Errorf("another sender: %+v, %v", m, err)
	}
	for name, change := range map[string]func(*settings.Mail){
		"host": func(m *settings.Mail) { m.Host = "evil.example" }, "port": func(m *settings.Mail) { m.Port = 587 }, "user": func(m *settings.Mail) { m.User = "x" },
		"security": func(m *settings.Mail) { m.Security = "starttls" }, "pin": func(m *settings.Mail) { m.Fingerprint = strings.Repeat("ab", 32) }, "authority": func(m *settings.Mail) { m.Authority = "x" },
	} {
		asked := server()
		asked.Password = ""
		change(&asked)
		if m, err := asked.Keeping(server()); err == nil {
			t.Errorf("another %s got %q", name, m.Password)
		}
	}
	none := server()
	none.Password = ""
	if m, err := asked.Keeping(none); err != nil || m.Password != "" {
		t.Errorf("where none is kept: %v", err)
	}
}
