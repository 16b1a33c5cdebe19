package daemon

import (
	"strconv"

	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/settings"
	"castellan/internal/store"
	"castellan/internal/syslog"
)

// forward hands an event to the syslog server, if there is one. It never waits, and reads nothing: it runs inside
// the commit.
func (h *house) forward(e event.Event) {
	if h.syslog.Used() {
		h.syslog.Offer(httpapi.MessageOf(e))
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
	h.syslog.Use(httpapi.ServerOf(s))
	return err
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
