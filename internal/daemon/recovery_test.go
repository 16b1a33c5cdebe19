package daemon_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/daemon"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// used is a house that was claimed and stopped.
func used(t *testing.T) *house {
	t.Helper()
	h := newHouse(t).start()
	h.claim()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) database() string { return filepath.Join(h.file.Data, "castellan.db") }
func (h *house) key() string      { return filepath.Join(h.file.Data, "device.key") }

// R140 (d) (h) R026 R138
func TestAHouseThatIsNotWholeIsNeverTakenForANewOne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(*house) error
		code   string
	}{
		"missing database":   {func(h *house) error { return os.Remove(h.database()) }, "database_missing"},
		"empty database":     {func(h *house) error { return os.Truncate(h.database(), 0) }, "database_damaged"},
		"cut database":       {func(h *house) error { return os.Truncate(h.database(), 5000) }, "database_damaged"},
		"garbled database":   {garble, "database_damaged"},
		"missing key":        {func(h *house) error { return os.Remove(h.key()) }, "device_key_missing"},
		"damaged key":        {func(h *house) error { return os.Truncate(h.key(), 7) }, "device_key_damaged"},
		"another box's key":  {func(h *house) error { k := secret.NewKey(); return os.WriteFile(h.key(), k[:], 0o600) }, "device_key_mismatch"},
		"database of a text": {func(h *house) error { return os.WriteFile(h.database(), []byte(strings.Repeat("x", 1<<16)), 0o600) }, "database_damaged"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := used(t)
			label := h.greeting.DefaultPassword
			if err := tc.damage(h); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(h.database())
			h.start()
			b := h.browser()
			status := b.must(200, "GET", "/status", nil).body
			if status["state"] != "recovery_required" || status["recovery"].(obj)["code"] != tc.code || status["claim"] != nil {
				t.Errorf("got %v", status)
			}
			if detail := status["recovery"].(obj)["detail"].(string); !strings.Contains(detail, "hold the reset button") {
				t.Errorf("it does not say what to do: %q", detail)
			}
			if detail := status["recovery"].(obj)["detail"].(string); !strings.Contains(detail, "a new default password") {
				t.Errorf("it does not say that the default password changes: %q", detail)
			}
			b.refused(503, "recovery_required", "POST", "/sign-in", obj{"name": "admin", "password": label})
			b.refused(503, "recovery_required", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
			b.refused(503, "recovery_required", "POST", "/claim/button", nil)
			b.refused(503, "recovery_required", "POST", "/claim", obj{"name": "admin", "password": newPassword})
			h.local().call("POST", "/local/button", obj{"hold_ms": 200})
			if state := b.must(200, "GET", "/status", nil).body["state"]; state != "recovery_required" {
				t.Errorf("after a short press: %v", state)
			}
			b.refused(503, "recovery_required", "GET", "/users", nil)
			// Root sees the network, and has automatic addresses restored where the config file lets that be.
			h.local().must(200, "GET", "/local/network", nil)
			h.local().refused(409, "network_unmanaged", "POST", "/local/network/automatic", nil)
			if !strings.Contains(h.log.String(), tc.code) {
				t.Error("the log does not say what is wrong")
			}
			if err := h.stop(); err == nil {
				t.Error("it stopped as if all had been well")
			}
			if after, _ := os.ReadFile(h.database()); string(after) != string(before) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

// garble overwrites the middle of every page, as a broken disk does.
func garble(h *house) error {
	data, err := os.ReadFile(h.database())
	if err != nil {
		return err
	}
	for page := 2; page < len(data)/4096; page++ {
		for i := 16; i < 200; i++ {
			data[page*4096+i] ^= 0xa5
		}
	}
	return os.WriteFile(h.database(), data, 0o600)
}

// The owner always gets in: holding the button begins anew and puts the damaged file aside.
func TestHoldingTheButtonBeginsAnewWhereNothingElseHelps(t *testing.T) {
	t.Parallel()
	h := used(t)
	if err := os.Truncate(h.database(), 5000); err != nil {
		t.Fatal(err)
	}
	h.start()
	b := h.local()
	h.greeting.DefaultPassword = ""
	go func() {
		r := b.request("POST", "/local/button", obj{"hold_ms": 5200})
		if response, err := b.client.Do(r); err == nil { // the house is rebuilt meanwhile
			_ = response.Body.Close()
		}
	}()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(h.log.String(), "waits to be claimed") || strings.Count(h.log.String(), `"box.started"`) < 2 {
		if time.Now().After(deadline) {
			t.Fatalf("the house was not built anew\n%s", h.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
	aside, err := filepath.Glob(h.database() + ".aside-*")
	if err != nil || len(aside) != 1 {
		t.Errorf("the damaged file is not there any more: %v, %v", aside, err)
	}
}

// R007 R140: where the integrator gave a default password, a box that is begun anew keeps it: its label is right, and says so.
func TestAProvisionedDefaultPasswordOutlivesABeginningAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.DefaultPasswordFile = filepath.Join(t.TempDir(), "label")
	if err := os.WriteFile(h.file.DefaultPasswordFile, []byte("label-of-this-box\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.claim()
	_ = h.stop()
	if err := os.Truncate(h.database(), 5000); err != nil {
		t.Fatal(err)
	}
	h.start()
	if detail := h.browser().must(200, "GET", "/status", nil).body["recovery"].(obj)["detail"].(string); strings.Contains(detail, "default password") {
		t.Errorf("it speaks of another default password: %q", detail)
	}
	b := h.local()
	go func() {
		if response, err := b.client.Do(b.request("POST", "/local/button", obj{"hold_ms": 5200})); err == nil { // the house is rebuilt meanwhile
			_ = response.Body.Close()
		}
	}()
	h.awaits("open again", 20*time.Second, func() bool { return strings.Count(h.log.String(), `"box.started"`) == 2 })
	h.restart()
	if claim := h.browser().must(200, "GET", "/status", nil).body["claim"].(obj); claim["anew"] != true || claim["label"] != true {
		t.Errorf("the claim is %v", claim)
	}
	if h.greeting.DefaultPassword != "label-of-this-box" {
		t.Errorf("the default password is %q", h.greeting.DefaultPassword)
	}
}

// R140: a reset that did not work is not told as one that did.
func TestAResetThatFailsIsSaid(t *testing.T) {
	t.Parallel()
	h := used(t)
	if err := os.Truncate(h.database(), 5000); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(h.database()+".new", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.local().refused(503, "reset_failed", "POST", "/local/button", obj{"hold_ms": 5200})
	if log := h.log.String(); strings.Contains(log, "begins anew") || !strings.Contains(log, "did not finish") {
		t.Errorf("the log says that it worked\n%s", log)
	}
	_ = h.stop()
}

func TestANewBoxIsMadeWithTightPermissions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.Data = filepath.Join(h.file.Data, "deep", "data")
	h.start()
	for path, want := range map[string]fs.FileMode{
		h.file.Data: 0o700, h.database(): 0o600, h.key(): 0o600, filepath.Join(h.file.Data, "tls.pem"): 0o600, h.file.Socket: 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want { // R134
			t.Errorf("%s: %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
}

func TestAPowerCutWhileTheBoxIsMadeLeavesANewBox(t *testing.T) {
	t.Parallel()
	h := used(t)
	// The database is complete and the key is written, but the last renaming did not happen.
	if err := os.Rename(h.database(), h.database()+".new"); err != nil {
		t.Fatal(err)
	}
	h.start()
	if state := h.browser().must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		t.Errorf("got %v", state)
	}
	// Only the unfinished database is there: nothing was promised to anybody.
	n := newHouse(t)
	if err := os.WriteFile(n.database()+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.start()
	if state := n.browser().must(200, "GET", "/status", nil).body["state"]; state != "unclaimed" {
		t.Errorf("got %v", state)
	}
}

func TestTheIntegratorsDefaultPasswordIsUsedAndMayChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.DefaultPasswordFile = filepath.Join(t.TempDir(), "label")
	write := func(text string) {
		if err := os.WriteFile(h.file.DefaultPasswordFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("label-of-this-box\n")
	h.start()
	if h.greeting.DefaultPassword != "label-of-this-box" {
		t.Fatalf("got %q", h.greeting.DefaultPassword)
	}
	h.claim()
	write("another-label\n")
	h.restart()
	h.browser().must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}) // it is the owner's as it was
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200})
	b := h.browser()
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": "label-of-this-box"})
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": "another-label"})
}

// R007: on a box that nobody owns, what the label says is what works, at once.
func TestTheIntegratorsDefaultPasswordMayChangeBeforeTheClaim(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	old := h.greeting.DefaultPassword
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.file.DefaultPasswordFile = filepath.Join(t.TempDir(), "label")
	if err := os.WriteFile(h.file.DefaultPasswordFile, []byte("label-of-this-box\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	if got := h.local().must(200, "GET", "/local/default-password", nil).body["password"]; got != "label-of-this-box" || h.greeting.DefaultPassword != got {
		t.Errorf("shown %v, greeted with %q", got, h.greeting.DefaultPassword)
	}
	h.browser().refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": old})
	h.claim()
}

// R007 R002: a box does not start with a default password that anybody would try, nor without the one that its
// label promises.
func TestAWeakOrMissingDefaultPasswordStopsTheStart(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "admin": "anybody would try", "PASSWORD\n": "anybody would try", "Castellan": "anybody would try", "nas": "anybody would try",
		"seven77": "fewer than 8", " \n": "fewer than 8", strings.Repeat("x", 129): "at most 128",
	} {
		h := newHouse(t)
		h.file.DefaultPasswordFile = filepath.Join(t.TempDir(), "label")
		if text == "" {
			want = "no such file"
		} else if err := os.WriteFile(h.file.DefaultPasswordFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		err := h.daemon(nil).Run(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), h.file.DefaultPasswordFile) {
			t.Errorf("%.20q: got %v, want a sentence with %q", text, err, want)
		}
		if _, err := os.Stat(h.database()); err == nil {
			t.Errorf("%.20q: a box was made all the same", text)
		}
	}
}

func TestTheKeyMayLieInAnotherFolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.Key = t.TempDir()
	h.start()
	h.claim()
	if _, err := os.Stat(h.key()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the key lies beside the database")
	}
	h.restart()
	h.browser().must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
}

// run starts a daemon that is expected to end by itself.
func (h *house) run(verify func(string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return daemon.New(daemon.Config{
		File: h.file, Out: slog.New(slog.DiscardHandler), Verify: verify, System: time.Now, Elapsed: h.elapsed, Passwords: password.Config{Memory: 64, Passes: 1},
	}).Run(ctx)
}

func TestASecondDaemonIsTurnedAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	second := &house{t: t, file: h.file, log: &logBuffer{}}
	second.file.Socket = filepath.Join(t.TempDir(), "s")
	if err := second.run(store.Verify); !errors.Is(err, store.ErrLocked) {
		t.Errorf("the same data: %v", err)
	}
	third := newHouse(t)
	third.file.Web.HTTPS = h.greeting.HTTPS
	if err := third.run(store.Verify); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("the same port: %v", err)
	}
	fourth := newHouse(t)
	fourth.file.Socket = h.file.Socket
	if err := fourth.run(store.Verify); err == nil || !strings.Contains(err.Error(), "another Castellan") {
		t.Errorf("the same socket: %v", err)
	}
	h.browser().must(200, "GET", "/status", nil)
}

// The socket takes the place of an old socket and of nothing else.
func TestAFileInPlaceOfTheSocketIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := os.WriteFile(h.file.Socket, []byte("somebody's letter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.run(store.Verify); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(h.file.Socket); err != nil || string(data) != "somebody's letter" {
		t.Errorf("the file is %q, %v", data, err)
	}
	if err := os.Remove(h.file.Socket); err != nil {
		t.Fatal(err)
	}
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: h.file.Socket})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false) // as a crash leaves it
	_ = old.Close()
	h.start()
	h.local().must(200, "GET", "/local/default-password", nil)
}

func TestAFolderThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.Data = filepath.Join(h.database(), "x")
	if err := os.WriteFile(filepath.Dir(h.file.Data), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.run(store.Verify); err == nil || !strings.Contains(err.Error(), "make data folder") {
		t.Errorf("got %v", err)
	}
}
