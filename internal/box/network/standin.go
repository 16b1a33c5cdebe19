package network

import (
	"context"
	"net"
	"net/netip"
)

func (s Setting) check([]Card, map[string]Setting) error { return nil }

func taken(context.Context, Card, netip.Addr) (mac string, yes bool, err error) {
	return "", false, nil
}

type nm struct{ networkd }

func newNM(string) *nm { return &nm{} }

func (*nm) there(context.Context) bool { return false }

func cards() (all []Card, err error) {
	list, err := net.Interfaces()
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		c := Card{Index: i.Index, Name: i.Name, Type: "ethernet", MAC: i.HardwareAddr.String(), MTU: i.MTU, Up: i.Flags&net.FlagUp != 0, Carrier: i.Flags&net.FlagRunning != 0}
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			p, _ := netip.ParsePrefix(a.String())
			c.Addresses = append(c.Addresses, Address{Prefix: p})
		}
		all = append(all, c)
	}
	return all, err
}
