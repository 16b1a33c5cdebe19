package network

import (
	"net/netip"
	"reflect"
	"slices"
)

// Card is an interface of the box as the kernel has it.
type Card struct {
	Index   int
	Name    string
	Type    string // ethernet, wifi, bridge, bond, vlan or other
	MAC     string
	Up      bool // it was turned on
	Carrier bool // a cable or a network is there
	Speed   int  // Mbit/s; 0: not known
	MTU     int  // bytes
	MaxMTU  int  // bytes; 0: not known
	// Addresses are all that it has, also those of the kernel itself.
	Addresses []Address
	// Gateways are where packets for elsewhere go.
	Gateways []netip.Addr
}

// From says where an address came from.
type From string

// Where addresses come from.
const (
	FromDHCP   From = "dhcp"
	FromRouter From = "router" // announced (RFC 4862)
	ByHand     From = "manual"
	FromKernel From = "itself" // link-local: the box gave it itself
)

// Address is one address of an interface.
type Address struct {
	netip.Prefix
	From      From
	Temporary bool // changes by itself (RFC 8981)
	Duplicate bool // somebody else on the link has it, so it is not used
}

// link is an interface in the words of the kernel.
type link struct {
	index, master, below int // other interfaces by their indexes: the bridge it is part of, what it goes over; 0: none
	name, kind, mac      string
	loopback, up         bool
	carrier, ether       bool
	mtu, maxMTU, speed   int
	device, wireless     bool // hardware is behind it; it is without a cable
}

// address is an address of an interface in the words of the kernel.
type address struct {
	netip.Prefix
	index int
	flags uint32
	proto byte // who made it; 0: not told
}

// gateway is where packets go over an interface.
type gateway struct {
	netip.Addr
	index  int
	metric uint32 // the lowest one is preferred
}

// The flags of an address, as in linux/if_addr.h.
const (
	temporary     = 0x01
	dadFailed     = 0x08
	permanent     = 0x80
	managesOthers = 0x100 // temporary ones are made for it
	stablePrivacy = 0x800 // made up from what a router announced (RFC 7217)
)

// Who made an address, as in linux/if_addr.h.
const (
	protoLoopback  = 1
	protoRouter    = 2
	protoLinkLocal = 3
)

// from says where an address came from. DHCPv6 hands out single addresses and routers announce networks.
func (a address) from() From {
	switch {
	case a.Addr().IsLinkLocalUnicast() || a.proto == protoLinkLocal || a.proto == protoLoopback:
		return FromKernel
	case a.proto == protoRouter || a.Addr().Is6() && a.flags&(temporary|managesOthers|stablePrivacy) != 0:
		return FromRouter
	case a.flags&permanent != 0:
		return ByHand
	case a.Addr().Is4() || a.IsSingleIP():
		return FromDHCP
	}
	return FromRouter
}

// fleeting reports whether an address is there for a while only, or nobody can call the box by it: temporary ones
// (RFC 8981), public ones that have an end, because providers give another prefix every day, and link-local
// ones, of which every container brings a new one and which no browser can name.
func (a address) fleeting() bool {
	if !a.Addr().Is6() {
		return false
	}
	public := a.Addr().IsGlobalUnicast() && !a.Addr().IsPrivate()
	return a.flags&temporary != 0 || a.Addr().IsLinkLocalUnicast() || public && a.flags&permanent == 0
}

// kinds are the types of interfaces that are made of others.
var kinds = map[string]string{"bridge": "bridge", "bond": "bond", "team": "bond", "vlan": "vlan"}

// sort says of which type an interface is; "" for one that no owner would know: the loopback, tunnels, and what containers and
// virtual machines bring, which is a bridge without hardware in it, or an end of a cable that is in such a bridge.
func (l link) sort(all []link) string {
	switch {
	case l.loopback:
		return ""
	case l.wireless:
		return "wifi"
	case l.kind == "veth" && l.solid(all, 0):
		return "ethernet" // the card of a container that Castellan itself runs in
	case kinds[l.kind] != "" && l.solid(all, len(all)):
		return kinds[l.kind]
	case l.kind == "macvlan" || l.kind == "ipvlan":
		return "other"
	case l.device && l.ether:
		return "ethernet"
	case l.device:
		return "other"
	}
	return ""
}

// solid reports whether hardware, or the card of a container that we are in, is in an interface or below it, at most so many steps away.
func (l link) solid(all []link, steps int) bool {
	if l.device || l.wireless || l.kind == "veth" && l.master == 0 {
		return true
	}
	return steps > 0 && kinds[l.kind] != "" && slices.ContainsFunc(all, func(o link) bool {
		return o.index != l.index && (o.master == l.index || o.index == l.below) && o.solid(all, steps-1)
	})
}

// attribute corrects where addresses came from by what the service says: those of a router or a DHCP server that have no end look to
// the kernel like those set by hand. cards are changed.
func attribute(cards []Card, settings map[string]Setting) {
	for _, c := range cards {
		s, ok := settings[c.Name]
		if !ok {
			continue
		}
		for i, a := range c.Addresses {
			family, from := s.IPv6, FromRouter
			if a.Addr().Is4() || a.IsSingleIP() {
				from = FromDHCP
			}
			if a.Addr().Is4() {
				family = s.IPv4
			}
			if a.From == ByHand && family.Method == Automatic {
				c.Addresses[i].From = from
			}
		}
	}
}

// cards takes a picture of the box's interfaces, in the order of the kernel.
func cards() ([]Card, error) {
	all, err := links()
	if err != nil {
		return nil, err
	}
	owns, err := addresses()
	if err != nil {
		return nil, err
	}
	hops, err := gateways()
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].hardware()
	}
	return assemble(all, owns, hops), nil
}

// assemble makes cards of what the kernel told, the gateways that are preferred first.
func assemble(all []link, owns []address, hops []gateway) []Card {
	cards := []Card{}
	for _, l := range all {
		c := Card{Index: l.index, Name: l.name, Type: l.sort(all), MAC: l.mac, Up: l.up, Carrier: l.up && l.carrier, Speed: l.speed, MTU: l.mtu, MaxMTU: l.maxMTU}
		if c.Type == "" {
			continue
		}
		if !c.Carrier {
			c.Speed = 0
		}
		for _, a := range owns {
			if a.index == l.index {
				c.Addresses = append(c.Addresses, Address{Prefix: a.Prefix, From: a.from(), Temporary: a.flags&temporary != 0 && a.Addr().Is6(), Duplicate: a.flags&dadFailed != 0})
			}
		}
		for _, g := range hops {
			if g.index == l.index && !slices.Contains(c.Gateways, g.Addr) {
				c.Gateways = append(c.Gateways, g.Addr)
			}
		}
		cards = append(cards, c)
	}
	return cards
}

// sameCards reports whether two pictures show the same.
func sameCards(a, b []Card) bool { return reflect.DeepEqual(a, b) }
