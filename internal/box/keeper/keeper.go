// Package keeper knows who keeps the system clock of the box, and keeps it where nobody else does: chrony,
// systemd-timesyncd and other services are only watched. It also sets the system's time zone and its own
// switch for automatic time where there is one.
package keeper

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"
)

// Who sets the system clock.
type Who string

// Those who may.
const (
	Castellan Who = "castellan"
	Chrony    Who = "chrony"
	Timesyncd Who = "timesyncd"
	NTPD      Who = "ntpd" // another service for the time, or one that is not seen but for what it does
	Host      Who = "host" // of a virtual machine or a container
	Nobody    Who = "nobody"
)

const (
	// StepFrom is from where the system clock is set at once, where that may be; less is made up for bit by
	// bit, so that no program sees a time twice.
	StepFrom = 500 * time.Millisecond
	// SlewMost is the most that is made up for bit by bit: the kernel makes up for half a millisecond a second
	// (adjtime(3)), so this takes the better part of six hours. A clock that is further off was set by somebody.
	SlewMost = 10 * time.Second
	// lookEvery is how often it is looked at who keeps the clock.
	lookEvery = 5 * time.Minute
	// lookSoon is the pause while the system's service starts or ends, which is waited for a few times only: one that
	// is turned on and may not run, as in a container, would have the box look for ever.
	lookSoon  = 5 * time.Second
	soonTimes = 12
	// lookTime bounds a look. A bus that hangs holds nobody up for longer.
	lookTime = time.Second
	// changeTime bounds a change of the system's switch or zone.
	changeTime = 2 * time.Second
	// settle is how long after a step an offset may still be one from before it.
	settle = time.Second
	// stale is how old an offset may be: the servers are asked more often than that.
	stale = 20 * time.Minute
	// vague is how far the clock may be off from trusted time though it was just set by it.
	vague = 100 * time.Millisecond
	// unsure is the maximum error with which the kernel calls no clock synchronised (NTP_PHASE_LIMIT).
	unsure = 16 * time.Second
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

// Hands are what reads and sets the system clock: the kernel.
type Hands interface {
	// Look returns what the kernel says. It waits for nothing.
	Look() (Kernel, error)
	// Step sets the clock by so much at once, tells the kernel that it is right to within maxError, calls it synchronised
	// if that is less than unsure, and writes the battery-backed clock if rtc is set and there is one that is open to this process.
	Step(by, maxError time.Duration, rtc bool) error
	// Slew has the clock gain so much bit by bit, instead of what is left of earlier times.
	Slew(by, maxError time.Duration) error
}

// Kernel is what the kernel says of its clock.
type Kernel struct {
	// At is the time since the kernel started, Slept how much of it the box slept.
	At, Slept time.Duration
	// Base is the system clock less At: it changes when somebody sets the clock, and only then.
	Base         time.Duration
	Synchronised bool
	MaxError     time.Duration // grows by itself; whoever keeps the clock makes it smaller
	MaySet       bool          // this process has the capability
}

// Config says what a Keeper works with. The zero value is one for the box it runs on.
type Config struct {
	// Stepped is told by how much the Keeper set the system clock at once.
	Stepped func(by time.Duration)
	// Hands are the kernel of this box if nil.
	Hands Hands
	// Root holds the folders proc, run and etc; nil means those of this box.
	Root fs.FS
	// Bus is the address of the system's D-Bus; "" means where this system says that it is.
	Bus string
	Out *slog.Logger
}

// Keeper watches the system clock and sets it where it may. It is safe for concurrent use.
type Keeper struct {
	config Config
	wake   chan struct{}
	change chan struct{} // holds a token while one looks, or changes the system's switch or zone

	mu      sync.Mutex
	status  Status
	allowed bool
	zoneTo  string // the zone that SetZone asked for last, until it was tried
	switches
	want *want
	// denied: the kernel refused to set the clock though the capability is there, as in a container.
	denied   bool
	turns    int           // looks in a row at a service that starts or ends
	followed bool          // the clock was set right since the start, or since the box woke up
	stepped  time.Duration // when it was last set at once
	hand     hand
	slept    time.Duration
}

// want is how far the clock was off at a moment, at which Base was base.
type want struct {
	offset, doubt, base, at time.Duration
	jump                    bool
}

// New returns a Keeper that has looked at nothing yet.
func New(c Config) *Keeper {
	if c.Hands == nil {
		c.Hands = kernelHands()
	}
	if c.Root == nil {
		c.Root = ownRoot()
	}
	if c.Out == nil {
		c.Out = slog.New(slog.DiscardHandler)
	}
	return &Keeper{config: c, wake: make(chan struct{}, 1), change: make(chan struct{}, 1), status: Status{Who: Nobody, Detail: unknownYet}, stepped: -settle}
}

// Run looks from time to time who keeps the clock, and does what Follow and SetZone asked for, until the context ends.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		k.turnZone(ctx)
		pause := k.look(ctx)
		k.act()
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		case <-time.After(pause):
		}
	}
}

// Status returns what is known now. It waits for nothing.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	if s.Automatic != nil {
		a := *s.Automatic
		s.Automatic = &a
	}
	return s
}

// Allow says whether the Keeper may set the clock where nobody else does.
func (k *Keeper) Allow(may bool) {
	k.mu.Lock()
	if may && !k.allowed {
		k.denied, k.followed = false, false
	}
	k.allowed = may
	k.mu.Unlock()
	k.rouse()
}

