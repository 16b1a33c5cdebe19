package announce

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// How a name is taken and told (RFC 6762 sections 8.1 and 8.3).
const (
	probes     = 3
	probeEvery = 250 * time.Millisecond
	tellings   = 2
	tellEvery  = time.Second
	// deferral is how long the box waits where somebody else is taking the same name at the same time.
	deferral = time.Second
	// MostNames is how many names are tried before the box is silent for a while: nobody on the network may have it take ever new
	// names, each of which its certificate has to stand for.
	MostNames = 10
	// Silence is how long that is.
	Silence = 10 * time.Minute
	// remembered is how many answers are remembered for that they are not repeated.
	remembered = 32
	// echo is how long the same answer is not repeated to everybody on an interface (section 6).
	echo = time.Second
	// lookAgain is how long after a look at the interfaces the next address that is not known is foreign without another one.
	lookAgain = time.Second
	// longestLabel bounds a label of a name.
	longestLabel = 63
)

// taken says that others have every name that was tried.
var taken = fmt.Sprintf("Other machines have the name of this NAS and %d like it. Give it another name.", MostNames-1)

// card is an interface with the addresses that are told over it.
type card struct {
	net.Interface
	networks []netip.Prefix
	told     []netip.Addr
}

// responder announces the box by itself. One goroutine has all of it.
type responder struct {
	link  *link
	what  What
	cards []card
	own   map[netip.Addr]bool // all addresses of the box

	number int // of the name: 1 is the one that was asked for
	names  names
	taken  bool // the names are the box's own
	silent bool // too many names were taken by others
	tries  int  // probes that were sent, or tellings
	next   <-chan time.Time
	doubt  <-chan time.Time            // open: it was looked a moment ago whether an address is new
	said   map[string]<-chan time.Time // answers that everybody was given, until they may be repeated
	later  chan func()                 // answers that wait a moment
}

// byItself announces the box until Avahi comes or nothing is to be announced any more.
func (a *Announcer) byItself(ctx context.Context, w *avahiWatch) error {
	l, err := openLink(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	var signals chan avahiSignal
	var gone <-chan struct{}
	if w != nil {
		signals, gone = w.signals, w.bus.Context().Done()
	}
	r := &responder{link: l, doubt: time.After(0), said: map[string]<-chan time.Time{}, later: make(chan func())}
	r.use(a.wanted())
	for {
		select {
		case <-ctx.Done():
			r.tell(true)
			return nil
		case <-gone: // the bus ended; whether there is another one is seen by the next connection
			r.tell(true)
			a.pause(ctx, patience)
			return nil
		case s := <-signals:
			if gone, ok := owner(s); ok && !gone {
				r.tell(true)
				return nil
			}
		case <-a.wake:
			if next := a.wanted(); !next.On {
				r.tell(true)
				return nil
			} else {
				r.use(next)
			}
		case <-r.next:
			r.step()
		case answer := <-r.later:
			answer()
		case p := <-l.packets:
			r.hear(ctx, p)
		}
		a.say(r.status())
	}
}

func (r *responder) status() Status {
	s := Status{By: Itself, Renamed: r.number > 1}
	switch {
	case len(r.cards) == 0:
		s.Trouble = "No interface of this NAS has an address by which it could be found."
	case r.taken:
		s.Host = strings.TrimSuffix(r.names.host, ".")
	case r.silent:
		s.Trouble = taken
	}
	return s
}

// use announces something from now on.
func (r *responder) use(w What) {
	named := w.Name == r.what.Name && w.Port == r.what.Port
	if !named {
		r.tell(true)
	}
	r.what = w
	r.look()
	switch {
	case named && r.taken:
		r.begin(true, 0)
	case named && r.silent:
	default:
		if !named {
			r.number, r.names = 1, namesOf(w.Name)
		}
		r.begin(false, rand.N(probeEvery))
	}
}

// look finds out over which interfaces the box is announced. Two interfaces on one network tell the same, or each would
// contradict the other.
func (r *responder) look() {
	r.cards, r.own = nil, map[netip.Addr]bool{}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		c := card{Interface: i}
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			address := p.Addr().Unmap()
			r.own[address] = true
			c.networks = append(c.networks, netip.PrefixFrom(address, p.Bits()).Masked())
			if slices.Contains(r.what.Addresses, address) {
				c.told = append(c.told, address)
			}
		}
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagUp != 0 && len(c.told) > 0 {
			r.cards = append(r.cards, c)
		}
	}
	for i := range r.cards {
		r.link.join(&r.cards[i].Interface)
	}
	for i, c := range r.cards {
		for _, other := range r.cards {
			if other.Index != c.Index && slices.ContainsFunc(other.networks, func(n netip.Prefix) bool { return !n.Addr().IsLinkLocalUnicast() && slices.Contains(c.networks, n) }) {
				r.cards[i].told = append(slices.Clone(r.cards[i].told), other.told...)
			}
		}
		slices.SortFunc(r.cards[i].told, netip.Addr.Compare)
		r.cards[i].told = slices.Compact(r.cards[i].told)
	}
}

