package token

import (
	"errors"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// The refusals about codes. A code that cannot be looked at now is not counted.
var (
	ErrCode     = &fault.Error{Kind: fault.Unauthenticated, Code: "code_refused", Message: "That code is not right, or was used before. Each code works once."}
	ErrHeld     = &fault.Error{Kind: fault.Unavailable, Code: "codes_held", Message: "The database of this NAS was put back, so that a code might work twice. Codes are looked at again in a moment."}
	ErrNoTime   = &fault.Error{Kind: fault.Conflict, Code: "time_untrusted", Message: "The NAS does not know what time it is, so it cannot check codes. Sign with a key, or have an administrator set the time."}
	ErrLocked   = &fault.Error{Kind: fault.Forbidden, Code: "factor_closed", Message: "Too many wrong codes in a row. Give the token another second factor in Personal Settings › API access."}
	errUnsealed = errors.New("the secret cannot be read")
)

// spend takes a code once, in one transaction with what remembers it.
func (t *Tokens) spend(key string, r record, b Bearer) (record, error) {
	if b.Code == "" {
		return r, ErrSecondFactor
	}
	code, err := otp.ParseCode(b.Code)
	if err != nil {
		return r, err
	}
	if _, known := t.config.Now(); !known {
		return r, ErrNoTime
	}
	if left := t.config.Held(); left > 0 {
		return r, ErrHeld.After(left)
	}
	attempt, err := t.config.Throttle.Code(throttle.OfToken(r.token(key).ID))
	if err != nil {
		return r, t.slowed(key, r, b, err)
	}
	defer attempt.Drop()
	attempt.Of(accountOf(key))
	err = t.config.DB.Update(func(tx *store.Tx) (err error) {
		if r, err = t.accept(tx, key, code, b); err != nil {
			return err
		}
		return attempt.Succeed(tx)
	})
	if !errors.Is(err, ErrCode) {
		return r, err
	}
	return r, t.wrong(key, r, b, attempt, err)
}

// accept marks the step of a right code as used.
func (t *Tokens) accept(tx *store.Tx, key string, code otp.Code, b Bearer) (record, error) {
	r, found, err := tokens.Get(tx, key)
	switch {
	case err != nil:
		return r, err
	case !found, r.Factor != Codes:
		return r, ErrRefused.Because(errEnded)
	}
	if err := t.stands(key, r, b.Address); err != nil {
		return r, err
	}
	seed, err := t.config.Key.Open(r.Secret, identity(key))
	if err != nil {
		return r, ErrRefused.Because(errors.Join(errUnsealed, err))
	}
	now, known := t.config.Now()
	if !known {
		return r, ErrNoTime
	}
	step, ok := otp.Secret(seed).Match(code, now, r.LastStep)
	if !ok {
		if _, before := otp.Secret(seed).Match(code, now, 0); before {
			return r, ErrCode.Because(errUsedCode)
		}
		return r, ErrCode.Because(errWrongCode)
	}
	r.LastStep = step
	return r, tokens.Put(tx, key, r)
}

// wrong counts and records a wrong code.
func (t *Tokens) wrong(key string, r record, b Bearer, attempt *throttle.Attempt, refused error) error {
	err := t.config.DB.Update(func(tx *store.Tx) error {
		if err := attempt.Fail(tx); err != nil {
			return err
		}
		return t.record(tx, key, r, b, refused)
	})
	if err != nil {
		return err
	}
	return refused
}

// slowed records the first try that has to wait.
func (t *Tokens) slowed(key string, r record, b Bearer, refused error) error {
	if throttle.First(refused) {
		if err := t.config.DB.Update(func(tx *store.Tx) error { return t.record(tx, key, r, b, refused) }); err != nil {
			return err
		}
	}
	if errors.Is(refused, throttle.ErrClosed) {
		return ErrLocked
	}
	return refused
}

// record records that no access was sold for a code.
func (t *Tokens) record(tx *store.Tx, key string, r record, b Bearer, refused error) error {
	e := b.Event
	e.Kind = event.TokenSessionRefused
	if a, err := account.Get(tx, accountOf(key)); err == nil && e.Actor == "" {
		e.Actor = a.Name
	}
	return t.config.Log.Record(tx, e.With("token", r.Name).With("reason", reason(refused)))
}

// reason puts a refusal in words for the log.
func reason(refused error) string {
	switch {
	case errors.Is(refused, errUsedCode):
		return errUsedCode.Error()
	case errors.Is(refused, ErrCode):
		return errWrongCode.Error()
	case errors.Is(refused, throttle.ErrClosed):
		return "too many wrong codes in a row"
	default:
		return "too many wrong codes"
	}
}
