// Package network knows the box's interfaces and addresses, who is on its networks and which time servers these offer,
// and has the system's own network service change how interfaces come by their addresses. Every change is provisional until somebody
// confirms it over the interface that it changed: whoever locks themselves out has only to wait.
package network

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"castellan/internal/fault"
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
	ErrRefused = &fault.Error{Kind: fault.Conflict, Code: "network_refused", Message: "The system does not let Castellan change its network. The integrator has to allow it (castellan.polkit.rules)."}
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
	// Ended is told how a change ended. It may be called before Try returns and from other goroutines.
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
	By      string // the account that asked for it
	Left    time.Duration
	Outcome Outcome
	Reason  string // why it went back, as a sentence
}

// Trial is a change that has just been made. Token confirms it, once.
type Trial struct {
	Change
	Token string
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
type Network struct{ config Config }

// New returns a Network that has not looked at anything.
func New(c Config) *Network { return &Network{config: c} }

// Run has what a former run left provisional go back, and has changes end in time, until the context ends.
func (n *Network) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Look returns what there is to see, after AnswerTime at most.
func (n *Network) Look(context.Context) Picture { return Picture{Kind: None} }

// Try makes a provisional change, in the name of an account: ErrNoService, ErrUnknown, ErrUnmanaged, ErrNoCable, ErrBusy, ErrSlow,
// ErrRefused, or fields that are wrong.
func (n *Network) Try(context.Context, Setting, string) (Trial, error) { return Trial{}, ErrNoService }

// Change returns the change that waits, or else how the last one of this run ended. ok: there was one.
func (n *Network) Change() (c Change, ok bool) { return Change{}, false }

// Confirm keeps the change that waits. at is the address at which the box was reached: ErrNoChange, ErrElsewhere.
func (n *Network) Confirm(ctx context.Context, token string, at netip.Addr) (Change, error) {
	return Change{}, ErrNoChange
}

// GoBack has the change that waits go back at once: ErrNoChange.
func (n *Network) GoBack(context.Context) (Change, error) { return Change{}, ErrNoChange }

// RestoreAutomatic has every interface ask the network for its addresses from now on. done tells whether it does; without a service
// nothing is changed. It may be repeated.
func (n *Network) RestoreAutomatic(context.Context) (done bool, err error) { return false, nil }
