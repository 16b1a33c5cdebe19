package network

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"castellan/internal/realtest"
)

// asNobody has a test helper run again as a user without privileges, and returns what it says.
func asNobody(t *testing.T, helper, question string) string {
	t.Helper()
	const program = "/run/helper.test" // where go test builds, only its user may look
	if _, err := os.Stat(program); err != nil {
		text, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-test.run=^"+helper+"$", "-test.v")
	cmd.Env = append(os.Environ(), "NOBODY="+question)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	_, said, ok := strings.Cut(string(out), "answer: ")
	if err != nil || !ok {
		t.Fatalf("%v\n%s", err, out)
	}
	said, _, _ = strings.Cut(said, "\n")
	return said
}

// answer is how a helper answers.
func answer(t *testing.T, text string) {
	t.Helper()
	t.Log("answer: " + text)
}

// TestHelperProbe is no test: it asks for an address, as the user that runs it.
func TestHelperProbe(t *testing.T) {
	name, text, ok := strings.Cut(os.Getenv("NOBODY"), " ")
	if !ok {
		t.Skip("only with a question")
	}
	mac, yes, err := taken(t.Context(), card(t, name), netip.MustParseAddr(text))
	answer(t, fmt.Sprintf("%v %s %v", yes, mac, err))
}

func TestAnAddressThatAnotherMachineHasIsFoundWithoutPrivileges(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0", "eth1")
	for _, c := range []string{"eth0", "eth1"} {
		realtest.IP(t, "link", "set", c, "up")
	}
	l.Router("ip", "address", "add", "10.9.8.7/24", "dev", "wire")
	l.Wait("an announced network", func() bool { return strings.Contains(realtest.IP(t, "-6", "route"), "2001:db8:1::/64 dev eth0") })
	mac := "true " + strings.TrimSpace(l.Router("cat", "/sys/class/net/wire/address")) + " <nil>"
	const free = "false  <nil>"
	ask := func(name, question, want string) {
		t.Helper()
		begun := time.Now()
		if got := asNobody(t, "TestHelperProbe", question); got != want {
			t.Errorf("%s: got %q, want %q\n%s", name, got, want, realtest.IP(t, "neighbour"))
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
	ask("a card without IPv4", "eth0 "+realtest.Router, mac)
	ask("a card without IPv4, a free address", "eth0 192.0.2.77", free)
	ask("announced IPv6", "eth0 "+realtest.Router6, mac)
	ask("announced IPv6, a free address", "eth0 2001:db8:1::77", free)
	ask("IPv6 of no network here", "eth0 2001:db8:99::1", free)
	ask("IPv4 of no network here", "eth0 10.9.8.7", mac)

	realtest.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	realtest.IP(t, "address", "add", "192.0.2.8/24", "dev", "eth1")
	realtest.IP(t, "address", "add", "2001:db8:1::8/64", "dev", "eth1", "nodad")
	realtest.IP(t, "route", "add", "default", "via", realtest.Router)
	ask("the other card on the same link", "eth1 192.0.2.1", mac)
	ask("what the box has itself", "eth0 192.0.2.7", free)
	ask("what the box has on another card", "eth0 192.0.2.8", free)
	ask("what the box has on another card in IPv6", "eth0 2001:db8:1::8", free)
	ask("beyond the gateway", "eth0 203.0.113.1", free)
	l.Pull("eth0")
	ask("a card without a cable", "eth0 192.0.2.60", free)
}

func TestAMachineThatHasGoneDoesNotKeepItsAddress(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	realtest.IP(t, "link", "set", "eth0", "up")
	realtest.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	mac := strings.TrimSpace(l.Router("cat", "/sys/class/net/wire/address"))
	l.Router("ip", "address", "add", "192.0.2.66/24", "dev", "wire")
	for _, known := range []string{"192.0.2.65", "192.0.2.66"} {
		realtest.IP(t, "neighbour", "replace", known, "dev", "eth0", "lladdr", mac, "nud", "stale")
	}
	if got := asNobody(t, "TestHelperProbe", "eth0 192.0.2.65"); got != "false  <nil>" {
		t.Errorf("a machine that has gone: %q", got)
	}
	if got := asNobody(t, "TestHelperProbe", "eth0 192.0.2.66"); got != "true "+mac+" <nil>" {
		t.Errorf("a machine that has not spoken for a while: %q", got)
	}
}

func TestOldKernelsAskByAPreference(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0", "eth1")
	for _, c := range []string{"eth0", "eth1"} {
		realtest.IP(t, "link", "set", c, "up")
	}
	realtest.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	l.Wait("announced networks", func() bool { return strings.Count(realtest.IP(t, "-6", "route"), "2001:db8:1::/64 dev eth") == 2 })
	for _, text := range []string{realtest.Router, realtest.Router6} {
		a, family := netip.MustParseAddr(text), unix.AF_INET
		if a.Is6() {
			family = unix.AF_INET6
		}
		fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := card(t, "eth1")
		if err := prefer(fd, c, a); err != nil {
			t.Fatal(err)
		}
		if err := probe(fd, c, a); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		l.Wait(text+" to answer on the other card", func() bool { mac, _, err := neighbour(c, a); return err == nil && mac != "" })
		_ = unix.Close(fd)
	}
}
