package httpapi

import (
	"cmp"
	"context"
	"strings"

	"castellan/internal/event"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
	"castellan/internal/store"
	"castellan/internal/syslog"
)

// Syslog is the way to the syslog server, as the house goes it.
type Syslog struct {
	Status func() syslog.Status
	Use    func(settings.Syslog) // sends the log there from now on
	// Try sends one entry to a server that is not used yet.
	Try func(context.Context, settings.Syslog, event.Event) error
}

func (h *handlers) syslogView(s settings.Syslog, set bool) api.Syslog {
	v := api.Syslog{
		Configured: set, Host: s.Host, Port: cmp.Or(s.Port, settings.SyslogPort), Authority: s.Authority, Fingerprint: s.Fingerprint,
		State: api.SyslogOff,
	}
	if !set {
		return v
	}
	status := h.Syslog.Status()
	v.Waiting = status.Waiting
	switch {
	case status.Linked:
		v.State = api.SyslogSending
	case status.Trouble != "":
		v.State, v.Detail = api.SyslogFailing, status.Trouble
	default:
		v.State = api.SyslogWaiting
	}
	return v
}

func syslogOf(v api.SyslogValues) settings.Syslog {
	return settings.Syslog{
		Host: v.Host, Port: v.Port, Authority: strings.TrimSpace(value(v.Authority)), Fingerprint: strings.TrimSpace(value(v.Fingerprint)),
	}
}

func (h *handlers) GetSyslog(context.Context, api.GetSyslogRequestObject) (api.GetSyslogResponseObject, error) {
	var s settings.Syslog
	var set bool
	err := h.DB.View(func(tx *store.Tx) (err error) { s, set, err = settings.GetSyslog(tx); return err })
	return api.GetSyslog200JSONResponse(h.syslogView(s, set)), err
}

func (h *handlers) ChangeSyslog(ctx context.Context, r api.ChangeSyslogRequestObject) (api.ChangeSyslogResponseObject, error) {
	s := syslogOf(*r.Body)
	err := h.useSyslog(ctx, s, func(tx *store.Tx) error { return settings.PutSyslog(tx, s) })
	return api.ChangeSyslog200JSONResponse(h.syslogView(s, true)), err
}

func (h *handlers) RemoveSyslog(ctx context.Context, _ api.RemoveSyslogRequestObject) (api.RemoveSyslogResponseObject, error) {
	return api.RemoveSyslog204Response{}, h.useSyslog(ctx, settings.Syslog{}, settings.RemoveSyslog)
}

// useSyslog makes a change of the server, and has the log go there.
func (h *handlers) useSyslog(ctx context.Context, s settings.Syslog, change func(*store.Tx) error) error {
	return h.change(ctx, func(tx *store.Tx) error {
		before, _, err := settings.GetSyslog(tx)
		if err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		e := callerOf(ctx).event(event.SettingsChanged).With("what", "Syslog server")
		e = e.With("from", cmp.Or(before.Host, "none")).With("to", cmp.Or(s.Host, "none"))
		tx.OnCommit(func() { h.Syslog.Use(s) }) // first, so that a new server hears of it
		return h.Log.Record(tx, e)
	})
}

func (h *handlers) TestSyslog(ctx context.Context, r api.TestSyslogRequestObject) (api.TestSyslogResponseObject, error) {
	s := syslogOf(*r.Body)
	if err := s.Check(); err != nil {
		return nil, err
	}
	v := api.TestSyslog200JSONResponse{Taken: true, Detail: "The server took the connection and the line. Look there whether it has arrived: syslog sends no receipt."}
	e := callerOf(ctx).event(event.ForwardTried).With("server", s.Host)
	line := e.With("outcome", "a test line")
	line.Time = h.Clock.Now()
	outcome := "sent"
	if err := h.Syslog.Try(ctx, s, line); err != nil {
		v.Taken, v.Detail, outcome = false, syslog.Explain(err), syslog.Explain(err)
	}
	return v, h.DB.Update(func(tx *store.Tx) error { return h.Log.Record(tx, e.With("outcome", outcome)) })
}
