// Package daemon builds the house from the integrator's file, runs everything in it, and stops it. Read it
// first: it shows how the rooms are put together.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/people"
	"castellan/internal/access/presence"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/announce"
	"castellan/internal/box/button"
	"castellan/internal/box/certificate"
	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/box/network"
	"castellan/internal/box/signal"
	"castellan/internal/config"
	"castellan/internal/drift"
	"castellan/internal/event"
	"castellan/internal/health"
	"castellan/internal/httpapi"
	"castellan/internal/metrics"
	"castellan/internal/notice"
	"castellan/internal/reset"
	"castellan/internal/secret"
	"castellan/internal/store"
	"castellan/internal/syslog"
)

// Config says what a Daemon works with.
type Config struct {
	File  config.Config
	Build httpapi.Build
	Built time.Time // when the program was built: it cannot be earlier than that
	Out   *slog.Logger
	// Verify checks the database file before it is opened. A damaged file can end the process that reads
	// it, so it runs in a process of its own.
	Verify func(path string) error
	// System is the system clock.
	System func() time.Time
	// Elapsed is a clock that never steps, see clock.Elapsed. Guesses and sessions are limited by it.
	Elapsed func() time.Duration
	// Passwords overrides what a hash costs; the zero value measures that on the first start.
	Passwords password.Config
	// Keeper says by what the system clock is watched and set; the zero value is the box that this runs on.
	Keeper keeper.Config
	// Signal says where lights and beepers are; the zero value is the box that this runs on.
	Signal signal.Config
	// Ready, if set, is told how to reach the house each time it has begun to answer.
	Ready func(Greeting)
}

// Daemon is the house and what it is built from.
type Daemon struct {
	Config
	refounded bool // the button had the house founded anew, which is still to be told
}

// New returns a Daemon that has not started anything.
func New(c Config) *Daemon { return &Daemon{Config: c} }

// errAgain asks for the house to be built anew.
var errAgain = errors.New("build the house anew")

// Run builds the house and runs it until the context ends. It returns an error when the house cannot
// answer, or could only say that it needs recovery.
func (d *Daemon) Run(ctx context.Context) error { return d.runEach(ctx, func(*house) {}) }

// runEach is Run, and tells of each house that was built.
func (d *Daemon) runEach(ctx context.Context, built func(*house)) error {
	for {
		h, err := d.build()
		if err != nil {
			return err
		}
		built(h)
		err = h.run(ctx)
		if h.db != nil {
			err = errors.Join(err, h.db.Close())
		}
		if !errors.Is(err, errAgain) {
			return err
		}
	}
}

// house is the rooms, put together. In need of recovery it has no database and none of the rooms that work
// with one.
type house struct {
	*Daemon
	recovery *closure
	db       *store.DB

	links       *network.Links
	network     *network.Network
	announcer   *announce.Announcer
	certificate *certificate.Keeper
	clock       *clock.Clock
	keeper      *keeper.Keeper
	drift       *drift.Drift
	times       times
	button      *button.Button
	signal      *signal.Signal
	log         *event.Log
	box         *claim.Box
	waits       *presence.Waits // for a press of the button
	post        *notice.Post
	syslog      *syslog.Sender
	reset       *reset.Reset
	figures     *metrics.Figures
	api         httpapi.Config
	called      func() (hosts []string, addresses []netip.Addr) // names by which browsers may call the box
	again       context.CancelCauseFunc                         // ends this house so that a new one is built
	renamed     chan struct{}
	named       string   // by which the box was announced last, to follow alone
	tried       struct { // the interface of which an administrator tried settings last
		name  string
		until time.Duration // what it gets counts as theirs
	}
	undated atomic.Bool // the time was not known when a mending of the database was told
}

// build opens what is on the disk and puts the rooms together. Where a record that they cannot do without cannot be
// read, the database is damaged as much as where a page is.
func (d *Daemon) build() (*house, error) {
	opened, err := d.open()
	if err != nil {
		return nil, err
	}
	h, err := d.assemble(opened)
	if !errors.Is(err, store.ErrDamaged) {
		return h, err
	}
	if opened, err = d.openMended(opened.key, err); err != nil {
		return nil, err
	}
	if h, err = d.assemble(opened); !errors.Is(err, store.ErrDamaged) {
		return h, err
	}
	opened, err = d.outcome(opened, err)
	if err != nil {
		return nil, err
	}
	return d.assemble(opened)
}

