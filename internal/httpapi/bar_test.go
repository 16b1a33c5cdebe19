package httpapi

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/network"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// barred is an API whose block list holds 192.0.2.0/24 and 2001:db8::/32, and whose allow list 192.0.2.7.
func barred(t *testing.T) *API {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	out := slog.New(slog.DiscardHandler)
	log := event.New(func() event.Moment { return event.Moment{Now: time.Unix(1, 0)} }, out)
	a := New(Config{DB: db, Log: log, Links: network.NewLinks(), Out: out, HTTPSPort: "8001", Elapsed: func() time.Duration { return time.Hour }})
	block, err := settings.Rules("block", []string{"192.0.2.0/24", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	allow, _ := settings.Rules("allow", []string{"192.0.2.7"})
	if err := db.Update(func(tx *store.Tx) error {
		return settings.PutDefender(tx, settings.Defender{Limits: settings.NormalLimits, Block: block, Allow: allow})
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *API) askFrom(remote, path string, handler http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr, r.Host = remote, "localhost:8001"
	r.Header.Set("X-Forwarded-For", "203.0.113.5") // R023: nobody is believed
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// R001: a blocked address is refused before anything else, on both ports, and is told so; an allowed one and the NAS's
// own socket are not.
func TestABlockedAddressIsRefusedFirst(t *testing.T) {
	a := barred(t)
	for remote, blocked := range map[string]bool{
		"192.0.2.9:1": true, "[::ffff:192.0.2.9]:1": true, "[2001:db8::5]:1": true, "192.0.2.7:1": false, "203.0.113.5:1": false, "127.0.0.1:1": false,
	} {
		for name, handler := range map[string]http.Handler{"tls": a.TLS(), "plain": a.Redirect()} {
			api := a.askFrom(remote, "/api/v1/nothing", handler)
			page := a.askFrom(remote, "/", handler)
			if got := api.Code == http.StatusForbidden && strings.Contains(api.Body.String(), `"address_blocked"`); got != blocked {
				t.Errorf("%s, %s: %d %s", remote, name, api.Code, api.Body)
			}
			if got := page.Code == http.StatusForbidden && strings.Contains(page.Body.String(), "is blocked on this NAS"); got != blocked {
				t.Errorf("%s, %s: %d %s", remote, name, page.Code, page.Body)
			}
		}
	}
	page := a.askFrom("192.0.2.9:1", "/", a.TLS())
	if csp := page.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("the page has the policy %s", csp)
	}
	if local := a.askFrom("@", "/api/v1/nothing", a.Local()); local.Code != http.StatusNotFound {
		t.Errorf("over the socket: %d", local.Code)
	}
}

// R137: blocked addresses cannot push the log out, nor keep the disk busy.
func TestRefusedAddressesAreCounted(t *testing.T) {
	a := barred(t)
	for range 500 {
		a.askFrom("192.0.2.9:1", "/", a.TLS())
	}
	var page []event.Event
	_ = a.DB.View(func(tx *store.Tx) (err error) { page, _, err = event.Page(tx, "", 0, 50); return err })
	if len(page) != 1 || page[0].Kind != event.AddressRefused || page[0].Address != "192.0.2.9" {
		t.Errorf("got %+v", page)
	}
}

// R121 R021: a source that opens connections too fast is refused some, and nobody else is.
func TestConnectionsThatComeTooFast(t *testing.T) {
	now := time.Hour
	l := newLimits(func() time.Duration { return now })
	took := func(source string) (n int) {
		for l.arrive(source) {
			n++
		}
		return n
	}
	if n := took("a"); n != NewAtOnce {
		t.Errorf("%d at once, want %d", n, NewAtOnce)
	}
	if n := took("b"); n != NewAtOnce {
		t.Errorf("another source: %d", n)
	}
	now += time.Second
	if n := took("a"); n != NewPerSecond {
		t.Errorf("%d a second later, want %d", n, NewPerSecond)
	}
	now += time.Minute
	for i := range 3 * maxArrivals {
		l.arrive(strings.Repeat("x", i))
		now += time.Millisecond
	}
	if len(l.arrivals) > maxArrivals+1 {
		t.Errorf("%d sources are remembered", len(l.arrivals))
	}
}
