package signin

import (
	"errors"
	"strconv"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/session"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/store"
)

// CreateToken makes an API token for the person of a session, and tells them.
func (d *Door) CreateToken(v Visitor, s session.Session, w token.Wish) (m token.Made, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		if m, err = d.Tokens.Create(tx, a, w); err != nil {
			return err
		}
		for _, c := range m.Cleared {
			if err := d.Log.Record(tx, v.event(event.TokenCleared, a.Name).With("token", c.Name).With("id", c.ID)); err != nil {
				return err
			}
		}
		e := tokenEvent(v.event(event.TokenCreated, a.Name), m.Token)
		return d.note(tx, a, e.With("until", m.Token.Expires.UTC().Format("2 January 2006")).With("scopes", strings.Join(m.Token.Scopes, ", ")))
	})
	return m, err
}

// SetTokenFactor gives an API token of the person of a session another second factor, and tells them.
func (d *Door) SetTokenFactor(v Visitor, s session.Session, id string, f token.Factor) (m token.Made, err error) {
	err = d.own(s, func(tx *store.Tx, a account.Account) error {
		if m, err = d.Tokens.SetFactor(tx, a.ID, id, f); err != nil {
			return err
		}
		return d.note(tx, a, tokenEvent(v.event(event.TokenFactorChanged, a.Name), m.Token))
	})
	return m, err
}

// RevokeToken revokes an API token of the person of a session, and tells them.
func (d *Door) RevokeToken(v Visitor, s session.Session, id string) error {
	return d.own(s, func(tx *store.Tx, a account.Account) error {
		t, err := d.Tokens.Revoke(tx, a.ID, id)
		if err != nil {
			return err
		}
		return d.note(tx, a, v.event(event.TokenRevoked, a.Name).With("token", t.Name).With("id", t.ID))
	})
}

// WarnOfTokens tells the owners of API tokens that end soon, see token.Warn. While many mails wait already, so do these.
func (d *Door) WarnOfTokens() error {
	if d.Post.Crowded() {
		return nil
	}
	return d.Tokens.Warn(func(tx *store.Tx, t token.Token, days int) error {
		a, err := account.Get(tx, t.Account)
		if errors.Is(err, account.ErrUnknown) {
			return nil
		}
		if err != nil {
			return err
		}
		left := map[bool]string{true: "1 day", false: strconv.Itoa(days) + " days"}[days == 1]
		return d.note(tx, a, event.Event{Kind: event.TokenEndsSoon, Actor: a.Name}.With("token", t.Name).With("id", t.ID).
			With("left", left).With("until", t.Expires.UTC().Format("2 January 2006, 15:04")+" UTC"))
	})
}

// tokenEvent says of which token an event is, and what second factor that has.
func tokenEvent(e event.Event, t token.Token) event.Event {
	factor := map[token.Kind]string{token.None: "no second factor", token.Codes: "codes by time"}[t.Factor]
	if t.Factor == token.Key {
		factor = "the key " + token.Fingerprint(t.Key)
	}
	return e.With("token", t.Name).With("id", t.ID).With("factor", factor)
}
