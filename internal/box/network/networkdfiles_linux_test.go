package network

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"castellan/internal/realtest"
)

// netplans is a file that the tools of a distribution wrote, with more than Castellan knows of.
const netplans = `[Match]
Name=eth0
[Link]
RequiredForOnline=no
[Network]
LinkLocalAddressing=ipv6
Address=192.0.2.77/24
Address=198.51.100.77/24
[Address]
Address=2001:db8:1::77/64
[Route]
Destination=203.0.113.0/24
Gateway=198.51.100.1
[Route]
Gateway=192.0.2.1
[RoutingPolicyRule]
From=198.51.100.0/24
Table=100
Priority=777
`

// integrated is a box whose interface an integrator set up by a file of this name, which sorts before most.
func integrated(t *testing.T, name, text string) *house {
	t.Helper()
	l := realtest.NewLAN(t, "eth0")
	if err := os.MkdirAll("/etc/systemd/network", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/etc/systemd/network/"+name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	h := &house{LAN: l, t: t, service: l.Networkd()}
	l.Wait("the integrator's address", func() bool { return l.Has("eth0", "192.0.2.77") })
	return h
}

// R140: the reset lasts, however early the name of an integrator's file sorts, and so does a change that was confirmed.
func TestWhatIsKeptComesBeforeAnIntegratorsFileAtTheNextStart(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	folder := t.TempDir()
	h := integrated(t, "00-eth0.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.77/24\nIPv6AcceptRA=no\n")
	h.open(folder)
	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	h.cut(folder)
	h.Wait("an address of the router", func() bool { return leased(t, "eth0").IsValid() })
	if h.Has("eth0", "192.0.2.77") {
		t.Errorf("the reset is lost:\n%s", realtest.IP(t, "address"))
	}
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20")); err != nil {
		t.Fatal(err)
	}
	<-h.ended
	h.cut(folder)
	h.Wait("the address that was kept", func() bool { return h.Has("eth0", "192.0.2.20") })
	if h.Has("eth0", "192.0.2.77") || leased(t, "eth0").IsValid() {
		t.Errorf("got\n%s", realtest.IP(t, "address"))
	}
}

// A change that could not last is not made, and the page says which file is in the way.
func TestAFileThatComesBeforeAllOthersIsNamedAndNothingIsChanged(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := integrated(t, "!first.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.77/24\nIPv6AcceptRA=no\n")
	h.open(t.TempDir())
	if _, err := h.Try(t.Context(), manual("eth0", "192.0.2.20/24", realtest.Router), "admin"); err != nil {
		t.Fatal(err)
	}
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "/etc/systemd/network/!first.network") {
		t.Errorf("got %+v", c)
	}
	if !h.Has("eth0", "192.0.2.77") || h.Has("eth0", "192.0.2.20") {
		t.Errorf("got\n%s", realtest.IP(t, "address"))
	}
}

// R122: what somebody else set up beside what is asked here is there after a change, after a start of the box, and after a reset.
func TestAChangeOfNetworkdLeavesTheRestOfTheInterfaceAlone(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	folder := t.TempDir()
	h := integrated(t, "10-netplan-eth0.network", netplans)
	h.open(folder)
	p := h.Look(t.Context()).Settings["eth0"]
	if p.IPv4.Gateway != netip.MustParseAddr(realtest.Router) {
		t.Fatalf("got %+v", p)
	}
	rest := func(when string) {
		t.Helper()
		h.Wait("the integrator's rule "+when, func() bool { return strings.Contains(realtest.IP(t, "rule"), "777:\tfrom 198.51.100.0/24 lookup 100") })
		h.Wait("the integrator's IPv6 address "+when, func() bool { return h.Has("eth0", "2001:db8:1::77") })
	}
	routes := func() string { return realtest.IP(t, "-4", "route") }
	rest("at first")
	s := p
	s.MTU = 1400 // IPv4 and IPv6 stay, second address and route as well
	token := h.try(s)
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.77")); err != nil {
		t.Fatal(err)
	}
	<-h.ended
	for range 2 {
		rest("with another MTU")
		h.Wait("the second address and the route", func() bool {
			return h.Has("eth0", "198.51.100.77") && strings.Contains(routes(), "203.0.113.0/24 via 198.51.100.1") && strings.Contains(routes(), "default via "+realtest.Router)
		})
		h.cut(folder)
	}
	// A reset takes the address away that the other route goes over: it must not fail for that.
	if done, err := h.RestoreAutomatic(t.Context()); !done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	for range 2 {
		h.Wait("an address of the router", func() bool { return leased(t, "eth0").IsValid() && h.reach(leased(t, "eth0").String()) })
		h.Wait("the integrator's rule", func() bool { return strings.Contains(realtest.IP(t, "rule"), "777:") })
		if h.Has("eth0", "192.0.2.77") || h.Has("eth0", "198.51.100.77") {
			t.Errorf("got\n%s%s", realtest.IP(t, "address"), routes())
		}
		h.cut(folder)
	}
	text, err := os.ReadFile("/etc/systemd/network/+castellan-1-eth0.network")
	if err != nil || !lineOf(string(text), "RequiredForOnline=no") || !lineOf(string(text), "Destination=203.0.113.0/24\nGateway=198.51.100.1") {
		t.Errorf("the file says %s, %v", text, err)
	}
}
