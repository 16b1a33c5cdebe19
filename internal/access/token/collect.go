package token

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"slices"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// collection is a token that waits for its machine. It has no text until that comes, so none is kept for it.
type collection struct {
	key   string        // of the record
	until time.Duration // on the clock that never steps
	made  bool          // its record has reached the disk: until then nothing can be fetched
	done  bool
}

// errCollectKey says of a text with which a machine wants to collect a token that it is no key.
var errCollectKey = fault.InvalidField("key", "malformed", "This is no Ed25519 public key.")

var errCollectors = ErrBusy.Saying("Tokens are asked for too often from here. Wait a minute, then begin again.")

// await has a token wait for its machine when the transaction commits. It counts as waiting from now on, so that no later transaction takes it for
// one that nobody came for. Tokens of several accounts may wait for one key: whoever has read it could otherwise keep its owner from making one.
func (t *Tokens) await(tx *store.Tx, key string, public ed25519.PublicKey) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Elapsed()
	for public, list := range t.waiting {
		t.keep(public, slices.DeleteFunc(list, func(c *collection) bool { return now >= c.until+CollectFor }))
	}
	for _, c := range t.waiting[string(public)] {
		if accountOf(c.key) == accountOf(key) && c.open(now) {
			return errAwaited
		}
	}
	c := &collection{key: key, until: now + CollectFor}
	t.waiting[string(public)] = append(t.waiting[string(public)], c)
	tx.OnAbort(func() { t.unwait(key) })
	tx.OnCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		c.made = true
	})
	return nil
}

// unwait has a token wait for nobody any more.
func (t *Tokens) unwait(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for public, list := range t.waiting {
		t.keep(public, slices.DeleteFunc(list, func(c *collection) bool { return c.key == key }))
	}
}

// recall has those be known once that waited before this start: nobody can fetch them any more, and their machines are told so at once.
func (t *Tokens) recall() error {
	t.mu.Lock()
	recalled := t.recalled
	t.mu.Unlock()
	if recalled {
		return nil
	}
	left := map[string]record{}
	err := t.config.DB.View(func(tx *store.Tx) error {
		return tokens.Each(tx, "", func(key string, r record) error {
			if r.Digest == "" {
				left[key] = r
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, r := range left {
		list := t.waiting[string(r.Key)]
		if !slices.ContainsFunc(list, func(c *collection) bool { return c.key == key }) {
			t.waiting[string(r.Key)] = append(list, &collection{key: key, until: t.started, made: true, done: true})
		}
	}
	t.recalled = true
	return nil
}

// keep replaces those who wait for a key. It needs mu.
func (t *Tokens) keep(public string, list []*collection) {
	if t.waiting[public] = list; len(list) == 0 {
		delete(t.waiting, public)
	}
}

// open reports whether a machine may still come.
func (c *collection) open(now time.Duration) bool { return !c.done && now < c.until }

// awaited reports whether the machine of a token without a text may still come.
func (t *Tokens) awaited(one Token) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.waiting[string(one.Key)], func(c *collection) bool {
		return c.key == keyOf(one.Account, one.ID) && c.open(t.config.Elapsed())
	})
}

// next returns which token the machine of a key gets: the one that was made first. known: there is one, or was. What is being made is neither.
func (t *Tokens) next(public ed25519.PublicKey) (c *collection, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.waiting[string(public)] {
		if c.made && c.open(t.config.Elapsed()) {
			return c, true
		}
		known = known || c.made
	}
	return nil, known
}

// Collect hands a new token once to the machine that signs with its key, and records that with what e begins. waits: nobody has made it yet. Its
// text is made now, and an answer that is lost on its way takes it along: the token then has to be made again.
func (t *Tokens) Collect(key string, r *http.Request, e event.Event) (m Made, waits bool, err error) {
	public, err := ParseKey(key)
	if err != nil {
		return Made{}, false, errCollectKey
	}
	s, err := verify(r, public, Fingerprint(public))
	if err == nil {
		err = t.fresh(&t.collectors, s, signer{e.Source, Fingerprint(public)})
	}
	if errors.Is(err, ErrBusy) {
		err = errCollectors
	}
	if err != nil {
		return Made{}, false, err
	}
	if err := t.recall(); err != nil {
		return Made{}, false, err
	}
	for {
		c, known := t.next(public)
		switch {
		case !known:
			return Made{}, true, nil
		case c == nil:
			return Made{}, false, ErrNothing
		}
		if m, err = t.fetch(c, e); !errors.Is(err, ErrNothing) {
			return m, false, err
		}
		t.close(c) // somebody may have made another one
	}
}

// fetch hands out the token of a collection.
func (t *Tokens) fetch(c *collection, e event.Event) (m Made, err error) {
	err = t.config.DB.Update(func(tx *store.Tx) error {
		if m, err = t.handOver(tx, c); err != nil {
			return err
		}
		m.Owner, err = t.collected(tx, m.Token, e)
		return err
	})
	if err != nil {
		return Made{}, err
	}
	return m, nil
}

// close ends a collection.
func (t *Tokens) close(c *collection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.done = true
}

// handOver makes the text of a token.
func (t *Tokens) handOver(tx *store.Tx, c *collection) (Made, error) {
	r, found, err := tokens.Get(tx, c.key)
	switch {
	case err != nil:
		return Made{}, err
	case !found, r.Digest != "", !t.whole(c.key, r), t.config.Elapsed() >= c.until:
		return Made{}, ErrNothing
	}
	text, err := t.give(tx, c.key, &r)
	if err != nil {
		return Made{}, err
	}
	tx.OnCommit(func() { t.close(c) })
	return Made{Token: r.token(c.key), Text: text}, t.put(tx, c.key, r)
}

// collected records that a machine has its token now, and returns the name of its account. Where its owner is gone or disabled, so is the token.
func (t *Tokens) collected(tx *store.Tx, one Token, e event.Event) (owner string, err error) {
	a, err := account.Get(tx, one.Account)
	switch {
	case errors.Is(err, account.ErrUnknown):
		return "", ErrNothing.Because(err)
	case err != nil:
		return "", err
	case a.Disabled:
		return "", ErrNothing
	}
	e.Kind, e.Actor = event.TokenCollected, a.Name
	return a.Name, t.config.Log.Record(tx, e.With("token", one.Name).With("id", one.ID))
}
