// Package network knows the box's interfaces and addresses, who is on its networks and which time servers these offer,
// and has the system's own network service change how interfaces come by their addresses. Every change is provisional until somebody
// confirms it over the interface that it changed: whoever locks themselves out has only to wait.
package network

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
)

// Kind says which service of the system sets up the network.
type Kind string

// The services that this room works with.
const (
	NetworkManager Kind = "network_manager"
	Networkd       Kind = "networkd"
	None           Kind = "none" // neither runs: what is there can be looked at and not be changed
)

// The bounds of a change.
const (
	// TryTime is how long a change stays without being confirmed.
	TryTime = 60 * time.Second
	// AnswerTime is how long the service may take to answer before the page says that it does not.
	AnswerTime = 2500 * time.Millisecond
)

// The refusals of this room. Settings that are wrong in themselves are refused by Setting.Check.
var (
	// ErrNoService: nobody here can change the network.
	ErrNoService = &fault.Error{Kind: fault.Conflict, Code: "network_unmanaged", Message: "Neither NetworkManager nor systemd-networkd runs on this NAS, so its network is set up elsewhere and only shown here."}
	// ErrUnmanaged: the service leaves this interface to somebody else.
	ErrUnmanaged = &fault.Error{Kind: fault.Conflict, Code: "interface_unmanaged", Message: "The network service of this NAS does not manage this interface."}
	// ErrUnknown: there is no such interface.
	ErrUnknown = &fault.Error{Kind: fault.NotFound, Code: "interface_unknown", Message: "There is no such interface any more."}
	// ErrNoCable: nobody could confirm a change.
	ErrNoCable = &fault.Error{Kind: fault.Conflict, Code: "no_cable", Message: "No cable is connected, so nobody could confirm the change. Connect one first."}
	// ErrBusy: one change at a time.
	ErrBusy = &fault.Error{Kind: fault.Conflict, Code: "network_busy", Message: "Another change of the network waits to be confirmed. Look again in a minute."}
	// ErrSlow: the service did not answer in AnswerTime.
	ErrSlow = &fault.Error{Kind: fault.Unavailable, Code: "network_service_slow", Message: "The network service of this NAS does not answer. Nothing was changed. Try again in a moment."}
	// ErrRefused: the system does not let the daemon change its network.
	ErrRefused = &fault.Error{Kind: fault.Conflict, Code: "network_refused", Message: "The system does not let Castellan change its network. The integrator has to allow it (castellan.polkit.rules, and castellan-network.conf where systemd-networkd runs)."}
	// ErrNoChange: there is no change that waits, or it went back already.
	ErrNoChange = &fault.Error{Kind: fault.Gone, Code: "no_network_change", Message: "No change of the network waits to be confirmed. If there was one, it went back by itself."}
	// ErrElsewhere: the confirmation came in over another interface or an address that is about to go.
	ErrElsewhere = &fault.Error{Kind: fault.Conflict, Code: "confirmed_elsewhere", Message: "This page came in over another address, so it proves nothing. Open the NAS at its new address and confirm there."}
)

// Config says what a Network works with.
type Config struct {
	// Alone leaves the network alone: it is only shown, as if no service ran.
	Alone bool
	// Bus is the address of the system's D-Bus; "" means where this system says that it is.
	Bus string
	// Root is the folder that holds etc and run; "" means /.
	Root string
	// Folder is where a change that waits is noted, so that it goes back also after a power cut.
	Folder string
	// Elapsed is a clock that never steps.
	Elapsed func() time.Duration
	// Ended is told how a change ended, but for those that Confirm and Keep keep, from whichever goroutine ended it and before the next
	// one can begin. A change of a former run is told, too, by the next one; where the power goes meanwhile a second time.
	Ended func(Change)
	// Moved is told that addresses of the box may be others than before. It must not wait.
	Moved func()
	Out   *slog.Logger
}

// Outcome says what became of a change.
type Outcome string

// The outcomes.
const (
	Waiting  Outcome = "waiting"
	Kept     Outcome = "kept"
	WentBack Outcome = "went_back"
)

// Change is a change of one interface that waits to be confirmed, or how the last one ended.
type Change struct {
	Setting
	Before  Setting // how the interface was set up when it was asked for
	By      string  // the account that asked for it
	Undone  string  // the account that took it back by hand
	Left    time.Duration
	Outcome Outcome
	Reason  string // why it went back, as a sentence; of one that was kept: why nobody who is here confirmed it
}

// Trial is a change that has just been made. Token confirms it, once.
type Trial struct {
	Change
	Token   string
	Warning string // what is probably wrong with it, as a sentence
}

// Picture is what there is to see of the network.
type Picture struct {
	Kind    Kind
	Trouble string // why nothing can be changed, or what was not found out, as a sentence
	Cards   []Card // in the order of the kernel, without the loopback
	// Settings are those that the service manages, by the names of their interfaces.
	Settings map[string]Setting
	DNS      []netip.Addr // servers that the box asks for names
	Search   []string
}

