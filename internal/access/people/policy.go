package people

import (
	"cmp"
	"slices"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// SetPolicy changes who must use 2-step verification, who may get codes by e-mail or sign in with a press of the button, and when idle
// sessions end; without a time, or without saying who may press, that stays as it is. It never closes the last way of the administrator who asks.
func (o *Office) SetPolicy(by Actor, p settings.Policy) error {
	return o.update(by, func(tx *store.Tx) error {
		before, err := settings.GetPolicy(tx)
		if err != nil {
			return err
		}
		p.Idle, p.Presence = cmp.Or(p.Idle, before.Idle), cmp.Or(p.Presence, before.Presence)
		if err := account.KnownGroups(tx, p.Groups); err != nil {
			return err
		}
		if err := o.keeping(tx, by, func() error { return settings.PutPolicy(tx, p) }); err != nil {
			return err
		}
		o.Sessions.EndIdleAfter(tx, p.Idle)
		return p.Changes(before, func(p settings.Policy) (string, error) { return demandWords(tx, p) }, func(what, from, to string) error {
			return o.Log.Record(tx, by.event(event.SettingsChanged).With("what", what).With("from", from).With("to", to))
		})
	})
}

// demandWords puts a demand into words, with the names of its groups.
func demandWords(tx *store.Tx, p settings.Policy) (string, error) {
	if p.TwoStep != settings.ChosenGroups {
		return string(p.TwoStep), nil
	}
	all, err := account.Groups(tx)
	var names []string
	for _, id := range p.Groups {
		name := id // of a built-in one
		if i := slices.IndexFunc(all, func(g account.Group) bool { return g.ID == id }); i >= 0 {
			name = all[i].Name
		}
		names = append(names, name)
	}
	return "groups " + strings.Join(names, ", "), err
}

// keeping makes a change unless it closes the last way, beside recovery codes, of the administrator who asks
// for it.
func (o *Office) keeping(tx *store.Tx, by Actor, change func() error) error {
	a, err := account.Get(tx, by.ID)
	if err != nil {
		return err
	}
	stood := factor.Stands(tx, a)
	if err := change(); err != nil || stood != nil {
		return err
	}
	return factor.Stands(tx, a)
}

// MailServer returns the mail server, and whether there is one.
func (o *Office) MailServer() (m settings.Mail, set bool, err error) {
	err = o.DB.View(func(tx *store.Tx) (err error) { m, set, err = settings.GetMail(tx, o.MailKey); return err })
	return m, set, err
}

// MailToTry completes a mail server that is tried before it is set, as SetMail would.
func (o *Office) MailToTry(m settings.Mail, keep bool) (complete settings.Mail, err error) {
	err = o.DB.View(func(tx *store.Tx) (err error) { complete, _, err = o.complete(tx, m, keep); return err })
	return complete, err
}

// complete puts the password that is kept into a mail server where keep is true, and returns the server of
// before as well.
func (o *Office) complete(tx *store.Tx, m settings.Mail, keep bool) (complete, before settings.Mail, err error) {
	before, _, err = settings.GetMail(tx, o.MailKey)
	if err != nil || !keep {
		return m, before, err
	}
	complete, err = m.Keeping(before)
	return complete, before, err
}

// SetMail sets the mail server. Where keep is true, the password that is kept goes on being used.
func (o *Office) SetMail(by Actor, m settings.Mail, keep bool) (kept settings.Mail, err error) {
	err = o.update(by, func(tx *store.Tx) error {
		var before settings.Mail
		if kept, before, err = o.complete(tx, m, keep); err != nil {
			return err
		}
		if err := settings.PutMail(tx, o.MailKey, kept); err != nil {
			return err
		}
		return o.mailChanged(tx, by, before.Host, m.Host)
	})
	return kept, err
}

// RemoveMail forgets the mail server, unless that closes the last way of the administrator who asks.
func (o *Office) RemoveMail(by Actor) error {
	return o.update(by, func(tx *store.Tx) error {
		before, _, err := settings.GetMail(tx, o.MailKey)
		if err != nil {
			return err
		}
		if err := o.keeping(tx, by, func() error { return settings.RemoveMail(tx) }); err != nil {
			return err
		}
		return o.mailChanged(tx, by, before.Host, "")
	})
}

func (o *Office) mailChanged(tx *store.Tx, by Actor, from, to string) error {
	e := by.event(event.SettingsChanged).With("what", "Mail server")
	return o.Log.Record(tx, e.With("from", cmp.Or(from, "none")).With("to", cmp.Or(to, "none")))
}
