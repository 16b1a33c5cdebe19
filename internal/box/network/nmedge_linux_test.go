package network

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// device returns what NetworkManager itself says of a device.
func (h *nmHouse) shown(name, fields string) string {
	h.t.Helper()
	out, err := exec.Command(realtest.Program(h.t, "nmcli", "apt-get install network-manager"), "-g", fields, "device", "show", name).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(out)), `\:`, ":")
}

func TestNetworkManagerHasServersAndDomainsFollow(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, "", "eth0")
	if got := h.shown("eth0", "IP4.DNS"); got != realtest.Router {
		t.Errorf("the network offers %q", got)
	}
	wish := AutomaticSetting("eth0")
	wish.DNS, wish.Search = []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8:1::53")}, []string{"lan.example"}
	h.try(wish)
	h.Wait("our servers instead of those that the network offers", func() bool {
		return h.shown("eth0", "IP4.DNS") == "192.0.2.53" && h.shown("eth0", "IP6.DNS") == "2001:db8:1::53" && strings.HasPrefix(h.shown("eth0", "IP4.SEARCHES")+"lan.example", "lan.example")
	})
	h.settle(true)
	h.try(AutomaticSetting("eth0"))
	h.Wait("what the network offers", func() bool { return h.shown("eth0", "IP4.DNS") == realtest.Router })
	h.settle(true)
	if text := h.files(disk); strings.Contains(text, "lan.example") || strings.Contains(text, "192.0.2.53") {
		t.Errorf("the disk has\n%s", text)
	}
}

func TestNetworkManagerSetsUpIPv6Only(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, lan, "eth0")
	for name, wish := range map[string]Setting{
		"by hand":   {Interface: "eth0", IPv4: Family{Method: Off}, IPv6: family("2001:db8:1::20/64", "fe80::99")},
		"announced": {Interface: "eth0", IPv4: Family{Method: Off}, IPv6: Family{Method: Automatic}},
	} {
		h.try(wish)
		h.Wait("IPv6 only, "+name, func() bool {
			all := card(t, "eth0").Addresses
			return slices.ContainsFunc(all, func(a Address) bool { return netip.MustParsePrefix("2001:db8:1::/64").Contains(a.Addr()) }) &&
				!slices.ContainsFunc(all, func(a Address) bool { return a.Addr().Is4() }) && h.Has("eth0", "2001:db8:1::20") == (name == "by hand") &&
				slices.Contains(card(t, "eth0").Gateways, netip.MustParseAddr("fe80::99")) == (name == "by hand")
		})
		if got := h.setting("eth0"); !alike(got, wish) {
			t.Errorf("%s: got %+v", name, got)
		}
		h.settle(false)
		h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
	}
	without := byHand("eth0", "192.0.2.20/24", "")
	without.IPv6 = Family{Method: Off}
	h.try(without)
	h.Wait("no IPv6 at all", func() bool { return h.Has("eth0", "192.0.2.20") && len(card(t, "eth0").Addresses) == 1 })
	h.settle(true)
	if got := h.setting("eth0"); !alike(got, without) {
		t.Errorf("got %+v", got)
	}
}

func TestTwoCardsOnOneLANAreSetUpEachByItself(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	// Both cards use this profile, so each needs one of its own for what is not the same.
	both := strings.NewReplacer("interface-name=eth0\n", "multi-connect=3\n", "cloned-mac-address=02:00:00:00:00:42\n", "")
	h := newNMHouse(t, both.Replace(lan), "eth0", "eth1")
	h.Wait("the other card", func() bool { return h.dhcp("eth1") })
	for _, name := range []string{"eth0", "eth1"} {
		other := map[string]string{"eth0": "eth1", "eth1": "eth0"}[name]
		before := h.setting(other)
		address := map[string]string{"eth0": "192.0.2.20", "eth1": "192.0.2.21"}[name]
		h.try(byHand(name, address+"/24", realtest.Router))
		h.Wait(name, func() bool { return h.Has(name, address) && !h.leased(name) })
		h.settle(true)
		if !alike(h.setting(other), before) {
			t.Errorf("%s is %+v, was %+v", other, h.setting(other), before)
		}
	}
	h.stop()
	h.start()
	h.Wait("both addresses after another start", func() bool { return h.Has("eth0", "192.0.2.20") && h.Has("eth1", "192.0.2.21") })

	// What the reset does, with one card that has no cable.
	h.Pull("eth1")
	h.Wait("the cable", func() bool { return !card(t, "eth1").Carrier })
	h.try(AutomaticSetting("eth0"), AutomaticSetting("eth1"))
	h.settle(true)
	h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
	h.Plug("eth1")
	h.Wait("DHCP on the card that had no cable", func() bool { return h.dhcp("eth1") })
	if text := h.files(disk) + h.files(memory); strings.Contains(text, "192.0.2.2") || waits(text) {
		t.Errorf("left:\n%s", text)
	}
	begun := realtest.IP(t, "-o", "link", "show", "eth0")
	h.try(AutomaticSetting("eth0"), AutomaticSetting("eth1"))
	h.settle(true)
	if !h.leased("eth0") || realtest.IP(t, "-o", "link", "show", "eth0") != begun {
		t.Error("what was so already was done again")
	}
}

