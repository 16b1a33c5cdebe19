package network

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"castellan/internal/realtest"
)

// static is a file of systemd-networkd for a card with an address of its own.
func static(card, address string) []byte {
	return []byte("[Match]\nName=" + card + "\n[Network]\nAddress=" + address + "/24\nIPv6AcceptRA=no\n")
}

// write puts a file of somebody else into a folder.
func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// R140: one interface that follows somebody else's file for good holds up no other one, and one that is not there asks for addresses when
// it comes back.
func TestAResetOfNetworkdRestoresWhatItCan(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0", "eth1")
	if err := os.MkdirAll("/etc/systemd/network", 0o755); err != nil {
		t.Fatal(err)
	}
	files := newNetworkd("", "/")
	write(t, files.kept("eth0"), static("eth0", "192.0.2.77"))
	const before = "/etc/systemd/network/!.network" // whatever the own files are called
	write(t, before, static("eth1", "192.0.2.78"))
	write(t, files.kept("eth9"), static("eth9", "192.0.2.79"))
	h := &house{LAN: l, t: t, service: l.Networkd()}
	l.Wait("static", func() bool { return l.Has("eth0", "192.0.2.77") && l.Has("eth1", "192.0.2.78") })
	h.open(t.TempDir())
	done, err := h.RestoreAutomatic(t.Context())
	if done || err == nil || !strings.Contains(err.Error(), "eth1") || strings.Contains(err.Error(), "eth0") {
		t.Errorf("done %v, %v", done, err)
	}
	h.Wait("an address of the router", func() bool { return leased(t, "eth0").IsValid() && !h.Has("eth0", "192.0.2.77") })
	if text, err := os.ReadFile(files.kept("eth9")); err != nil || strings.Contains(string(text), "192.0.2.79") {
		t.Errorf("%s, %v", text, err)
	}
	if err := os.Remove(before); err != nil {
		t.Fatal(err)
	}
	if done, err = h.RestoreAutomatic(t.Context()); !done || err != nil {
		t.Errorf("without the other file: %v, %v", done, err)
	}
	h.AddCard("eth9")
	realtest.IP(t, "link", "set", "eth9", "up")
	h.Wait("addresses of the router", func() bool {
		return leased(t, "eth1").IsValid() && leased(t, "eth9").IsValid() && !h.Has("eth9", "192.0.2.79")
	})
}

// R140: the file of an interface that may not be read, as netplan writes it, is none that is passed over. What nobody manages is.
func TestAResetOfNetworkdRestoresWhatItCannotRead(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0", "lan1")
	const theirs = "/run/systemd/network/10-netplan-eth0.network"
	if err := os.MkdirAll("/run/systemd/network", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, theirs, static("eth0", "192.0.2.77"))
	realtest.IP(t, "address", "add", "192.0.2.88/24", "dev", "lan1") // as ifupdown does
	h := &house{LAN: l, t: t, service: l.Networkd()}
	l.Wait("static", func() bool { return l.Has("eth0", "192.0.2.77") })
	if err := os.Remove(theirs); err != nil { // root reads every file: one that is not there stands for one that may not be read
		t.Fatal(err)
	}
	h.open(t.TempDir())
	if p := h.Look(t.Context()); len(p.Settings) != 0 {
		t.Fatalf("the test proves nothing: %+v", p.Settings)
	}
	if done, err := h.RestoreAutomatic(t.Context()); done || err == nil || !strings.Contains(err.Error(), "does not manage lan1,") {
		t.Errorf("done %v, %v", done, err)
	}
	h.Wait("an address of the router", func() bool { return leased(t, "eth0").IsValid() && !h.Has("eth0", "192.0.2.77") })
	realtest.IP(t, "link", "delete", "lan1")
	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil || !h.manages(AutomaticSetting("eth0")) {
		t.Errorf("without the other card: %v, %v", done, err)
	}
}

// R140: NetworkManager may leave a card to somebody else, which is said, and may have a profile for one that is not there.
func TestAResetOfNetworkManagerNamesWhatItDoesNotManage(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := &nmHouse{LAN: realtest.NewLAN(t, "eth0", "eth1"), t: t}
	l.service = newNM(l.Bus.Address)
	l.write("lan", lan)
	l.write("away", "[connection]\nid=away\nuuid=99999999-2222-3333-4444-555555555555\ntype=ethernet\ninterface-name=eth9\n[ipv4]\nmethod=manual\naddress1=192.0.2.79/24\n[ipv6]\nmethod=disabled\n")
	l.start()
	managed := func(word string) {
		if out, err := exec.Command("nmcli", "device", "set", "eth1", "managed", word).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	managed("no")
	h := &house{LAN: l.LAN, t: t}
	h.open(t.TempDir())
	if done, err := h.RestoreAutomatic(t.Context()); done || err == nil || !strings.Contains(err.Error(), "does not manage eth1,") {
		t.Errorf("done %v, %v", done, err)
	}
	if all := l.files(disk); !strings.Contains(all, "eth9") || strings.Contains(all, "192.0.2.79") {
		t.Errorf("the card that is not there keeps its address:\n%s", all)
	}
	if !h.manages(AutomaticSetting("eth0")) {
		t.Error("eth0 is not restored")
	}
	managed("yes")
	h.Wait("eth1 as well", func() bool { done, err := h.RestoreAutomatic(t.Context()); return done && err == nil })
}
