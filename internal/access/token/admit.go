package token

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"castellan/internal/event"
	"castellan/internal/store"
)

// Bearer is what came with a request.
type Bearer struct {
	Text    string // of Authorization, without "Bearer "
	Address netip.Addr
	Code    string // see MachineProof; empty: none came
	// Request is what was signed. Its body is in memory: while it is read a transaction may be open.
	Request *http.Request
	Event   event.Event // how what is recorded about it begins
}

// Admitted is a machine that may go on.
type Admitted struct {
	Token Token
	// Proved tells that the second factor came with this request, or not longer ago than FreshFor. A token without one proves nothing.
	Proved bool
	bond   string // of the token as it was
}

// Admit finds out which machine sends a request with a token, whose account may do what it asks. It takes an access token, or an API token
// with a signature, or one without a second factor whose owner has none either. It reads the database and writes nothing. The caller looks at the
// account and at the scope, and calls Used for what is let in. A refusal comes with the token where its text is one's.
func (t *Tokens) Admit(tx *store.Tx, b Bearer, twoStep func(account string) bool) (Admitted, error) {
	key, r, proved, err := t.open(tx, b)
	admitted := Admitted{Token: r.token(key), bond: string(r.Bond)}
	if err == nil && r.Factor == None && twoStep(admitted.Token.Account) {
		err = ErrOnHold
	}
	if err != nil {
		return admitted, err
	}
	admitted.Proved = proved
	return admitted, nil
}

// Present returns the API token that a request brings, from an address that it is for, before its second factor is looked at. It opens nothing:
// it tells whether it is worth while to look.
func (t *Tokens) Present(tx *store.Tx, b Bearer) (Token, error) {
	key, r, err := t.present(tx, b)
	return r.token(key), err
}

// open finds the token of a request and checks its second factor.
func (t *Tokens) open(tx *store.Tx, b Bearer) (key string, r record, proved bool, err error) {
	if strings.HasPrefix(b.Text, AccessPrefix) {
		return t.openBought(tx, b)
	}
	if key, r, err = t.present(tx, b); err != nil {
		return key, r, false, err
	}
	if r.Factor == None {
		return key, r, false, nil
	}
	return key, r, true, t.sign(key, r, b)
}

// present finds the token of a text that comes from an address.
func (t *Tokens) present(tx *store.Tx, b Bearer) (key string, r record, err error) {
	if !strings.HasPrefix(b.Text, Prefix) {
		return "", record{}, ErrRefused
	}
	if key, r, err = t.find(tx, b.Text); err != nil {
		return key, r, err
	}
	return key, r, t.stands(key, r, b.Address)
}

// stands reports whether a token works now, from an address.
func (t *Tokens) stands(key string, r record, from netip.Addr) error {
	from = from.Unmap().WithZone("")
	now, _ := t.config.Now() // where it is not known, it is never before what was known once
	switch {
	case !t.whole(key, r):
		return ErrRefused.Because(errBond)
	case !now.Before(r.Expires):
		return ErrRefused.Because(errExpired)
	case len(r.Addresses) > 0 && !slices.ContainsFunc(r.Addresses, func(p netip.Prefix) bool { return p.Contains(from) }):
		return ErrRefused.Because(errAddress)
	}
	return nil
}

// sign checks the signature of a request with a token.
func (t *Tokens) sign(key string, r record, b Bearer) error {
	if r.Factor != Key || !hasSignature(b.Request) {
		return ErrSecondFactor
	}
	_, id, _ := strings.Cut(key, "/")
	s, err := verify(b.Request, r.Key, id)
	if errors.Is(err, errKeyID) {
		return ErrSignature.Saying("The signature's keyid names no key of this token. It is the token id, which Personal Settings › API access shows.").Because(errKeyID)
	}
	if err != nil {
		return err
	}
	return t.fresh(&t.signatures, s, signer{accountOf(key), key})
}
