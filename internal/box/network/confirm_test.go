package network

import (
	"net/netip"
	"testing"
)

// R122: reaching the box by a family that was not changed proves nothing of the one that was.
func TestOnlyAChangedFamilyProvesAChange(t *testing.T) {
	manual := func(a string) Family {
		return Family{Method: Manual, Address: netip.MustParsePrefix(a)}
	}
	auto, off := Family{Method: Automatic}, Family{Method: Off}
	for name, c := range map[string]struct {
		before4, before6, now4, now6 Family
		v4, v6                       bool
	}{
		"IPv4 by hand":              {auto, auto, manual("192.0.2.9/24"), auto, true, false},
		"IPv6 by hand":              {auto, auto, auto, manual("2001:db8::9/64"), false, true},
		"both":                      {auto, auto, manual("192.0.2.9/24"), manual("2001:db8::9/64"), true, true},
		"other words only":          {auto, auto, auto, auto, true, true},
		"IPv6 turned off":           {auto, auto, auto, off, true, false},
		"IPv4 turned off":           {auto, auto, off, auto, false, true},
		"another address":           {manual("192.0.2.8/24"), off, manual("192.0.2.9/24"), off, true, false},
		"another length":            {manual("192.0.2.9/24"), auto, manual("192.0.2.9/25"), auto, true, false},
		"IPv6 off and IPv4 changed": {manual("192.0.2.9/24"), auto, auto, off, true, false},
	} {
		change := Change{Setting: Setting{IPv4: c.now4, IPv6: c.now6}, Before: Setting{IPv4: c.before4, IPv6: c.before6}}
		if v4, v6 := change.Proves(true), change.Proves(false); v4 != c.v4 || v6 != c.v6 {
			t.Errorf("%s: IPv4 %v, IPv6 %v; want %v, %v", name, v4, v6, c.v4, c.v6)
		}
	}
}
