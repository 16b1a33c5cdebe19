// Package network knows the box's own addresses and who is on its networks.
package network

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// refresh is how old the picture of the interfaces may be.
const refresh = 10 * time.Second

// Links is a picture of the box's interfaces, taken anew when it is old. It is safe for concurrent use.
type Links struct {
	addresses func() ([]net.Addr, error)

	mu    sync.Mutex
	taken time.Time
	nets  []netip.Prefix // an own address each, with the length of its network
}

// New returns Links of the box's real interfaces.
func New() *Links { return &Links{addresses: net.InterfaceAddrs} }

func (l *Links) prefixes() []netip.Prefix {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.taken) < refresh && !l.taken.IsZero() {
		return l.nets
	}
	found, err := l.addresses()
	if err != nil {
		return l.nets // the last picture is better than none
	}
	l.taken, l.nets = time.Now(), nil
	for _, a := range found {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			l.nets = append(l.nets, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()))
		}
	}
	return l.nets
}

// Addresses returns the box's own addresses, without zones.
func (l *Links) Addresses() []netip.Addr {
	var own []netip.Addr
	for _, p := range l.prefixes() {
		own = append(own, p.Addr())
	}
	return own
}

// Owns reports whether an address is one of the box's own.
func (l *Links) Owns(a netip.Addr) bool {
	return slices.ContainsFunc(l.prefixes(), func(p netip.Prefix) bool { return p.Addr() == a })
}

// OnLink reports whether an address belongs to a network that the box is connected to.
func (l *Links) OnLink(a netip.Addr) bool {
	return slices.ContainsFunc(l.prefixes(), func(p netip.Prefix) bool { return p.Masked().Contains(a) })
}

// Local reports whether an address is in the house: the box itself, its networks, or private addresses
// (RFC 1918, RFC 4193, link-local).
func (l *Links) Local(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || l.OnLink(a)
}

// Source names who is behind an address, for counting: the address itself where it is IPv4 or on one of our
// networks, otherwise its /64, of which every host has as many addresses as it likes.
func (l *Links) Source(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is4() || l.Local(a) {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// Unmanaged stands for networks that this version reads and does not change.
type Unmanaged struct{}

// RestoreAutomatic asks for automatic addresses on all interfaces. Here nothing is changed; done tells so.
func (Unmanaged) RestoreAutomatic(context.Context) (done bool, err error) { return false, nil }
