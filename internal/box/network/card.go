package network

import "net/netip"

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
