package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/box/network"
	"castellan/internal/drift"
	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// offers is how often the box looks whether the local network names other time servers.
const offers = time.Minute

// times is whom the box asks for the time.
type times struct {
	mu      sync.Mutex
	chosen  settings.Time // the owner's choice, or the integrator's
	offered []string      // by the local network
}

// keepTime builds the rooms that tell the time, from what the owner decided or else the integrator's file says.
func (h *house) keepTime(o opened) error {
	h.times.chosen = settings.DefaultTime(h.File.Time.Servers)
	kept := h.Keeper
	kept.Stepped, kept.Out = h.stepped, h.Out
	h.keeper = keeper.New(kept)
	if h.db != nil {
		h.drift = drift.New(drift.Config{
			DB: h.db, Now: func() time.Time { return h.clock.Now() }, Elapsed: clock.Elapsed, System: h.System,
			Trouble: func(err error) { h.Out.Warn("save the history of the clock", "err", err) },
		})
		err := h.db.View(func(tx *store.Tx) error {
			t, set, err := settings.GetTime(tx)
			if err != nil {
				return err
			}
			if set {
				h.times.chosen = t
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := h.db.View(h.drift.Load); err != nil { // a chart keeps nobody out
			h.Out.Warn("read the history of the clock, which begins anew", "err", err)
		}
	}
	h.times.offered = h.offeredServers()
	h.clock = clock.New(clock.Config{
		Sources: h.times.sources(), Floor: h.Built, Trusted: o.floor,
		Elapsed: clock.Elapsed, System: h.System, Kept: clock.Kept, Synchronised: clock.Synchronised, Changed: h.clockChanged, Sampled: h.sampled,
	})
	h.clock.Demand(h.times.chosen.VerifiedOnly)
	h.keeper.Allow(h.times.chosen.SetSystemClock)
	return nil
}

// timekeeping is what the door needs of all this.
func (h *house) timekeeping() httpapi.Timekeeping {
	return httpapi.Timekeeping{Keeper: h.keeper, Drift: h.drift, Settings: h.times.settings, Use: h.useTime}
}

// settings returns whom the box asks.
func (t *times) settings() settings.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.chosen
}

// sources lists whom the clock asks: the owner's servers that are on, and those that the local network offers. It needs
// mu.
func (t *times) sources() (all []clock.Source) {
	for _, s := range t.chosen.Servers {
		if s.Enabled {
			all = append(all, clock.Source{Address: s.Host, NTS: s.NTS})
		}
	}
	for _, host := range t.offered {
		if !slices.ContainsFunc(t.chosen.Servers, func(s settings.TimeServer) bool { return s.Host == host }) {
			all = append(all, clock.Source{Address: host, Offered: true})
		}
	}
	return all
}

// useTime follows a new choice of the owner.
func (h *house) useTime(t settings.Time) {
	h.times.mu.Lock() // the newest list is also the last one that the clock is told of
	defer h.times.mu.Unlock()
	h.times.chosen = t
	h.clock.Demand(t.VerifiedOnly)
	h.clock.Use(h.times.sources())
	h.keeper.Allow(t.SetSystemClock)
}

// offeredServers returns the addresses of time servers that the local network names.
func (h *house) offeredServers() []string {
	return network.OfferedTimeServers(h.Keeper.Root, h.System())
}

// watchOffers asks other servers when the local network names others.
func (h *house) watchOffers(ctx context.Context) error {
	tick := time.NewTicker(offers)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		h.useOffers(h.offeredServers())
	}
}

// useOffers follows what the local network names.
func (h *house) useOffers(found []string) {
	h.times.mu.Lock()
	defer h.times.mu.Unlock()
	if !slices.Equal(found, h.times.offered) {
		h.times.offered = found
		h.clock.Use(h.times.sources())
	}
}

// moment is what the clock says when an event is recorded.
func (h *house) moment() event.Moment {
	r := h.clock.Reading()
	return event.Moment{Now: r.Now, State: string(r.State), Verified: r.Verified(), Elapsed: h.Elapsed()}
}

// clockChanged records what the clock found out about the time.
func (h *house) clockChanged(c clock.Change) {
	r := c.After // by now it may say something else
	trusted := map[bool]string{true: "yes", false: "no"}[r.Trusted()]
	if c.From != c.To {
		h.record(event.Event{Kind: event.ClockChanged}.With("state", r.Message()).With("now", string(c.To)).
			With("before", string(c.From)).With("trusted", trusted))
	}
	if c.Jump.Abs() > clock.FreeCorrection {
		h.jumped(c, r)
	}
	if c.To == clock.Synced {
		h.timeIsKnown(r)
		h.dateMending(r.Now)
	}
	if r.Trusted() {
		h.warnOfTokens()
	}
}

// timeIsKnown looks for devices of which codes were used that lie ahead of a time that is believed.
func (h *house) timeIsKnown(r clock.Reading) {
	if h.api.Office == nil {
		return
	}
	if err := h.api.Office.TimeIsKnown(r.Now); err != nil {
		h.Out.Warn("look for devices ahead of the time", "err", err)
	}
}

// jumped takes in that trusted time was moved by more than clocks drift.
func (h *house) jumped(c clock.Change, r clock.Reading) {
	if h.drift != nil {
		h.drift.NoteJump(drift.Jump{At: r.Now, Of: drift.Trusted, By: c.Jump, Why: string(c.Why)})
	}
	told := c.Why == clock.WhyAccepted || c.Why == clock.WhyByHand // by a person, whose word stands in the log
	if c.Why == clock.WhyVouched && h.api.Office != nil {
		told = true
		if err := h.api.Office.TimeVouched(r.Now.Add(-c.Jump), r.Now); err != nil {
			h.Out.Warn("record that an administrator vouched for the time", "err", err)
		}
	}
	if c.From == c.To && !told {
		h.record(event.Event{Kind: event.ClockCorrected}.With("jump", clock.BackOrForward(c.Jump)).With("offset", clock.SlowOrFast(c.Offset)))
	}
	if told {
		h.keeper.Follow(r.Offset, r.Uncertainty, true)
	}
}

// sampled takes in what a round of questions to the servers brought, and has the system clock follow it.
func (h *house) sampled(r clock.Reading) {
	if h.drift != nil {
		h.drift.Note(drift.Point{At: r.Now, Offset: r.Offset, Uncertainty: r.Uncertainty, State: r.State})
	}
	if r.State == clock.Synced {
		h.keeper.Follow(r.Offset, r.Uncertainty, false)
	}
}

// stepped remembers that the system clock was set at once by the house itself.
func (h *house) stepped(by time.Duration) {
	if h.drift != nil {
		h.drift.NoteJump(drift.Jump{At: h.clock.Now(), Of: drift.System, By: by, Why: drift.ByCastellan})
	}
}

// forgetTime has the clock believe the servers anew, for whoever is beside the box.
func (h *house) forgetTime(ctx context.Context) {
	h.clock.Forget()
	if err := h.db.Update(event.ForgetFloor); err != nil {
		h.Out.Warn("forget the known time", "err", err)
	}
	if r := h.clock.Fresh(ctx); r.Trusted() {
		h.timeIsKnown(r) // also where no server answers, and the clock of the box is gone by
	}
}
