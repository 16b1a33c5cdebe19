package announce

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of Avahi on the bus, and what of its numbers is used here (avahi-common/defs.h, introspection of version 0.8).
const (
	avahi      = "org.freedesktop.Avahi"
	server     = avahi + ".Server"
	entryGroup = avahi + ".EntryGroup"

	anyCard, anyFamily = int32(-1), int32(-1)
	noReverse          = uint32(16) // the name of an address stays Avahi's own

	serverRunning    = int32(2)
	groupEstablished = int32(2)
	groupCollision   = int32(3)
	groupFailure     = int32(4)
)

// avahiWatch is a connection to the bus that hears of Avahi.
type avahiWatch struct {
	bus     *dbus.Conn
	signals chan *dbus.Signal
}

// connect opens a connection of its own to the system's bus, in askTime at most: whoever answers there may hang. What Avahi was asked
// to publish lives as long as the connection.
func (a *Announcer) connect(ctx context.Context) (*dbus.Conn, error) {
	type opened struct {
		bus *dbus.Conn
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan opened, 1)
	go func() {
		var o opened
		if a.config.Bus != "" {
			o.bus, o.err = dbus.Connect(a.config.Bus, dbus.WithContext(ctx))
		} else {
			o.bus, o.err = dbus.ConnectSystemBus(dbus.WithContext(ctx))
		}
		done <- o
	}()
	select {
	case o := <-done:
		if o.err != nil {
			cancel()
		} else {
			context.AfterFunc(o.bus.Context(), cancel)
		}
		return o.bus, o.err
	case <-time.After(askTime):
	case <-ctx.Done():
	}
	cancel()
	return nil, errHangs
}

// errHangs says that the bus does not answer.
var errHangs = errors.New("the system's D-Bus does not answer")

func watchAvahi(ctx context.Context, bus *dbus.Conn) (*avahiWatch, error) {
	w := &avahiWatch{bus: bus, signals: make(chan *dbus.Signal, 16)}
	bus.Signal(w.signals)
	for _, rule := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(avahi), dbus.WithMatchMember("StateChanged")},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, avahi)},
	} {
		if err := bus.AddMatchSignalContext(ctx, rule...); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// running reports whether Avahi is on the bus. It is not started for us.
func (w *avahiWatch) running(ctx context.Context) (there bool) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err := w.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, avahi).Store(&there)
	return err == nil && there
}

