package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// The refusals of machines by the door itself.
var (
	errNoMachine = &fault.Error{Kind: fault.Forbidden, Code: "token_not_for_this", Message: "No API token opens this. Sign in with a browser."}
	errScope     = &fault.Error{Kind: fault.Forbidden, Code: "scope_missing"}
	errBrowser   = &fault.Error{Kind: fault.Forbidden, Code: "foreign_origin", Message: "API tokens are for programs. A page in a browser signs in instead."}
	errUnproved  = errStepUp.Saying("This wants a fresh proof: sign the request itself, or buy new access. Access opens it for five minutes.")
)

// machine is what came with a request that brings a token of ours.
type machine struct {
	text    string        // of the token
	request *http.Request // a copy with a body of its own, for the signature

	admitted token.Admitted
}

// bring finds the token of a machine. Where one came, the cookies of the request count for nothing.
func (c *caller) bring(r *http.Request) error {
	text, err := bearerOf(r)
	if err != nil || text == "" {
		return err
	}
	c.machine = &machine{text: text}
	c.visitor.Session, c.visitor.Ticket, c.visitor.Browser = "", "", ""
	return nil
}

// bearerOf returns the token that a request brings in Authorization (RFC 6750 section 2.1), or nothing where it brings none of ours. One
// of ours that came in another form, or beside something else, is refused: one of two readers might take the other.
func bearerOf(r *http.Request) (string, error) {
	lines := r.Header["Authorization"]
	ours := false
	for _, line := range lines {
		ours = ours || strings.Contains(line, token.Prefix) || strings.Contains(line, token.AccessPrefix)
	}
	if !ours {
		return "", nil
	}
	scheme, text, _ := strings.Cut(lines[0], " ")
	form := strings.HasPrefix(text, token.Prefix) || strings.HasPrefix(text, token.AccessPrefix)
	if len(lines) > 1 || !strings.EqualFold(scheme, "Bearer") || !form || strings.ContainsFunc(text, outsideToken) || len(text) > maxToken {
		return "", token.ErrRefused
	}
	return text, nil
}

const (
	maxToken  = 128 // bytes of the text of a token
	maxReason = 200 // bytes of the log's reason for a refusal, which may repeat something of a signature
)

// outsideToken reports whether a character is in none of our tokens.
func outsideToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// noPage refuses requests with a token that come from a page: no page of ours has one.
func noPage(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		return errBrowser
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "https://"+r.Host {
		return errBrowser
	}
	return nil
}

// hold keeps a copy of a machine's request, with its body where a signature is looked at: the token is known and has a key, or there is none yet
// and it is to be collected. Bodies of others wait until somebody is admitted, as those of browsers do.
func (a *API) hold(op api.Operation, c *caller, r *http.Request) error {
	if c.machine == nil {
		if op.ID != collect {
			return nil
		}
		c.machine = &machine{}
	}
	signed := *r
	signed.Body = http.NoBody
	if r.Header.Get("Signature") != "" && r.Body != nil && (op.ID == collect || a.signs(c)) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		r.Body, signed.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	}
	c.machine.request = &signed
	return nil
}

const collect = "CollectToken"

// signs reports whether requests with the token of a caller are signed.
func (a *API) signs(c *caller) bool {
	one, err := a.present(c)
	return err == nil && one.Factor == token.Key
}

// present returns the token of a caller, before its second factor is looked at.
func (a *API) present(c *caller) (one token.Token, err error) {
	err = a.DB.View(func(tx *store.Tx) (err error) { one, err = a.Tokens.Present(tx, c.bearer()); return err })
	return one, err
}

// bearer is what the room of tokens looks at.
func (c *caller) bearer() token.Bearer {
	b := token.Bearer{Text: c.machine.text, Request: c.machine.request, Event: c.event("")}
	if address, err := netip.ParseAddr(c.visitor.Address); err == nil { // it is none over the socket
		b.Address = address
	}
	return b
}

// admitMachine finds out whose machine is calling, and whether it may.
func (a *API) admitMachine(op api.Operation, who *caller) error {
	var m token.Admitted
	err := a.DB.View(func(tx *store.Tx) (err error) {
		if !op.Unclaimed {
			if err := owned(tx); err != nil {
				return err
			}
		}
		m, err = a.Tokens.Admit(tx, who.bearer(), func(id string) bool { return factor.Enabled(tx, id) })
		if err != nil {
			return err
		}
		switch who.account, err = account.Get(tx, m.Token.Account); {
		case errors.Is(err, account.ErrUnknown), err == nil && who.account.Disabled:
			return token.ErrRefused.Because(errAway)
		case err != nil:
			return err
		}
		if who.twoStep = factor.Enabled(tx, who.account.ID); !who.twoStep {
			who.enrol, err = a.Door.MustEnrol(tx, who.account, session.Session{})
		}
		return err
	})
	if m.Token.Name != "" {
		who.visitor.Agent = notice.Machine(m.Token.Name)
	}
	if err == nil {
		err = mayMachine(op, who, m)
	}
	if err != nil {
		return a.refuseMachine(op.ID, who, m.Token, err)
	}
	who.machine.admitted = m
	a.Tokens.Used(m.Token, who.bearer().Address)
	return nil
}

