package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// The refusals of the door itself.
var (
	errForeign   = &fault.Error{Kind: fault.Forbidden, Code: "foreign_origin", Message: "This change does not come from a page of this NAS."}
	errToken     = &fault.Error{Kind: fault.Forbidden, Code: "token_missing", Message: "This change comes without the page's token. Load the page again."}
	errStepUp    = &fault.Error{Kind: fault.Forbidden, Code: "step_up_required", Message: "Confirm that it is you first."}
	errNotHere   = &fault.Error{Kind: fault.NotFound, Code: "not_found", Message: "There is nothing here."}
	errQuery     = &fault.Error{Kind: fault.Malformed, Code: "malformed", Message: "A parameter is given twice."}
	errBodyLarge = &fault.Error{Kind: fault.TooLarge, Code: "too_large", Message: "The request is too large."}
)

// RequestHeader names the id of a request in its answer. The box makes it; one that is sent is not believed.
const RequestHeader = "X-Request-Id"

const (
	requestLength = 10 // of 5 bits: enough to tell one from another

	maxBody       = 64 << 10
	maxSignInBody = 8 << 10
)

// guard stands before an operation: the form of a machine's token, origin, size, who is calling, their token, whether they may, and whether
// they have just proved who they are, in this order.
func (a *API) guard(op api.Operation) echo.HandlerFunc {
	limit := int64(maxBody)
	if op.Access == api.ForPublic || op.Access == api.ForTicket {
		limit = maxSignInBody
	}
	return func(c echo.Context) error {
		r := c.Request()
		if a.Recovery != nil && !op.Recovery {
			return &fault.Error{Kind: fault.Unavailable, Code: "recovery_required", Message: a.Recovery.Message}
		}
		who := &caller{visitor: a.visitorOf(r)}
		who.visitor.Request = secret.ID()[:requestLength]
		c.Response().Header().Set(RequestHeader, who.visitor.Request)
		if err := wellFormed(c); err != nil {
			return err
		}
		ctx := password.From(r.Context(), who.visitor.Source) // whoever asks waits for their own hashes
		r = r.WithContext(context.WithValue(ctx, callerKey{}, who))
		c.SetRequest(r)
		if err := who.bring(r); err != nil {
			return err
		}
		if err := a.ours(op, who, r); err != nil {
			return err
		}
		if r.ContentLength > limit {
			return errBodyLarge
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
		}
		if err := a.hold(op, who, r); err != nil {
			return err
		}
		if err := a.admit(op, who, r); err != nil {
			return err
		}
		if op.Access == api.ForUser || op.Access == api.ForAdministrator {
			who.stands = func(tx *store.Tx) error { return a.stands(tx, op, who) }
		}
		return op.Handler(c)
	}
}

var idForm = regexp.MustCompile(`^[a-z0-9]{26}$`)

// wellFormed refuses parameters that could be read in two ways.
func wellFormed(c echo.Context) error {
	if id := c.Param("id"); id != "" && !idForm.MatchString(id) {
		return errNotHere
	}
	raw := c.Request().URL.RawQuery
	if raw == "" {
		return nil
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return errQuery.Because(err)
	}
	for _, values := range query {
		if len(values) > 1 {
			return errQuery
		}
	}
	return nil
}

// ours refuses changes that a page from elsewhere makes in the browser of a signed-in person. Other
// applications on this NAS are elsewhere, too: cookies ignore ports.
func (a *API) ours(op api.Operation, who *caller, r *http.Request) error {
	if who.machine != nil {
		return noPage(r)
	}
	if r.Method == http.MethodGet || overSocket(r) {
		return nil
	}
	if err := a.guardian.Check(r); err != nil {
		return errForeign.Because(err)
	}
	origin := r.Header.Get("Origin")
	same := origin == "https://"+r.Host
	if origin != "" && !same {
		return errForeign
	}
	// Whoever brings a cookie must also show that the request comes from our own page.
	if op.Access != api.ForPublic && !same && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return errForeign
	}
	return nil
}

// admit finds out who is calling and whether they may.
func (a *API) admit(op api.Operation, who *caller, r *http.Request) error {
	if op.Access == api.ForLocal && !overSocket(r) {
		return errNotHere
	}
	switch op.Access {
	case api.ForPublic:
		a.recognise(who, r)
		return a.claimed(op)
	case api.ForLocal:
		return a.claimed(op)
	case api.ForTicket:
		if err := a.claimed(op); err != nil {
			return err
		}
		return a.admitTicket(who, r)
	default:
		if who.machine != nil {
			return a.admitMachine(op, who)
		}
		return a.admitSession(op, who, r)
	}
}

