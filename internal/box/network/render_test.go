package network

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// integrators is a file of an integrator who set more than Castellan knows of.
const integrators = `# by hand
[Match]
MACAddress=02:00:00:00:00:01
[Link]
MACAddress=02:00:00:00:00:07
RequiredForOnline=no
[Network]
Description=the rack
Address=192.0.2.5/24
Address=198.51.100.5/24
Gateway=192.0.2.1
IPForward=yes
DNS=192.0.2.1#router.test
Domains=house.test ~corp.test
VLAN=office
[Address]
Address=2001:db8:1::5/64
Label=six
[Address]
Address=2001:db8:1::6/64
[Route]
Destination=10.0.0.0/8
Gateway=192.0.2.9
[Route]
Gateway=192.0.2.8
Table=100
[Route]
Destination=2001:db8:9::/48
Gateway=2001:db8:1::9
[RoutingPolicyRule]
From=198.51.100.0/24
Table=100
[DHCPv4]
RouteMetric=100
UseMTU=yes
`

// lineOf reports whether a text has a line.
func lineOf(text, line string) bool { return strings.Contains("\n"+text, "\n"+line+"\n") }

func TestAChangeOfNetworkdReplacesOnlyWhatItChanges(t *testing.T) {
	before := unit{}
	before.read(integrators)
	was := before.setting("eth0")
	stays := []string{
		"MACAddress=02:00:00:00:00:07", "RequiredForOnline=no", "Description=the rack", "IPForward=yes", "VLAN=office", "Destination=10.0.0.0/8\nGateway=192.0.2.9",
		"Gateway=192.0.2.8\nTable=100", "Destination=2001:db8:9::/48\nGateway=2001:db8:1::9", "[RoutingPolicyRule]\nFrom=198.51.100.0/24\nTable=100", "RouteMetric=100", "UseMTU=yes",
	}
	four := []string{"Address=192.0.2.5/24", "Address=198.51.100.5/24", "Gateway=192.0.2.1"}
	six := []string{"[Address]\nAddress=2001:db8:1::5/64\nLabel=six", "Address=2001:db8:1::6/64"}
	dns, search := []string{"DNS=192.0.2.1#router.test"}, []string{"Domains=house.test ~corp.test"}
	for name, c := range map[string]struct {
		change      func(*Setting)
		stays, goes [][]string
		comes       []string
	}{
		"nothing": {change: func(*Setting) {}, stays: [][]string{four, six, dns, search}},
		"the MTU": {change: func(s *Setting) { s.MTU = 1400 }, stays: [][]string{four, six, dns, search}, comes: []string{"MTUBytes=1400"}},
		"IPv4": {
			change: func(s *Setting) {
				s.IPv4.Address, s.IPv4.Gateway = netip.MustParsePrefix("192.0.2.20/24"), netip.MustParseAddr("192.0.2.2")
			},
			stays: [][]string{six, dns, search}, goes: [][]string{four}, comes: []string{"[Address]\nAddress=192.0.2.20/24", "[Route]\nGateway=192.0.2.2"},
		},
		"IPv4 to automatic":           {change: func(s *Setting) { s.IPv4 = Family{Method: Automatic} }, stays: [][]string{six, dns, search}, goes: [][]string{four}, comes: []string{"DHCP=ipv4"}},
		"IPv6 to automatic":           {change: func(s *Setting) { s.IPv6 = Family{Method: Automatic} }, stays: [][]string{four, dns, search}, goes: [][]string{six}, comes: []string{"DHCP=ipv6", "IPv6AcceptRA=yes"}},
		"DNS":                         {change: func(s *Setting) { s.DNS = []netip.Addr{netip.MustParseAddr("192.0.2.3")} }, stays: [][]string{four, six, search}, goes: [][]string{dns}, comes: []string{"DNS=192.0.2.3", "UseDNS=no"}},
		"search domains":              {change: func(s *Setting) { s.Search = nil }, stays: [][]string{four, six, dns}, goes: [][]string{search}, comes: []string{"Domains=~corp.test", "UseDomains=yes"}},
		"the reset: all to automatic": {change: func(s *Setting) { *s = AutomaticSetting("eth0") }, goes: [][]string{four, six, dns, search}, comes: []string{"DHCP=yes", "IPv6AcceptRA=yes", "UseDNS=yes"}},
	} {
		s := was
		c.change(&s)
		text := render(s, before)
		for _, all := range append(c.stays, stays, c.comes, []string{"[Match]\nName=eth0\n"}) {
			for _, l := range all {
				if !lineOf(text, l) {
					t.Errorf("%s: %q is missing in\n%s", name, l, text)
				}
			}
		}
		for _, all := range append(c.goes, []string{"MACAddress=02:00:00:00:00:01"}) {
			for _, l := range all {
				if lineOf(text, l) {
					t.Errorf("%s: %q is still in\n%s", name, l, text)
				}
			}
		}
		kept := unit{}
		if kept.read(text); !alike(kept.setting("eth0"), s) {
			t.Errorf("%s: got %+v, want %+v", name, kept.setting("eth0"), s)
		}
		if again := render(s, kept); again != text {
			t.Errorf("%s: what was kept is written otherwise\n%s\nand\n%s", name, text, again)
		}
	}
	off := was
	off.IPv4 = Family{Method: Off}
	if text := render(off, before); lineOf(text, "Destination=10.0.0.0/8") || lineOf(text, "Gateway=192.0.2.1") || !lineOf(text, "Destination=2001:db8:9::/48") {
		t.Errorf("with IPv4 off:\n%s", text)
	}
}

