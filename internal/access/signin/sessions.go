package signin

import (
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

// own makes a change to one's own sessions.
func (d *Door) own(s session.Session, change func(*store.Tx, account.Account) error) error {
	return d.DB.Update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err != nil {
			return err
		}
		return change(tx, a)
	})
}
