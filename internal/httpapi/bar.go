package httpapi

import (
	"html"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// barEvery is how often a blocked source is recorded by itself; between them its requests are counted.
const (
	barEvery   = 10 * time.Minute
	barSources = 1024
)

const (
	barredWords  = "This address is blocked on this NAS."
	barredAdvice = "An administrator can take it off the block list in Settings › Defender, from another address. " +
		"Beside the NAS, the reset button does it, and so does castellan recover."
)

var errBarred = &httpError{http.StatusForbidden, "address_blocked", barredWords + " " + barredAdvice}

// bar refuses blocked addresses before anything else is looked at.
func (a *API) bar(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, ok := addressOf(r.RemoteAddr)
		if !ok || !a.defender().Blocks(address) {
			next.ServeHTTP(w, r)
			return
		}
		a.noteBarred(r, address)
		w.Header().Set("Connection", "close")
		if strings.HasPrefix(r.URL.Path, "/api") {
			a.refuse(w, r, errBarred)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header()["Cache-Control"] = noStore
		w.WriteHeader(http.StatusForbidden)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, barredPage(address))
		}
	})
}

// barredPage is a page of its own: nothing else is served to whoever sees it.
func barredPage(address netip.Addr) string {
	return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<meta name="color-scheme" content="light dark"><title>Address blocked</title></head><body><main><h1>` + html.EscapeString(barredWords) +
		`</h1><p>Your address is <b>` + html.EscapeString(address.String()) + `</b>.</p><p>` + html.EscapeString(barredAdvice) + `</p></main></body></html>`
}

// noteBarred records the first request of a blocked source in a while, and counts the others.
func (a *API) noteBarred(r *http.Request, address netip.Addr) {
	agent := r.UserAgent()
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	e := event.Event{Kind: event.AddressRefused, Address: address.String(), Agent: agent, Source: a.Links.Source(address)}
	if !a.barred.Take(e.Source) {
		a.Log.Count(e)
		return
	}
	if err := a.DB.Update(func(tx *store.Tx) error { return a.Log.Record(tx, e) }); err != nil {
		a.Out.Warn("record refused address", "err", err)
	}
}

// addressOf reads the address of a connection.
func addressOf(remote string) (netip.Addr, bool) {
	p, err := netip.ParseAddrPort(remote)
	return p.Addr().Unmap().WithZone(""), err == nil
}

// defender returns what the owner decided about addresses. Where the database cannot be read it is what was read
// last, or else nothing.
func (a *API) defender() (d settings.Defender) {
	if a.DB == nil {
		return settings.DefaultDefender()
	}
	err := a.DB.View(func(tx *store.Tx) (err error) { d, err = settings.GetDefender(tx); return err })
	if err == nil {
		a.rules.Store(&d)
		return d
	}
	a.Out.Error("read defender", "err", err)
	if last := a.rules.Load(); last != nil {
		return *last
	}
	return settings.DefaultDefender()
}

// favoured reports whether the owner wants an address never to be slowed down.
func (a *API) favoured(remote string) bool {
	address, ok := addressOf(remote)
	return ok && a.defender().Allows(address)
}
