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
	// MostPeople may share one browser and each be known in it; whoever signed in longest ago makes room.
	MostPeople = 5
)

// Browser is a browser in which somebody signed in completely. It is told from strangers by its cookie, which opens
// nothing and stands for no factor. The cookie has a value for each of the last people who signed in with it.
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

// known browsers are kept under "account/digest". The digest is one of a cookie's value and the account: whoever reads
// the table cannot present the cookie, and a value is of no use for another account.
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

// Known reports whether somebody signed in to the account in the browser of a cookie. It writes nothing.
func (b *Browsers) Known(tx *store.Tx, cookie, account string) bool {
	_, found := b.Find(tx, cookie, account)
	return found
}

// Find returns the browser of a cookie as the account knows it. It writes nothing. A record that cannot be read is
// none: whoever has it goes the way of strangers.
func (b *Browsers) Find(tx *store.Tx, cookie, account string) (one Browser, found bool) {
	_, r, err := b.part(tx, cookie, account)
	return r.browser(), err == nil && r.ID != ""
}

// Remember makes a browser known to an account after a complete sign-in, in the sign-in's own commit. It returns the
// browser, the cookie it has from now on, and whether it is a new one while the account knows others.
//
// The account always gets a value that nobody had before: one that came along may have been planted by another
// program on the NAS, or copied by somebody who shares the browser. The value it had until now no longer counts.
func (b *Browsers) Remember(tx *store.Tx, cookie, account, agent, address string) (one Browser, kept string, isNew bool, err error) {
	old, r, err := b.part(tx, cookie, account)
	if err != nil {
		return Browser{}, "", false, err
	}
	if old != "" {
		err = known.Delete(tx, browserKey(old, account))
	} else {
		var others int
		others, err = b.room(tx, account)
		r, isNew = browserRecord{ID: secret.ID(), First: b.now()}, others > 0
	}
	if err != nil {
		return Browser{}, "", false, err
	}
	r.Agent, r.Address, r.Seen = agent, address, b.now()
	fresh := b.fresh()
	return r.browser(), strings.Join(b.join(fresh, cookie, old), between), isNew, known.Put(tx, browserKey(fresh, account), r)
}

// Decoy returns what a browser's cookie would be after Remember, and makes nothing known. It is for those who must not
// learn whether there is such an account.
func (b *Browsers) Decoy(cookie string) (kept string) {
	return strings.Join(b.join(b.fresh(), cookie, ""), between)
}

// join puts a fresh value before those of a cookie, but for the one that it replaces.
func (b *Browsers) join(fresh, cookie, old string) []string {
	values := []string{fresh}
	for _, value := range b.parts(cookie) {
		if value != old && len(values) < MostPeople {
			values = append(values, value)
		}
	}
	return values
}

// part finds the value in a cookie by which the account knows the browser, and what it knows of it. Both are empty
// where there is none.
func (b *Browsers) part(tx *store.Tx, cookie, account string) (value string, r browserRecord, err error) {
	for _, value := range b.parts(cookie) {
		r, found, err := known.Get(tx, browserKey(value, account))
		if err != nil || found && b.alive(r) {
			return value, r, err
		}
	}
	return "", browserRecord{}, nil
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
	_, err = drop(tx, account, func(r browserRecord) bool {
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
	value, _, err := b.part(tx, cookie, account)
	if err != nil || value == "" {
		return err
	}
	return known.Delete(tx, browserKey(value, account))
}

// EndAll forgets every browser of an account.
func (b *Browsers) EndAll(tx *store.Tx, account string) error {
	_, err := b.EndOthers(tx, account, "")
	return err
}

// EndOthers forgets the browsers of an account but for the one named except, and returns how many.
func (b *Browsers) EndOthers(tx *store.Tx, account, except string) (ended int, err error) {
	return drop(tx, account, func(r browserRecord) bool { return r.ID != except })
}

// ForgetAll forgets the browsers of everybody.
func (b *Browsers) ForgetAll(tx *store.Tx) error {
	var keys []string // a table is not changed while it is walked
	err := known.Each(tx, "", func(key string, _ browserRecord) error {
		keys = append(keys, key)
		return nil
	})
	for _, key := range keys {
		err = errors.Join(err, known.Delete(tx, key))
	}
	return err
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
	_, err = drop(tx, account, func(r browserRecord) bool {
		return !slices.ContainsFunc(keep, func(k Browser) bool { return k.ID == r.ID })
	})
	return len(list), err
}

// drop deletes the browsers of an account that a condition names, and returns how many those were.
func drop(tx *store.Tx, account string, which func(browserRecord) bool) (n int, err error) {
	var keys []string // a table is not changed while it is walked
	err = eachBrowser(tx, account, func(key string, r browserRecord) error {
		if which(r) {
			keys = append(keys, key)
		}
		return nil
	})
	for _, key := range keys {
		err = errors.Join(err, known.Delete(tx, key))
	}
	return len(keys), err
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

func browserKey(value, account string) string {
	digest := secret.DigestOf(value + "/" + account)
	return account + "/" + hex.EncodeToString(digest[:])
}

const (
	// markLength is how many characters of a value show that it was made here; 16 bytes.
	markLength = 22
	// between separates the values of a cookie: one for each person who shares the browser.
	between = "."
)

// fresh makes a value for somebody's browser: 256 random bits, and the mark of this box.
func (b *Browsers) fresh() string {
	token := secret.Token()
	return token + b.mark(token)
}

func (b *Browsers) mark(token string) string {
	return base64.RawURLEncoding.EncodeToString(b.key.MAC([]byte(token)))[:markLength]
}

// parts returns the values of a cookie that this box made, the newest first.
func (b *Browsers) parts(cookie string) (values []string) {
	for value := range strings.SplitSeq(cookie, between) {
		at := len(value) - markLength
		if at > 0 && len(values) < MostPeople && hmac.Equal([]byte(value[at:]), []byte(b.mark(value[:at]))) {
			values = append(values, value)
		}
	}
	return values
}