// assemble puts the rooms together. Where it fails the database is closed.
func (d *Daemon) assemble(opened opened) (*house, error) {
	h := &house{
		Daemon: d, recovery: opened.recovery, db: opened.db,
		links:       network.NewLinks(),
		certificate: certificate.Open(d.File.Data, d.Elapsed), renamed: make(chan struct{}, 1),
	}
	h.joinNetwork()
	if err := h.keepTime(opened); err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	h.signal = d.signals()
	h.button = button.New(button.Config{Source: d.buttonSource(), Times: button.DefaultTimes(), Pressed: h.pressed, Stage: h.staged, Rest: h.rest, Log: d.Out})
	h.api = httpapi.Config{
		Clock: h.clock, Button: h.button, Feedback: h.signal.Found, Links: h.links, Network: httpapi.Network{Network: h.network, Announced: h.calledAs}, Certificate: h.certificate, Renamed: h.rename, Recovering: h.forgetTime,
		Time: h.timekeeping(), Elapsed: d.Elapsed, Names: d.File.Web.Names, Build: d.Build, Libraries: libraries(), Out: d.Out,
	}
	if h.recovery != nil {
		h.api.Recovery = &httpapi.Recovery{Code: h.recovery.code, Message: h.recovery.message}
		return h, nil
	}
	if err := h.furnish(opened); err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	return h, nil
}

// furnish builds the rooms that work with the database.
func (h *house) furnish(o opened) error {
	elapsed, now := h.Elapsed, h.clock.Now
	passwords := password.New(o.passwords)
	tries := throttle.New(throttle.Config{Elapsed: elapsed, Boot: clock.Boot(), Key: o.key.Derive("throttle")})
	factors := factor.New(factor.Config{Key: o.key.Derive("factor"), Elapsed: elapsed})
	sessions, tickets := session.New(elapsed), session.NewTickets(elapsed)
	browsers := session.NewBrowsers(o.key.Derive("browser"), now)
	h.box, h.waits = o.box, presence.New(elapsed)
	h.log = event.New(h.moment, h.Out).Keyed(o.key.Derive("log")).Tee(h.heard).Each(h.counted)
	h.syslog = syslog.New(h.syslogNews())
	mailKey := o.key.Derive("mail")
	h.post = notice.New(notice.Config{
		DB: h.db, Key: mailKey, Log: h.log, Elapsed: elapsed, Now: now, Origin: h.origin, Out: h.Out,
	})
	h.api.Post, h.api.Syslog = h.post, httpapi.Syslog{Status: h.syslog.Status, Use: h.useSyslog, Try: h.trySyslog}
	tokens := token.New(token.Config{
		DB: h.db, Throttle: tries, Log: h.log, Key: o.key.Derive("token"), Now: h.trusted, Elapsed: elapsed, Held: factors.Held,
	})
	h.reset = reset.New(reset.Config{
		DB: h.db, Box: h.box, Throttle: tries, Factors: factors, Sessions: sessions, Tickets: tickets, Browsers: browsers, Tokens: tokens, Waits: h.waits, Log: h.log, Post: h.post,
		Network: h.network, Forget: h.forgetTime, Key: o.key.Derive("snapshot"), Folder: h.File.Data, Now: now, Elapsed: elapsed, Boot: clock.Boot(), Out: h.Out,
	})
	h.api.DB, h.api.Sessions, h.api.Tickets, h.api.Tokens, h.api.Box, h.api.Log, h.api.Reset = h.db, sessions, tickets, tokens, h.box, h.log, h.reset
	h.api.Door = signin.New(signin.Config{
		DB: h.db, Passwords: passwords, Throttle: tries, Factors: factors, Sessions: sessions, Tickets: tickets,
		Browsers: browsers, Tokens: tokens, Box: h.box, Waits: h.waits, Button: func() bool { return h.button.Status().Works() },
		Log: h.log, Post: h.post, Clock: h.clock, Elapsed: elapsed,
	})
	h.api.Office = people.New(people.Config{
		DB: h.db, Passwords: passwords, Throttle: tries, Factors: factors, Sessions: sessions, Browsers: browsers, Tokens: tokens,
		Log: h.log, Post: h.post, MailKey: mailKey, Now: now, House: h.links.Networks, Button: h.button,
	})
	h.api.Desk = recovery.New(recovery.Config{
		DB: h.db, Passwords: passwords, Throttle: tries, Sessions: sessions, Browsers: browsers, Tokens: tokens, Log: h.log, Post: h.post, Now: now, Elapsed: elapsed,
	})
	h.api.Doctor = health.New(health.Config{
		DB: h.db, Clock: h.clock.Reading, Button: h.button.Status, Free: h.free, MailTrouble: h.post.Trouble,
		SyslogTrouble: func() string { return h.syslog.Status().Trouble }, Reach: h.network.Reach, Waits: h.waitingChange,
	})
	h.figures = metrics.New(metrics.Config{
		DB: h.db, Clock: h.clock.Reading, Button: h.button.Status, Throttle: tries, Passwords: passwords, Sessions: sessions, Post: h.post, Free: h.free,
		Version: h.Build.Version, Go: h.Build.Go, Platform: h.Build.Platform,
	})
	h.api.Figures = h.figures
	if err := errors.Join(h.db.View(h.findSyslog), h.db.View(h.findButton)); err != nil {
		return err
	}
	h.db.Keep(store.Keeping{
		Verify: h.Verify, Free: h.free, Now: now,
		Worth: func(tx *store.Tx) (bool, error) { owned, _, err := claim.Owned(tx); return owned, err },
	})
	return h.db.Update(func(tx *store.Tx) error {
		return errors.Join(tries.Load(tx), sessions.Load(tx), h.reset.Load(tx), h.tellMending(tx, browsers), h.holdCodes(tx, factors))
	})
}

