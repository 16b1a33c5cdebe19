package realtest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The addresses of a LAN, from the ranges for documentation (RFC 5737, RFC 3849).
const (
	Router  = "192.0.2.1"     // on the first network: gateway, DHCP server, DNS server and the machine of a browser
	Router6 = "2001:db8:1::1" // the same in IPv6; it announces 2001:db8:1::/64
	Other   = "198.51.100.1"  // the same machine on a second network of the same wire, without DHCP
)

// LAN is a network with a real router, in namespaces of the test's own: the test itself is the box, with one card or more.
// Behind their cables is a bridge in the namespace "router", which answers DHCP with 192.0.2.50 to .59, and announces itself as a router
// of 2001:db8:1::/64. The test has called Isolate.
type LAN struct {
	Bus   *Bus // the system's bus of the box
	t     *testing.T
	cards []string
	serve *exec.Cmd // dnsmasq, or nil
}

// NewLAN builds a LAN with these cards of the box.
func NewLAN(t *testing.T, cards ...string) *LAN {
	t.Helper()
	l := &LAN{t: t, Bus: NewBus(t)}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", l.Bus.Address)
	IP(t, "netns", "add", "router")
	l.Router("ip", "link", "set", "lo", "up")
	l.Router("ip", "link", "add", "wire", "type", "bridge")
	l.Router("ip", "link", "set", "wire", "up")
	for _, a := range []string{Router + "/24", Other + "/24", Router6 + "/64"} {
		l.Router("ip", "address", "add", a, "dev", "wire", "nodad")
	}
	for _, c := range cards {
		l.AddCard(c)
	}
	l.Serve()
	return l
}

// AddCard puts a card into the box and connects it.
func (l *LAN) AddCard(name string) {
	l.t.Helper()
	IP(l.t, "link", "add", name, "type", "veth", "peer", "name", "to-"+name, "netns", "router")
	l.Router("ip", "link", "set", "to-"+name, "master", "wire")
	l.Router("ip", "link", "set", "to-"+name, "up")
	l.cards = append(l.cards, name)
}

// Pull pulls the cable of a card; Plug connects it again.
func (l *LAN) Pull(card string) { l.t.Helper(); l.Router("ip", "link", "set", "to-"+card, "down") }

// Plug connects the cable of a card again.
func (l *LAN) Plug(card string) { l.t.Helper(); l.Router("ip", "link", "set", "to-"+card, "up") }

// Serve starts DHCP, router announcements and DNS, with more options of dnsmasq(8) where they are given. What served before ends; this
// serves when it returns.
func (l *LAN) Serve(options ...string) {
	l.t.Helper()
	l.Silence()
	dir := l.t.TempDir()
	if len(options) == 0 {
		options = []string{"--dhcp-range=192.0.2.50,192.0.2.59,2m", "--dhcp-range=2001:db8:1::,ra-only", "--enable-ra", "--domain=house.test"}
	}
	l.serve = l.Start("router", "dnsmasq", append([]string{"--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--interface=wire", "--bind-interfaces",
		"--no-ping", "--user=root", "--pid-file=" + servePID, "--dhcp-leasefile=" + filepath.Join(dir, "leases"), "--dhcp-authoritative", "--log-facility=-"}, options...)...)
	l.Wait("dnsmasq to serve", func() bool { // it says its number once it has its ports
		pid, _ := os.ReadFile(servePID)
		return strings.TrimSpace(string(pid)) == strconv.Itoa(l.serve.Process.Pid)
	})
}

// servePID is where dnsmasq says which process it is.
const servePID = "/run/dnsmasq.pid"

// Silence ends DHCP, router announcements and DNS; they have ended when it returns.
func (l *LAN) Silence() {
	if l.serve == nil {
		return
	}
	_ = l.serve.Process.Signal(unix.SIGTERM)
	_ = l.serve.Wait()
	_ = os.Remove(servePID)
	l.serve = nil
}

