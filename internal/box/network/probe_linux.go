package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// probes is how often somebody is asked for, probePause apart. The kernel itself asks on the link once a second.
	probes     = 3
	probePause = 400 * time.Millisecond
	// probePort is the one on which packets are thrown away (RFC 863).
	probePort = 9
	// doubt is how long the kernel takes to find out that a machine which it knew has gone: 5 s until it asks, and then
	// three times (delay_first_probe_time and ucast_solicit of arp(7)).
	doubt = 9 * time.Second
)

// taken reports whether another machine on the link of a card has an address, and the MAC address of that machine. It needs no
// privileges: a packet to the address has the kernel ask the link for it, and what came of that stands in its table of
// neighbours. It takes a second and a bit, and up to 9 s where the kernel remembers a machine that is silent now. An IPv6 address that is on no network of the link cannot be asked for: that is no
// error, and whoever takes it has the kernel look (RFC 4862).
func taken(ctx context.Context, card Card, a netip.Addr) (mac string, yes bool, err error) {
	all, err := addresses()
	if err != nil {
		return "", false, err
	}
	for _, own := range all {
		if own.Addr() == a && own.flags&dadFailed == 0 {
			return "", false, nil
		}
	}
	socket, err := probeSocket(card, a)
	if err != nil {
		return "", false, fmt.Errorf("ask whether %s is taken: %w", a, err)
	}
	defer func() { _ = unix.Close(socket) }()
	for n, limit := 0, probes; n < limit; n++ {
		if err := probe(socket, card, a); err != nil {
			return "", false, fmt.Errorf("ask whether %s is taken: %w", a, err)
		}
		for range 10 {
			now, sure, err := neighbour(card, a)
			switch {
			case err != nil:
				return "", false, err
			case sure:
				return now, true, nil
			case now != "":
				mac, limit = now, int(doubt/probePause)
			case mac != "":
				return "", false, nil // it was there once
			}
			select {
			case <-ctx.Done():
				return "", false, ctx.Err()
			case <-time.After(probePause / 10):
			}
		}
	}
	return mac, mac != "", nil
}

// probeSocket makes a socket whose packets go out over a card.
func probeSocket(card Card, a netip.Addr) (fd int, err error) {
	family := unix.AF_INET6
	if a.Is4() {
		family = unix.AF_INET
	}
	if fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		return 0, err
	}
	// Kernels before 5.7 let only root bind to an interface; a preference will do there.
	if err = unix.BindToDevice(fd, card.Name); errors.Is(err, unix.EPERM) {
		err = prefer(fd, card, a)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// prefer has the packets of a socket go out over a card unless a route says otherwise.
func prefer(fd int, card Card, a netip.Addr) error {
	level, option := unix.IPPROTO_IPV6, unix.IPV6_UNICAST_IF
	if a.Is4() {
		level, option = unix.IPPROTO_IP, unix.IP_UNICAST_IF
	}
	var index [4]byte
	binary.BigEndian.PutUint32(index[:], uint32(card.Index)) //nolint:gosec // an index is small
	return unix.SetsockoptInt(fd, level, option, int(binary.NativeEndian.Uint32(index[:])))
}

// probe sends an empty packet straight to an address.
func probe(socket int, card Card, a netip.Addr) error {
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: probePort, Addr: a.As16(), ZoneId: uint32(card.Index)} //nolint:gosec // an index is small
	if a.Is4() {
		to = &unix.SockaddrInet4{Port: probePort, Addr: a.As4()}
	}
	err := unix.Sendto(socket, nil, unix.MSG_DONTROUTE|unix.MSG_NOSIGNAL, to)
	switch {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOBUFS):
		return nil // what came of the packet before, or there is no room for it now
	case errors.Is(err, unix.ENETUNREACH) && a.Is6():
		return nil // no network of the link has it
	}
	return err
}

// neighbour returns the MAC address under which a machine on the link of a card answers for an address; "" where none does. It is
// not sure of one that answered some time ago.
func neighbour(card Card, a netip.Addr) (mac string, sure bool, err error) {
	family := unix.AF_INET6
	if a.Is4() {
		family = unix.AF_INET
	}
	messages, err := dump(unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, family)
	if err != nil {
		return "", false, fmt.Errorf("list neighbours: %w", err)
	}
	const now, once = unix.NUD_REACHABLE | unix.NUD_PERMANENT, unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE
	for _, m := range messages {
		if len(m) < unix.SizeofNdMsg {
			continue
		}
		index, state := number(m[4:]), nl.NativeEndian().Uint16(m[8:]) // as struct ndmsg has it
		if int(index) != card.Index || state&(now|once) == 0 {
			continue
		}
		var who netip.Addr
		var hardware string
		_ = attributes(m, unix.SizeofNdMsg, func(kind uint16, value []byte) {
			switch kind {
			case unix.NDA_DST:
				who, _ = netip.AddrFromSlice(value)
			case unix.NDA_LLADDR:
				hardware = net.HardwareAddr(value).String()
			}
		})
		if who == a && hardware != "" && !ownMAC(hardware) {
			return hardware, state&now != 0, nil
		}
	}
	return "", false, nil
}

// ownMAC reports whether the box itself answers: one card of two on a link may, for the other.
func ownMAC(mac string) bool {
	all, err := links()
	return err == nil && slices.ContainsFunc(all, func(l link) bool { return l.mac == mac })
}
