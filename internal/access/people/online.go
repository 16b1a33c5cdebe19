package people

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// Online is a session and whose it is.
type Online struct {
	session.Open
	Person account.Account
}

// after is what a page of sessions is continued by: they stand in its order.
func (o Online) after() string { return o.Person.Name + "/" + o.ID }

// OnlineQuery asks for sessions. Search is part of a name, an address or a browser.
type OnlineQuery struct {
	Search, After string
	Limit         int
}

// OnlinePage is a page of sessions by name, with how many match in all and of how many people, and by what the next
// page is asked for.
type OnlinePage struct {
	Sessions      []Online
	Total, People int
	Next          string
}

// Online returns who is signed in.
func (o *Office) Online(q OnlineQuery) (page OnlinePage, err error) {
	all, err := o.online(strings.ToLower(strings.TrimSpace(q.Search)))
	if err != nil {
		return page, err
	}
	people := map[string]bool{}
	for _, one := range all {
		people[one.Account] = true
	}
	page.Total, page.People = len(all), len(people)
	page.Sessions = slices.DeleteFunc(all, func(one Online) bool { return one.after() <= q.After })
	if len(page.Sessions) > q.Limit {
		page.Sessions = page.Sessions[:q.Limit]
		page.Next = page.Sessions[q.Limit-1].after()
	}
	return page, nil
}

func (o *Office) online(search string) (all []Online, err error) {
	err = o.DB.View(func(tx *store.Tx) error {
		for _, one := range o.Sessions.List("") {
			a, err := account.Get(tx, one.Account)
			if errors.Is(err, account.ErrUnknown) { // deleted at this moment
				continue
			}
			if err != nil {
				return err
			}
			text := strings.ToLower(strings.Join([]string{a.Name, a.DisplayName, one.Source, notice.Browser(one.Agent)}, "\n"))
			if strings.Contains(text, search) {
				all = append(all, Online{one, a})
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Online) int { return cmp.Compare(a.after(), b.after()) })
	return all, err
}

// EndSession ends one session of anybody, but not the acting one.
func (o *Office) EndSession(by Actor, id string) error {
	if id == by.Session {
		return session.ErrActing
	}
	return o.update(by, func(tx *store.Tx) error {
		ended, err := o.Sessions.EndOne(tx, "", id)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, ended.Account)
		if err != nil {
			return err
		}
		e := by.event(event.SessionEnded).With("account", a.Name)
		return o.Log.Record(tx, e.With("browser", notice.Browser(ended.Agent)).With("from", ended.Source))
	})
}

// SignOut ends the sessions of a person, but for the acting one, and forgets the browsers they are known by. It returns
// how many sessions ended.
func (o *Office) SignOut(by Actor, id string) (ended int, err error) {
	err = o.update(by, func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err == nil {
			ended, err = o.signOut(tx, by, a)
		}
		return err
	})
	return ended, err
}

func (o *Office) signOut(tx *store.Tx, by Actor, a account.Account) (ended int, err error) {
	ended = o.Sessions.EndAll(tx, a.ID, by.Session)
	if _, err := o.Browsers.EndOthers(tx, a.ID, by.Browser); err != nil {
		return 0, err
	}
	return ended, o.note(tx, a, by.event(event.SessionsEnded).With("sessions", strconv.Itoa(ended)))
}

// SignOutLocally is SignOut for whoever is root on the box itself.
func (o *Office) SignOutLocally(name string) (a account.Account, ended int, err error) {
	err = o.DB.Update(func(tx *store.Tx) error {
		if a, err = account.ByName(tx, name); err != nil {
			return err
		}
		ended, err = o.signOut(tx, Actor{Name: "root"}, a)
		return err
	})
	return a, ended, err
}

// SignEverybodyOut ends all sessions but the acting one, and returns how many those are. People stay known in their
// browsers.
func (o *Office) SignEverybodyOut(by Actor) (ended int, err error) {
	err = o.update(by, func(tx *store.Tx) error {
		ended = o.Sessions.EndEverybody(tx, by.Session)
		return o.Log.Record(tx, by.event(event.EverybodyOut).With("sessions", strconv.Itoa(ended)))
	})
	return ended, err
}