// recognise finds out how far a browser is. Nothing is opened by it.
func (a *API) recognise(who *caller, r *http.Request) {
	who.progress = api.VisitorStranger
	if a.Recovery != nil || who.machine != nil {
		return
	}
	if cookie, ok := cookieOf(r, TicketCookie); ok {
		if t, _, ok := a.Tickets.Find(cookie); ok {
			who.cookie, who.progress = cookie, api.VisitorHalfWay
			if t.Stage == session.AwaitPress {
				who.progress = api.VisitorWaiting
			}
		}
	}
	if cookie, ok := cookieOf(r, SessionCookie); ok {
		if _, _, ok := a.Sessions.Find(cookie, false); ok {
			who.progress = api.VisitorSignedIn
		}
	}
}

// claimed refuses what does not answer while nobody owns the box.
func (a *API) claimed(op api.Operation) error {
	if op.Unclaimed {
		return nil
	}
	return a.DB.View(owned)
}

func owned(tx *store.Tx) error {
	owned, _, err := claim.Owned(tx)
	if err == nil && !owned {
		err = claim.ErrUnclaimed
	}
	return err
}

func (a *API) admitTicket(who *caller, r *http.Request) error {
	cookie, ok := cookieOf(r, TicketCookie)
	if !ok || who.machine != nil {
		return signin.ErrExpired
	}
	t, _, ok := a.Tickets.Find(cookie)
	if !ok {
		return signin.ErrExpired
	}
	if r.Method != http.MethodGet && !sameToken(r.Header.Get(TokenHeader), t.Token) {
		return errToken
	}
	who.cookie = cookie
	return nil
}

func (a *API) admitSession(op api.Operation, who *caller, r *http.Request) error {
	cookie, _ := cookieOf(r, SessionCookie)
	s, left, ok := a.Sessions.Find(cookie, !op.Background)
	err := a.DB.View(func(tx *store.Tx) error {
		if !op.Unclaimed {
			if err := owned(tx); err != nil {
				return err
			}
		}
		if !ok {
			return a.Sessions.Ended(cookie)
		}
		var err error
		if who.account, err = account.Get(tx, s.Account); err != nil {
			return err
		}
		if who.twoStep = factor.Enabled(tx, s.Account); !who.twoStep || s.Enrol {
			who.enrol, err = a.Door.MustEnrol(tx, who.account, s)
		}
		return err
	})
	switch {
	case errors.Is(err, account.ErrUnknown):
		a.Sessions.End(cookie)
		return session.ErrEnded
	case err != nil:
		return err
	case who.account.Disabled:
		a.Sessions.End(cookie)
		return session.ErrEnded
	case r.Method != http.MethodGet && !sameToken(r.Header.Get(TokenHeader), s.Token):
		return errToken
	}
	who.cookie, who.session, who.left = cookie, s, left
	switch {
	case !who.enrol || op.Enrol || op.FirstRun && s.Claimed:
	case s.Enrol:
		return signin.ErrMend
	default:
		return signin.ErrDemanded
	}
	if op.Access == api.ForAdministrator && who.account.Role != account.Administrator {
		return a.refuseRole(op, who)
	}
	if op.StepUp && left.StepUp <= 0 {
		return errStepUp
	}
	return nil
}

// refuseRole records that somebody tried what only administrators may do.
func (a *API) refuseRole(op api.Operation, who *caller) error {
	err := a.DB.Update(func(tx *store.Tx) error {
		return a.Log.Record(tx, who.event(event.AccessRefused).With("operation", op.ID).With("reason", "not an administrator"))
	})
	if err != nil {
		a.Out.Warn("record refused access", "err", err)
	}
	return people.ErrRole
}

// cookieOf returns the one cookie of a name. Two of one name are none: one of them is not ours.
func cookieOf(r *http.Request, name string) (value string, ok bool) {
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			n, v, found := strings.Cut(strings.TrimSpace(part), "=")
			if !found || n != name {
				continue
			}
			if ok {
				return "", false
			}
			value, ok = v, true
		}
	}
	return value, ok && value != ""
}
