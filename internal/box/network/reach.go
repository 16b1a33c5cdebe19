package network

import (
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Reach is how far the box comes by what the kernel has: nobody is asked for it.
type Reach struct {
	Address bool // it has one that others gave it or that was set, not only those that it gave itself
	Gateway bool // it knows a way to elsewhere
}

// Reach looks how far the box comes.
func (l *Links) Reach() Reach {
	global := func(o own) bool { return o.Addr().IsGlobalUnicast() } // neither loopback nor link-local
	return Reach{Address: slices.ContainsFunc(l.picture(), global), Gateway: wayOut(os.DirFS("/proc/net"))}
}

// At returns the addresses that an interface has now and by which others may call the box.
func (l *Links) At(card string) (all []netip.Addr) {
	i, err := net.InterfaceByName(card)
	if err != nil {
		return nil
	}
	addresses, _ := i.Addrs()
	for _, a := range addresses {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().IsGlobalUnicast() {
			all = append(all, p.Addr().Unmap())
		}
	}
	return all
}

// wayOut reports whether the kernel's tables have a way to everywhere. procNet has the files of /proc/net.
func wayOut(procNet fs.FS) bool {
	table, _ := fs.ReadFile(procNet, "route")
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // interface, destination, gateway, flags, …, mask at 7
		if len(f) > 7 && f[1] == "00000000" && f[7] == "00000000" {
			return true
		}
	}
	table, _ = fs.ReadFile(procNet, "ipv6_route") // missing where there is no IPv6
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)                                                          // destination, length, source, length, next hop, metric, references, use, flags, interface
		if len(f) == 10 && strings.Trim(f[0], "0") == "" && f[1] == "00" && f[9] != "lo" { // that of lo leads nowhere
			return true
		}
	}
	return false
}
