package network

import (
	"net/netip"
	"time"
)

// reachAge is how old the answer of Reach may be. Everybody may ask for it, and the kernel is asked for four lists each time.
const reachAge = 5 * time.Second

// Reach is how far the box comes by what the kernel has: nobody is asked for it.
type Reach struct {
	Address bool // it has one that others gave it or that was set, not only those that it gave itself
	Gateway bool // it knows a way to elsewhere
}

// Reach looks how far the box comes, where nothing was seen that changed it since it looked last.
func (n *Network) Reach() (r Reach) {
	n.reach.Lock()
	defer n.reach.Unlock()
	now := n.config.Elapsed()
	if n.reach.until > now {
		return n.reach.Reach
	}
	cards, err := n.cards()
	if err != nil {
		n.config.Out.Warn("look at the interfaces", "err", err)
		return Reach{Address: true, Gateway: true} // nothing is known to be wrong
	}
	for _, c := range cards {
		r.Address = r.Address || len(c.callable()) > 0
		r.Gateway = r.Gateway || len(c.Gateways) > 0
	}
	n.reach.Reach, n.reach.until = r, now+reachAge
	return r
}

// forgetReach has the next Reach look anew.
func (n *Network) forgetReach() {
	n.reach.Lock()
	defer n.reach.Unlock()
	n.reach.until = 0
}

// At returns the addresses that an interface has now and by which others may call the box.
func (n *Network) At(name string) []netip.Addr {
	cards, _ := n.cards() // what is not known is not said
	for _, c := range cards {
		if c.Name == name {
			return c.callable()
		}
	}
	return nil
}

// callable lists the addresses by which others may call the box: neither those that it gave itself nor those that change or that
// another machine has.
func (c Card) callable() (all []netip.Addr) {
	for _, a := range c.Addresses {
		if a.Addr().IsGlobalUnicast() && !a.Temporary && !a.Duplicate {
			all = append(all, a.Addr())
		}
	}
	return all
}
