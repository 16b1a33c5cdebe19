package daemon_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/network"
	"castellan/internal/realtest"
)

const lanPort = "8001"

// onLAN is a house on a LAN, at an address of its box, with the browser of its owner, who sits at the router.
func onLAN(t *testing.T, l *realtest.LAN, address string) (*house, *browser) {
	t.Helper()
	h := newHouse(t)
	h.file.Web.HTTPS, h.file.Network.Service = "0.0.0.0:"+lanPort, "auto"
	h.start()
	h.greeting.HTTPS = net.JoinHostPort(address, lanPort)
	b := h.browser()
	overLAN(b, l)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword, "nas_name": "attic-nas", "time_zone": "Europe/Berlin"})
	b.must(204, "POST", "/me/two-step/later", nil)
	return h, b
}

// overLAN has a browser connect from the machine at the router.
func overLAN(b *browser, l *realtest.LAN) {
	b.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DialContext: l.Dial}
}

// at is another browser without a session, at an address of the box.
func (h *house) at(l *realtest.LAN, address string) *browser {
	b := newBrowser(h.t, "https://"+net.JoinHostPort(address, lanPort))
	overLAN(b, l)
	return b
}

// stands waits until the certificate that is shown at an address stands for a name.
func (h *house) stands(l *realtest.LAN, address, name string) {
	h.t.Helper()
	l.Wait("a certificate for "+name, func() bool {
		c, err := l.Dial(h.t.Context(), "tcp4", net.JoinHostPort(address, lanPort))
		if err != nil {
			return false
		}
		defer c.Close()
		s := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		return s.HandshakeContext(h.t.Context()) == nil && s.ConnectionState().PeerCertificates[0].VerifyHostname(name) == nil
	})
}

// R129 R115: an address and a name that have just come are served and stood for at once, and a session that still reaches the box goes on.
func TestEverythingFollowsAnAddressAndANameAtOnce(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	realtest.IP(t, "link", "set", "eth0", "up")
	realtest.IP(t, "address", "add", "192.0.2.20/24", "dev", "eth0")
	h, owner := onLAN(t, l, "192.0.2.20")
	began := time.Now()
	realtest.IP(t, "address", "add", "192.0.2.30/24", "dev", "eth0")
	h.at(l, "192.0.2.30").must(200, "GET", "/status", nil)
	h.stands(l, "192.0.2.30", "192.0.2.30")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a new address took %v", took)
	}
	owner.fresh() // nobody was signed out
	l.Wait("being found", func() bool {
		return owner.must(200, "GET", "/network", nil).body["announcement"].(obj)["host"] == "attic-nas.local"
	})
	owner.must(200, "PATCH", "/settings", obj{"nas_name": "cellar-nas"})
	for _, name := range []string{"cellar-nas", "cellar-nas.local"} {
		h.stands(l, "192.0.2.20", name)
		owner.host = net.JoinHostPort(name, lanPort)
		owner.origin = "https://" + owner.host
		owner.must(200, "GET", "/session", nil)
	}
	owner.host, owner.origin = "", owner.base
	l.Wait("being found by the new name", func() bool {
		return owner.must(200, "GET", "/network", nil).body["announcement"].(obj)["host"] == "cellar-nas.local"
	})
	owner.must(200, "PUT", "/network/announcement", obj{"enabled": false})
	l.Wait("silence", func() bool {
		a := owner.must(200, "GET", "/network", nil).body["announcement"].(obj)
		return a["enabled"] == false && a["by"] == "nobody" && a["host"] == ""
	})
	realtest.IP(t, "address", "del", "192.0.2.30/24", "dev", "eth0")
	stranger := h.at(l, "192.0.2.20")
	stranger.host = "192.0.2.30:" + lanPort
	l.Wait("the address that went to be refused", func() bool { return stranger.call("GET", "/status", nil).StatusCode == 421 })
}

// wish is a manual IPv4 address of eth0.
func wish(address string, prefix int, gateway string) obj {
	return obj{
		"interface": "eth0", "ipv4": obj{"method": "manual", "address": address, "prefix": prefix, "gateway": gateway},
		"ipv6": obj{"method": "automatic"}, "dns": []string{}, "search": []string{}, "mtu": 0,
	}
}

