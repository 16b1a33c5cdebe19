package httpapi

import (
	"context"

	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/drift"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
)

// Timekeeping is the time of the house beside its clock.
type Timekeeping struct {
	Keeper *keeper.Keeper
	Drift  *drift.Drift
	// Settings returns whom the box asks; Use has the clock ask them from now on.
	Settings func() settings.Time
	Use      func(settings.Time)
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
	for _, s := range r.Servers {
		t.Servers = append(t.Servers, serverView(s))
	}
	return t
}

func serverView(s clock.Server) api.TimeServer {
	v := api.TimeServer{Host: s.Host, State: api.TimeServerState(s.State), Detail: s.Problem}
	if s.Answers != "" {
		v.Address = &s.Answers
	}
	switch s.State {
	case clock.Waiting:
		v.Detail = "Not asked yet."
	case clock.Agrees:
		v.Detail = "Agrees."
	case clock.Ignored:
		v.Detail = "Off by " + clock.Words(s.Offset.Abs()) + ", ignored."
	default:
		return v
	}
	if s.State != clock.Waiting {
		offset, delay := millis(s.Offset), millis(s.Delay)
		v.OffsetMs, v.DelayMs, v.Stratum = &offset, &delay, &s.Stratum
	}
	return v
}

func (h *handlers) timeNow() api.Time {
	v := timeView(h.Clock.Reading(), h.settings().TimeZone)
	return v
}

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
	return api.ChangeTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) AcceptTime(ctx context.Context, r api.AcceptTimeRequestObject) (api.AcceptTimeResponseObject, error) {
	return api.AcceptTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) SetTime(ctx context.Context, r api.SetTimeRequestObject) (api.SetTimeResponseObject, error) {
	return api.SetTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) ChangeAutomaticTime(ctx context.Context, r api.ChangeAutomaticTimeRequestObject) (api.ChangeAutomaticTimeResponseObject, error) {
	return api.ChangeAutomaticTime200JSONResponse(h.timeNow()), nil
}

func (h *handlers) GetTimeHistory(_ context.Context, r api.GetTimeHistoryRequestObject) (api.GetTimeHistoryResponseObject, error) {
	return api.GetTimeHistory200JSONResponse{Points: []api.TimePoint{}, Jumps: []api.TimeJump{}}, nil
}

func (h *handlers) RetryTime(ctx context.Context, _ api.RetryTimeRequestObject) (api.RetryTimeResponseObject, error) {
	r, again := h.Clock.Retry(ctx)
	return api.RetryTime200JSONResponse{Clock: clockView(r, h.settings().TimeZone), AgainIn: seconds(again)}, nil
}
