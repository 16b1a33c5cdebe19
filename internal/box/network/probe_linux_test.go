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
		if took := time.Since(begun); took > 2*time.Second {
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

	// A machine that was known and is no more there, and one that is.
	l.Router("ip", "address", "del", "10.9.8.7/24", "dev", "wire")
	l.Router("ip", "address", "add", "192.0.2.66/24", "dev", "wire")
	for _, known := range []string{"10.9.8.7", "192.0.2.66"} {
		realtest.IP(t, "neighbour", "replace", known, "dev", "eth0", "lladdr", strings.Fields(mac)[1], "nud", "stale")
	}
	if got := asNobody(t, "TestHelperProbe", "eth0 10.9.8.7"); got != free {
		t.Errorf("a machine that has gone: %q", got)
	}
	if got := asNobody(t, "TestHelperProbe", "eth0 192.0.2.66"); got != mac {
		t.Errorf("a machine that has not spoken for a while: %q", got)
	}
	l.Pull("eth0")
	ask("a card without a cable", "eth0 192.0.2.60", free)
}
