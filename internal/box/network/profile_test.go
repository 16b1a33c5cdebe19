package network

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// section makes a section of a profile.
func section(pairs ...any) map[string]dbus.Variant {
	s := map[string]dbus.Variant{}
	for i := 0; i < len(pairs); i += 2 {
		s[pairs[i].(string)] = dbus.MakeVariant(pairs[i+1])
	}
	return s
}

func addressData(address string, bits uint32) []map[string]dbus.Variant {
	return []map[string]dbus.Variant{{"address": dbus.MakeVariant(address), "prefix": dbus.MakeVariant(bits)}, {"address": dbus.MakeVariant("203.0.113.9"), "prefix": dbus.MakeVariant(uint32(24))}}
}

func TestFamiliesOfAProfileAreReadAsTheyWork(t *testing.T) {
	for name, test := range map[string]struct {
		family  string
		section map[string]dbus.Variant
		want    Family
	}{
		"DHCP":                     {"ipv4", section("method", "auto"), Family{Method: Automatic}},
		"DHCP beside an address":   {"ipv4", section("method", "auto", "address-data", addressData("192.0.2.7", 24)), Family{Method: Automatic}},
		"by hand":                  {"ipv4", section("method", "manual", "address-data", addressData("192.0.2.7", 24), "gateway", "192.0.2.1"), family("192.0.2.7/24", "192.0.2.1")},
		"by hand without gateway":  {"ipv6", section("method", "manual", "address-data", addressData("2001:db8::7", 64)), family("2001:db8::7/64", "")},
		"handing out addresses":    {"ipv4", section("method", "shared", "address-data", addressData("10.42.0.1", 24)), family("10.42.0.1/24", "")},
		"off":                      {"ipv4", section("method", "disabled"), Family{Method: Off}},
		"link-local only":          {"ipv4", section("method", "link-local"), Family{Method: Off}},
		"nothing said":             {"ipv4", nil, Family{Method: Off}},
		"DHCPv6 only":              {"ipv6", section("method", "dhcp"), Family{Method: Automatic}},
		"left to the kernel":       {"ipv6", section("method", "ignore"), Family{Method: Automatic}},
		"nothing said of IPv6":     {"ipv6", nil, Family{Method: Automatic}},
		"by hand without any":      {"ipv4", section("method", "manual"), Family{Method: Off}},
		"an address that is none":  {"ipv4", section("method", "manual", "address-data", addressData("192.0.2.7;id", 24)), Family{Method: Off}},
		"a length that is none":    {"ipv4", section("method", "manual", "address-data", addressData("192.0.2.7", 99)), Family{Method: Off}},
		"another type than it has": {"ipv4", section("method", uint32(7)), Family{Method: Off}},
	} {
		if got := (profile{test.family: test.section}).family(test.family); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

// whole is a profile with everything that NetworkManager tells of one.
func whole() profile {
	return profile{
		"connection": section("id", "lan", "uuid", "u", "type", wired, "timestamp", uint64(5), "permissions", []string{}, "autoconnect-priority", int32(3)),
		wired:        section("mtu", uint32(9000), "mac-address", []byte{2, 0, 0, 0, 0, 7}),
		"ipv4": section("method", "manual", "address-data", addressData("192.0.2.7", 24), "gateway", "192.0.2.1", "dns", []uint32{binary.NativeEndian.Uint32([]byte{192, 0, 2, 53})},
			"dns-data", []string{"192.0.2.53"}, "dns-search", []string{"lan"}, "route-metric", int64(50), "never-default", true, "addresses", [][]uint32{{1, 2, 3}}, "dad-timeout", int32(0)),
		"ipv6": section("method", "auto", "addr-gen-mode", int32(1), "dns", [][]byte{netip.MustParseAddr("2001:db8::53").AsSlice()}, "ignore-auto-dns", true, "routes", []struct {
			To     []byte
			Length uint32
		}{{[]byte{1}, 64}}),
		notes: section("data", map[string]string{"org.example.note": "hello"}),
	}
}

var sameVariants = cmp.Comparer(func(a, b dbus.Variant) bool {
	return a.Signature() == b.Signature() && cmp.Equal(a.Value(), b.Value(), cmp.Comparer(func(a, b dbus.Variant) bool { return a.String() == b.String() }))
})

func TestAProfileGoesBackToWhatItWas(t *testing.T) {
	for name, wish := range map[string]Setting{
		"automatic": AutomaticSetting("eth0"),
		"by hand":   {Interface: "eth0", IPv4: family("192.0.2.20/24", "192.0.2.1"), IPv6: family("2001:db8::20/64", "fe80::1"), MTU: 1400, Search: []string{"b.example"}, DNS: []netip.Addr{netip.MustParseAddr("192.0.2.54")}},
		"off":       {Interface: "eth0", IPv4: Family{Method: Automatic}, IPv6: Family{Method: Off}},
	} {
		for without, p := range map[string]profile{"": whole(), " of no section": func() profile {
			p := whole()
			delete(p, wired)
			delete(p, notes)
			p.put("connection", "type", "bridge")
			return p
		}()} {
			untouched := p.clone()
			excerpt, err := p.excerpt()
			if err != nil {
				t.Fatal(err)
			}
			changed := p.with(wish)
			changed.note(noteBefore, excerpt)
			changed.note(noteCheckpoint, ":1.7 /x")
			if got := changed.setting("eth0"); !alike(got, wish) {
				t.Errorf("%s%s: got %+v, want %+v", name, without, got, wish)
			}
			if !changed.waits() || p.waits() || p["connection"]["timestamp"].Value() == nil {
				t.Errorf("%s%s: the original has changed", name, without)
			}
			if changed["ipv4"]["route-metric"].Value() != int64(50) || changed["ipv6"]["addr-gen-mode"].Value() != int32(1) {
				t.Errorf("%s%s: what is none of ours has changed: %+v", name, without, changed)
			}
			if bound := get[string](changed, "connection", "interface-name") == "eth0"; bound == (p[wired] != nil) {
				t.Errorf("%s%s: bound to the interface, beside a MAC address: %v", name, without, bound)
			}
			back, err := changed.before(changed.noted(noteBefore))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(untouched, back, sameVariants); diff != "" {
				t.Errorf("%s%s: %s", name, without, diff)
			}
		}
	}
}

func TestNotesThatCannotBeReadAreAnError(t *testing.T) {
	for _, text := range []string{"", "%", "bAQAAREB", "AAAA"} {
		if _, err := whole().before(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func FuzzNotesOfAProfile(f *testing.F) {
	text, err := whole().excerpt()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("bAQAAREBAAAA")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = whole().before(text) })
}

func TestAFamilyOfAProfileThatIsAsItWasKeepsWhatASettingHasNoWordFor(t *testing.T) {
	before := whole()
	before["ipv6"] = section("method", "ignore")
	for name, change := range map[string]func(*Setting){"nothing": func(*Setting) {}, "the MTU": func(s *Setting) { s.MTU = 1400 }, "DNS": func(s *Setting) { s.DNS = nil }} {
		s := before.setting("eth0")
		change(&s)
		after := before.with(s)
		for _, key := range []string{"method", "address-data", "gateway", "never-default", "route-metric"} {
			if !cmp.Equal(after["ipv4"][key], before["ipv4"][key], sameVariants) {
				t.Errorf("%s: %s is %v now", name, key, after["ipv4"][key])
			}
		}
		if m := get[string](after, "ipv6", "method"); m != "ignore" {
			t.Errorf("%s: IPv6 is %s now", name, m)
		}
	}
	s := before.setting("eth0")
	s.IPv4.Address = netip.MustParsePrefix("192.0.2.20/24")
	if all := get[[]map[string]dbus.Variant](before.with(s), "ipv4", "address-data"); len(all) != 1 {
		t.Errorf("another address leaves %v", all)
	}
}
