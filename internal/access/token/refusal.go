package token

import (
	"errors"

	"castellan/internal/fault"
)

// The refusals of this room. A machine is told no more than these say.
var (
	ErrRefused      = &fault.Error{Kind: fault.Unauthenticated, Code: "token_refused", Message: "This token opens nothing here. It may have expired or been revoked, or come from an address that it is not for.", Err: errNobodys}
	ErrSecondFactor = &fault.Error{Kind: fault.Unauthenticated, Code: "second_factor_required", Message: "The token alone opens nothing. Sign the request, or buy an access token with a code at /machine/session.", Err: errBare}
	ErrOnHold       = &fault.Error{Kind: fault.Unauthenticated, Code: "token_on_hold", Message: "2-step verification is on for the owner of this token, and it has no second factor. Add one in Personal Settings › API access.", Err: errHeld}
	ErrSignature    = &fault.Error{Kind: fault.Unauthenticated, Code: "signature_refused", Message: "The signature is not right, or does not cover what it must: method, authority, path, query, and the digest of the body."}
	ErrTime         = &fault.Error{Kind: fault.Unauthenticated, Code: "signature_time", Message: "The time of the signature is more than a minute off, or the time is not known here. Sign again with the nonce of this answer."}
	ErrUsed         = &fault.Error{Kind: fault.Unauthenticated, Code: "signature_used", Message: "A signature with this nonce was used before. Sign each request anew.", Err: errNonce}
	ErrUnknown      = &fault.Error{Kind: fault.NotFound, Code: "unknown_token", Message: "There is no such token. It may have been revoked."}
	ErrMany         = &fault.Error{Kind: fault.Conflict, Code: "too_many_tokens", Message: "You have twenty tokens, which is the most. Revoke one first."}
	ErrNothing      = &fault.Error{Kind: fault.Gone, Code: "nothing_to_collect", Message: "There is no token to collect for this key. Begin again with castellan login."}
)

// Why a token opens nothing, for the log.
var (
	errNobodys   = errors.New("nobody has such a token")
	errBare      = errors.New("it came without its second factor")
	errHeld      = errors.New("it has no second factor, and its owner has 2-step verification")
	errNonce     = errors.New("its signature was used before")
	errExpired   = errors.New("it has expired")
	errAddress   = errors.New("it is not for this address")
	errEnded     = errors.New("it was revoked or given another second factor")
	errUsedCode  = errors.New("the code was used before")
	errWrongCode = errors.New("the code is not right")
)