// call calls a method of Avahi.
func (w *avahiWatch) call(ctx context.Context, path dbus.ObjectPath, method string, answer any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	c := w.bus.Object(avahi, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
	if answer == nil || c.Err != nil {
		return c.Err
	}
	return c.Store(answer)
}

// owner tells what became of Avahi's name on the bus. ok: the signal is about that.
func owner(s *dbus.Signal) (gone, ok bool) {
	if s == nil || s.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(s.Body) != 3 {
		return false, false
	}
	now, _ := s.Body[2].(string)
	return now == "", true
}

// published is what Avahi was asked for.
type published struct {
	group          dbus.ObjectPath
	host, instance string // labels
	own            bool   // the host's addresses are published by us: its name is not Avahi's own
	last           string // the names that were asked for last
	names          int    // how many were
}

// firstNames are those that the box is to be found by, before it is known whether others have them.
func firstNames(w What) published { return published{host: w.Name, instance: w.Name} }

// counted counts the names that are asked for now, and reports whether that may be done: no more than MostNames may.
func (p *published) counted() bool {
	if asked := p.host + "/" + p.instance; asked != p.last {
		p.last = asked
		p.names++
	}
	return p.names <= MostNames
}

// errTaken says that others have every name that was tried.
var errTaken = errors.New("other machines have all the names")

// byAvahi has Avahi announce the box, until Avahi goes or nothing is to be announced any more. Where Avahi went it gets time to
// come back, as in an update of the system.
func (a *Announcer) byAvahi(ctx context.Context, w *avahiWatch) error {
	what := a.wanted()
	p := firstNames(what)
	for {
		var silence <-chan time.Time
		switch err := a.publish(ctx, w, what, &p); {
		case errors.Is(err, errTaken):
			a.say(Status{By: Avahi, Trouble: taken})
			silence = time.After(Silence)
		case err != nil:
			return fmt.Errorf("ask Avahi: %w", err)
		}
	wait:
		for {
			select {
			case <-ctx.Done():
				return w.withdraw(context.WithoutCancel(ctx), &p)
			case <-w.bus.Context().Done():
				return nil
			case <-a.wake:
				next := a.wanted()
				if err := w.withdraw(ctx, &p); err != nil || !next.On {
					return err
				}
				named := next.Name == what.Name
				what = next
				if silence != nil && named {
					continue // other addresses do not end it
				}
				if !named {
					p = firstNames(what)
				}
				break wait
			case <-silence:
				p = firstNames(what)
				break wait
			case s := <-w.signals:
				if gone, ok := owner(s); ok && gone {
					a.pause(ctx, patience)
					return nil
				}
				if silence != nil {
					continue
				}
				switch again, err := a.heard(ctx, w, s, what, &p); {
				case err != nil:
					return err
				case again:
					break wait
				}
			}
		}
	}
}

// heard takes in a signal of Avahi, and reports whether the box has to be published again.
func (a *Announcer) heard(ctx context.Context, w *avahiWatch, s *dbus.Signal, what What, p *published) (again bool, err error) {
	if s == nil || len(s.Body) == 0 {
		return false, nil
	}
	state, _ := s.Body[0].(int32)
	switch {
	case s.Name == server+".StateChanged":
		_ = w.withdraw(ctx, p)
		return state == serverRunning, nil
	case s.Name != entryGroup+".StateChanged" || s.Path != p.group:
		return false, nil
	case state == groupEstablished:
		a.say(Status{By: Avahi, Host: p.host + ".local", Renamed: p.host != strings.ToLower(what.Name) || p.instance != what.Name})
	case state == groupCollision:
		_ = w.withdraw(ctx, p)
		if err := w.another(ctx, p); err != nil {
			return false, fmt.Errorf("ask Avahi: %w", err)
		}
		return true, nil
	case state == groupFailure:
		_ = w.withdraw(ctx, p)
		return false, errFailed
	}
	return false, nil
}

// errFailed is how Avahi failed, as far as it says.
var errFailed = errors.New("announcing it by Avahi failed, and the log of Avahi says why")

// another takes other names, as another machine has these.
func (w *avahiWatch) another(ctx context.Context, p *published) error {
	if err := w.call(ctx, "/", server+".GetAlternativeHostName", &p.instance, p.instance); err != nil {
		return err
	}
	if p.own {
		p.host = p.instance
	}
	return nil
}

// withdraw takes back what is published.
func (w *avahiWatch) withdraw(ctx context.Context, p *published) error {
	if p.group == "" {
		return nil
	}
	group := p.group
	p.group = ""
	return w.call(ctx, group, entryGroup+".Free", nil)
}

// publish asks Avahi to announce the box: errTaken. Where Avahi itself does not run yet, it is asked once it says that it does.
func (a *Announcer) publish(ctx context.Context, w *avahiWatch, what What, p *published) error {
	var state int32
	if err := w.call(ctx, "/", server+".GetState", &state); err != nil || state != serverRunning {
		return err
	}
	var its string
	if err := w.call(ctx, "/", server+".GetHostName", &its); err != nil {
		return err
	}
	p.host = strings.ToLower(p.host)
	if p.own = !strings.EqualFold(its, p.host) && !numbered(its, what.Name); !p.own {
		p.host = strings.ToLower(its) // also where Avahi itself found another machine with the name
	}
	for p.counted() {
		err := w.fill(ctx, what, p)
		var e dbus.Error
		if !errors.As(err, &e) || e.Name != avahi+".CollisionError" && e.Name != avahi+".LocalCollisionError" {
			return err
		}
		if err := errors.Join(w.withdraw(ctx, p), w.another(ctx, p)); err != nil {
			return err
		}
	}
	return errTaken
}

// numbered reports whether a host name is another one with a number, as Avahi makes them.
func numbered(name, base string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(name), strings.ToLower(base)+"-")
	return ok && regexp.MustCompile(`^[0-9]+$`).MatchString(rest)
}

// fill makes a group of what is published, and publishes it.
func (w *avahiWatch) fill(ctx context.Context, what What, p *published) error {
	if err := w.call(ctx, "/", server+".EntryGroupNew", &p.group); err != nil {
		return err
	}
	host := ""
	if p.own {
		host = p.host + ".local"
		for card, addresses := range cardsOf(what.Addresses) {
			for _, address := range addresses {
				if err := w.call(ctx, p.group, entryGroup+".AddAddress", nil, int32(card), anyFamily, noReverse, host, address.String()); err != nil {
					return err
				}
			}
		}
	}
	if err := w.call(ctx, p.group, entryGroup+".AddService", nil,
		anyCard, anyFamily, uint32(0), p.instance, kind, "", host, uint16(what.Port), [][]byte{[]byte(text)}); err != nil {
		return err
	}
	return w.call(ctx, p.group, entryGroup+".Commit", nil)
}

// cardsOf sorts addresses by the numbers of the interfaces that have them; those of the box alone are left out.
func cardsOf(addresses []netip.Addr) map[int][]netip.Addr {
	all := map[int][]netip.Addr{}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		has, _ := i.Addrs()
		for _, h := range has {
			if p, err := netip.ParsePrefix(h.String()); err == nil && slices.Contains(addresses, p.Addr().Unmap()) {
				all[i.Index] = append(all[i.Index], p.Addr().Unmap())
			}
		}
	}
	return all
}

// text says that the desktop lies at the root (RFC 6763 section 6).
const text = "path=/"
