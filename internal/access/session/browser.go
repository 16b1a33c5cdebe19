package session

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// BrowserFor is how long a browser stays known after the last sign-in in it.
	BrowserFor = 180 * 24 * time.Hour
	// MostBrowsers an account may have; the one that was seen longest ago makes room for a new one.
	MostBrowsers = 20
)

// Browser is a browser in which somebody signed in completely. It is told from strangers by its cookie, which opens
// nothing and stands for no factor.
type Browser struct {
	ID             string // to name it by; of no use as a cookie
	Agent, Address string // at the last sign-in in it
	First, Seen    time.Time
}

type browserRecord struct {
	ID      string    `json:"id"`
	Agent   string    `json:"agent"`
	Address string    `json:"address"`
	First   time.Time `json:"first"`
	Seen    time.Time `json:"seen"`
}

func (r browserRecord) browser() Browser { return Browser(r) }

// known browsers are kept under "account/digest". The digest is one of cookie and account: people who share a browser
// do not see each other in the table, and whoever reads it cannot present the cookie.
var known = store.NewTable[browserRecord]("browsers")

// ErrUnknownBrowser says that there is no such browser, or none any more.
var ErrUnknownBrowser = &fault.Error{Kind: fault.NotFound, Code: "unknown_browser", Message: "There is no such browser. It may have been removed."}

// Browsers tells known browsers from others.
type Browsers struct {
	key secret.Key
	now func() time.Time
}

// NewBrowsers returns what recognises browsers. key marks their cookies as made by this box; now is trusted time, so
// that a restart neither revives nor forgets a browser.
func NewBrowsers(key secret.Key, now func() time.Time) *Browsers { return &Browsers{key, now} }

// Known reports whether somebody signed in to the account in the browser of a cookie. It writes nothing. A record that
// cannot be read is none: whoever has it goes the way of strangers.
func (b *Browsers) Known(tx *store.Tx, cookie, account string) bool {
	if !b.ours(cookie) {
		return false
	}
	r, found, err := known.Get(tx, browserKey(cookie, account))
	return err == nil && found && b.alive(r)
}

// Remember makes a browser known to an account after a complete sign-in, in the sign-in's own commit. It returns the
// browser, the cookie it has from now on, which is the one it brought if that was made here, and whether it is a new
// one while the account knows others.
func (b *Browsers) Remember(tx *store.Tx, cookie, account, agent, address string) (one Browser, kept string, isNew bool, err error) {
	if !b.ours(cookie) { // one that others made up is not taken: they would know it, too
		cookie = b.fresh()
	}
	now, key := b.now(), browserKey(cookie, account)
	r, found, err := known.Get(tx, key)
	if err != nil {
		return Browser{}, "", false, err
	}
	if !found || !b.alive(r) {
		others, err := b.room(tx, account)
		if err != nil {
			return Browser{}, "", false, err
		}
		r, isNew = browserRecord{ID: secret.ID(), First: now}, others > 0
	}
	r.Agent, r.Address, r.Seen = agent, address, now
	return r.browser(), cookie, isNew, known.Put(tx, key, r)
}

// List returns the browsers an account knows, the one seen last first.
func (b *Browsers) List(tx *store.Tx, account string) (list []Browser, err error) {
	err = eachBrowser(tx, account, func(_ string, r browserRecord) error {
		if b.alive(r) {
			list = append(list, r.browser())
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Browser) int { return b.Seen.Compare(a.Seen) })
	return list, err
}

// End forgets one browser of an account, and returns what it was. The error is ErrUnknownBrowser when the account knows
// no such one.
func (b *Browsers) End(tx *store.Tx, account, id string) (ended Browser, err error) {
	err = drop(tx, account, func(r browserRecord) bool {
		if r.ID != id {
			return false
		}
		ended = r.browser()
		return true
	})
	if err == nil && ended.ID == "" {
		err = ErrUnknownBrowser
	}
	return ended, err
}

// Forget makes the browser of a cookie unknown to an account.
func (b *Browsers) Forget(tx *store.Tx, cookie, account string) error {
	return known.Delete(tx, browserKey(cookie, account))
}

// EndAll forgets every browser of an account.
func (b *Browsers) EndAll(tx *store.Tx, account string) error { return b.EndOthers(tx, account, "") }

// EndOthers forgets the browsers of an account but for the one named except.
func (b *Browsers) EndOthers(tx *store.Tx, account, except string) error {
	return drop(tx, account, func(r browserRecord) bool { return r.ID != except })
}

func (b *Browsers) alive(r browserRecord) bool { return b.now().Sub(r.Seen) < BrowserFor }

// room forgets the browsers of an account that lapsed, and the oldest where there are too many for one more. It returns
// how many were known.
func (b *Browsers) room(tx *store.Tx, account string) (count int, err error) {
	list, err := b.List(tx, account)
	if err != nil {
		return 0, err
	}
	keep := list[:min(len(list), MostBrowsers-1)]
	return len(list), drop(tx, account, func(r browserRecord) bool {
		return !slices.ContainsFunc(keep, func(k Browser) bool { return k.ID == r.ID })
	})
}

// drop deletes the browsers of an account that a condition names.
func drop(tx *store.Tx, account string, which func(browserRecord) bool) error {
	var keys []string // a table is not changed while it is walked
	err := eachBrowser(tx, account, func(key string, r browserRecord) error {
		if which(r) {
			keys = append(keys, key)
		}
		return nil
	})
	for _, key := range keys {
		err = errors.Join(err, known.Delete(tx, key))
	}
	return err
}

func eachBrowser(tx *store.Tx, account string, visit func(key string, r browserRecord) error) error {
	prefix := account + "/"
	return known.Each(tx, prefix, func(key string, r browserRecord) error {
		if !strings.HasPrefix(key, prefix) {
			return store.ErrStop
		}
		return visit(key, r)
	})
}

func browserKey(cookie, account string) string {
	digest := secret.DigestOf(cookie + "/" + account)
	return account + "/" + hex.EncodeToString(digest[:])
}

// markLength is how many characters of a browser's cookie show that it was made here; 16 bytes.
const markLength = 22

// fresh makes a cookie for a browser that has none: 256 random bits, and the mark of this box.
func (b *Browsers) fresh() string {
	token := secret.Token()
	return token + b.mark(token)
}

func (b *Browsers) mark(token string) string {
	return base64.RawURLEncoding.EncodeToString(b.key.MAC([]byte(token)))[:markLength]
}

// ours reports whether a cookie was made by this box.
func (b *Browsers) ours(cookie string) bool {
	at := len(cookie) - markLength
	return at > 0 && hmac.Equal([]byte(cookie[at:]), []byte(b.mark(cookie[:at])))
}
