package session

import (
	"crypto/subtle"
	"strings"
	"sync"
	"time"

	"castellan/internal/secret"
	"castellan/internal/store"
)

// LinkFor is how long a link that somebody asked for by mail works.
const LinkFor = 15 * time.Minute

// Links keeps one sort of mailed links, in memory only: for each account the newest, and only its digest. It is safe
// for concurrent use.
type Links struct {
	elapsed func() time.Duration

	mu  sync.Mutex
	all map[string]mailed // by account
}

type mailed struct {
	digest secret.Digest
	bound  string
	until  time.Duration
}

// NewLinks returns no links. elapsed is a clock that never steps.
func NewLinks(elapsed func() time.Duration) *Links {
	return &Links{elapsed: elapsed, all: map[string]mailed{}}
}

// Make makes a link for an account that works when the transaction commits, in place of an older one. bound is what it
// was made for, see Find.
func (l *Links) Make(tx *store.Tx, account, bound string) (link string) {
	token := secret.Token()
	one := mailed{secret.DigestOf(token), bound, l.elapsed() + LinkFor}
	tx.OnCommit(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for other, old := range l.all {
			if l.elapsed() >= old.until {
				delete(l.all, other)
			}
		}
		l.all[account] = one
	})
	return account + "." + token
}

// Find returns whose a link is, what it was made for and for how long it goes on working, and changes nothing. Whoever
// uses it looks whether what it was made for is still so.
func (l *Links) Find(link string) (account, bound string, left time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	account, one, ok := l.find(link)
	return account, one.bound, one.until - l.elapsed(), ok
}

// Spend takes a link that works out, so that it works once however many use it at a time. restore puts it back, unless
// there is a newer one, where it was not made use of after all.
func (l *Links) Spend(link string) (account, bound string, restore func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	account, one, ok := l.find(link)
	if !ok {
		return account, "", func() {}, false
	}
	delete(l.all, account)
	return account, one.bound, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, newer := l.all[account]; !newer {
			l.all[account] = one
		}
	}, true
}

// find needs mu.
func (l *Links) find(link string) (account string, one mailed, ok bool) {
	account, token, _ := strings.Cut(link, ".")
	digest := secret.DigestOf(token)
	one, ok = l.all[account]
	return account, one, ok && one.until > l.elapsed() && subtle.ConstantTimeCompare(one.digest[:], digest[:]) == 1
}

// Drop forgets the link of an account.
func (l *Links) Drop(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, account)
}