// mayMachine looks whether a machine may do what it asks.
func mayMachine(op api.Operation, who *caller, m token.Admitted) error {
	switch {
	case op.Scope == "":
		return errNoMachine.Because(fmt.Errorf("%s is not for API tokens", op.ID))
	case who.enrol:
		return signin.ErrDemanded.Because(errEnrol)
	case !m.Token.Allows(op.Scope):
		return errScope.Saying("This token has no scope %s. Make one that has it under Personal Settings › API access.", op.Scope).Because(fmt.Errorf("it has no scope %s", op.Scope))
	case op.Access == api.ForAdministrator && who.account.Role != account.Administrator:
		return people.ErrRole.Because(errNoAdmin)
	case op.StepUp && !m.Proved:
		return errUnproved
	}
	return nil
}

// Why the door refuses a machine, for the log.
var (
	errAway    = errors.New("its owner is gone or disabled")
	errNoAdmin = errors.New("its owner is no administrator")
	errEnrol   = errors.New("its owner has to turn on 2-step verification first")
)

// unremarkable are refusals that happen every day and are followed by another try.
func unremarkable(err error) bool {
	return errors.Is(err, token.ErrTime) || errors.Is(err, errUnproved) || problem(err).Status >= http.StatusInternalServerError
}

// refuseMachine records the first refusal of a sort of a token, or of a source where the token is none of ours, and returns it. A program
// that asks again and again with a token that has expired does not keep the disks awake, nor does it fill the log.
func (a *API) refuseMachine(operation string, who *caller, t token.Token, refused error) error {
	var f *fault.Error
	if unremarkable(refused) || !errors.As(refused, &f) || f.Kind == fault.Conflict {
		return refused
	}
	reason := f.Message
	if f.Err != nil {
		reason = strings.ToValidUTF8(f.Err.Error()[:min(len(f.Err.Error()), maxReason)], "")
	}
	whose, named, sort := who.visitor.Source, "(unknown)", f.Code
	if t.ID != "" {
		whose, named = t.ID, "“"+t.Name+"”"
	}
	if errors.Is(refused, token.ErrRefused) { // of one that has expired it is still told that its record was changed
		sort += " " + reason
	}
	if !a.told.first(whose + " " + sort) {
		return refused
	}
	e := who.event(event.TokenRefused).With("token", named).With("reason", reason).With("operation", operation)
	err := a.DB.Update(func(tx *store.Tx) error {
		if e.Actor == "" && t.Account != "" {
			if owner, err := account.Get(tx, t.Account); err == nil {
				e.Actor = owner.Name
			}
		}
		return a.Log.Record(tx, e)
	})
	if err != nil {
		a.Out.Warn("record refused token", "err", err)
	}
	return refused
}

// challenge adds what the refusal of a machine wants in the header: how to authenticate (RFC 6750 section 3), and a nonce of ours where the
// time of a signature was not taken.
func (a *API) challenge(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unauthenticated {
		return
	}
	if errors.Is(f, token.ErrTime) {
		w.Header().Set(token.NonceHeader, a.Tokens.Nonce())
	}
	who := callerOf(r.Context())
	switch {
	case who != nil && who.machine != nil && who.machine.text != "", errors.Is(f, token.ErrRefused):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case who != nil && who.machine != nil, errors.Is(f, errTokenless):
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
}

const (
	// ToldAgain is how long the same refusal of the same token is not recorded again.
	ToldAgain = time.Hour
	// maxTold bounds how many refusals are remembered.
	maxTold = 1024
)

// told remembers which refusals were recorded.
type told struct {
	elapsed func() time.Duration
	mu      sync.Mutex
	at      map[string]time.Duration
}

func newTold(elapsed func() time.Duration) *told {
	return &told{elapsed: elapsed, at: map[string]time.Duration{}}
}

// first reports whether a refusal was not recorded lately, and remembers it. Where too many are remembered it is not: the log counts
// those of one source by itself.
func (t *told) first(what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.elapsed()
	if at, ok := t.at[what]; ok && now-at < ToldAgain {
		return false
	}
	if len(t.at) >= maxTold {
		clear(t.at)
	}
	t.at[what] = now
	return true
}

// forget takes back that a refusal, or a sale, was remembered: it is not in the log.
func (t *told) forget(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, what)
}
