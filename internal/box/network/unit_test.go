package network

import (
	"errors"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"castellan/internal/fault"
)

func TestAFileOfNetworkdIsReadForWhatIsAskedHere(t *testing.T) {
	four, six := Family{Method: Manual, Address: netip.MustParsePrefix("192.0.2.7/24"), Gateway: netip.MustParseAddr("192.0.2.1")}, Family{Method: Automatic}
	for name, c := range map[string]struct {
		text string
		want Setting
	}{
		"DHCP":            {"[Network]\nDHCP=yes\n", AutomaticSetting("eth0")},
		"DHCP for IPv4":   {"[Network]\nDHCP = ipv4 \n", AutomaticSetting("eth0")},
		"nothing at all":  {"[Match]\nName=eth0\n", Setting{IPv4: Family{Method: Off}, IPv6: six}},
		"IPv6 turned off": {"[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n", Setting{IPv4: Family{Method: Automatic}, IPv6: Family{Method: Off}}},
		"manual":          {"[Network]\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nDNS=192.0.2.1 2001:db8::1\nDNS=192.0.2.2#name.test\nDomains=house.test ~corp.test\n", Setting{IPv4: four, IPv6: six, DNS: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.2")}, Search: []string{"house.test"}}},
		"of netplan": {"# by a generator\n[Match]\nName=eth0\n\n[Link]\nMTUBytes=9000\n\n[Network]\nLinkLocalAddressing=ipv6\nAddress=192.0.2.7/24\nAddress=192.0.2.8/24\n[Route]\nDestination=0.0.0.0/0\nGateway=192.0.2.1\n",
			Setting{IPv4: four, IPv6: six, MTU: 9000}},
		"sections of their own": {"[Address]\nAddress=192.0.2.7/24\n[Address]\nAddress=fe80::7/64\n[Route]\nGateway=192.0.2.1\n", Setting{IPv4: four, IPv6: six}},
		"taken back":            {"[Network]\nDHCP=no\nAddress=198.51.100.7/24\nAddress=\nAddress=192.0.2.7/24\nGateway=192.0.2.1\n", Setting{IPv4: four, IPv6: six}},
		"line that goes on":     {"[Network]\nDHCP=\\\nyes\n", AutomaticSetting("eth0")},
		"half a file":           {"[Network\nDHCP\n=\n[]]=[\n\\", Setting{IPv4: Family{Method: Off}, IPv6: six}},
	} {
		u := unit{}
		u.read(c.text)
		c.want.Interface = "eth0"
		if got := u.setting("eth0"); !alike(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	u := unit{}
	if u.read("[Network]\nBridge=br0\n"); !u.port() {
		t.Error("a port of a bridge is taken for a card that stands on its own")
	}
}

func TestWhatIsWrittenForNetworkdReadsAsWhatWasMeant(t *testing.T) {
	all := []Setting{AutomaticSetting("eth0"), manual("eth0", "192.0.2.20/24", "192.0.2.1"), manual("eth0", "192.0.2.20/24", "192.0.2.1")}
	all[1].IPv6 = Family{Method: Off}
	all[1].DNS, all[1].Search, all[1].MTU = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, []string{"house.test", "corp.test"}, 1400
	all[2].IPv4, all[2].IPv6 = Family{Method: Off}, Family{Method: Manual, Address: netip.MustParsePrefix("2001:db8:1::20/64"), Gateway: netip.MustParseAddr("fe80::1")}
	before := unit{}
	before.read("[Network]\nDHCP=yes\nVLAN=office\nVLAN=cameras guests\n")
	for _, s := range all {
		text := render(s, before)
		u := unit{}
		if u.read(text); !alike(u.setting("eth0"), s) {
			t.Errorf("got %+v, want %+v, from\n%s", u.setting("eth0"), s, text)
		}
		if got := strings.Join(words(u.all("Network", "VLAN")), " "); got != "office cameras guests" {
			t.Errorf("what hangs on the interface is %q now", got)
		}
	}
}

// R122: neither a name nor a domain can bring a line of its own into a file, whatever was let pass before.
func TestNothingGetsIntoAFileOfNetworkdByALineBreak(t *testing.T) {
	if !plainName.MatchString("enp3s0.7:1") {
		t.Error("an ordinary name is refused")
	}
	for _, name := range []string{"eth0\nDHCP=no", "eth*", "../eth0", "eth0 eth1", "", "a-name-that-is-too-long", "eth0;id", "$(id)"} {
		if plainName.MatchString(name) {
			t.Errorf("%q is a name", name)
		}
	}
	for _, domain := range []string{"house.test\n[Address]\nAddress=198.51.100.1/24", "a b", "", ";id", "`id`", "a=b"} {
		if plainDomain.MatchString(domain) {
			t.Errorf("%q is a domain", domain)
		}
	}
	zone := netip.MustParseAddr("fe80::1%eth0")
	s := AutomaticSetting("eth0")
	s.IPv6 = Family{Method: Manual, Address: netip.MustParsePrefix("2001:db8::7/64"), Gateway: zone.WithZone("eth0\n[Network]\nDHCP=no")}
	s.DNS = []netip.Addr{zone.WithZone("\nDHCP=no")}
	if text := render(s, unit{}); strings.Count(text, "DHCP=") != 1 || strings.Contains(text, "%") {
		t.Errorf("got\n%s", text)
	}
}

func FuzzAFileOfNetworkd(f *testing.F) {
	f.Add("[Network]\nDHCP=yes\nAddress=192.0.2.7/24\nDomains=~a b\n[Route]\nGateway=192.0.2.1\n")
	f.Add("[Network]\nAddress=fe80::7/64\nDHCP=v4\nx=\\\ny\\ \n[Address]\nAddress=2001:db8::7\n[Route]\nDestination=::/0\n[Route]\nGateway=_dhcp4\n[a]]\n[ = ]\n\\\n[b\\\n]\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		u := unit{}
		u.read(text)
		again := unit{}
		if again.read(u.String()); !reflect.DeepEqual(again, u) {
			t.Fatalf("got %q, want %q", again, u)
		}
		shown := u.setting("eth0")
		four := manual("eth0", "192.0.2.20/24", "192.0.2.1")
		six := Setting{Interface: "eth0", IPv4: Family{Method: Off}, IPv6: Family{Method: Manual, Address: netip.MustParsePrefix("2001:db8:1::20/64")}, MTU: 1400, DNS: four.DNS, Search: []string{"house.test"}}
		for _, s := range []Setting{shown, AutomaticSetting("eth0"), four, six} {
			again := unit{}
			if again.read(render(s, u)); !alike(again.setting("eth0"), s) {
				t.Errorf("got %+v, want %+v, from\n%s", again.setting("eth0"), s, render(s, u))
			}
		}
	})
}

func TestWhoMayNotWriteIsToldSo(t *testing.T) {
	if err := denied(&os.PathError{Err: os.ErrPermission}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	var f *fault.Error
	if err := denied(errors.New("no space left")); errors.As(err, &f) {
		t.Errorf("got %v", err)
	}
}
