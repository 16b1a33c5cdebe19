package network

import (
	"testing"
	"testing/fstest"
)

func TestAWayToElsewhereIsFoundInTheKernelsTables(t *testing.T) {
	const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	for name, test := range map[string]struct {
		route, route6 string
		want          bool
	}{
		"none":            {},
		"only the own":    {head + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n", false},
		"IPv4":            {head + "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "", true},
		"half of it all":  {head + "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n", "", false},
		"IPv6":            {head, "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n", true},
		"to nowhere":      {head, "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n", false},
		"cut off, broken": {"eth0\t00000000\n\n", "0 0\n", false},
	} {
		files := fstest.MapFS{"route": {Data: []byte(test.route)}, "ipv6_route": {Data: []byte(test.route6)}}
		if got := wayOut(files); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAnAddressThatTheBoxGaveItselfIsNone(t *testing.T) {
	for want, addresses := range map[bool][]string{false: {"127.0.0.1/8", "169.254.3.4/16", "fe80::1/64", "::1/128"}, true: {"192.0.2.5/24", "fd00::1/64", "2001:db8::5/64"}} {
		for _, a := range addresses {
			if got := (&Links{look: fake(a)}).Reach().Address; got != want {
				t.Errorf("%s: got %v", a, got)
			}
		}
	}
}
