package announce_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/announce"
	"castellan/internal/realtest"
)

const https = 8001

// startAvahi starts a real Avahi with this name of its host, in the box or in the router's namespace.
func startAvahi(t *testing.T, l *realtest.LAN, namespace, host string, bus *realtest.Bus) *exec.Cmd {
	t.Helper()
	realtest.Program(t, "avahi-daemon", "apt-get install avahi-daemon avahi-utils")
	conf := filepath.Join(t.TempDir(), "avahi.conf")
	text := "[server]\nhost-name=" + host + "\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=eth0,eth1,wire\n[publish]\npublish-hinfo=no\npublish-workstation=no\n"
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	// Each of them writes its number into the same file, which is why each has a folder of its own.
	script := "mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec env DBUS_SYSTEM_BUS_ADDRESS=" + bus.Address + " avahi-daemon --no-drop-root --no-chroot --no-rlimits -f " + conf
	cmd := l.Start(namespace, "unshare", "--mount", "sh", "-c", script)
	l.Wait("Avahi on its bus", func() bool {
		out, _ := exec.Command("dbus-send", "--bus="+bus.Address, "--dest=org.freedesktop.Avahi", "--print-reply", "/", "org.freedesktop.Avahi.Server.GetState").CombinedOutput()
		return strings.Contains(string(out), "int32 2")
	})
	return cmd
}

// neighbour is another machine on the LAN that looks for the box, with a real Avahi.
type neighbour struct {
	t   *testing.T
	l   *realtest.LAN
	bus *realtest.Bus
}

func newNeighbour(t *testing.T, l *realtest.LAN, host string) *neighbour {
	n := &neighbour{t, l, realtest.NewBus(t)}
	startAvahi(t, l, "router", host, n.bus)
	return n
}

func (n *neighbour) ask(program string, args ...string) string {
	out, _ := exec.Command("ip", append([]string{"netns", "exec", "router", "env", "DBUS_SYSTEM_BUS_ADDRESS=" + n.bus.Address, "timeout", "3", program}, args...)...).CombinedOutput()
	return string(out)
}

// finds waits until the neighbour finds an address by a name.
func (n *neighbour) finds(name, address string) {
	n.t.Helper()
	n.l.Wait(name+" as "+address, func() bool {
		way := "-4"
		if strings.Contains(address, ":") {
			way = "-6"
		}
		return strings.Contains(n.ask("avahi-resolve", way, "-n", name), address)
	})
}

// browses waits until the neighbour has, or no longer has, a service in its list.
func (n *neighbour) browses(want string, there bool) {
	n.t.Helper()
	var out string
	n.l.Wait(fmt.Sprintf("%q in the list: %v", want, there), func() bool {
		out = n.ask("avahi-browse", "-r", "-t", "-p", "_https._tcp")
		return strings.Contains(out, want) == there
	})
}

// announcer runs an Announcer, which the test's end stops.
func announcer(t *testing.T, bus string) (a *announce.Announcer, stop func()) {
	t.Helper()
	a = announce.New(announce.Config{Bus: bus, Out: slog.New(slog.NewTextHandler(t.Output(), nil))})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return a, stop
}

func waitHost(t *testing.T, l *realtest.LAN, a *announce.Announcer, by announce.By, host string) announce.Status {
	t.Helper()
	l.Wait("to be found as "+host, func() bool { s := a.Status(); return s.Host == host && s.By == by })
	return a.Status()
}

