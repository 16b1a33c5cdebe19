package network

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/fault"
)

// by builds a setting that is right and has it changed.
func by(change func(*Setting)) Setting {
	s := Setting{
		Interface: "eth0", IPv4: Family{Manual, netip.MustParsePrefix("192.0.2.20/24"), netip.MustParseAddr("192.0.2.1")},
		IPv6: Family{Method: Automatic}, DNS: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Search: []string{"house.example"},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// four and six have a setting made by hand. An empty gateway is none.
func four(prefix, gateway string) Setting {
	return by(func(s *Setting) { s.IPv4 = family(prefix, gateway) })
}

func six(prefix, gateway string) Setting {
	return by(func(s *Setting) { s.IPv6 = family(prefix, gateway) })
}

func family(prefix, gateway string) Family {
	text, bits, _ := strings.Cut(prefix, "/")
	n := 0
	_, _ = fmt.Sscan(bits, &n)
	f := Family{Method: Manual}
	if a, err := netip.ParseAddr(text); err == nil {
		f.Address = netip.PrefixFrom(a, n)
	}
	if gateway != "" {
		f.Gateway = netip.MustParseAddr(gateway)
	}
	return f
}

func dns(all ...string) Setting {
	return by(func(s *Setting) {
		s.DNS = nil
		for _, a := range all {
			s.DNS = append(s.DNS, netip.MustParseAddr(a))
		}
	})
}

func search(all ...string) Setting { return by(func(s *Setting) { s.Search = all }) }

func mtu(n int, v6 Method) Setting {
	return by(func(s *Setting) { s.MTU, s.IPv6.Method = n, v6 })
}

// R122
func TestSettingsAreRefusedByTheirFields(t *testing.T) {
	cards := []Card{
		{Name: "eth0", MaxMTU: 9000, Addresses: []Address{{Prefix: netip.MustParsePrefix("192.0.2.50/24")}}},
		{Name: "eth1", Addresses: []Address{{Prefix: netip.MustParsePrefix("192.0.2.51/24")}, {Prefix: netip.MustParsePrefix("2001:db8:1::51/64")}}},
	}
	others := map[string]Setting{
		"eth0": four("192.0.2.20/24", ""), "eth2": {IPv4: family("198.51.100.7/24", ""), IPv6: family("2001:db8:7::7/64", "")},
	}
	for name, test := range map[string]struct {
		setting Setting
		want    string // the fields that are wrong, with their codes
	}{
		"all is well":                       {by(nil), ""},
		"automatic":                         {AutomaticSetting("eth0"), ""},
		"its own address again":             {four("192.0.2.50/24", ""), ""},
		"two interfaces in one network":     {four("198.51.100.8/24", "198.51.100.1"), ""},
		"a network of two":                  {four("192.0.2.0/31", "192.0.2.1"), ""},
		"the second of two":                 {four("192.0.2.3/31", "192.0.2.2"), ""},
		"a small network":                   {four("192.0.2.5/30", "192.0.2.6"), ""},
		"a large network":                   {four("10.1.2.3/8", "10.255.255.254"), ""},
		"ends in 255 within a larger one":   {four("10.1.2.255/16", ""), ""},
		"IPv6 by hand":                      {six("2001:db8:1::20/64", "2001:db8:1::1"), ""},
		"IPv6 with a link-local gateway":    {six("fd00::20/64", "fe80::1"), ""},
		"IPv6 between two":                  {six("2001:db8::/127", "2001:db8::1"), ""},
		"IPv6 only":                         {by(func(s *Setting) { s.IPv4, s.DNS = Family{Method: Off}, nil }), ""},
		"IPv4 only":                         {by(func(s *Setting) { s.IPv6 = Family{Method: Off} }), ""},
		"DNS of both kinds":                 {dns("192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"), ""},
		"the longest search domain":         {search(strings.Repeat("a23456789.", 25) + "abc"), ""},
		"six search domains":                {search("lan", "b.example", "C.example", "d-1.example", "1e.example", "xn--f-1ga.example"), ""},
		"jumbo frames":                      {mtu(9000, Automatic), ""},
		"a small MTU without IPv6":          {mtu(576, Off), ""},
		"no method":                         {by(func(s *Setting) { s.IPv4.Method = "" }), "ipv4.method unknown"},
		"an unknown method":                 {by(func(s *Setting) { s.IPv6.Method = "dhcp;id" }), "ipv6.method unknown"},
		"nothing at all":                    {by(func(s *Setting) { s.IPv4, s.IPv6, s.DNS = Family{Method: Off}, Family{Method: Off}, nil }), "ipv4.method required"},
		"no address":                        {four("", ""), "ipv4.address required"},
		"no IPv6 address":                   {six("", "fe80::1"), "ipv6.address required"},
		"IPv6 for IPv4":                     {four("2001:db8::1/64", ""), "ipv4.address family"},
		"IPv4 for IPv6":                     {six("192.0.2.7/24", ""), "ipv6.address family"},
		"IPv4 in IPv6":                      {six("::ffff:192.0.2.7/64", ""), "ipv6.address family"},
		"loopback":                          {four("127.0.0.5/8", ""), "ipv4.address unusable"},
		"unspecified":                       {four("0.0.0.0/24", ""), "ipv4.address unusable"},
		"this network":                      {four("0.1.2.3/24", ""), "ipv4.address unusable"},
		"multicast":                         {four("224.0.0.5/24", ""), "ipv4.address unusable"},
		"reserved":                          {four("240.0.0.5/24", ""), "ipv4.address unusable"},
		"everybody":                         {four("255.255.255.255/24", ""), "ipv4.address unusable"},
		"link-local":                        {four("169.254.7.7/16", ""), "ipv4.address link_local"},
		"loopback of IPv6":                  {six("::1/64", ""), "ipv6.address unusable"},
		"unspecified in IPv6":               {six("::/64", ""), "ipv6.address unusable"},
		"a compatible address":              {six("::192.0.2.7/96", ""), "ipv6.address unusable"},
		"multicast in IPv6":                 {six("ff02::1/64", ""), "ipv6.address unusable"},
		"link-local IPv6":                   {six("fe80::7/64", ""), "ipv6.address link_local"},
		"the network itself":                {four("192.0.2.0/24", ""), "ipv4.address network"},
		"the network's broadcast":           {four("192.0.2.255/24", ""), "ipv4.address broadcast"},
		"every router's address":            {six("2001:db8::/64", ""), "ipv6.address network"},
		"the last one in IPv6":              {six("2001:db8::ffff:ffff:ffff:ffff/64", ""), ""},
		"too short":                         {four("10.0.0.5/7", ""), "ipv4.prefix out_of_range"},
		"a single machine":                  {four("192.0.2.5/32", ""), "ipv4.prefix out_of_range"},
		"no length":                         {four("192.0.2.5/0", ""), "ipv4.prefix out_of_range"},
		"a length that is none":             {four("192.0.2.5/99", ""), "ipv4.prefix out_of_range"},
		"too short for IPv6":                {six("2001:db8::5/47", ""), "ipv6.prefix out_of_range"},
		"a single machine in IPv6":          {six("2001:db8::5/128", ""), "ipv6.prefix out_of_range"},
		"what another interface has":        {four("192.0.2.51/24", ""), "ipv4.address own"},
		"what another is set to":            {four("198.51.100.7/24", ""), "ipv4.address own"},
		"what another has in IPv6":          {six("2001:db8:1::51/64", ""), "ipv6.address own"},
		"what another is set to in IPv6":    {six("2001:db8:7::7/64", ""), "ipv6.address own"},
		"a gateway elsewhere":               {four("192.0.2.20/24", "198.51.100.1"), "ipv4.gateway outside"},
		"itself as gateway":                 {four("192.0.2.20/24", "192.0.2.20"), "ipv4.gateway own"},
		"another interface as gateway":      {four("192.0.2.20/24", "192.0.2.51"), "ipv4.gateway own"},
		"the network as gateway":            {four("192.0.2.20/24", "192.0.2.0"), "ipv4.gateway unusable"},
		"the broadcast as gateway":          {four("192.0.2.20/24", "192.0.2.255"), "ipv4.gateway unusable"},
		"no machine as gateway":             {four("192.0.2.20/24", "0.0.0.0"), "ipv4.gateway unusable"},
		"a gateway of IPv6":                 {four("192.0.2.20/24", "fe80::1"), "ipv4.gateway family"},
		"a gateway of IPv4":                 {six("2001:db8::5/64", "192.0.2.1"), "ipv6.gateway family"},
		"a gateway elsewhere in IPv6":       {six("2001:db8::5/64", "2001:db8:5::1"), "ipv6.gateway outside"},
		"DNS to everybody":                  {dns("192.0.2.1", "224.0.0.251"), "dns.1 unusable"},
		"DNS nowhere":                       {dns("0.0.0.0", "::"), "dns.0 unusable dns.1 unusable"},
		"DNS without its link":              {dns("fe80::1"), "dns.0 unusable"},
		"DNS on a link":                     {dns("fe80::1%eth0"), "dns.0 unusable"},
		"the same DNS twice":                {dns("192.0.2.1", "192.0.2.1"), "dns.1 duplicate"},
		"five DNS servers":                  {dns("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"), "dns.4 too_many"},
		"IPv4 DNS without IPv4":             {by(func(s *Setting) { s.IPv4 = Family{Method: Off} }), "dns.0 family"},
		"a command":                         {search("x;id"), "search.0 malformed"},
		"another command":                   {search("house.example", "$(reboot)", "`id`"), "search.1 malformed search.2 malformed"},
		"two lines":                         {search("house.example\nDNS=203.0.113.1"), "search.0 malformed"},
		"an option":                         {search("-house"), "search.0 malformed"},
		"a list in one":                     {search("a.example b.example", "a.example,b.example"), "search.0 malformed search.1 malformed"},
		"an address as domain":              {search("192.0.2.1"), "search.0 malformed"},
		"the root":                          {search("", "."), "search.0 malformed search.1 malformed"},
		"dots":                              {search("a..b", ".a", "a."), "search.0 malformed search.1 malformed search.2 malformed"},
		"umlauts":                           {search("fööbar.example"), "search.0 malformed"},
		"a label of 64":                     {search(strings.Repeat("a", 64)), "search.0 malformed"},
		"a domain of 254":                   {search(strings.Repeat("a23456789.", 25) + "abcd"), "search.0 malformed"},
		"the same domain twice":             {search("lan", "LAN"), "search.1 duplicate"},
		"seven search domains":              {search("a", "b", "c", "d", "e", "f", "g"), "search.6 too_many"},
		"MTU too small":                     {mtu(575, Off), "mtu out_of_range"},
		"MTU below zero":                    {mtu(-1, Off), "mtu out_of_range"},
		"MTU too small for IPv6":            {mtu(1279, Automatic), "mtu out_of_range"},
		"more than the card can":            {mtu(9001, Automatic), "mtu out_of_range"},
		"several at once":                   {by(func(s *Setting) { s.IPv4, s.MTU, s.Search = family("192.0.2.0/24", "203.0.113.1"), 5, []string{"-"} }), "ipv4.address network ipv4.gateway outside search.0 malformed mtu out_of_range"},
		"what nobody reads does no harm":    {by(func(s *Setting) { s.IPv6 = Family{Method: Off, Gateway: netip.MustParseAddr("::")} }), ""},
		"the MTU of a card nobody knows":    {by(func(s *Setting) { s.Interface, s.MTU, s.IPv4 = "eth9", 9216, Family{Method: Automatic} }), ""},
		"too much for any card":             {by(func(s *Setting) { s.Interface, s.MTU, s.IPv4 = "eth9", 9217, Family{Method: Automatic} }), "mtu out_of_range"},
		"itself as gateway, where it lies":  {four("192.0.2.60/24", "192.0.2.50"), "ipv4.gateway own"},
		"an unusable gateway in IPv6":       {six("2001:db8::5/64", "::"), "ipv6.gateway unusable"},
		"the network's own gateway in IPv6": {six("2001:db8::5/64", "2001:db8::"), ""}, // RFC 4291 2.6.1: every router has it
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range fault.FieldsOf(test.setting.check(cards, others)) {
				got = append(got, f.Name+" "+f.Code)
				if !strings.HasSuffix(f.Message, ".") || len(f.Message) < 20 {
					t.Errorf("says %q", f.Message)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// R122
func FuzzSettingsThatPassAreHarmless(f *testing.F) {
	f.Add("192.0.2.20", 24, "192.0.2.1", "192.0.2.1", "house.example", 1500)
	f.Add("2001:db8::20", 64, "fe80::1", "2001:db8::1", "a;id", 9000)
	f.Add("10.0.0.1", -1, "", "", "-x\n", -5)
	f.Fuzz(func(t *testing.T, address string, bits int, gateway, server, domain string, mtu int) {
		s := AutomaticSetting("eth0")
		a, _ := netip.ParseAddr(address)
		g, _ := netip.ParseAddr(gateway)
		n, _ := netip.ParseAddr(server)
		family := Family{Manual, netip.PrefixFrom(a, bits), g}
		if a.Is4() {
			s.IPv4 = family
		} else {
			s.IPv6 = family
		}
		s.DNS, s.Search, s.MTU = []netip.Addr{n}, []string{domain}, mtu
		if s.check(nil, nil) != nil {
			return
		}
		if strings.Trim(strings.ToLower(domain), "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(domain, "-") {
			t.Errorf("search domain %q", domain)
		}
		if !family.Address.IsValid() || a.IsMulticast() || a.IsLoopback() || a.Zone() != "" || n.Zone() != "" || g.Zone() != "" {
			t.Errorf("address %s, gateway %s, server %s", family.Address, g, n)
		}
		if g.IsValid() && g.Is4() && !family.Address.Contains(g) {
			t.Errorf("gateway %s in %s", g, family.Address)
		}
		if mtu < 0 || mtu > mostMTU {
			t.Errorf("MTU %d", mtu)
		}
	})
}