// trusted returns trusted time, and whether codes may be checked against it.
func (h *house) trusted() (now time.Time, known bool) {
	r := h.clock.Reading()
	return r.Now, r.Trusted()
}

// record writes an event of the house itself.
func (h *house) record(e event.Event) {
	if h.log == nil {
		h.Out.Info(e.Message(), "event", string(e.Kind))
		return
	}
	if err := h.db.Update(func(tx *store.Tx) error { return h.log.Record(tx, e) }); err != nil {
		h.Out.Warn("record event", "event", string(e.Kind), "err", err)
	}
}

// restore does what holding the button is for. A house in need of recovery is founded anew, with the
// damaged database put aside: whoever holds the button gets in.
func (h *house) restore() error {
	if h.recovery != nil {
		if err := h.refound(); err != nil {
			return fmt.Errorf("found the house anew: %w", err)
		}
		h.refounded = true
		h.again(errAgain)
		return nil
	}
	defer h.rename()
	return h.reset.Run(context.Background())
}

// Greeting is how to reach a house that has begun to answer.
type Greeting struct {
	HTTPS, HTTP, Socket string   // addresses; HTTP may be empty
	Elsewhere           []string // addresses by which others call it
	Fingerprint         string
	Owned               bool
	Name                string // of the built-in administrator
	DefaultPassword     string
	Button              string
	Simulated           bool   // the command line presses the button
	Recovery            string // what is wrong, where the house needs recovery
}

func (h *house) greeting() Greeting {
	b := h.button.Status()
	g := Greeting{Fingerprint: h.certificate.Fingerprint(), Name: account.BuiltIn, Button: b.Describe(), Simulated: b.Kind == button.Simulated}
	if h.recovery != nil {
		g.Recovery = h.recovery.message
		return g
	}
	err := h.db.View(func(tx *store.Tx) (err error) {
		if g.Owned, _, err = claim.Owned(tx); err != nil {
			return err
		}
		g.DefaultPassword, err = h.box.DefaultPassword(tx)
		return err
	})
	if err != nil {
		h.Out.Warn("read default password", "err", err)
	}
	return g
}

// opened is what was found on the disk.
type opened struct {
	recovery  *closure
	db        *store.DB
	key       secret.Key
	floor     time.Time
	passwords password.Config
	box       *claim.Box
}
