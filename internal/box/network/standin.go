package network

import (
	"context"
	"net/netip"
)

func taken(context.Context, Card, netip.Addr) (mac string, yes bool, err error) {
	return "", false, nil
}

type nm struct{ networkd }

func newNM(string) *nm { return &nm{} }

func (*nm) there(context.Context) bool { return false }
