package daemon_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"castellan/internal/realtest"
)

// R140: root has automatic addresses restored where nothing can be written to the data folder, and where the database needs recovery.
func TestRootHasAutomaticAddressesRestoredWhateverIsWrong(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, h *house){
		"a full disk": func(t *testing.T, h *house) {
			h.start()
			fill(t, h.file.Data)
		},
		"a damaged database": func(t *testing.T, h *house) {
			h.start()
			h.claim()
			if err := h.stop(); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(h.database(), 5000); err != nil {
				t.Fatal(err)
			}
			h.start()
		},
	} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			l := realtest.NewLAN(t, "eth0")
			if err := os.MkdirAll("/etc/systemd/network", 0o755); err != nil {
				t.Fatal(err)
			}
			const static = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.77/24\nIPv6AcceptRA=no\n"
			if err := os.WriteFile("/etc/systemd/network/10-static.network", []byte(static), 0o644); err != nil {
				t.Fatal(err)
			}
			l.Networkd()
			l.Wait("static", func() bool { return l.Has("eth0", "192.0.2.77") })
			h := newHouse(t)
			h.file.Network.Service = "auto"
			if err := syscall.Mount("data", h.file.Data, "tmpfs", 0, "size=16m"); err != nil {
				t.Fatal(err)
			}
			damage(t, h)
			h.local().must(200, "POST", "/local/network/automatic", nil)
			l.Wait("an address of the router", func() bool {
				return !l.Has("eth0", "192.0.2.77") && strings.Contains(realtest.IP(t, "-4", "address", "show", "dev", "eth0"), "192.0.2.5")
			})
			if name == "a full disk" && !strings.Contains(h.log.String(), "without a note of it") {
				t.Errorf("the test proves nothing:\n%s", h.log)
			}
			if err := h.stop(); err != nil && name == "a full disk" {
				t.Error(err)
			}
			if err := syscall.Unmount(h.file.Data, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
}

// fill leaves no room in a folder's file system.
func fill(t *testing.T, folder string) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "all-of-it"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(bytes.Repeat([]byte("x"), size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}