// A change is recorded before it is made, kept only from its own address, without a session there, and goes back otherwise; the log tells all of
// it. R122: what is wrong is refused with its field.
func TestTheNetworkIsChangedThroughTheDoor(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	l.Networkd()
	var address string
	l.Wait("an address", func() bool {
		_, rest, ok := strings.Cut(realtest.IP(t, "-4", "-o", "address", "show", "dev", "eth0"), "inet ")
		address, _, _ = strings.Cut(rest, "/")
		return ok
	})
	h, owner := onLAN(t, l, address)
	if n := owner.must(200, "GET", "/network", nil).body; n["service"] != "networkd" || n["trouble"] != "" || n["change"].(obj)["state"] != "none" {
		t.Fatalf("got %v", n)
	}
	for field, w := range map[string]obj{
		"ipv4.address": wish("192.0.2.20;id", 24, ""), "ipv4.prefix": wish("192.0.2.20", 33, ""), "ipv4.gateway": wish("192.0.2.20", 24, "198.51.100.1"),
		"search.0": func() obj { w := wish("192.0.2.20", 24, ""); w["search"] = []string{"house\n[Match]"}; return w }(),
		"dns.0":    func() obj { w := wish("192.0.2.20", 24, ""); w["dns"] = []string{"$(id)"}; return w }(),
	} {
		a := owner.refused(422, "invalid", "POST", "/network/change", w)
		if !strings.Contains(string(a.raw), `"`+field+`"`) {
			t.Errorf("%s: %s", field, a.raw)
		}
	}
	owner.refused(422, "invalid", "POST", "/network/change", wish(realtest.Router, 24, "")) // the router has it

	page := owner.token
	try := func(w obj) obj {
		defer func() { owner.token = page }() // that of the answer is another one
		return owner.must(200, "POST", "/network/change", w).body
	}
	trial := try(wish("192.0.2.20", 24, realtest.Router))
	token, change := trial["token"].(string), trial["change"].(obj)
	if urls := listOf(change["urls"]); change["by"] != "admin" || len(urls) == 0 || urls[0] != "https://192.0.2.20:8001" {
		t.Errorf("got %v", change)
	}
	second := owner.call("POST", "/network/change", wish("192.0.2.21", 24, ""))
	if second.StatusCode != 409 || second.code() != "network_busy" {
		t.Errorf("a second change: %d %s", second.StatusCode, second.raw)
	}
	h.stands(l, "192.0.2.20", "192.0.2.20")
	stranger := h.at(l, "192.0.2.20") // no page there is signed in
	stranger.refused(410, "no_network_change", "POST", "/network/confirmation", obj{"token": "x"})
	stranger.must(200, "POST", "/network/confirmation", obj{"token": token})

	owner.base, owner.origin = stranger.base, stranger.base
	owner.fresh() // cookies do not go to another address by themselves, but the session is the same
	trial = try(wish("192.0.2.22", 24, realtest.Router))
	l.Wait("the new address", func() bool { return l.Has("eth0", "192.0.2.22") })
	h.passed.Add(int64(network.TryTime)) // nobody confirms it
	l.Wait("the old address", func() bool { return l.Has("eth0", "192.0.2.20") && !l.Has("eth0", "192.0.2.22") })
	h.at(l, "192.0.2.20").refused(410, "no_network_change", "POST", "/network/confirmation", obj{"token": trial["token"]})
	l.Wait("a word in the log", func() bool { return slices.Contains(owner.kinds("settings"), "network.went_back") })
	kinds := owner.kinds("settings")
	for _, want := range []string{"network.tried", "network.kept", "network.went_back"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the log lacks %s: %v", want, kinds)
		}
	}
	if tried := len(kinds) - len(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k == "network.tried" })); tried != 2 {
		t.Errorf("%d changes are said to have been tried, though others were refused", tried)
	}
	if trial = try(wish("192.0.2.23", 24, "192.0.2.99")); !strings.Contains(trial["warning"].(string), "No machine answers at 192.0.2.99") {
		t.Errorf("of a gateway that nobody has it is said: %q", trial["warning"])
	}
	l.Wait("the new address", func() bool { return l.Has("eth0", "192.0.2.23") })
	there := h.at(l, "192.0.2.23")
	there.refused(401, "signed_out", "PUT", "/network/change", nil)
	there.cookies, there.token = owner.cookies, owner.token
	there.must(200, "PUT", "/network/change", nil) // whoever signs in there needs no token
	there.refused(410, "no_network_change", "PUT", "/network/change", nil)
	h.local().must(200, "POST", "/local/network/automatic", nil)
	l.Wait("an address by DHCP", func() bool { return l.Has("eth0", address) })
	if !slices.Contains(owner.kindsAt(h, l, address), "network.made_automatic") {
		t.Error("the log does not say who restored automatic addresses")
	}
}

// kindsAt is kinds, at an address that the box has now.
func (b *browser) kindsAt(h *house, l *realtest.LAN, address string) []string {
	at := h.at(l, address)
	at.cookies, at.token = b.cookies, b.token
	return at.kinds("settings")
}