func TestOnlyTheRouteToEverywhereIsTheGateway(t *testing.T) {
	for text, want := range map[string]string{
		"[Route]\nDestination=10.0.0.0/8\nGateway=192.0.2.9\n":                               "",
		"[Route]\nDestination=10.0.0.0/8\nGateway=192.0.2.9\n[Route]\nGateway=192.0.2.1\n":   "192.0.2.1",
		"[Route]\nGateway=192.0.2.9\nTable=100\n":                                            "",
		"[Route]\nGateway=192.0.2.9\nTable=main\n":                                           "192.0.2.9",
		"[Route]\nDestination=0.0.0.0/0\nGateway=192.0.2.9\n":                                "192.0.2.9",
		"[Route]\nGateway=192.0.2.9\n[Network]\nGateway=\nGateway=192.0.2.1\n":               "192.0.2.1",
		"[Route]\nGateway=192.0.2.9\nGateway=\nDestination=10.0.0.0/8\nGateway=192.0.2.10\n": "",
		"Gateway=192.0.2.7\n[Route]\n#Gateway=192.0.2.9\n":                                   "192.0.2.7",
	} {
		u := unit{}
		u.read("[Network]\nAddress=192.0.2.5/24\n" + text)
		got := ""
		if g := u.setting("eth0").IPv4.Gateway; g.IsValid() {
			got = g.String()
		}
		if got != want {
			t.Errorf("%q: the gateway is %q, not %q", text, got, want)
		}
	}
}

// What cannot be read beside a file says everything itself.
func TestAFileWithoutOneBeforeSaysEverything(t *testing.T) {
	text := render(AutomaticSetting("eth0"), nil)
	for _, l := range []string{"DHCP=yes", "IPv6AcceptRA=yes", "LinkLocalAddressing=ipv6"} {
		if !lineOf(text, l) {
			t.Errorf("%q is missing in\n%s", l, text)
		}
	}
}

func TestNoLineOfAFileTakesTheNextOneWithIt(t *testing.T) {
	before := unit{}
	before.read("[Network]\r\nDescription=ends so\\ \nIPForward=\\\n# between\n yes\n[Link]\nAlias=a\\\\\nRequiredForOnline=no\n")
	if got := before.last("Network", "IPForward") + before.last("Link", "RequiredForOnline"); got != "yesno" {
		t.Errorf("got %q", got)
	}
	again := unit{}
	if again.read(render(manual("eth0", "192.0.2.20/24", "192.0.2.1"), before)); again.last("Network", "IPForward") != "yes" || again.last("Network", "Description") != `ends so\` {
		t.Errorf("got %q", again)
	}
}

// A change that is kept has to come first at the next start as well.
func TestAFileThatWouldComeBeforeOnesOfCastellanIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		refused    bool
	}{
		"digits":              {"etc/systemd/network/00-eth0.network", "[Match]\nName=eth0\n", false},
		"a sign that is less": {"etc/systemd/network/!eth0.network", "[Match]\nName=eth0\n", true},
		"in /usr/lib":         {"usr/lib/systemd/network/!all.network", "[Match]\nName=en* et*\n", true},
		"between":             {"run/systemd/network/+castellan-0-z.network", "[Match]\nMACAddress=02:00:00:00:00:07\n", true},
		"of another card":     {"etc/systemd/network/!eth1.network", "[Match]\nName=eth1\n", false},
		"of all but this":     {"etc/systemd/network/!others.network", "[Match]\nName=!eth0 eth2\n", false},
		"masked":              {"etc/systemd/network/!eth0.network", "", false},
		"no file for links":   {"etc/systemd/network/!eth0.link", "[Match]\nName=eth0\n", false},
		"hidden":              {"etc/systemd/network/.!eth0.network", "[Match]\nName=eth0\n", false},
		"one of ours":         {"etc/systemd/network/+castellan-1-eth.network", "[Match]\nName=eth*\n", false},
	} {
		s := newNetworkd("", t.TempDir())
		path := filepath.Join(s.root, c.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := s.ahead("eth0")
		if refused := errors.Is(err, ErrUnmanaged); refused != c.refused || err != nil && !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s: %v", name, err)
		}
		tried := s.tried("eth0")
		if err := os.MkdirAll(filepath.Dir(tried), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(s.kept("eth0")), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(tried, []byte("[Match]\nName=eth0\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = s.keep([]string{tried})
		if _, err := os.Stat(s.kept("eth0")); (err == nil) == c.refused {
			t.Errorf("%s: kept: %v", name, err)
		}
	}
}
