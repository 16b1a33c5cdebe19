package network

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// refresh is how old the picture of the interfaces may be.
const refresh = 10 * time.Second

// Links is a picture of the box's interfaces, taken anew when it is old. It is safe for concurrent use.
type Links struct {
	look func() ([]own, error)

	mu    sync.Mutex
	taken time.Time
	owns  []own
}

// own is an address of the box, with the length of its network.
type own struct {
	netip.Prefix
	fleeting bool // it is there for a while only, or nobody can call the box by it
	lent     bool // somebody on the network may give others at any time
	chosen   bool // it was set by hand
}

// NewLinks returns Links of the box's real interfaces.
func NewLinks() *Links { return &Links{look: look} }

// look takes a picture of the interfaces.
func look() (all []own, err error) {
	interfaces, err := links()
	if err != nil {
		return nil, err
	}
	found, err := addresses()
	if err != nil {
		return nil, err
	}
	up := map[int]bool{}
	for _, l := range interfaces {
		up[l.index] = l.up
	}
	for _, a := range found {
		all = append(all, own{a.Prefix, !up[a.index] || a.fleeting(), a.lent(), a.from() == ByHand})
	}
	return all, nil
}

// Forget has the next question be answered from a fresh picture, because addresses may have changed.
func (l *Links) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = time.Time{}
}

func (l *Links) picture() []own {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.taken) < refresh && !l.taken.IsZero() {
		return l.owns
	}
	found, err := l.look()
	if err != nil {
		return l.owns // the last picture is better than none
	}
	l.taken, l.owns = time.Now(), found
	return l.owns
}

// Callable returns the box's own addresses by which others may be told to call it.
func (l *Links) Callable() []netip.Addr {
	return l.those(func(own) bool { return true })
}

// Lasting returns those of them that somebody may use for long.
func (l *Links) Lasting() []netip.Addr {
	return l.those(func(o own) bool { return !o.lent })
}

// Chosen returns those of them that were set by hand.
func (l *Links) Chosen() []netip.Addr {
	return l.those(func(o own) bool { return o.chosen })
}

// those returns the box's own addresses of a sort, without those that are fleeting.
func (l *Links) those(are func(own) bool) (all []netip.Addr) {
	for _, o := range l.picture() {
		if !o.fleeting && are(o) {
			all = append(all, o.Addr())
		}
	}
	return all
}

// Networks returns the networks of the house, which more than one machine can be in; those that every machine has are
// not among them.
func (l *Links) Networks() (all []netip.Prefix) {
	for _, o := range l.picture() {
		if !o.IsSingleIP() && !o.Addr().IsLoopback() && !o.Addr().IsLinkLocalUnicast() && !slices.Contains(all, o.Masked()) {
			all = append(all, o.Masked())
		}
	}
	return all
}

// Owns reports whether an address is one of the box's own.
func (l *Links) Owns(a netip.Addr) bool {
	return slices.ContainsFunc(l.picture(), func(o own) bool { return o.Addr() == a })
}

// OnLink reports whether an address belongs to a network that the box is connected to.
func (l *Links) OnLink(a netip.Addr) bool {
	return slices.ContainsFunc(l.picture(), func(o own) bool { return o.Masked().Contains(a) })
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
