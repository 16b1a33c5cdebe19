package daemon_test

import (
	"crypto/tls"
	"net"
	"testing"
)

// R115: names and addresses of the config file are the box's own, at its port and at the one they name.
func TestNamesOfTheConfigFileAreServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.file.Web.Names = []string{"nas.example", "203.0.113.9", "outside.example:8443", "[2001:db8::9]:443"}
	h.start()
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	for host, want := range map[string]int{
		"nas.example:" + port: 200, "203.0.113.9:" + port: 200, "outside.example:" + port: 200, "outside.example:8443": 200,
		"[2001:db8::9]:" + port: 200, "[2001:db8::9]:443": 200, "[2001:db8::9]": 200, "[2001:DB8:0::9]:443": 200,
		"nas.example:8443": 421, "nas.example": 421, "203.0.113.9:8443": 421, "203.0.113.10:" + port: 421, "outside.example": 421, "127.0.0.1:8443": 421,
	} {
		b := h.browser()
		r := b.request("GET", "/status", nil)
		r.Host = host
		if a := b.raw(r); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, a.StatusCode, want)
		}
	}
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, name := range []string{"nas.example", "outside.example", "203.0.113.9", "2001:db8::9"} { // R129
		if err := c.ConnectionState().PeerCertificates[0].VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}

// Whoever sets a NAS up is told whether its network works; of one that has an owner, strangers are not.
func TestTheStatusTellsOfTheNetworkWhoeverSetsItUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	if n, ok := h.browser().must(200, "GET", "/status", nil).body["network"].(obj); !ok || (n["working"] == true) != (n["message"] == "") {
		t.Errorf("got %v", n)
	}
	owner := h.claim()
	if owner.must(200, "GET", "/status", nil).body["network"] == nil {
		t.Error("the owner is not told")
	}
	if got := h.browser().must(200, "GET", "/status", nil).body["network"]; got != nil {
		t.Errorf("a stranger is told %v", got)
	}
	owner.must(200, "PUT", "/network/announcement", obj{"enabled": false})
	if a := owner.must(200, "GET", "/network", nil).body["announcement"].(obj); a["enabled"] != false || a["by"] != "nobody" {
		t.Errorf("got %v", a)
	}
	e := owner.events("area=settings")[0].(obj)
	if e["kind"] != "settings.changed" || e["message"] != "Being found on the local network changed from on to off" {
		t.Errorf("the log says %v", e)
	}
}