func TestNetworkManagerGoesBackWithoutItsCable(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, lan, "eth0")
	h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
	h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
	h.Pull("eth0")
	h.Wait("the cable", func() bool { return !card(t, "eth0").Carrier })
	h.settle(false)
	h.Plug("eth0")
	h.Wait("DHCP with a cable", func() bool { return h.dhcp("eth0") })
	if h.files(disk) != "# "+disk+"/lan.nmconnection\n"+lan {
		t.Errorf("the disk has\n%s", h.files(disk))
	}

	// The router is away for a while.
	h.Silence()
	h.Pull("eth0")
	h.Wait("the end of the lease", func() bool { return !h.leased("eth0") }) // seconds later
	h.Plug("eth0")
	h.Wait("no address", func() bool { return card(t, "eth0").Carrier && !h.leased("eth0") })
	if got := h.setting("eth0"); got.IPv4.Method != Automatic {
		t.Errorf("without an address: %+v", got)
	}
	h.Serve()
	h.Wait("an address again", func() bool { return h.dhcp("eth0") })
}

// A power cut forgets what lies in /run.
func TestAPowerCutUndoesWhatNetworkManagerTries(t *testing.T) {
	for name, profile := range map[string]string{"a profile": lan, "none": ""} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := newNMHouse(t, profile, "eth0")
			before := h.files(disk)
			h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
			h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
			h.stop()
			if err := os.RemoveAll("/run/NetworkManager"); err != nil {
				t.Fatal(err)
			}
			realtest.IP(t, "address", "flush", "dev", "eth0")
			realtest.IP(t, "link", "set", "eth0", "down")
			h.start()
			h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
			h.settle(false)
			if got := h.files(disk); got != before || !h.dhcp("eth0") {
				t.Errorf("the disk has\n%s", got)
			}
		})
	}
}

