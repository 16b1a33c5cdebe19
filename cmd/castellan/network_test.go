package main

import (
	"encoding/json"
	"strings"
	"testing"

	"castellan/internal/httpapi/api"
)

func TestTheNetworkIsPrintedForPeople(t *testing.T) {
	address, prefix, gateway := "192.0.2.20", 24, "192.0.2.1"
	n := api.Network{
		Service: api.NetworkdService, NasName: "attic-nas", Dns: []string{"192.0.2.1"}, Search: []string{"house.test"},
		Announcement: api.Announcement{Enabled: true, By: api.ByAvahi, Host: "attic-nas-2.local", Renamed: true},
		Change:       api.NetworkChange{State: api.ChangeWaiting, Interface: "eth1", By: "marta", ExpiresIn: 42, Urls: []string{"https://192.0.2.20:8001"}},
		Interfaces: []api.Interface{
			{Name: "eth0", Type: api.TypeEthernet, Mac: "02:00:00:00:00:01", Up: true, Carrier: true, Speed: 1000, Gateways: []string{"192.0.2.1"}, Addresses: []api.InterfaceAddress{
				{Address: "192.0.2.50", Prefix: 24, From: api.FromDHCP}, {Address: "2001:db8:1::77", Prefix: 64, From: api.FromRouter, Temporary: true}, {Address: "192.0.2.51", Prefix: 24, From: api.FromHand, Duplicate: true},
			}, Settings: &api.InterfaceSettings{Interface: "eth0", Ipv4: api.FamilySettings{Method: api.MethodManual, Address: &address, Prefix: &prefix, Gateway: &gateway}, Ipv6: api.FamilySettings{Method: api.MethodAutomatic}}},
			{Name: "eth1", Type: api.TypeEthernet, Up: true}, {Name: "eth2", Type: api.TypeEthernet},
		},
	}
	var out strings.Builder
	if err := (&call{out: &out}).showNetwork(n); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"attic-nas-2.local, as another machine has the name", "systemd-networkd", "a change of eth1 by marta; it goes back in 42 s unless it is kept on the page at https://192.0.2.20:8001",
		"ethernet, 02:00:00:00:00:01, connected with 1 Gbit/s", "192.0.2.50/24, by DHCP", "2001:db8:1::77/64, announced by a router, changes by itself",
		"192.0.2.51/24, set by hand, not used because another machine has it", "manual, 192.0.2.20/24 by way of 192.0.2.1", "no cable", "turned off",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for want, a := range map[string]api.Announcement{
		"turned off": {}, "no name yet": {Enabled: true}, "no way": {Enabled: true, Trouble: "no way"}, "nas.local": {Enabled: true, Host: "nas.local"},
	} {
		if got := foundAs(a); !strings.Contains(got, want) {
			t.Errorf("%+v: got %q", a, got)
		}
	}
}

// The command line shows the network of a box that nobody owns yet, and changes nothing where the config file leaves the network alone.
func TestTheCommandLineShowsTheNetworkAndLeavesItAlone(t *testing.T) {
	p := newProcess(t)
	p.start()
	out, err := castellan("network", "-config", p.config).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "set up by") || !strings.Contains(string(out), "castellan") {
		t.Errorf("%v: %s", err, out)
	}
	var n api.Network
	if out, err = castellan("network", "-json", "-config", p.config).Output(); err != nil || json.Unmarshal(out, &n) != nil || n.Service != api.NoNetworkService || n.Trouble == "" {
		t.Errorf("%v: %s", err, out)
	}
	if out, err = castellan("network", "automatic", "-config", p.config).CombinedOutput(); err == nil || !strings.Contains(string(out), "castellan: ") {
		t.Errorf("%v: %s", err, out)
	}
}