func addresses(all ...string) (list []netip.Addr) {
	for _, a := range all {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

// box gives the cards of the box addresses, as a service would.
func box(t *testing.T, cards ...string) *realtest.LAN {
	l := realtest.NewLAN(t, cards...)
	for i, c := range cards {
		realtest.IP(t, "link", "set", c, "up")
		realtest.IP(t, "address", "add", fmt.Sprintf("192.0.2.%d/24", 20+i), "dev", c)
		realtest.IP(t, "address", "add", fmt.Sprintf("2001:db8:1::%d/64", 20+i), "dev", c, "nodad")
	}
	return l
}

func TestWithoutAvahiTheBoxAnnouncesItself(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := box(t, "eth0")
	n := newNeighbour(t, l, "desk")
	a, stop := announcer(t, l.Bus.Address)
	what := announce.What{On: true, Name: "Attic-NAS", Port: https, Addresses: addresses("127.0.0.1", "192.0.2.20", "2001:db8:1::20")}
	a.Use(what)
	if s := waitHost(t, l, a, announce.Itself, "attic-nas.local"); s.Renamed || s.Trouble != "" {
		t.Errorf("%+v", s)
	}
	n.finds("attic-nas.local", "192.0.2.20")
	n.finds("attic-nas.local", "2001:db8:1::20")
	n.browses(";8001;\"path=/\"", true)
	n.browses("Attic-NAS", true)

	realtest.IP(t, "address", "del", "192.0.2.20/24", "dev", "eth0")
	realtest.IP(t, "address", "add", "192.0.2.30/24", "dev", "eth0")
	what.Addresses = addresses("192.0.2.30", "2001:db8:1::20")
	a.Use(what)
	n.finds("attic-nas.local", "192.0.2.30") // R129: another address is followed at once

	what.Name = "cellar-nas"
	a.Use(what)
	n.finds("cellar-nas.local", "192.0.2.30")
	n.browses("Attic-NAS", false)

	what.On = false
	a.Use(what)
	n.browses("cellar-nas", false)
	l.Wait("silence", func() bool { return a.Status() == announce.Status{By: announce.Nobody} })
	what.On = true
	a.Use(what)
	n.browses("cellar-nas", true)
	stop()
	n.browses("cellar-nas", false)
}

// Whoever was there first keeps the name, whatever its address; the box says that it has another one.
func TestANameThatAnotherMachineHasIsLeftToIt(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := box(t, "eth0") // .20, and the neighbour has .1
	n := newNeighbour(t, l, "attic-nas")
	a, _ := announcer(t, l.Bus.Address)
	a.Use(announce.What{On: true, Name: "attic-nas", Port: https, Addresses: addresses("192.0.2.20", "2001:db8:1::20")})
	if s := waitHost(t, l, a, announce.Itself, "attic-nas-2.local"); !s.Renamed {
		t.Errorf("%+v", s)
	}
	n.finds("attic-nas-2.local", "192.0.2.20")
	if out := n.ask("avahi-resolve", "-4", "-n", "attic-nas.local"); strings.Contains(out, "192.0.2.20") {
		t.Errorf("the name was taken from its owner: %s", out)
	}
}

func TestTwoInterfacesOnOneNetworkDoNotContradictEachOther(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := box(t, "eth0", "eth1")
	n := newNeighbour(t, l, "desk")
	a, _ := announcer(t, l.Bus.Address)
	a.Use(announce.What{On: true, Name: "attic-nas", Port: https, Addresses: addresses("192.0.2.20", "192.0.2.21", "2001:db8:1::20", "2001:db8:1::21")})
	waitHost(t, l, a, announce.Itself, "attic-nas.local")
	n.finds("attic-nas.local", "192.0.2.2")
	time.Sleep(3 * time.Second)
	if s := a.Status(); s.Renamed || s.Host != "attic-nas.local" {
		t.Errorf("the box took its own name from itself: %+v", s)
	}
}

func TestAvahiAnnouncesTheBoxWhereItRuns(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := box(t, "eth0")
	n := newNeighbour(t, l, "desk")
	avahi := startAvahi(t, l, "", "debian", l.Bus)
	a, stop := announcer(t, l.Bus.Address)
	what := announce.What{On: true, Name: "attic-nas", Port: https, Addresses: addresses("192.0.2.20", "2001:db8:1::20")}
	a.Use(what)
	if s := waitHost(t, l, a, announce.Avahi, "attic-nas.local"); s.Renamed || s.Trouble != "" {
		t.Errorf("%+v", s)
	}
	n.finds("attic-nas.local", "192.0.2.20")
	n.browses(";8001;\"path=/\"", true)

	what.Name = "debian" // which is Avahi's own
	a.Use(what)
	waitHost(t, l, a, announce.Avahi, "debian.local")
	n.browses("=;wire;IPv4;debian", true)
	n.browses("attic-nas", false)

	what.Name = "desk" // which the neighbour has
	a.Use(what)
	if s := waitHost(t, l, a, announce.Avahi, "desk-2.local"); !s.Renamed {
		t.Errorf("%+v", s)
	}
	n.finds("desk-2.local", "192.0.2.20")

	_ = avahi.Process.Kill()
	_ = avahi.Wait()
	waitHost(t, l, a, announce.Itself, "desk-2.local")
	n.finds("desk-2.local", "192.0.2.20")
	startAvahi(t, l, "", "debian", l.Bus)
	l.Wait("Avahi to announce again", func() bool { return a.Status().By == announce.Avahi && a.Status().Host != "" })
	stop()
	n.browses("8001", false)
}