func TestNetworkManagerDoesNotTakeTheAddressOfAnotherMachine(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, lan, "eth0")
	wish := byHand("eth0", realtest.Router+"/24", "")
	wish.IPv6 = family(realtest.Router6+"/64", "")
	h.try(wish)
	h.Wait("the duplicate to be found", func() bool { return !h.leased("eth0") })
	for range 30 {
		for line := range strings.Lines(realtest.IP(t, "-o", "address", "show", "dev", "eth0")) {
			taken := strings.Contains(line, " "+realtest.Router+"/") || strings.Contains(line, " "+realtest.Router6+"/") && !strings.Contains(line, "tentative")
			if taken {
				t.Fatalf("it took %s", line)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.settle(false)
	h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
}

func TestInterfacesOfOthersAreLeftAlone(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := &nmHouse{LAN: realtest.NewLAN(t, "eth0", "eth1"), t: t}
	h.service = newNM(h.Bus.Address)
	h.write("bridge", "[connection]\nid=br0\nuuid=22222222-2222-3333-4444-555555555555\ntype=bridge\ninterface-name=br0\n[bridge]\nstp=false\n[ipv4]\nmethod=auto\n")
	h.write("port", "[connection]\nid=port\nuuid=33333333-2222-3333-4444-555555555555\ntype=ethernet\ninterface-name=eth1\nmaster=br0\nslave-type=bridge\n")
	realtest.IP(t, "link", "add", "docker0", "type", "bridge")
	realtest.IP(t, "address", "add", "10.7.7.1/24", "dev", "docker0")
	realtest.IP(t, "link", "set", "docker0", "up")
	h.start()
	h.Wait("the bridge", func() bool { return strings.Contains(realtest.IP(t, "-4", "address", "show", "br0"), "192.0.2.") })
	h.Wait("the bridge and the card alone", func() bool { // which NetworkManager has yet to begin with
		all, err := h.service.Settings(t.Context())
		return err == nil && len(all) == 2 && all["br0"].IPv4.Method == Automatic && all["eth0"].IPv4.Method == Automatic
	})
	for _, name := range []string{"eth1", "docker0", "lo", "nothing"} {
		if err := h.service.Try(t.Context(), []Setting{AutomaticSetting(name)}, TryTime); !errors.Is(err, ErrUnmanaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wish := byHand("br0", "192.0.2.20/24", realtest.Router)
	h.try(wish)
	h.Wait("the bridge's address", func() bool { return h.Has("br0", "192.0.2.20") })
	h.settle(false)
	h.Wait("the bridge's lease", func() bool {
		return !h.Has("br0", "192.0.2.20") && strings.Contains(realtest.IP(t, "-4", "address", "show", "br0"), "192.0.2.")
	})
}

func TestSecretsOfAProfileSurvive(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newNMHouse(t, "", "eth0")
	h.write("air", "[connection]\nid=air\nuuid=44444444-2222-3333-4444-555555555555\ntype=wifi\nautoconnect=false\n[wifi]\nssid=house\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=correct horse\n[ipv4]\nmethod=auto\n")
	if out, err := exec.Command("nmcli", "connection", "reload").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := h.service.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.profiles, func(o stored) bool { return get[string](o.profile, "connection", "id") == "air" })
	one := try{stored: p.profiles[i], known: true, wish: byHand("wlan0", "192.0.2.20/24", ""), device: device{name: "wlan0", path: "/"}}
	one.wish.MTU = 1400
	psk := func() string {
		var all profile
		if err := s.call(p.profiles[i].path, nmProfile+".GetSecrets", "802-11-wireless-security").Store(&all); err != nil {
			t.Fatal(err)
		}
		return get[string](all, "802-11-wireless-security", "psk")
	}
	if psk() != "correct horse" {
		t.Fatal("the password is not there to begin with")
	}
	_ = s.try(one, "") // there is no such card to follow it
	if !strings.Contains(h.files(memory), "192.0.2.20") || psk() != "correct horse" {
		t.Errorf("tried: the password is %q\n%s", psk(), h.files(memory))
	}
	h.settle(false)
	if text := h.files(disk); strings.Contains(text, "192.0.2.20") || strings.Contains(text, "mtu") || psk() != "correct horse" {
		t.Errorf("gone back: the password is %q\n%s", psk(), text)
	}
	_ = s.try(one, "")
	h.settle(true)
	if text := h.files(disk); !strings.Contains(text, "192.0.2.20") || !strings.Contains(text, "psk=correct horse") || !strings.Contains(text, "mtu=1400") || psk() != "correct horse" {
		t.Errorf("kept: the password is %q\n%s", psk(), text)
	}
}

// Others, such as netplan, write their profiles to /run at each start of the box.
func TestAProfileThatOthersWriteAnewIsLeftAlone(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := &nmHouse{LAN: realtest.NewLAN(t, "eth0"), t: t}
	h.service = newNM(h.Bus.Address)
	theirs := filepath.Join(memory, "theirs.nmconnection")
	if err := os.MkdirAll(memory, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte(lan), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
	h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
	h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
	h.settle(false)
	h.Wait("DHCP again", func() bool { return h.dhcp("eth0") })
	h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
	h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
	h.settle(true)
	if text, err := os.ReadFile(theirs); err != nil || string(text) != lan {
		t.Errorf("theirs is %s, %v", text, err)
	}
	if text := h.files(disk); !strings.Contains(text, "autoconnect-priority=8") {
		t.Errorf("it does not come before theirs:\n%s", text)
	}
	h.stop()
	if err := os.RemoveAll("/run/NetworkManager/devices"); err != nil {
		t.Fatal(err)
	}
	realtest.IP(t, "address", "flush", "dev", "eth0")
	realtest.IP(t, "link", "set", "eth0", "down")
	h.start()
	h.Wait("the address after another start", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
	begun := time.Now()
	h.setting("eth0")
	t.Logf("to ask for settings takes %s", time.Since(begun))
}
