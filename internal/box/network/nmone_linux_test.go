package network

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"castellan/internal/realtest"
)

// sixes returns the addresses of IPv6 that a card has, in their order.
func (h *nmHouse) sixes() (all []string) {
	for _, a := range card(h.t, "eth0").Addresses {
		if a.Addr().Is6() && !a.Temporary {
			all = append(all, a.String())
		}
	}
	slices.Sort(all)
	return all
}

// One profile for a card, whatever is tried, kept and taken back, and IPv6 stays where it is.
func TestNetworkManagerHasOneProfileForACard(t *testing.T) {
	for name, test := range map[string]struct{ folder, profile string }{
		"of NetworkManager":    {},
		"written by hand":      {disk, "# the NAS in the cellar\n" + strings.Replace(lan, "addr-gen-mode=eui64", "addr-gen-mode=stable-privacy", 1)},
		"that others put here": {memory, strings.Replace(lan, "addr-gen-mode=eui64", "addr-gen-mode=stable-privacy", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := &nmHouse{LAN: realtest.NewLAN(t, "eth0"), t: t}
			h.service = newNM(h.Bus.Address)
			h.put(test.folder, "lan", test.profile)
			h.start()
			h.Wait("addresses", func() bool { return h.dhcp("eth0") && len(h.sixes()) == 2 })
			six, untouched := h.sixes(), h.files(disk)
			same := func(when string) {
				t.Helper()
				h.Wait("the same IPv6 "+when, func() bool { return slices.Equal(h.sixes(), six) })
			}
			tried := func(address string) {
				t.Helper()
				h.try(byHand("eth0", address+"/24", realtest.Router))
				h.Wait(address, func() bool { return h.Has("eth0", address) && !h.leased("eth0") })
				if test.folder == memory { // a profile of ours beside theirs has addresses of its own, the same ones every time
					h.Wait("IPv6 of our own profile", func() bool { return len(h.sixes()) == 2 })
					six = h.sixes()
				}
				same("while " + address + " is tried")
			}
			tried("192.0.2.20")
			first := six
			h.settle(false)
			h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
			if got := h.files(disk); got != untouched {
				t.Errorf("gone back, the disk has\n%s", got)
			}

			tried("192.0.2.20")
			h.settle(true)
			kept := h.files(disk)
			for range 2 {
				tried("192.0.2.21")
				h.settle(false)
				h.Wait("what was kept", func() bool { return h.Has("eth0", "192.0.2.20") })
				same("gone back")
			}
			if err := h.service.Try(t.Context(), []Setting{byHand("eth0", "192.0.2.22/24", "")}, slack); err != nil {
				t.Fatal(err)
			}
			h.Wait("192.0.2.22", func() bool { return h.Has("eth0", "192.0.2.22") })
			h.Wait("NetworkManager's own clock", func() bool { return h.Has("eth0", "192.0.2.20") && !h.Has("eth0", "192.0.2.22") })
			if got := h.files(disk); got != kept {
				t.Errorf("gone back, the disk has\n%s\nand had\n%s", got, kept)
			}
			tried("192.0.2.23")
			h.settle(true)
			h.try(AutomaticSetting("eth0"))
			h.settle(true)
			h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
			same("automatic")
			if !slices.Equal(six, first) {
				t.Errorf("IPv6 moved from %v to %v", first, six)
			}
			if text := h.files(disk); strings.Count(text, "[connection]") != 1 || strings.Contains(text, "192.0.2.2") || strings.Contains(text, noteDisk) {
				t.Errorf("the disk has\n%s", text)
			}

			// A start of the box.
			h.stop()
			if err := os.RemoveAll("/run/NetworkManager"); err != nil {
				t.Fatal(err)
			}
			if test.folder == memory {
				h.put(memory, "lan", test.profile)
			}
			realtest.IP(t, "address", "flush", "dev", "eth0")
			realtest.IP(t, "link", "set", "eth0", "down")
			h.start()
			h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
			same("after a start of the box")
			if text := h.files(memory); strings.Contains(text, "Wired connection") {
				t.Errorf("NetworkManager made another one:\n%s", text)
			}
		})
	}
}

// put writes a profile, or none.
func (h *nmHouse) put(folder, name, profile string) {
	h.t.Helper()
	if profile == "" {
		return
	}
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".nmconnection"), []byte(profile), 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestProfilesOfOursThatNobodyFollowsGo(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := &nmHouse{LAN: realtest.NewLAN(t, "eth0"), t: t}
	h.service = newNM(h.Bus.Address)
	h.put(disk, "lan", lan)
	for name, card := range map[string]string{"old": "eth0", "other": "eth7"} {
		h.put(disk, name, "[connection]\nid="+name+"\nuuid="+ownUUID(card)+"\ntype=ethernet\ninterface-name="+card+"\n[ipv4]\nmethod=auto\n[user]\n"+noteCard+"="+card+"\n")
	}
	h.start()
	h.Wait("DHCP", func() bool { return h.dhcp("eth0") })
	h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
	h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
	h.settle(true)
	if text := h.files(disk); strings.Contains(text, "id=old") || !strings.Contains(text, "id=other") || !strings.Contains(text, "id=lan") || !h.Has("eth0", "192.0.2.20") {
		t.Errorf("the disk has\n%s", text)
	}
}

// A router and a DHCP server that give addresses for ever.
func TestAddressesWithoutAnEndWereNotSetByHand(t *testing.T) {
	for _, kind := range []Kind{NetworkManager, Networkd} {
		t.Run(string(kind), func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			l := realtest.NewLAN(t, "eth0")
			l.Serve("--dhcp-range=192.0.2.50,192.0.2.60,infinite", "--dhcp-range=2001:db8:1::,ra-only,64,infinite", "--enable-ra")
			if kind == Networkd {
				l.Networkd()
			} else {
				l.NetworkManager()
			}
			n := New(Config{Bus: l.Bus.Address, Folder: t.TempDir()})
			froms := func() map[bool]From {
				got := map[bool]From{}
				for _, c := range n.Look(t.Context()).Cards {
					for _, a := range c.Addresses {
						if a.From != FromKernel {
							got[a.Addr().Is4()] = a.From
						}
					}
				}
				return got
			}
			l.Wait("both addresses", func() bool { return len(froms()) == 2 })
			for _, family := range []string{"-4", "-6"} {
				if text := realtest.IP(t, family, "address", "show", "dev", "eth0", "scope", "global"); !strings.Contains(text, "valid_lft forever") {
					t.Errorf("the test proves nothing: an address has an end\n%s", text)
				}
			}
			if got := froms(); got[true] != FromDHCP || got[false] != FromRouter {
				t.Errorf("got %v\n%s", got, realtest.IP(t, "address", "show", "eth0"))
			}
		})
	}
}
