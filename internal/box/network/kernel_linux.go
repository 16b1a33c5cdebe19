package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// dumps is how often the kernel is asked for a list that changed while it was told.
const dumps = 5

// ifaProto is IFA_PROTO of linux/if_addr.h, which kernels have from 5.18 on.
const ifaProto = 11

// ordered has the library find out the order of bytes, once: it keeps that in a variable, which two who ask at the same time would
// both write.
var ordered = sync.OnceFunc(func() { nl.NativeEndian() })

// dump asks the kernel for a list. Each element is a message without its header, which begins with a struct of this size.
func dump(request, answer uint16, family int) (all [][]byte, err error) {
	ordered()
	for range dumps {
		r := nl.NewNetlinkRequest(int(request), unix.NLM_F_DUMP)
		r.AddData(nl.NewIfInfomsg(family))
		all, err = r.Execute(unix.NETLINK_ROUTE, answer)
		if !errors.Is(err, nl.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}

// attributes calls each with every attribute of a message that begins with a struct of this size.
func attributes(message []byte, header int, each func(kind uint16, value []byte)) error {
	if len(message) < header {
		return unix.EINVAL
	}
	all, err := nl.ParseRouteAttr(message[header:])
	for _, a := range all {
		each(a.Attr.Type&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), a.Value)
	}
	return err
}

// number reads what the kernel wrote as a number of 32 bits.
func number(value []byte) uint32 {
	if len(value) < 4 {
		return 0
	}
	return nl.NativeEndian().Uint32(value)
}

// links lists the interfaces.
func links() (all []link, err error) {
	messages, err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, m := range messages {
		if len(m) < unix.SizeofIfInfomsg {
			continue
		}
		info := nl.DeserializeIfInfomsg(m)
		l := link{index: int(info.Index), loopback: info.Flags&unix.IFF_LOOPBACK != 0, up: info.Flags&unix.IFF_UP != 0, ether: info.Type == unix.ARPHRD_ETHER}
		err := attributes(m, unix.SizeofIfInfomsg, func(kind uint16, value []byte) {
			switch kind {
			case unix.IFLA_IFNAME:
				l.name = strings.TrimRight(string(value), "\x00")
			case unix.IFLA_ADDRESS:
				l.mac = net.HardwareAddr(value).String()
			case unix.IFLA_MTU:
				l.mtu = int(number(value))
			case unix.IFLA_MAX_MTU:
				l.maxMTU = int(number(value))
			case unix.IFLA_MASTER:
				l.master = int(number(value))
			case unix.IFLA_LINK:
				l.below = int(number(value))
			case unix.IFLA_OPERSTATE:
				const unknown, up = 0, 6 // RFC 2863
				l.carrier = len(value) > 0 && (value[0] == up || value[0] == unknown && info.Flags&unix.IFF_LOWER_UP != 0)
			case unix.IFLA_LINKINFO:
				_ = attributes(value, 0, func(kind uint16, value []byte) {
					if kind == unix.IFLA_INFO_KIND {
						l.kind = strings.TrimRight(string(value), "\x00")
					}
				})
			}
		})
		if err == nil {
			all = append(all, l)
		}
	}
	return all, nil
}

// addresses lists the addresses of all interfaces.
func addresses() (all []address, err error) {
	messages, err := dump(unix.RTM_GETADDR, unix.RTM_NEWADDR, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	for _, m := range messages {
		if len(m) < unix.SizeofIfAddrmsg {
			continue
		}
		info := nl.DeserializeIfAddrmsg(m)
		a := address{index: int(info.Index), flags: uint32(info.Flags)}
		var local, other netip.Addr
		_ = attributes(m, unix.SizeofIfAddrmsg, func(kind uint16, value []byte) {
			switch kind {
			case unix.IFA_LOCAL: // the own end of a connection between two, and every address of IPv4
				local, _ = netip.AddrFromSlice(value)
			case unix.IFA_ADDRESS:
				other, _ = netip.AddrFromSlice(value)
			case unix.IFA_FLAGS:
				a.flags = number(value)
			case ifaProto:
				a.proto = append(value, 0)[0]
			}
		})
		if !local.IsValid() {
			local = other
		}
		if a.Prefix = netip.PrefixFrom(local, int(info.Prefixlen)); a.IsValid() {
			all = append(all, a)
		}
	}
	return all, nil
}

// gateways lists the gateways of the routes to everywhere, those that are preferred first.
func gateways() (all []gateway, err error) {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		messages, err := dump(unix.RTM_GETROUTE, unix.RTM_NEWROUTE, family)
		if err != nil {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		for _, m := range messages {
			if len(m) < unix.SizeofRtMsg {
				continue
			}
			r := nl.DeserializeRtMsg(m)
			if r.Dst_len != 0 || r.Type != unix.RTN_UNICAST || r.Flags&unix.RTM_F_CLONED != 0 {
				continue
			}
			one, table := gateway{}, uint32(r.Table)
			var several []gateway
			_ = attributes(m, unix.SizeofRtMsg, func(kind uint16, value []byte) {
				switch kind {
				case unix.RTA_TABLE:
					table = number(value)
				case unix.RTA_PRIORITY:
					one.metric = number(value)
				case unix.RTA_OIF:
					one.index = int(number(value))
				case unix.RTA_GATEWAY, unix.RTA_VIA:
					one.Addr = hop(kind, value)
				case unix.RTA_MULTIPATH:
					several = hops(value)
				}
			})
			if table != unix.RT_TABLE_MAIN {
				continue
			}
			for _, g := range append(several, one) {
				if g.metric = one.metric; g.IsValid() {
					all = slices.Insert(all, behind(all, g.metric), g)
				}
			}
		}
	}
	return all, nil
}

// behind is where a gateway of a metric belongs in a list: after all those that are preferred to it.
func behind(all []gateway, metric uint32) int {
	if i := slices.IndexFunc(all, func(g gateway) bool { return g.metric > metric }); i >= 0 {
		return i
	}
	return len(all)
}

// hop reads the address of a gateway. That of the other family (RTA_VIA) comes after the number of its family.
func hop(kind uint16, value []byte) netip.Addr {
	if kind == unix.RTA_VIA && len(value) > 2 {
		value = value[2:]
	}
	a, _ := netip.AddrFromSlice(value)
	return a
}

// hops reads the gateways of a route that has several.
func hops(list []byte) (all []gateway) {
	for len(list) >= unix.SizeofRtNexthop {
		length := int(nl.NativeEndian().Uint16(list))
		if length < unix.SizeofRtNexthop || length > len(list) {
			break
		}
		g := gateway{index: int(number(list[4:]))}
		_ = attributes(list[:length], unix.SizeofRtNexthop, func(kind uint16, value []byte) {
			if kind == unix.RTA_GATEWAY || kind == unix.RTA_VIA {
				g.Addr = hop(kind, value)
			}
		})
		all = append(all, g)
		list = list[min((length+3)&^3, len(list)):]
	}
	return all
}

// hardware adds what the kernel tells of an interface in files.
func (l *link) hardware() {
	dir := filepath.Join("/sys/class/net", l.name)
	there := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	l.device, l.wireless = there("device"), there("wireless") || there("phy80211")
	if text, err := os.ReadFile(filepath.Join(dir, "speed")); err == nil { // an error without a cable
		n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		l.speed = max(n, 0)
	}
}

// settling is how long the kernel has to have told nothing new before changes are told, and longest the most that this may take.
const (
	settling = 200 * time.Millisecond
	longest  = time.Second
)

// watch calls changed whenever interfaces, their addresses or gateways are others than before, until the context ends. Changes that
// follow each other at once are told together.
func watch(ctx context.Context, changed func()) error {
	var before []Card
	for first := true; ctx.Err() == nil; first = false {
		ordered()
		socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
			unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
		if err != nil {
			return fmt.Errorf("listen for changes of the network: %w", err)
		}
		if first {
			before, _ = cards()
		} else {
			before = compare(before, changed) // what was told in between was lost
		}
		err = listen(ctx, socket, func() { before = compare(before, changed) })
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return fmt.Errorf("listen for changes of the network: %w", err)
		}
		select { // the kernel tells more than can be read, and none of it will be missed
		case <-ctx.Done():
		case <-time.After(longest):
		}
	}
	return ctx.Err()
}

// compare calls changed if the interfaces are not the same as before, and returns them.
func compare(before []Card, changed func()) []Card {
	now, err := cards()
	if err == nil && sameCards(before, now) {
		return before
	}
	changed()
	return now
}

// listen calls settled after each time that the kernel told something, until the context or the socket ends.
func listen(ctx context.Context, socket *nl.NetlinkSocket, settled func()) error {
	told, failed := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		for {
			_, _, err := socket.Receive()
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case err != nil:
				failed <- err
				return
			}
			select {
			case told <- struct{}{}:
			default:
			}
		}
	}()
	defer socket.Close() // which ends the goroutine
	quiet, late := time.NewTimer(0), time.NewTimer(0)
	defer quiet.Stop()
	defer late.Stop()
	<-quiet.C
	<-late.C
	waiting := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-told:
			quiet.Reset(settling)
			if !waiting {
				late.Reset(longest)
			}
			waiting = true
			continue
		case <-quiet.C:
		case <-late.C:
		}
		quiet.Stop()
		late.Stop()
		waiting = false
		settled()
	}
}
