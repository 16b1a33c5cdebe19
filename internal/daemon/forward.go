package daemon

import (
	"context"
	"strconv"

	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
	"castellan/internal/syslog"
)

// forward hands an event to the syslog server, if there is one. It never waits: whoever made the change does. It runs
// after the commit, when others may commit already, so that events come here in almost the order of their numbers.
func (h *house) forward(e event.Event) {
	if h.syslog.Used() {
		h.syslog.Offer(messageOf(e))
	}
}

// nasName returns the name of the NAS.
func (h *house) nasName() string {
	s := settings.Default()
	if err := h.db.View(func(tx *store.Tx) (err error) { s, err = settings.Get(tx); return err }); err != nil {
		h.Out.Warn("read the name of the NAS", "err", err)
	}
	return s.NASName
}

// findSyslog has the log go where the owner wants it.
func (h *house) findSyslog(tx *store.Tx) error {
	s, _, err := settings.GetSyslog(tx)
	h.useSyslog(s)
	return err
}

func (h *house) useSyslog(s settings.Syslog) { h.syslog.Use(serverOf(s)) }

// trySyslog sends an event to a server that is not used yet.
func (h *house) trySyslog(ctx context.Context, s settings.Syslog, e event.Event) error {
	m := messageOf(e)
	m.Host = h.nasName()
	return serverOf(s).Try(ctx, m)
}

// serverOf is a syslog server as its sender wants it.
func serverOf(s settings.Syslog) syslog.Server {
	return syslog.Server{Host: s.Host, Port: s.Port, Authority: s.Authority, Pin: s.Fingerprint}
}

// messageOf is an event as a syslog server gets it: its line of JSON as the text, its kind as the id.
func messageOf(e event.Event) syslog.Message {
	severity := map[event.Level]syslog.Severity{event.Info: syslog.Informational, event.Warning: syslog.Warning, event.Error: syslog.Error}
	return syslog.Message{
		Severity: severity[e.Level()], Time: e.Time, Synced: e.Clock == "synced", ID: string(e.Kind),
		Sequence: e.Number, Text: string(e.Line()),
	}
}

// syslogNews records what becomes of the syslog server.
func (h *house) syslogNews() syslog.Config {
	return syslog.Config{
		Name: h.nasName,
		Failed: func(s syslog.Server, reason string) {
			h.record(event.Event{Kind: event.ForwardFailed}.With("server", s.Host).With("reason", reason))
		},
		Restored: func(s syslog.Server) { h.record(event.Event{Kind: event.ForwardRestored}.With("server", s.Host)) },
		Dropped:  func(count int) { h.record(event.Event{Kind: event.ForwardDropped}.With("count", strconv.Itoa(count))) },
	}
}
