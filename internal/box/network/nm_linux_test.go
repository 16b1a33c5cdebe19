package network

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// profiles of NetworkManager lie here: those on the disk, and those that a start of the box forgets.
const (
	disk   = "/etc/NetworkManager/system-connections"
	memory = "/run/NetworkManager/system-connections"
)

// nmHouse is a box with real NetworkManager in a LAN.
type nmHouse struct {
	*realtest.LAN
	t       *testing.T
	service *nm
	stop    func()
	signal  func(name string)
}

// newNMHouse waits until the first card has an address by DHCP. A profile is a file of NetworkManager's; "" leaves it to itself.
func newNMHouse(t *testing.T, profile string, cards ...string) *nmHouse {
	t.Helper()
	h := &nmHouse{LAN: realtest.NewLAN(t, cards...), t: t}
	if profile != "" {
		h.write("lan", profile)
	}
	h.service = newNM(h.Bus.Address)
	h.start()
	h.Wait("an address by DHCP", func() bool { return h.dhcp(cards[0]) })
	return h
}

func (h *nmHouse) write(name, profile string) {
	h.t.Helper()
	if err := os.MkdirAll(disk, 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, name+".nmconnection"), []byte(profile), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// start starts NetworkManager; stop kills it.
func (h *nmHouse) start() {
	cmd := h.NetworkManager()
	h.stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	h.signal = func(name string) { _ = exec.Command("kill", "-"+name, strconv.Itoa(cmd.Process.Pid)).Run() }
	h.Wait("NetworkManager to manage a card", func() bool {
		all, err := h.service.Settings(h.t.Context())
		return err == nil && len(all) > 0
	})
}

// dhcp reports whether a card has an address by DHCP and nothing else of IPv4.
func (h *nmHouse) dhcp(name string) bool {
	all := strings.Count(realtest.IP(h.t, "-4", "-o", "address", "show", "dev", name), "inet ")
	return all == 1 && h.leased(name)
}

func (h *nmHouse) leased(name string) bool {
	for _, a := range card(h.t, name).Addresses {
		if netip.MustParsePrefix("192.0.2.48/28").Contains(a.Addr()) && a.From == FromDHCP {
			return true
		}
	}
	return false
}

func (h *nmHouse) try(all ...Setting) {
	h.t.Helper()
	if err := h.service.Try(h.t.Context(), all, TryTime); err != nil {
		h.t.Fatal(err)
	}
}

func (h *nmHouse) settle(keep bool) {
	h.t.Helper()
	if err := h.service.Settle(h.t.Context(), keep); err != nil {
		h.t.Fatal(err)
	}
}

// files returns the profiles of a folder as one text.
func (h *nmHouse) files(folder string) string {
	h.t.Helper()
	names, _ := filepath.Glob(folder + "/*")
	var all strings.Builder
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			h.t.Fatal(err)
		}
		all.WriteString("# " + n + "\n" + string(text))
	}
	return all.String()
}

// waits reports whether files have a note of a change that waits.
func waits(text string) bool {
	return slices.ContainsFunc(passing, func(note string) bool { return strings.Contains(text, note) })
}

