package reset

import (
	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// resetAnnouncement has the box found by its name again: whoever held the button has to find it.
func (r *Reset) resetAnnouncement(tx *store.Tx) error {
	before, err := settings.GetNetwork(tx)
	if err != nil || before.Announced {
		return err
	}
	if err := settings.ResetNetwork(tx); err != nil {
		return err
	}
	e := event.Event{Kind: event.SettingsChanged, Actor: account.BuiltIn}
	return r.Log.Record(tx, e.With("what", settings.Found).With("from", "off").With("to", "on"))
}
