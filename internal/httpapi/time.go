package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"castellan/internal/access/people"
	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/drift"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Timekeeping is the time of the house beside its clock.
type Timekeeping struct {
	Keeper *keeper.Keeper
	Drift  *drift.Drift
	// Settings returns whom the box asks; Use has the clock ask them from now on.
	Settings func() settings.Time
	Use      func(settings.Time)
}

// errKnown refuses a time that is set by hand.
var errKnown = &fault.Error{Kind: fault.Conflict, Code: "time_known", Message: "The time servers agree on the time, so it is not set by hand. Set other servers where these are wrong."}

// by says how far a time lies from another in the contract's milliseconds.
func by(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func (h *handlers) GetTime(context.Context, api.GetTimeRequestObject) (api.GetTimeResponseObject, error) {
	return api.GetTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) LocalGetTime(context.Context, api.LocalGetTimeRequestObject) (api.LocalGetTimeResponseObject, error) {
	return api.LocalGetTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) SyncTime(ctx context.Context, _ api.SyncTimeRequestObject) (api.SyncTimeResponseObject, error) {
	h.Clock.Sync(ctx)
	return api.SyncTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) ChangeTime(ctx context.Context, r api.ChangeTimeRequestObject) (api.ChangeTimeResponseObject, error) {
	wish := settings.Time{VerifiedOnly: r.Body.VerifiedOnly, SetSystemClock: r.Body.SetSystemClock}
	for i, s := range r.Body.Servers {
		if !s.Protocol.Valid() {
			return nil, fault.InvalidField(fmt.Sprintf("servers.%d.protocol", i), "unknown", "NTP or NTS.")
		}
		wish.Servers = append(wish.Servers, settings.TimeServer{Host: s.Host, NTS: s.Protocol == api.ProtocolNTS, Enabled: s.Enabled})
	}
	h.timing.Lock() // the last choice on the disk is also the last one that is followed
	defer h.timing.Unlock()
	err := h.change(ctx, func(tx *store.Tx) (err error) {
		if wish, err = settings.PutTime(tx, wish); err != nil {
			return err
		}
		return h.recordTime(ctx, tx, h.Time.Settings(), wish)
	})
	if err != nil {
		return nil, err
	}
	h.Time.Use(wish)
	return api.ChangeTime200JSONResponse(h.timeNow()), nil
}

// recordTime records what is different from before.
func (h *handlers) recordTime(ctx context.Context, tx *store.Tx, before, after settings.Time) error {
	return h.recordSettings(ctx, tx,
		setting{"Time servers", before.Words(), after.Words()},
		setting{"Codes of apps only with verified time", onOff(before.VerifiedOnly), onOff(after.VerifiedOnly)},
		setting{"Castellan sets the clock of the NAS", onOff(before.SetSystemClock), onOff(after.SetSystemClock)})
}

func onOff(on bool) string { return map[bool]string{true: "on", false: "off"}[on] }

func (h *handlers) AcceptTime(ctx context.Context, r api.AcceptTimeRequestObject) (api.AcceptTimeResponseObject, error) {
	h.timing.Lock()
	defer h.timing.Unlock()
	p, err := h.Clock.Proposed(by(r.Body.ByMs))
	if err != nil {
		return nil, err
	}
	m := people.TimeMove{Kind: event.TimeAccepted, From: p.Now.Add(-p.By), To: p.Now}
	if err := h.Office.MoveTime(callerOf(ctx).actor(), m); err != nil {
		return nil, err
	}
	h.Clock.Accept(p)
	return api.AcceptTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) SetTime(ctx context.Context, r api.SetTimeRequestObject) (api.SetTimeResponseObject, error) {
	arrived := h.Elapsed()
	h.timing.Lock()
	defer h.timing.Unlock()
	reading := h.Clock.Reading()
	if reading.State == clock.Synced && reading.Agreeing > 0 { // not where the owner has just replaced those that agreed
		return nil, errKnown
	}
	if err := h.Clock.CheckHand(r.Body.Now); err != nil {
		return nil, err
	}
	m := people.TimeMove{Kind: event.TimeSet, From: reading.Now, To: r.Body.Now}
	if err := h.Office.MoveTime(callerOf(ctx).actor(), m); err != nil {
		return nil, err
	}
	h.Clock.Set(r.Body.Now.Add(h.Elapsed() - arrived)) // the disk may have had to wake up
	return api.SetTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) ChangeAutomaticTime(ctx context.Context, r api.ChangeAutomaticTimeRequestObject) (api.ChangeAutomaticTimeResponseObject, error) {
	a := h.Time.Keeper.Status().Automatic
	if a == nil {
		return nil, keeper.ErrAutomatic
	}
	if err := h.Time.Keeper.SetAutomatic(ctx, r.Body.On, func() error { return h.still(ctx) }); err != nil {
		return nil, err
	}
	err := h.DB.Update(func(tx *store.Tx) error { // only now is it known that it changed
		e := callerOf(ctx).event(event.SettingsChanged).With("what", "Automatic time of the system")
		return h.Log.Record(tx, e.With("from", onOff(a.On)).With("to", onOff(r.Body.On)))
	})
	if err != nil {
		return nil, err
	}
	return api.ChangeAutomaticTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) GetTimeHistory(_ context.Context, r api.GetTimeHistoryRequestObject) (api.GetTimeHistoryResponseObject, error) {
	if !r.Params.Span.Valid() {
		return nil, fault.InvalidField("span", "unknown", "A day or a month.")
	}
	points, every := h.Time.Drift.Day(), drift.DayEvery
	if r.Params.Span == api.SpanMonth {
		points, every = h.Time.Drift.Month(), time.Hour
	}
	v := api.GetTimeHistory200JSONResponse{Every: seconds(every), Points: make([]api.TimePoint, 0, len(points)), Jumps: []api.TimeJump{}}
	for _, p := range points {
		v.Points = append(v.Points, api.TimePoint{At: p.At, OffsetMs: millis(p.Offset), UncertaintyMs: millis(p.Uncertainty), State: api.ClockState(p.State)})
	}
	for _, j := range h.Time.Drift.Jumps() {
		v.Jumps = append(v.Jumps, api.TimeJump{At: j.At, What: api.TimeJumpWhat(j.Of), ByMs: j.By.Milliseconds(), Why: api.TimeJumpWhy(j.Why)})
	}
	return v, nil
}

func (h *handlers) RetryTime(ctx context.Context, _ api.RetryTimeRequestObject) (api.RetryTimeResponseObject, error) {
	r, again := h.Clock.Retry(ctx)
	return api.RetryTime200JSONResponse{Clock: clockView(r, h.settings().TimeZone), AgainIn: seconds(again)}, nil
}

// timeNow renders the clocks, whom the box asks, and who keeps the system clock.
func (h *handlers) timeNow() api.Time {
	r, chosen := h.Clock.Reading(), h.Time.Settings()
	v := timeView(r, h.settings().TimeZone)
	v.Settings = api.TimeSettings{Servers: []api.TimeServerChoice{}, VerifiedOnly: chosen.VerifiedOnly, SetSystemClock: chosen.SetSystemClock}
	for _, s := range chosen.Servers {
		choice := api.TimeServerChoice{Host: s.Host, Protocol: protocolOf(s.NTS), Enabled: s.Enabled}
		v.Settings.Servers = append(v.Settings.Servers, choice)
		v.Servers = append(v.Servers, chosenView(choice, r))
	}
	for _, s := range r.Servers {
		if s.Offered {
			v.Servers = append(v.Servers, serverView(s, r))
		}
	}
	v.Keeper = keeperView(h.Time.Keeper.Status())
	return v
}

func timeView(r clock.Reading, zone string) api.Time {
	t := api.Time{
		Clock: clockView(r, zone), System: r.Now.Add(r.Offset), UncertaintyMs: millis(r.Uncertainty),
		Agreeing: r.Agreeing, Answering: r.Answering, Servers: []api.TimeServer{},
	}
	if r.CheckedAgo >= 0 {
		ago := seconds(r.CheckedAgo)
		t.CheckedAgo = &ago
	}
	next := seconds(r.NextIn)
	t.NextIn = &next
	if p := r.Proposal; p != nil {
		t.Proposal = &api.TimeProposal{Now: p.Now, ByMs: p.By.Milliseconds(), Servers: p.Servers}
	}
	return t
}

// chosenView renders one server of the owner's list as the clock knows it.
func chosenView(choice api.TimeServerChoice, r clock.Reading) api.TimeServer {
	v := api.TimeServer{Host: choice.Host, Protocol: choice.Protocol, Enabled: choice.Enabled, State: api.ServerDisabled, Detail: "Turned off."}
	if !choice.Enabled {
		return v
	}
	i := slices.IndexFunc(r.Servers, func(s clock.Server) bool {
		return !s.Offered && s.Address == choice.Host && protocolOf(s.NTS) == choice.Protocol
	})
	if i < 0 { // the list was changed at this very moment
		v.State, v.Detail = api.ServerWaiting, "Not asked yet."
		return v
	}
	v = serverView(r.Servers[i], r)
	v.Host = choice.Host
	return v
}

func protocolOf(nts bool) api.TimeProtocol {
	if nts {
		return api.ProtocolNTS
	}
	return api.ProtocolNTP
}

// serverView renders a server. What it says is judged by the majority: where there is none, or one that is not followed,
// nobody knows whether it is right.
func serverView(s clock.Server, r clock.Reading) api.TimeServer {
	v := api.TimeServer{
		Host: s.Host, Protocol: protocolOf(s.NTS), Enabled: true, Offered: s.Offered, State: api.TimeServerState(s.State), Detail: s.Problem,
	}
	if s.Answers != "" {
		v.Address = &s.Answers
	}
	if s.AnsweredAgo >= 0 && s.State != clock.Waiting {
		ago := seconds(s.AnsweredAgo)
		v.AnsweredAgo = &ago
	}
	off := s.Offset.Abs()
	switch {
	case s.State == clock.Waiting:
		v.Detail = cmp.Or(v.Detail, "Not asked yet.")
		return v
	case s.State != clock.Agrees && s.State != clock.Ignored:
		return v
	case r.Proposal != nil && off > clock.SlowCorrection:
		v.State, v.Detail = api.ServerUnconfirmed, "Says "+clock.EarlierOrLater(s.Offset)+"."
	case r.Agreeing == 0 && !s.Offered:
		v.State, v.Detail = api.ServerUnconfirmed, "No majority agrees with it."
	case s.State == clock.Agrees:
		v.Detail = "Agrees."
	default:
		v.Detail = "Off by " + clock.Words(off) + ", ignored."
	}
	offset, delay := millis(s.Offset), millis(s.Delay)
	v.OffsetMs, v.DelayMs, v.Stratum = &offset, &delay, &s.Stratum
	return v
}

func keeperView(s keeper.Status) api.TimeKeeper {
	v := api.TimeKeeper{Who: api.TimeKeeperWho(s.Who), Synchronised: s.Synchronised, MaySet: s.MaySet, Detail: s.Detail}
	if s.Zone != "" {
		v.Zone = &s.Zone
	}
	if s.Automatic != nil {
		v.Automatic = &api.AutomaticTime{On: s.Automatic.On, Changeable: s.Automatic.Changeable}
	}
	return v
}
