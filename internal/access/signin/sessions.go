package signin

import (
	"errors"
	"strconv"

	"castellan/internal/access/account"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// Mine is where a person is signed in, and the browsers they are known by.
type Mine struct {
	Sessions []session.Open
	Browsers []session.Browser
}

// MySessions returns where the person of a session is signed in.
func (d *Door) MySessions(s session.Session) (m Mine, err error) {
	m.Sessions = d.Sessions.List(s.Account)
	err = d.DB.View(func(tx *store.Tx) (err error) { m.Browsers, err = d.Browsers.List(tx, s.Account); return err })
	return m, err
}

// EndMySession ends another session of one's own.
func (d *Door) EndMySession(v Visitor, s session.Session, id string) error {
	if id == s.ID {
		return session.ErrActing
	}
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		ended, err := d.Sessions.EndOne(tx, a.ID, id)
		if err != nil {
			return err
		}
		e := v.event(event.SessionEnded, a.Name).With("account", a.Name)
		return d.Log.Record(tx, e.With("browser", notice.Browser(ended.Agent)).With("from", ended.Source))
	})
}

// EndMyOthers ends all sessions of one's own but the acting one, and forgets all other browsers. It returns how many
// sessions ended.
func (d *Door) EndMyOthers(v Visitor, s session.Session) (ended int, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		ended = d.Sessions.EndAll(tx, a.ID, s.ID)
		forgotten, err := d.Browsers.EndOthers(tx, a.ID, s.Browser)
		if err != nil || ended == 0 && forgotten == 0 { // where nothing ends there is nothing to tell
			return err
		}
		return d.note(tx, a, v.event(event.SessionsEnded, a.Name).With("account", a.Name).With("sessions", strconv.Itoa(ended)))
	})
	return ended, err
}

// ForgetMyBrowser forgets a browser of one's own, and ends the sessions that began in it but for the acting one.
func (d *Door) ForgetMyBrowser(v Visitor, s session.Session, id string) error {
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		gone, err := d.Browsers.End(tx, a.ID, id)
		if err != nil {
			return err
		}
		e := v.event(event.BrowserForgotten, a.Name).With("browser", notice.Browser(gone.Agent))
		return d.Log.Record(tx, e.With("sessions", strconv.Itoa(d.Sessions.EndIn(tx, a.ID, id, s.ID))))
	})
}

// own makes a change of one's own while the session that wants it goes on, and whoever it belongs to may still sign in: one that was ended
// meanwhile, with whatever else ended one's rights, changes nothing after it. All that people change about their ways in goes through here.
func (d *Door) own(s session.Session, change func(*store.Tx, account.Account) error) error {
	return d.DB.Update(func(tx *store.Tx) error {
		if err := d.Sessions.Stand(tx, s.ID); err != nil {
			return err
		}
		a, err := account.Get(tx, s.Account)
		switch {
		case errors.Is(err, account.ErrUnknown), err == nil && a.Disabled:
			return session.ErrEnded
		case err != nil:
			return err
		}
		return change(tx, a)
	})
}

// still refuses a session that has ended. It is for what is no change of the database, right before it is done.
func (d *Door) still(s session.Session) error {
	return d.DB.View(func(tx *store.Tx) error { return d.Sessions.Stand(tx, s.ID) })
}
