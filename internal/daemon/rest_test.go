package daemon_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"castellan/internal/httpapi"
)

// found returns the files of the data folder that hold a text, in the clear or in a common coding.
func (h *house) found(secret []byte) (in []string) {
	h.t.Helper()
	forms := [][]byte{
		secret, []byte(hex.EncodeToString(secret)), []byte(base64.StdEncoding.EncodeToString(secret)),
		[]byte(base64.RawURLEncoding.EncodeToString(secret)),
	}
	err := filepath.WalkDir(h.file.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file that is written anew has got its name meanwhile
		}
		for _, form := range forms {
			if bytes.Contains(data, form) {
				in = append(in, filepath.Base(path))
				break
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

func (h *house) databaseFile() os.FileInfo {
	h.t.Helper()
	info, err := os.Stat(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	return info
}

// R067 R095 R131: whoever reads the disk finds no secret that opens anything.
func TestTheDataFolderHoldsNoSecretInTheClear(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	phone := owner.enrol()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"}).body
	half := h.browser()
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	secrets := map[string]string{
		"password": goodPassword, "default password": h.greeting.DefaultPassword, "temporary password": added["password"].(string),
		"secret": string(phone.seed), "secret in base 32": phone.seed.Base32(),
		"session": owner.cookies[httpapi.SessionCookie], "ticket": half.cookies[httpapi.TicketCookie], "token": owner.token,
		"browser": owner.cookies[httpapi.BrowserCookie],
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	for name, secret := range secrets {
		if in := h.found([]byte(secret)); in != nil {
			t.Errorf("the %s is in %v", name, in)
		}
	}
	if h.found([]byte("ines")) == nil {
		t.Error("the test proves nothing: not even a user name is found")
	}
}

// R135: a deleted account leaves nothing of itself in the file but what the log says about it.
func TestADeletedAccountLeavesTheFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	const address, called = "ines.canary@duarte.example", "Canary Duarte"
	user := owner.must(201, "POST", "/users", obj{"name": "ines", "display_name": called, "email": address, "role": "user"}).body["user"].(obj)
	if h.found([]byte(address)) == nil {
		t.Fatal("the test proves nothing: the address is not found even before")
	}
	before := h.databaseFile()
	owner.must(204, "DELETE", "/users/"+user["id"].(string), nil)
	if os.SameFile(before, h.databaseFile()) { // what is left in free pages depends on what was written since
		t.Error("the file was not written anew")
	}
	for _, canary := range []string{address, called, user["id"].(string)} {
		if in := h.found([]byte(canary)); in != nil {
			t.Errorf("%q is still in %v", canary, in)
		}
	}
	owner.refused(404, "unknown_account", "GET", "/users/"+user["id"].(string), nil)
}

// R140 (d)
func TestAResetLeavesNoOldSecretInTheFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	owner.must(200, "PUT", "/me/email", obj{"email": "owner.canary@example.org"})
	device := owner.must(200, "GET", "/me/two-step", nil).body["devices"].([]any)[0].(obj)["id"].(string)
	if h.found([]byte(device)) == nil {
		t.Fatal("the test proves nothing: the device is not found even before")
	}
	before := h.databaseFile()
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200})
	if os.SameFile(before, h.databaseFile()) {
		t.Error("the file was not written anew")
	}
	if in := h.found([]byte(device)); in != nil {
		t.Errorf("the administrator's device is still in %v", in)
	}
}