// service is what sets up the network of the box.
type service interface {
	// Settings returns how the interfaces that the service manages are set up, by their names.
	Settings(ctx context.Context) (map[string]Setting, error)
	// Try has interfaces follow these settings at once. They go back by Settle, and by a start of the box, and where the service
	// has a clock of its own also after within.
	Try(ctx context.Context, all []Setting, within time.Duration) error
	// Settle keeps what Try began, of this run or of one before it, or has it go back. Where nothing was begun nothing happens.
	Settle(ctx context.Context, keep bool) error
}

// Network shows the network of the box and changes it. It is safe for concurrent use.
type Network struct {
	config Config
	parts
	turn chan struct{} // holds a token while one has the service change something, or ends a change
	wake chan struct{}
	// called tells Run that SetHostName was.
	called chan struct{}

	mu       sync.Mutex
	recalled bool   // the note of a former run was read
	closed   bool   // Run has ended
	kind     Kind   // of the service that was found last
	change   *trial // waits, or has still to go back. It changes with the turn only
	last     *Change
	kept     secret.Digest // of the token that the last change was kept by
	trouble  string        // why a change has not gone back yet, or what was not noted
	name     string        // that SetHostName asked for last
}

// parts are what a Network works with beside its Config.
type parts struct {
	cards func() ([]Card, error)
	taken func(ctx context.Context, card Card, a netip.Addr) (mac string, yes bool, err error)
	// find returns the service that sets up the network now; nil with None.
	find func(ctx context.Context) (service, Kind, error)
	// watch tells that interfaces or their addresses are others than before, until the context ends.
	watch func(ctx context.Context, changed func()) error
	// of returns a service whether it runs or not.
	of func(Kind) service
}

// New returns a Network that has not looked at anything.
func New(c Config) *Network {
	c.Root = cmp.Or(c.Root, "/")
	if c.Out == nil {
		c.Out = slog.New(slog.DiscardHandler)
	}
	if c.Ended == nil {
		c.Ended = func(Change) {}
	}
	if c.Moved == nil {
		c.Moved = func() {}
	}
	n := &Network{config: c, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1), called: make(chan struct{}, 1), kind: None}
	n.parts = parts{cards: cards, taken: taken, watch: watch, find: n.findService, of: n.serviceOf}
	return n
}

func (n *Network) serviceOf(k Kind) service {
	if k == NetworkManager {
		return newNM(n.config.Bus)
	}
	return newNetworkd(n.config.Bus, n.config.Root)
}

// findService looks on the bus. NetworkManager may run beside systemd-networkd and leave every card to it.
func (n *Network) findService(ctx context.Context) (service, Kind, error) {
	if n.config.Alone {
		return nil, None, nil
	}
	bus, err := connect(ctx, n.config.Bus)
	if err != nil {
		if ctx.Err() != nil {
			return nil, None, ErrSlow.Because(err)
		}
		return nil, None, nil // a system without a bus is quite ordinary
	}
	defer func() { _ = bus.Close() }()
	managed, err := owned(ctx, bus, nmName)
	if err != nil {
		return nil, None, reason(err)
	}
	if nm := newNM(n.config.Bus); managed && nm.there(ctx) {
		return nm, NetworkManager, nil
	}
	there, err := owned(ctx, bus, networkdName)
	switch {
	case err != nil:
		return nil, None, reason(err)
	case there:
		return n.of(Networkd), Networkd, nil
	}
	return nil, None, nil
}

// found is find, bounded, and remembers what was found.
func (n *Network) found(ctx context.Context) (service, Kind, error) {
	s, kind, err := n.find(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		return nil, n.kind, err
	}
	n.kind = kind
	return s, kind, nil
}

// alone is what is said where the config file leaves the network alone.
const alone = "The config file of this NAS leaves its network to somebody else, so it is only shown here."

// Look returns what there is to see, after AnswerTime at most.
func (n *Network) Look(ctx context.Context) Picture {
	ctx, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	var p Picture
	var err error
	if p.Cards, err = n.cards(); err != nil {
		n.config.Out.Warn("look at the interfaces", "err", err)
		p.Trouble = "The kernel does not tell of its interfaces."
	}
	p.DNS, p.Search = resolver(n.config.Root)
	var s service
	s, p.Kind, err = n.found(ctx)
	if err == nil && s != nil {
		p.Settings, err = s.Settings(ctx)
		attribute(p.Cards, p.Settings)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.config.Alone:
		p.Trouble = alone
	case err != nil:
		n.config.Out.Warn("ask the network service", "service", string(p.Kind), "err", err)
		p.Trouble = troubleOf(p.Kind, err)
	case n.trouble != "":
		p.Trouble = n.trouble
	case p.Kind == None:
		p.Trouble = ErrNoService.Message
	}
	return p
}

// troubleOf says why a service did not tell how the network is set up.
func troubleOf(k Kind, err error) string {
	if errors.Is(err, ErrRefused) {
		return ErrRefused.Message
	}
	if k == None {
		return "The system's D-Bus does not answer, so the network can only be shown."
	}
	return k.title() + " does not answer, so the network can only be shown."
}

// title is how a service calls itself.
func (k Kind) title() string {
	switch k {
	case NetworkManager:
		return "NetworkManager"
	case Networkd:
		return "systemd-networkd"
	case None:
	}
	return "No network service"
}