// begin takes the names, or tells them where they are taken, after a time.
func (r *responder) begin(taken bool, after time.Duration) {
	r.taken, r.silent, r.tries, r.next = taken, false, 0, time.After(after)
}

// step sends the next probe or tells everybody once more.
func (r *responder) step() {
	r.next = nil
	if !r.taken {
		if r.tries < probes {
			for _, c := range r.cards {
				r.link.send(&c.Interface, r.names.probe(r.records(c)))
			}
			r.tries++
			r.next = time.After(probeEvery)
			return
		}
		r.taken, r.tries = true, 0
	}
	r.tell(false)
	if r.tries++; r.tries < tellings {
		r.next = time.After(tellEvery)
	}
}

func (r *responder) records(c card) []record { return r.names.records(r.what.Port, c.told) }

// tell tells everybody of the box, or that it is gone.
func (r *responder) tell(goodbye bool) {
	if !r.taken {
		return
	}
	for _, c := range r.cards {
		r.link.send(&c.Interface, announcement(r.records(c), goodbye))
	}
}

// rename takes the next name: another machine has this one.
func (r *responder) rename() {
	if r.number++; r.number > MostNames {
		r.number, r.names = 1, namesOf(r.what.Name)
		r.begin(false, Silence)
		r.silent = true
		return
	}
	suffix := fmt.Sprint("-", r.number)
	base := r.what.Name
	if len(base)+len(suffix) > longestLabel {
		base = base[:longestLabel-len(suffix)]
	}
	r.names = namesOf(base + suffix)
	r.begin(false, rand.N(probeEvery))
}

// hear takes in what somebody on the network says.
func (r *responder) hear(ctx context.Context, p packet) {
	at := slices.IndexFunc(r.cards, func(c card) bool { return c.Index == p.card })
	if at < 0 {
		return
	}
	c := r.cards[at]
	ours := r.own[p.from.Addr()] && p.from.Port() == port
	switch {
	case !ours && !c.near(p.from.Addr()): // from elsewhere it is not for us (section 11)
	case r.silent:
	case p.Response && !ours && p.from.Port() == port:
		if r.names.contradicts(slices.Concat(p.Answers, p.Additionals), r.isOwn) {
			r.contradicted()
		}
	case p.Response:
	case !r.taken:
		if !ours && r.names.contradicts(p.Authorities, r.isOwn) { // both are taking it: one of the two is first the next time
			r.begin(false, deferral+rand.N(deferral))
		}
	case !ours || len(p.Authorities) == 0:
		r.respond(ctx, c, p)
	}
}

// contradicted gives a name up, after a last look where it was taken: what is in the air may be old.
func (r *responder) contradicted() {
	if r.taken {
		r.begin(false, 0)
		return
	}
	r.rename()
}

// isOwn reports whether an address is the box's own. One that is not known may be new, which is looked at once in lookAgain only: anybody
// may name addresses as often as they like.
func (r *responder) isOwn(a netip.Addr) bool {
	if r.own[a] {
		return true
	}
	select {
	case <-r.doubt:
	default:
		return false
	}
	r.look()
	r.doubt = time.After(lookAgain)
	return r.own[a]
}

// near reports whether somebody is on the network of an interface.
func (c card) near(a netip.Addr) bool {
	return a.IsLinkLocalUnicast() || slices.ContainsFunc(c.networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// respond answers a question: to everybody, or to the asker alone where these want that.
func (r *responder) respond(ctx context.Context, c card, p packet) {
	m, ok := answer(p.Message, r.records(c))
	if !ok {
		return
	}
	alone := !slices.ContainsFunc(p.Questions, func(q dnsmessage.Question) bool { return q.Class&unicast == 0 })
	switch {
	case p.from.Port() != port:
		r.link.sendTo(&c.Interface, p.from, legacy(m, p.Message))
		return
	case alone:
		r.link.sendTo(&c.Interface, p.from, m)
		return
	}
	if r.repeats(c, m) {
		return
	}
	send := func() { r.link.send(&c.Interface, m) }
	if !slices.ContainsFunc(m.Answers, func(a dnsmessage.Resource) bool { return a.Header.Class&flush == 0 }) {
		send()
		return
	}
	// Others answer the same question: not all at once (section 6).
	time.AfterFunc(20*time.Millisecond+rand.N(100*time.Millisecond), func() {
		select {
		case r.later <- send:
		case <-ctx.Done():
		}
	})
}

// repeats reports whether everybody on an interface was told just that a moment ago.
func (r *responder) repeats(c card, m dnsmessage.Message) bool {
	data, err := m.Pack()
	if err != nil {
		return true
	}
	key := fmt.Sprint(c.Index, " ", string(data))
	if over, ok := r.said[key]; ok {
		select {
		case <-over:
		default:
			return true
		}
	}
	if len(r.said) >= remembered {
		clear(r.said)
	}
	r.said[key] = time.After(echo)
	return false
}

// errNoLink says that nobody can be told anything.
var errNoLink = errors.New("another program has the port of multicast DNS, and does not share it")
