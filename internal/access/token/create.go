package token

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// What may be wrong with a wish.
var (
	errName        = fault.InvalidField("name", "malformed", "Give the token a name of up to 64 characters that can be seen and are no quotation marks, such as Backup of the workshop.")
	errNameTaken   = fault.InvalidField("name", "taken", "You have a token of this name. Choose another.")
	errDays        = fault.InvalidField("days", "out_of_range", "A token works for 1 to 365 days.")
	errMoreAddr    = fault.InvalidField("addresses", "too_many", "At most 16 addresses and networks.")
	errNoKey       = fault.InvalidField("factor.key", "unexpected", "A key goes with the second factor “key” only.")
	errKind        = fault.InvalidField("factor.kind", "unknown", "Choose no second factor, a key or codes.")
	errCollect     = fault.InvalidField("collect", "needs_key", "Only a machine with a key can collect its token itself.")
	errUncollected = fault.InvalidField("factor.kind", "not_collected", "Its machine has not fetched this token, which is for that machine's key alone. Revoke it, and make another one.")
	errAwaited     = fault.InvalidField("factor.key", "taken", "A token for this key waits to be collected already.")
)

// Create makes a token for an account when the transaction commits.
func (t *Tokens) Create(tx *store.Tx, a account.Account, w Wish) (Made, error) {
	r, made, err := t.wished(a, w)
	if err != nil {
		return Made{}, err
	}
	if made.Cleared, err = t.room(tx, a.ID, r.Name); err != nil {
		return Made{}, err
	}
	key := keyOf(a.ID, secret.ID())
	if made.Secret != nil {
		r.Secret = t.config.Key.Seal(made.Secret, identity(key))
	}
	if w.Collect {
		err = t.await(tx, key, r.Key)
	} else {
		made.Text, err = t.give(tx, key, &r)
	}
	if err != nil {
		return Made{}, err
	}
	made.Token = r.token(key)
	return made, t.put(tx, key, r)
}

// wished checks a wish, and returns the record of the token without what its key ties to it.
func (t *Tokens) wished(a account.Account, w Wish) (r record, made Made, err error) {
	r.Name = strings.TrimSpace(w.Name)
	if r.Name == "" || !account.Shown(r.Name, MaxName) || strings.ContainsFunc(r.Name, quotes) {
		return record{}, Made{}, errName
	}
	if r.Scopes, err = scopesFor(a, w.Scopes); err != nil {
		return record{}, Made{}, err
	}
	if r.Addresses, err = addressesOf(w.Addresses); err != nil {
		return record{}, Made{}, err
	}
	if made.Secret, err = r.equip(w.Factor); err != nil {
		return record{}, Made{}, err
	}
	days := w.Days
	if days == 0 {
		days = Days
	}
	switch {
	case days < 1 || days > MostDays:
		return record{}, Made{}, errDays
	case w.Collect && r.Factor != Key:
		return record{}, Made{}, errCollect
	}
	now, _ := t.config.Now()
	r.Created = now.UTC().Truncate(time.Second)
	r.Expires = r.Created.AddDate(0, 0, days)
	return r, made, nil
}

// quotes reports whether a character could end a quotation: the log and mails quote the names of tokens, and must not go on in their words. An
// apostrophe is none.
func quotes(r rune) bool { return r != '\'' && r != '’' && unicode.Is(unicode.Quotation_Mark, r) }

func addressesOf(texts []string) ([]netip.Prefix, error) {
	if len(texts) > MaxAddresses {
		return nil, errMoreAddr
	}
	return settings.Rules("addresses", texts)
}

// equip gives a record its second factor, and returns the secret where it is one for codes.
func (r *record) equip(f Factor) (otp.Secret, error) {
	r.Factor, r.Key, r.Secret, r.LastStep = f.Kind, nil, "", 0
	if f.Kind != Key && f.Key != "" {
		return nil, errNoKey
	}
	switch f.Kind {
	case None:
		return nil, nil
	case Key:
		key, err := ParseKey(f.Key)
		r.Key = key
		return nil, err
	case Codes:
		return otp.NewSecret(), nil
	default:
		return nil, errKind
	}
}

// room looks whether an account may have one more token of a name. It removes those that their machines did not collect in time.
func (t *Tokens) room(tx *store.Tx, account, name string) (cleared []Token, err error) {
	count, taken := 0, false
	stale := map[string]record{} // a table is not changed while it is walked
	err = eachOf(tx, account, func(key string, r record) error {
		if one := r.token(key); one.waits && !t.awaited(one) {
			stale[key] = r
			return nil
		}
		count++
		taken = taken || strings.EqualFold(r.Name, name)
		return nil
	})
	for key, r := range stale {
		err = errors.Join(err, t.drop(tx, key, r))
		cleared = append(cleared, r.token(key))
	}
	switch {
	case err != nil:
		return nil, err
	case count >= Most:
		return nil, ErrMany
	case taken:
		return nil, errNameTaken
	}
	return cleared, nil
}

// List returns the tokens of an account, the newest first.
func (t *Tokens) List(tx *store.Tx, account string) (list []Token, err error) {
	err = eachOf(tx, account, func(key string, r record) error {
		list = append(list, t.shown(key, r))
		return nil
	})
	slices.SortStableFunc(list, func(a, b Token) int { return b.Created.Compare(a.Created) })
	return list, err
}

// Name returns the name of a token of an account.
func Name(tx *store.Tx, account, id string) (string, error) {
	_, r, err := own(tx, account, id)
	return r.Name, err
}

// own returns the record of a token of an account.
func own(tx *store.Tx, account, id string) (key string, r record, err error) {
	key = keyOf(account, id)
	r, found, err := tokens.Get(tx, key)
	if err == nil && !found {
		err = ErrUnknown
	}
	return key, r, err
}

// SetFactor gives a token of an account another second factor, and ends the access that was bought before. Wrong codes that were counted are
// forgotten: they were guesses at another secret. One that was not collected keeps the key that it waits for.
func (t *Tokens) SetFactor(tx *store.Tx, account, id string, f Factor) (Made, error) {
	key, r, err := own(tx, account, id)
	if err != nil {
		return Made{}, err
	}
	switch {
	case !t.whole(key, r):
		return Made{}, ErrUnknown.Because(errBond)
	case r.Digest == "":
		return Made{}, errUncollected
	}
	var made Made
	if made.Secret, err = r.equip(f); err != nil {
		return Made{}, err
	}
	if made.Secret != nil {
		r.Secret = t.config.Key.Seal(made.Secret, identity(key))
	}
	if err := t.config.Throttle.PardonCodes(tx, throttle.OfToken(id)); err != nil {
		return Made{}, err
	}
	tx.OnCommit(func() { t.end(key) })
	made.Token = t.shown(key, r)
	return made, t.put(tx, key, r)
}

// Revoke deletes a token of an account, and returns it.
func (t *Tokens) Revoke(tx *store.Tx, account, id string) (Token, error) {
	key, r, err := own(tx, account, id)
	if err != nil {
		return Token{}, err
	}
	return t.shown(key, r), t.drop(tx, key, r)
}

// RevokeAll deletes the tokens of an account and returns how many those were: its password was reset, or it is disabled or deleted.
func (t *Tokens) RevokeAll(tx *store.Tx, account string) (int, error) {
	all := map[string]record{}
	err := eachOf(tx, account, func(key string, r record) error {
		all[key] = r
		return nil
	})
	for key, r := range all {
		err = errors.Join(err, t.drop(tx, key, r))
	}
	return len(all), err
}
