package token

import (
	"maps"
	"net/netip"
	"time"

	"castellan/internal/store"
)

// use is when a token was used last, and where from.
type use struct {
	at   time.Time // to the hour
	from string
}

// Used notes in memory that a token was used from an address, see Run.
func (t *Tokens) Used(token Token, from netip.Addr) {
	key := keyOf(token.Account, token.ID)
	now, _ := t.config.Now()
	one := use{at: now.UTC().Truncate(time.Hour)}
	if from.IsValid() {
		one.from = from.Unmap().String()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	known, noted := t.uses[key]
	if !noted {
		known = use{token.Used, token.UsedFrom}
	}
	if !known.at.Equal(one.at) || known.from != one.from {
		t.uses[key] = one
	}
}

// write brings the notes to the database, in one transaction. What cannot be written now is tried again with the next ones.
func (t *Tokens) write() {
	t.mu.Lock()
	noted := maps.Clone(t.uses)
	t.mu.Unlock()
	if len(noted) == 0 {
		return
	}
	_ = t.config.DB.Update(func(tx *store.Tx) error {
		for key, one := range noted {
			r, found, err := tokens.Get(tx, key)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			r.Used, r.UsedFrom = one.at, one.from
			if err := tokens.Put(tx, key, r); err != nil {
				return err
			}
		}
		tx.OnCommit(func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			for key, one := range noted {
				if t.uses[key] == one {
					delete(t.uses, key)
				}
			}
		})
		return nil
	})
}

// shown returns a token as its owner sees it, with what is not written yet.
func (t *Tokens) shown(key string, r record) Token {
	one := r.token(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	if u, ok := t.uses[key]; ok {
		one.Used, one.UsedFrom = u.at, u.from
	}
	return one
}
