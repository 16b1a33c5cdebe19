// Package httpapi is the door of the house: it decides who may call what, decodes strictly, makes one call
// and renders a view. The same routes answer browsers over TLS and the command line over a Unix socket.
package httpapi

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"castellan/internal/access/claim"
	"castellan/internal/access/people"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/button"
	"castellan/internal/box/certificate"
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
	"castellan/internal/box/signal"
	"castellan/internal/event"
	"castellan/internal/health"
	"castellan/internal/httpapi/api"
	"castellan/internal/metrics"
	"castellan/internal/notice"
	"castellan/internal/reset"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Base is the path below which all operations lie.
const Base = "/api/v1"

// The names of cookies and of the header that has to accompany every change. The prefix makes browsers
// refuse the cookies from anywhere but this very host over TLS (RFC 6265bis section 4.1.3.2).
const (
	SessionCookie = "__Host-castellan"
	TicketCookie  = "__Host-castellan-ticket"
	BrowserCookie = "__Host-castellan-browser"
	TokenHeader   = "Castellan-Token"
)

// Build says what is running.
type Build struct{ Version, Platform, Go string }

// Recovery says why the house cannot be opened. While it is set, only operations with x-recovery answer.
type Recovery struct{ Code, Message string }

// Config says what an API works with. With Recovery set, the rooms may be missing.
type Config struct {
	Recovery *Recovery

	DB       *store.DB
	Door     *signin.Door
	Office   *people.Office
	Desk     *recovery.Desk
	Doctor   *health.Doctor
	Sessions *session.Sessions
	Tickets  *session.Tickets
	Tokens   *token.Tokens
	Box      *claim.Box
	Log      *event.Log
	Post     *notice.Post
	Reset    *reset.Reset
	Syslog   Syslog
	Figures  *metrics.Figures

	Clock       *clock.Clock
	Time        Timekeeping
	Button      *button.Button
	Feedback    func() signal.Found // what the finger on the button is told with
	Links       *network.Links
	Network     Network
	Certificate *certificate.Keeper
	Renamed     func() // called when the name of the NAS has changed
	// Recovering is called before an administrator is let in again on the box itself, whose name is right.
	Recovering func(context.Context)

	// Elapsed is a clock that never steps.
	Elapsed func() time.Duration

	Names     []string // host names and addresses from the config file, with a further port or without
	HTTPSPort string
	HTTPPort  string
	Build     Build
	Libraries []api.Library
	Out       *slog.Logger
}

// API answers requests.
type API struct {
	Config
	router     *echo.Echo
	operations []api.Operation
	assets     *assets
	guardian   *http.CrossOriginProtection
	limits     *limits
	last       atomic.Pointer[settings.Settings] // as they were read last
	rules      atomic.Pointer[settings.Defender] // as they were read last
	barred     *throttle.Quota
	exports    *exports
	timing     sync.Mutex // held while somebody decides about the time
	told       *told      // refusals of machines
}

// New returns an API for a configuration.
func New(c Config) *API {
	a := &API{Config: c, assets: newAssets(), guardian: http.NewCrossOriginProtection(), limits: newLimits(c.Elapsed), exports: newExports(c.Elapsed)}
	a.told = newTold(c.Elapsed)
	a.barred = throttle.NewQuota(c.Elapsed, 1, barEvery, barSources)
	a.operations = api.Operations(api.NewStrictHandler(&handlers{a}, []api.StrictMiddlewareFunc{a.abide, sendCookies, unpack}))
	e := echo.New()
	e.Binder = binder{}
	e.HTTPErrorHandler = a.fail
	e.IPExtractor = echo.ExtractIPDirect()
	e.Logger.SetLevel(99) // nothing of echo's own; errors stop in fail
	for _, op := range a.operations {
		e.Add(op.Method, Base+op.Path, a.guard(op))
	}
	a.router = e
	return a
}

// Operations lists the routes, for documents and tests.
func Operations() []api.Operation { return api.Operations(nil) }

// TLS returns the handler of the encrypted port.
func (a *API) TLS() http.Handler {
	return a.contain(a.bar(a.room(a.knownHost(a.HTTPSPort, http.HandlerFunc(a.route)))))
}

// Local returns the handler of the Unix socket, which only root and the daemon's own user can open. Its
// connections are marked by OverSocket.
func (a *API) Local() http.Handler { return a.contain(http.HandlerFunc(a.route)) }

// route sends a request to an operation or to a file of the desktop.
func (a *API) route(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions { // the router would answer these itself
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE")
		a.refuse(w, r, errMethod)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header()["Cache-Control"] = noStore
		a.router.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		a.refuse(w, r, errMethod)
		return
	}
	a.assets.ServeHTTP(w, r)
}