func (h *nmHouse) setting(name string) Setting {
	h.t.Helper()
	all, err := h.service.Settings(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return all[name]
}

// lan is a profile with values that are none of ours.
// It is written as NetworkManager writes it.
const lan = `[connection]
id=lan
uuid=11111111-2222-3333-4444-555555555555
type=ethernet
autoconnect-priority=7
interface-name=eth0

[ethernet]
cloned-mac-address=02:00:00:00:00:42

[ipv4]
dhcp-hostname=box
method=auto
route1=203.0.113.0/24,192.0.2.9

[ipv6]
addr-gen-mode=eui64
ip6-privacy=0
method=auto

[proxy]

[user]
org.example.note=hello
`

func byHand(name, address, gateway string) Setting {
	return Setting{Interface: name, IPv4: family(address, gateway), IPv6: Family{Method: Automatic}}
}

func TestNetworkManagerKeepsWhatWasConfirmed(t *testing.T) {
	for name, profile := range map[string]string{"a profile": lan, "none": ""} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := newNMHouse(t, profile, "eth0")
			before := h.files(disk)
			wish := byHand("eth0", "192.0.2.20/24", realtest.Router)
			wish.DNS, wish.Search, wish.MTU = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8:1::1")}, []string{"house.test", "lan"}, 1400
			h.try(wish)
			h.Wait("the manual address, its gateway and the MTU", func() bool {
				c := card(t, "eth0")
				return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") && c.MTU == 1400 && len(c.Gateways) > 0 && c.Gateways[0].String() == realtest.Router
			})
			if got := h.files(disk); got != before {
				t.Errorf("the disk has changed before it was confirmed:\n%s", got)
			}
			h.settle(true)
			if !h.Has("eth0", "192.0.2.20") {
				t.Error("keeping it took the address")
			}
			if got := h.setting("eth0"); !alike(got, wish) {
				t.Errorf("got %+v, want %+v", got, wish)
			}
			text := h.files(disk)
			for _, want := range []string{"192.0.2.20/24", "dad-timeout=1000", "dns=192.0.2.1;", "dns=2001:db8:1::1;", "dns-search=house.test;lan;", "mtu=1400", "ignore-auto-dns=true"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s is not on the disk", want)
				}
			}
			if text += h.files(memory); waits(text) || strings.Count(text, "192.0.2.20") != 1 {
				t.Errorf("notes are left:\n%s", text)
			}
			h.stop()
			h.start()
			time.Sleep(time.Second)
			h.settle(false) // nothing waits any more
			h.Wait("the address after another start", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
		})
	}
}

func TestARestartOfNetworkManagerDoesNotStandInTheWayOfKeeping(t *testing.T) {
	for name, profile := range map[string]string{"a profile": lan, "none": ""} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := newNMHouse(t, profile, "eth0")
			h.try(byHand("eth0", "192.0.2.20/24", realtest.Router))
			h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") })
			for range 2 {
				// One that is killed before takes the card for somebody else's at its next start.
				h.Wait("the end of the activation", func() bool { return strings.HasPrefix(h.shown("eth0", "GENERAL.STATE"), "100") })
				h.stop()
				h.start()
				h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
				h.settle(true)
			}
			if text := h.files(disk) + h.files(memory); strings.Count(text, "192.0.2.20") != 1 || waits(text) {
				t.Errorf("left:\n%s", text)
			}
		})
	}
}

func TestNetworkManagerGoesBack(t *testing.T) {
	for name, profile := range map[string]string{"a profile": lan, "none": ""} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			h := newNMHouse(t, profile, "eth0")
			before, setting := h.files(disk), h.setting("eth0")
			back := func(how string) {
				t.Helper()
				h.Wait("DHCP again, "+how, func() bool { return h.dhcp("eth0") })
				if got := h.files(disk); got != before {
					t.Errorf("%s: the disk has\n%s\nbefore:\n%s", how, got, before)
				}
				if got := h.files(memory); strings.Contains(got, "192.0.2.20") || waits(got) {
					t.Errorf("%s: in memory is\n%s", how, got)
				}
				if got := h.setting("eth0"); !alike(got, setting) {
					t.Errorf("%s: got %+v, want %+v", how, got, setting)
				}
			}
			tried := func() {
				t.Helper()
				h.try(byHand("eth0", "192.0.2.20/24", "192.0.2.99"))
				h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
			}
			tried()
			h.settle(false)
			back("not confirmed")
			h.settle(false)
			back("twice")

			tried()
			h.Wait("the end of the activation", func() bool { return strings.HasPrefix(h.shown("eth0", "GENERAL.STATE"), "100") })
			h.stop()
			h.start()
			time.Sleep(2 * time.Second)
			t.Log(realtest.IP(t, "address", "show", "eth0"), h.files(memory))
			h.settle(false)
			back("NetworkManager killed and started again meanwhile")

			if err := h.service.Try(t.Context(), []Setting{byHand("eth0", "192.0.2.20/24", "192.0.2.99")}, slack); err != nil {
				t.Fatal(err)
			}
			h.Wait("the manual address", func() bool { return h.Has("eth0", "192.0.2.20") && !h.leased("eth0") })
			h.Wait("NetworkManager's own clock", func() bool { return h.leased("eth0") })
			h.settle(false)
			back("Castellan died")
		})
	}
}