// Follow has the system clock follow trusted time, which is off from it by -offset and known to within doubt. It steps
// where jump is set, at the start, after the box slept and after a time that an administrator gave; otherwise it slews.
// It waits for nothing: Run sets the clock once it has seen that nobody else does.
func (k *Keeper) Follow(offset, doubt time.Duration, jump bool) {
	kernel, err := k.config.Hands.Look()
	if err != nil {
		return
	}
	k.mu.Lock()
	jump = jump || k.want != nil && k.want.jump && kernel.At-k.want.at < lookTime
	k.want = &want{offset: offset, doubt: doubt, base: kernel.Base, at: kernel.At, jump: jump}
	if kernel.At-k.stepped < settle {
		k.want = nil // the offset may be one from before the step
	}
	k.mu.Unlock()
	k.rouse()
}

// begin waits until no other looks or changes anything, and reports whether that came before the context ended. The
// caller then calls end.
func (k *Keeper) begin(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case k.change <- struct{}{}:
		return true
	}
}

func (k *Keeper) end() { <-k.change }

// rouse has Run look now.
func (k *Keeper) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// look finds out who keeps the clock, in lookTime at most, and says when to look again.
func (k *Keeper) look(ctx context.Context) (pause time.Duration) {
	if !k.begin(ctx) {
		return lookEvery
	}
	defer k.end()
	kernel, err := k.config.Hands.Look()
	if err != nil {
		k.config.Out.Warn("read the kernel's clock", "err", err)
	}
	seen := look(k.config.Root)
	told, read := k.ask(ctx)
	turning := read.automatic != nil && read.automatic.On != (len(told.services) > 0)
	seen.services = append(told.services, seen.services...)
	seen.whole = seen.whole || told.whole
	if zone := zoneOf(k.config.Root); zone != "" {
		read.zone = zone
	}

	k.mu.Lock()
	defer k.mu.Unlock()
	k.woke(kernel)
	seen.other = k.hand.see(kernel, !seen.whole)
	k.switches = read
	k.status = k.judge(seen, kernel)
	return k.pause(turning)
}

// pause is how long to wait before the next look, where the system's service starts or ends or where it does not. It
// needs mu.
func (k *Keeper) pause(turning bool) time.Duration {
	if !turning {
		k.turns = 0
		return lookEvery
	}
	if k.turns++; k.turns > soonTimes {
		return lookEvery
	}
	return lookSoon
}

// woke notices that the box slept, after which its clock is what the battery-backed one says. It needs mu.
func (k *Keeper) woke(kernel Kernel) {
	if kernel.Slept-k.slept > settle {
		k.followed = false
	}
	k.slept = kernel.Slept
}

// judge says who keeps the clock, by what was seen. It needs mu.
func (k *Keeper) judge(seen sight, kernel Kernel) Status {
	s := Status{
		Synchronised: kernel.Synchronised, MaySet: kernel.MaySet && !k.denied,
		Zone: k.zone, Automatic: k.automatic,
	}
	switch {
	case len(seen.services) > 0:
		s.Who, s.Detail = seen.services[0].who, watched(seen.services[0].name)
	case seen.container:
		s.Who, s.Detail = Host, hostKeeps
	case seen.other:
		s.Who, s.Detail = NTPD, otherKeeps
	case k.allowed && s.MaySet:
		s.Who, s.Detail = Castellan, castellanKeeps
	case k.allowed:
		s.Who, s.Detail = Nobody, noRight
	case s.MaySet:
		s.Who, s.Detail = Nobody, mayBeAllowed
	default:
		s.Who, s.Detail = Nobody, nobodyKeeps
	}
	if k.note != "" {
		s.Detail += " " + k.note
	}
	return s
}

// act sets the clock as Follow asked, if it is ours to set.
func (k *Keeper) act() {
	by, err := k.set()
	switch {
	case errors.Is(err, fs.ErrPermission):
		k.config.Out.Warn("set the system clock", "err", err)
		k.mu.Lock()
		k.denied = true
		if k.status.Who == Castellan {
			k.status.Who, k.status.MaySet, k.status.Detail = Nobody, false, noRight
		}
		k.mu.Unlock()
	case err != nil:
		k.config.Out.Warn("set the system clock", "err", err)
	case by != 0 && k.config.Stepped != nil:
		k.config.Stepped(by)
	}
}

// set sets the clock and returns by how much it was stepped.
func (k *Keeper) set() (stepped time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.want
	if w == nil || k.status.Who != Castellan {
		return 0, nil // it waits until it is ours to set
	}
	k.want = nil
	kernel, err := k.config.Hands.Look()
	if err != nil {
		return 0, err
	}
	if (kernel.Base-w.base).Abs() > vague || kernel.At-w.at > stale {
		return 0, nil // somebody has set the clock since, or may have: the next offset tells
	}
	k.woke(kernel)
	by, sure := -w.offset, max(vague, w.doubt)
	if by.Abs() <= StepFrom || k.followed && !w.jump && by.Abs() <= SlewMost {
		sure += by.Abs()
		err = k.config.Hands.Slew(by, sure)
	} else {
		stepped, err = by, k.config.Hands.Step(by, sure, !k.localRTC)
	}
	if err != nil {
		return 0, err
	}
	k.followed, k.status.Synchronised = true, sure < unsure
	k.hand.ours(kernel.At, sure)
	if stepped != 0 {
		k.stepped = kernel.At
	}
	return stepped, nil
}