// Redirect returns the handler of the plain port: it sends page loads to the encrypted one and refuses
// everything else without reading it.
func (a *API) Redirect() http.Handler {
	return a.contain(a.bar(a.room(a.knownHost(a.HTTPPort, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead || strings.HasPrefix(r.URL.Path, "/api") {
			w.Header().Set("Upgrade", "TLS/1.2, HTTP/1.1")
			w.Header().Set("Connection", "Upgrade, close")
			a.refuse(w, r, errPlain)
			return
		}
		host, _ := hostAndPort(r.Host)
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		if a.HTTPSPort != "443" {
			host += ":" + a.HTTPSPort
		}
		w.Header().Set("Location", "https://"+host+"/") // nothing of the request's path
		w.WriteHeader(http.StatusPermanentRedirect)
	})))))
}

// The header values that are the same on every answer. They are shared and never changed.
var (
	noStore = []string{"no-store"}
	headers = map[string][]string{
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
			"font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
			"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	}
)

// contain sets the headers of every answer and keeps a panic from ending the program.
func (a *API) contain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range headers {
			h[name] = value
		}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.Out.Error("panic", "value", p, "path", r.URL.Path, "stack", string(debug.Stack()))
			a.refuse(w, r, errBug)
		}()
		next.ServeHTTP(w, r)
	})
}

// knownHost serves requests only for names and addresses that are the box's own, on the port they came in
// by. A page from elsewhere whose name was made to point here (DNS rebinding) does not get further.
func (a *API) knownHost(port string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodTrace || r.Method == http.MethodConnect:
			w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE")
			a.refuse(w, r, errMethod)
		case r.URL.Host != "" || !a.known(r.Host, port, reachedAt(r.Context())): // an absolute target overrides the Host header
			a.refuse(w, r, errHost)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// known reports whether a host is the box's own, on its port. at is the address at which the box was reached: it is the box's own however
// new it is.
func (a *API) known(host, port string, at netip.Addr) bool {
	name, p := hostAndPort(host)
	if strings.HasSuffix(name, ".") {
		return false
	}
	own := p == port || p == "" && (port == "443" || port == "80")
	for _, n := range a.Names {
		n, further := hostAndPort(n)
		if sameHost(n, name) && (own || further != "" && (p == further || p == "" && further == "443")) {
			return true
		}
	}
	if address, err := netip.ParseAddr(name); err == nil {
		address = address.Unmap().WithZone("")
		return own && (address == at || a.Links.Owns(address) || address.IsLoopback())
	}
	return own && slices.ContainsFunc(a.ownNames(), func(n string) bool { return strings.EqualFold(n, name) })
}

// sameHost reports whether two host names or addresses are the same.
func sameHost(a, b string) bool {
	one, err1 := netip.ParseAddr(a)
	two, err2 := netip.ParseAddr(b)
	return strings.EqualFold(a, b) || err1 == nil && err2 == nil && one.Unmap() == two.Unmap()
}

func (a *API) ownNames() []string {
	nas := a.settings().NASName
	names := []string{nas, nas + ".local", "localhost"}
	if found := a.Network.Announced().Host; found != "" && !strings.EqualFold(found, nas+".local") {
		names = append(names, found) // another machine has the name
	}
	return names
}

// Called returns every host name by which the box may be called, that of the NAS first, and the addresses that the config file adds
// to its own.
func (a *API) Called() (hosts []string, addresses []netip.Addr) {
	hosts = a.ownNames()
	for _, n := range a.Names {
		n, _ = hostAndPort(n)
		if address, err := netip.ParseAddr(n); err == nil {
			addresses = append(addresses, address)
		} else {
			hosts = append(hosts, n)
		}
	}
	return hosts, addresses
}

// settings returns the owner's settings. Where the database cannot be read they are those that were read
// last, so that the box is still known by its name, or else the defaults.
func (a *API) settings() (s settings.Settings) {
	if a.DB == nil {
		return settings.Default()
	}
	last := a.last.Load()
	err := a.DB.View(func(tx *store.Tx) (err error) { s, err = settings.Get(tx); return err })
	switch {
	case err == nil:
		if last == nil || *last != s {
			read := s
			a.last.Store(&read)
		}
		return s
	case last != nil:
		s = *last
	default:
		s = settings.Default()
	}
	a.Out.Error("read settings", "err", err)
	return s
}

func hostAndPort(host string) (name, port string) {
	if n, p, err := net.SplitHostPort(host); err == nil {
		return n, p
	}
	return strings.Trim(host, "[]"), ""
}

// sameToken compares a token that was sent with the one that is right, in constant time.
func sameToken(sent, right string) bool {
	return subtle.ConstantTimeCompare([]byte(sent), []byte(right)) == 1 && right != ""
}
