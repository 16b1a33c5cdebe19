package announce

import (
	"context"
	"net"
	"net/netip"

	"github.com/godbus/dbus/v5"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// port is that of multicast DNS; the groups are those of RFC 6762 section 3.
const port = 5353

var (
	group4 = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: port}
	group6 = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: port}
)

// longestPacket is how much is read of a packet; others do not send more (section 17).
const longestPacket = 9000

// hops is what everything is sent with, so that it can be told to come from this network (section 11).
const hops = 255

type avahiSignal = *dbus.Signal

// packet is a message with where it came from.
type packet struct {
	dnsmessage.Message
	from netip.AddrPort
	card int
}

// link sends and receives over all interfaces, by IPv4 and IPv6 as far as the box has them.
type link struct {
	v4      *ipv4.PacketConn
	v6      *ipv6.PacketConn
	packets chan packet
}

// openLink opens the port. What comes is read until close.
func openLink(ctx context.Context) (*link, error) {
	l := &link{packets: make(chan packet)}
	// A group's address has the port shared with others (SO_REUSEADDR) and every address listened on.
	if c, err := net.ListenUDP("udp4", group4); err == nil {
		l.v4 = ipv4.NewPacketConn(c)
		_ = l.v4.SetControlMessage(ipv4.FlagInterface, true)
		_ = l.v4.SetMulticastTTL(hops)
		_ = l.v4.SetTTL(hops)
		_ = l.v4.SetMulticastLoopback(true)
		go l.read(ctx, func(b []byte) (int, int, net.Addr, error) {
			n, c, from, err := l.v4.ReadFrom(b)
			if c == nil {
				return n, 0, from, err
			}
			return n, c.IfIndex, from, err
		})
	}
	if c, err := net.ListenUDP("udp6", group6); err == nil {
		l.v6 = ipv6.NewPacketConn(c)
		_ = l.v6.SetControlMessage(ipv6.FlagInterface, true)
		_ = l.v6.SetMulticastHopLimit(hops)
		_ = l.v6.SetHopLimit(hops)
		_ = l.v6.SetMulticastLoopback(true)
		go l.read(ctx, func(b []byte) (int, int, net.Addr, error) {
			n, c, from, err := l.v6.ReadFrom(b)
			if c == nil {
				return n, 0, from, err
			}
			return n, c.IfIndex, from, err
		})
	}
	if l.v4 == nil && l.v6 == nil {
		return nil, errNoLink
	}
	return l, nil
}

// read hands on what comes until the port is closed.
func (l *link) read(ctx context.Context, from func([]byte) (n, card int, a net.Addr, err error)) {
	buffer := make([]byte, longestPacket)
	for {
		n, card, a, err := from(buffer)
		if err != nil {
			return
		}
		sender, ok := a.(*net.UDPAddr)
		p := packet{card: card}
		if !ok || p.Unpack(buffer[:n]) != nil {
			continue // what strangers send need not be a message
		}
		p.from = netip.AddrPortFrom(sender.AddrPort().Addr().Unmap().WithZone(""), sender.AddrPort().Port())
		select {
		case l.packets <- p:
		case <-ctx.Done():
			return
		}
	}
}

// join listens to the groups on an interface; where it does already that changes nothing.
func (l *link) join(i *net.Interface) {
	if l.v4 != nil {
		_ = l.v4.JoinGroup(i, group4)
	}
	if l.v6 != nil {
		_ = l.v6.JoinGroup(i, group6)
	}
}

// send tells everybody on an interface. What cannot be sent now is asked for again.
func (l *link) send(i *net.Interface, m dnsmessage.Message) {
	data, err := m.Pack()
	if err != nil {
		return
	}
	if l.v4 != nil {
		_, _ = l.v4.WriteTo(data, &ipv4.ControlMessage{IfIndex: i.Index}, group4)
	}
	if l.v6 != nil {
		_, _ = l.v6.WriteTo(data, &ipv6.ControlMessage{IfIndex: i.Index}, group6)
	}
}

// sendTo tells one asker.
func (l *link) sendTo(i *net.Interface, to netip.AddrPort, m dnsmessage.Message) {
	data, err := m.Pack()
	if err != nil {
		return
	}
	if to.Addr().Is4() && l.v4 != nil {
		_, _ = l.v4.WriteTo(data, &ipv4.ControlMessage{IfIndex: i.Index}, net.UDPAddrFromAddrPort(to))
	} else if l.v6 != nil {
		_, _ = l.v6.WriteTo(data, &ipv6.ControlMessage{IfIndex: i.Index}, net.UDPAddrFromAddrPort(to))
	}
}

func (l *link) close() {
	if l.v4 != nil {
		_ = l.v4.Close()
	}
	if l.v6 != nil {
		_ = l.v6.Close()
	}
}
