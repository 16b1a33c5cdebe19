package token

import (
	"maps"
	"strings"
	"time"

	"castellan/internal/secret"
	"castellan/internal/store"
)

// purchase is access that was bought with a token. It is worth what the token is worth when it is used.
type purchase struct {
	key  string        // of the token's record
	bond string        // of the token as it was: with another second factor it ends
	at   time.Duration // on the clock that never steps
}

// Session is access that was bought.
type Session struct {
	Text  string
	Left  time.Duration
	Token Token
}

// Buy sells access for an API token with its second factor. Wrong codes are counted and slow down further ones (R051, R090); they and the
// first try that has to wait are recorded.
func (t *Tokens) Buy(b Bearer, twoStep func(tx *store.Tx, account string) bool) (Session, error) {
	var key string
	var r record
	err := t.config.DB.View(func(tx *store.Tx) (err error) {
		key, r, err = t.present(tx, b)
		switch {
		case err != nil:
		case r.Factor == Key:
			err = t.sign(key, r, b)
		case r.Factor == None && twoStep(tx, r.token(key).Account):
			err = ErrOnHold
		}
		return err
	})
	if err == nil && r.Factor == Codes {
		r, err = t.spend(key, r, b)
	}
	if err != nil {
		return Session{Token: r.token(key)}, err
	}
	t.Used(r.token(key), b.Address)
	return t.sell(key, r), nil
}

func (t *Tokens) sell(key string, r record) Session {
	text := AccessPrefix + secret.Token()
	now := t.config.Elapsed()
	t.mu.Lock()
	defer t.mu.Unlock()
	count, oldest := 0, secret.Digest{}
	for digest, p := range t.bought {
		switch {
		case now-p.at >= AccessFor:
			delete(t.bought, digest)
		case p.key == key:
			if count++; count == 1 || p.at < t.bought[oldest].at {
				oldest = digest
			}
		}
	}
	if count >= MostAccess {
		delete(t.bought, oldest)
	}
	t.bought[secret.DigestOf(text)] = purchase{key, string(r.Bond), now}
	return Session{Text: text, Left: AccessFor, Token: r.token(key)}
}

// openBought finds the token with which access was bought.
func (t *Tokens) openBought(tx *store.Tx, b Bearer) (key string, r record, proved bool, err error) {
	t.mu.Lock()
	p, found := t.bought[secret.DigestOf(b.Text)]
	t.mu.Unlock()
	age := t.config.Elapsed() - p.at
	if !found || age >= AccessFor {
		return "", record{}, false, ErrRefused
	}
	r, found, err = tokens.Get(tx, p.key)
	switch {
	case err != nil:
		return "", record{}, false, err
	case !found, string(r.Bond) != p.bond:
		return "", record{}, false, ErrRefused.Because(errEnded)
	}
	return p.key, r, r.Factor != None && age <= FreshFor, t.stands(p.key, r, b.Address)
}

// end ends the access that was bought with a token.
func (t *Tokens) end(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.bought, func(_ secret.Digest, p purchase) bool { return p.key == key })
}

// forget forgets all about a token that is gone.
func (t *Tokens) forget(key string) {
	t.end(key)
	t.unwait(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.uses, key)
}

// accountOf is whose a record is.
func accountOf(key string) string {
	account, _, _ := strings.Cut(key, "/")
	return account
}
