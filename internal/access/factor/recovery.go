package factor

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// RecoveryCodes is how many are made at a time.
	RecoveryCodes = 10
	// RenewAt is how few are left when new ones should be made.
	RenewAt = 3
)

// errRecoveryForm refuses what cannot be a recovery code.
var errRecoveryForm = fault.InvalidField("code", "malformed", "A recovery code has 24 letters and digits. There is no I, L, O or U in it.")

// recoveryRecord keeps what recovery codes are checked by. A stored value is not itself a code.
type recoveryRecord struct {
	Hashes []string  `json:"hashes"` // of the codes that are left
	Made   time.Time `json:"made"`
}

var recoveries = store.NewTable[recoveryRecord]("recovery_codes")

// RecoveryState says how an account's recovery codes stand.
type RecoveryState struct {
	Left int
	Made time.Time // zero: there never were any
}

// Renew reports whether so few are left that new ones should be made.
func (s RecoveryState) Renew() bool { return s.Left <= RenewAt }

// RecoveryOf returns how an account's recovery codes stand.
func RecoveryOf(tx *store.Tx, account string) (RecoveryState, error) {
	r, _, err := recoveries.Get(tx, account)
	return RecoveryState{len(r.Hashes), r.Made}, err
}

// newRecoveryCodes makes ten codes and what is kept of them.
func (f *Factors) newRecoveryCodes(account string) (codes, hashes []string) {
	for range RecoveryCodes {
		code := secret.RecoveryCode()
		folded, _ := secret.FoldRecoveryCode(code)
		codes, hashes = append(codes, code), append(hashes, f.recoveryHash(account, folded))
	}
	return codes, hashes
}

func (f *Factors) recoveryHash(account, folded string) string {
	return hex.EncodeToString(f.config.Key.MAC([]byte("recovery/" + account + "/" + folded)))
}

// RenewRecovery makes ten new recovery codes in place of those an account has, when the transaction commits.
// They exist only beside another way in.
func (f *Factors) RenewRecovery(tx *store.Tx, account string, now time.Time) (codes []string, err error) {
	if !Enabled(tx, account) {
		return nil, ErrOff
	}
	codes, hashes := f.newRecoveryCodes(account)
	return codes, recoveries.Put(tx, account, recoveryRecord{hashes, now})
}

// spendRecovery accepts a recovery code of the account. It is gone when the transaction commits.
func (f *Factors) spendRecovery(tx *store.Tx, account, typed string) (Spent, error) {
	folded, ok := secret.FoldRecoveryCode(typed)
	if !ok {
		return Spent{}, errRecoveryForm
	}
	r, _, err := recoveries.Get(tx, account)
	if err != nil {
		return Spent{}, err
	}
	hash, found := []byte(f.recoveryHash(account, folded)), -1
	for i, one := range r.Hashes {
		if subtle.ConstantTimeCompare([]byte(one), hash) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Spent{}, ErrRefused.Because(errWrong)
	}
	r.Hashes = slices.Delete(slices.Clone(r.Hashes), found, found+1)
	return Spent{Way: Recovery, Left: len(r.Hashes)}, recoveries.Put(tx, account, r)
}
