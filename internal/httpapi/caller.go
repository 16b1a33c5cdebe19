package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/event"
	"castellan/internal/httpapi/api"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// caller is who makes a request, as far as it was found out, and the cookies that the answer will set.
type caller struct {
	visitor signin.Visitor

	cookie  string // of the session or of the ticket, whichever the operation wants
	session session.Session
	left    session.Left
	account account.Account
	twoStep bool // the account has a second factor
	enrol   bool // the account has to enrol one before anything else

	progress api.StatusVisitor // how far a caller of a public operation is

	// stands returns why they may not do it any more, see API.stands; nil where the operation wants neither session nor token.
	stands func(*store.Tx) error

	machine *machine // set where a machine calls, or a program that brings a token to a public operation

	set []*http.Cookie
}

type (
	callerKey struct{}
	localKey  struct{}
)

// callerOf returns the caller of a request; there always is one behind guard.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// OverSocket marks the connections of the Unix socket.
func OverSocket(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, localKey{}, true)
}

func overSocket(r *http.Request) bool { return r.Context().Value(localKey{}) != nil }

// actor is the caller as the administrator who acts.
func (c *caller) actor() people.Actor {
	return people.Actor{
		ID: c.account.ID, Name: c.account.Name, Address: c.visitor.Address, Agent: c.visitor.Agent, Request: c.visitor.Request,
		Session: c.session.ID, Browser: c.session.Browser, Stands: c.stands,
	}
}

// event begins an event of the caller.
func (c *caller) event(kind event.Kind) event.Event {
	return event.Event{Kind: kind, Actor: c.account.Name, Address: c.visitor.Address, Agent: c.visitor.Agent, Source: c.visitor.Source, Request: c.visitor.Request}
}

// give sets a cookie that lasts until the browser is closed and that no script can read; take removes it.
func (c *caller) give(name, value string) {
	c.set = append(c.set, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// know sets the cookie by which the browser is known from now on.
func (c *caller) know(value string) {
	c.give(BrowserCookie, value)
	c.set[len(c.set)-1].MaxAge = seconds(session.BrowserFor)
}

func (c *caller) take(name string) {
	c.set = append(c.set, &http.Cookie{Name: name, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, Expires: time.Unix(1, 0), MaxAge: -1})
}

// renewed gives the acting session the cookie it has after a change to the caller's ways in, if it has a new
// one.
func (c *caller) renewed(by signin.Changed) {
	if by.Cookie != "" {
		c.give(SessionCookie, by.Cookie)
	}
}

// sendCookies puts the cookies of a finished operation into the answer.
func sendCookies(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		answer, err := next(c, request)
		for _, cookie := range callerOf(c.Request().Context()).set {
			c.SetCookie(cookie)
		}
		return answer, err
	}
}

// maxAgent bounds the browser's name in the log.
const maxAgent = 200

// visitorOf says who sends a request. Headers that claim another address are not believed.
func (a *API) visitorOf(r *http.Request) signin.Visitor {
	agent := notice.Claimed(r.UserAgent())
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	if overSocket(r) {
		return signin.Visitor{Address: "local", Source: "local", Agent: agent, Local: true}
	}
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil { // never with TCP; nobody is more of a stranger
		return signin.Visitor{Address: r.RemoteAddr, Source: "unknown", Agent: agent}
	}
	address := port.Addr().Unmap()
	v := signin.Visitor{Address: address.String(), Source: a.Links.Source(address), Agent: agent, Local: a.Links.Local(address)}
	v.Session, _ = cookieOf(r, SessionCookie)
	v.Ticket, _ = cookieOf(r, TicketCookie)
	v.Browser, _ = cookieOf(r, BrowserCookie)
	return v
}
