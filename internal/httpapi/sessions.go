package httpapi

import (
	"cmp"
	"context"
	"time"

	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/httpapi/api"
	"castellan/internal/notice"
)

// openView shows a session; current names the calling one.
func (h *handlers) openView(s session.Open, current string) api.OpenSession {
	now := h.Clock.Reading().Now
	return api.OpenSession{
		Id: s.ID, Current: s.ID == current, Since: now.Add(-s.Since).Truncate(time.Second), Active: now.Add(-s.Active).Truncate(time.Second),
		Address: s.Source, Browser: notice.Browser(s.Agent), EndsIn: seconds(s.Left),
	}
}

func (h *handlers) ListMySessions(ctx context.Context, _ api.ListMySessionsRequestObject) (api.ListMySessionsResponseObject, error) {
	mine := callerOf(ctx).session
	m, err := h.Door.MySessions(mine)
	v := api.ListMySessions200JSONResponse{Sessions: []api.OpenSession{}, Browsers: []api.KnownBrowser{}, BrowserFor: seconds(session.BrowserFor)}
	for _, s := range m.Sessions {
		v.Sessions = append(v.Sessions, h.openView(s, mine.ID))
	}
	for _, b := range m.Browsers {
		v.Browsers = append(v.Browsers, api.KnownBrowser{
			Id: b.ID, Current: b.ID == mine.Browser, Browser: notice.Browser(b.Agent), Address: b.Address, First: b.First, Seen: b.Seen,
		})
	}
	return v, err
}

func (h *handlers) EndMySession(ctx context.Context, r api.EndMySessionRequestObject) (api.EndMySessionResponseObject, error) {
	who := callerOf(ctx)
	return api.EndMySession204Response{}, h.Door.EndMySession(who.visitor, who.session, r.Id)
}

func (h *handlers) EndMyOtherSessions(ctx context.Context, _ api.EndMyOtherSessionsRequestObject) (api.EndMyOtherSessionsResponseObject, error) {
	who := callerOf(ctx)
	ended, err := h.Door.EndMyOthers(who.visitor, who.session)
	return api.EndMyOtherSessions200JSONResponse{Ended: ended}, err
}

func (h *handlers) ForgetMyBrowser(ctx context.Context, r api.ForgetMyBrowserRequestObject) (api.ForgetMyBrowserResponseObject, error) {
	who := callerOf(ctx)
	return api.ForgetMyBrowser204Response{}, h.Door.ForgetMyBrowser(who.visitor, who.session, r.Id)
}

const sessionsPage = 100

// online renders a page of who is signed in.
func (h *handlers) online(q people.OnlineQuery, current string) (v api.SessionPage, err error) {
	page, err := h.Office.Online(q)
	v = api.SessionPage{Sessions: []api.PersonSession{}, Total: page.Total, People: page.People}
	if page.Next != "" {
		v.Next = &page.Next
	}
	for _, o := range page.Sessions {
		v.Sessions = append(v.Sessions, api.PersonSession{
			Session: h.openView(o.Open, current),
			User: api.SessionUser{
				Id: o.Person.ID, Name: o.Person.Name, DisplayName: cmp.Or(o.Person.DisplayName, o.Person.Name), Role: api.Role(o.Person.Role),
			},
		})
	}
	return v, err
}

func (h *handlers) ListSessions(ctx context.Context, r api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	limit, err := pageSize(r.Params.Limit, sessionsPage)
	if err != nil {
		return nil, err
	}
	q := people.OnlineQuery{Search: value(r.Params.Search), After: value(r.Params.After), Limit: limit}
	v, err := h.online(q, callerOf(ctx).session.ID)
	return api.ListSessions200JSONResponse(v), err
}

func (h *handlers) EndSession(ctx context.Context, r api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	return api.EndSession204Response{}, h.Office.EndSession(callerOf(ctx).actor(), r.Id)
}

func (h *handlers) SignUserOut(ctx context.Context, r api.SignUserOutRequestObject) (api.SignUserOutResponseObject, error) {
	ended, err := h.Office.SignOut(callerOf(ctx).actor(), r.Id)
	return api.SignUserOut200JSONResponse{Ended: ended}, err
}

func (h *handlers) SignEverybodyOut(ctx context.Context, _ api.SignEverybodyOutRequestObject) (api.SignEverybodyOutResponseObject, error) {
	ended, err := h.Office.SignEverybodyOut(callerOf(ctx).actor())
	return api.SignEverybodyOut200JSONResponse{Ended: ended}, err
}

func (h *handlers) LocalListSessions(_ context.Context, r api.LocalListSessionsRequestObject) (api.LocalListSessionsResponseObject, error) {
	v, err := h.online(people.OnlineQuery{After: value(r.Params.After), Limit: sessionsPage}, "")
	return api.LocalListSessions200JSONResponse(v), err
}

func (h *handlers) LocalSignUserOut(_ context.Context, r api.LocalSignUserOutRequestObject) (api.LocalSignUserOutResponseObject, error) {
	_, ended, err := h.Office.SignOutLocally(r.Body.Name)
	return api.LocalSignUserOut200JSONResponse{Ended: ended}, err
}