// Router runs a command in the namespace of the router and returns what it says; the test ends where that fails.
func (l *LAN) Router(program string, args ...string) string {
	l.t.Helper()
	out, err := exec.Command("ip", slices.Concat([]string{"netns", "exec", "router", program}, args)...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Start starts a program in a namespace, or in that of the box where that is "", and ends it with the test. The caller sees its
// output where the test fails.
func (l *LAN) Start(namespace, program string, args ...string) *exec.Cmd {
	l.t.Helper()
	path := Program(l.t, program, "apt-get install what has "+program)
	line := append([]string{path}, args...)
	if namespace != "" {
		line = slices.Concat([]string{"ip", "netns", "exec", namespace}, line)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = l.t.Output(), l.t.Output()
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// NetworkManager starts NetworkManager in the box, which manages its cards, and waits until it is on the bus. Its profiles lie in
// /etc/NetworkManager/system-connections.
func (l *LAN) NetworkManager() *exec.Cmd {
	l.t.Helper()
	for _, dir := range []string{"/etc/NetworkManager/system-connections", "/etc/NetworkManager/conf.d", "/run/NetworkManager"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			l.t.Fatal(err)
		}
	}
	conf := "[main]\nplugins=keyfile\nauth-polkit=root-only\ndns=none\n[device]\nmatch-device=interface-name:*\nmanaged=1\n"
	if err := os.WriteFile("/etc/NetworkManager/NetworkManager.conf", []byte(conf), 0o644); err != nil {
		l.t.Fatal(err)
	}
	cmd := l.Start("", "NetworkManager", "--debug", "--log-level=INFO")
	l.OnBus("org.freedesktop.NetworkManager")
	return cmd
}

// Networkd starts systemd-networkd in the box, with files that have its cards ask for addresses, and waits until it is on the bus.
func (l *LAN) Networkd() *exec.Cmd {
	l.t.Helper()
	for _, dir := range []string{"/run/systemd/netif/links", "/run/systemd/netif/leases", "/run/systemd/network"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			l.t.Fatal(err)
		}
	}
	l.t.Setenv("SYSTEMD_LOG_TARGET", "console")
	file := "[Match]\nName=eth*\n[Network]\nDHCP=yes\nIPv6PrivacyExtensions=no\n"
	if err := os.WriteFile("/etc/systemd/network/80-wired.network", []byte(file), 0o644); err != nil {
		l.t.Fatal(err)
	}
	if out, err := exec.Command("chown", "-R", "systemd-network", "/run/systemd/netif").CombinedOutput(); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	cmd := l.Start("", "/usr/lib/systemd/systemd-networkd")
	l.OnBus("org.freedesktop.network1")
	return cmd
}

// OnBus waits until somebody has a name on the bus.
func (l *LAN) OnBus(name string) {
	l.t.Helper()
	l.Wait(name+" on the bus", func() bool {
		out, _ := exec.Command("dbus-send", "--bus="+l.Bus.Address, "--dest=org.freedesktop.DBus", "--print-reply", "/", "org.freedesktop.DBus.NameHasOwner", "string:"+name).CombinedOutput()
		return strings.Contains(string(out), "boolean true")
	})
}

// Wait waits for something, for 20 seconds at most; the test ends where it does not come.
func (l *LAN) Wait(what string, there func() bool) {
	l.t.Helper()
	for begun := time.Now(); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			l.t.Fatalf("waited 20 s for %s\n%s", what, IP(l.t, "address"))
		}
	}
}

// Has reports whether a card of the box has an address.
func (l *LAN) Has(card, address string) bool {
	return strings.Contains(IP(l.t, "-o", "address", "show", "dev", card), " "+address+"/")
}

// Dial connects from the machine of a browser, which is the router, as net.Dialer does.
func (l *LAN) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var there *os.File
		if there, err = os.Open("/run/netns/router"); err != nil {
			return
		}
		defer func() { _ = there.Close() }()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		// An address, not a name: looking up names goes on in other threads. One family, so that one goroutine dials.
		conn, err = (&net.Dialer{Timeout: 2 * time.Second, FallbackDelay: -1}).DialContext(ctx, network, address)
	}()
	<-done
	return conn, err
}
