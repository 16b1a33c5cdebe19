// Package claim decides who owns a box that nobody owns: somebody who holds its default password, or who
// stands beside it and presses its button (package presence knows who waits for that).
package claim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/access/account"
	"castellan/internal/access/password"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

type record struct {
	Claimed  time.Time `json:"claimed,omitzero"` // zero: nobody owns the box
	Before   bool      `json:"before,omitempty"` // somebody owned it before a reset
	Password string    `json:"default_password"` // sealed
	Hash     string    `json:"default_hash"`     // so that a reset has nothing to compute
	// Generation counts how often the box has changed hands: with each claim and each reset.
	Generation uint64 `json:"generation,omitempty"`
	// Resets counts how often the button restored the defaults, ResetAt is when it did so last.
	Resets  uint64    `json:"resets,omitempty"`
	ResetAt time.Time `json:"reset_at,omitzero"`
	// Anew is whether the button began the box anew, until somebody claims it; Unlabelled whether the box made the
	// default password then, so that no label has it.
	Anew       bool `json:"anew,omitempty"`
	Unlabelled bool `json:"unlabelled,omitempty"`
}

var table = store.NewTable[record]("box")

const (
	key      = "claim"
	identity = "box/default_password"
)

// The refusals of this room.
var (
	ErrClaimed = &fault.Error{Kind: fault.Conflict, Code: "claimed", Message: "This NAS has been claimed by somebody else just now. Sign in instead, or hold its reset button."}
	// ErrStale says that a claim was proved before the box changed hands.
	ErrStale     = &fault.Error{Kind: fault.Gone, Code: "claim_stale", Message: "This NAS was reset or claimed since. Begin again."}
	ErrOutside   = &fault.Error{Kind: fault.Forbidden, Code: "not_local", Message: "This NAS can be claimed from its own network only. Use a browser there."}
	ErrUnclaimed = &fault.Error{Kind: fault.Conflict, Code: "unclaimed", Message: "This NAS was reset, or nobody has claimed it yet. Until that is done nothing else works."}
)

// Config says what a Box works with.
type Config struct {
	Key secret.Key // seals the default password
	// Provisioned is the default password that the integrator chose, or empty.
	Provisioned string
}

// Box knows whether the box is owned, and its default password.
type Box struct{ config Config }

// New returns a Box.
func New(c Config) *Box { return &Box{config: c} }

// NewDefaultPassword returns the integrator's default password, or makes one of 60 random bits.
func (b *Box) NewDefaultPassword() string { return cmp.Or(b.config.Provisioned, secret.Readable()) }

// Found stores the default password of a new box, which nobody owns, and makes the account that it opens.
// hash is the password's.
func (b *Box) Found(tx *store.Tx, password, hash string, now time.Time) error {
	if err := b.SetDefaultPassword(tx, password, hash); err != nil {
		return err
	}
	_, err := b.restoreAdmin(tx, hash, now)
	return err
}

// Refounded notes on a new box that it took the place of one that could not be read any more, by the button. Nothing of
// that one is left, so nobody owned this one before.
func (b *Box) Refounded(tx *store.Tx, now time.Time) error {
	r, _, err := table.Get(tx, key)
	if err != nil {
		return err
	}
	r.reset(now)
	r.Anew, r.Unlabelled = true, b.config.Provisioned == ""
	return table.Put(tx, key, r)
}

// reset makes the box nobody's, by the button.
func (r *record) reset(now time.Time) {
	r.Claimed, r.Before = time.Time{}, r.Before || !r.Claimed.IsZero()
	r.Generation++
	r.Resets, r.ResetAt = r.Resets+1, now
}

// obvious are words that a stranger tries first.
var obvious = []string{account.BuiltIn, "password", "castellan", "nas"}

// CheckProvisioned says what is wrong with a default password that an integrator chose. It opens an unclaimed box
// to whoever knows it, so it has to be one of this very box.
func CheckProvisioned(given string) error {
	switch {
	case slices.Contains(obvious, strings.ToLower(given)):
		return fmt.Errorf("the default password %q is one that anybody would try", given)
	case password.Length(given) < password.MinBeside:
		return fmt.Errorf("the default password has fewer than %d characters", password.MinBeside)
	case password.CheckTyped(given) != nil || !utf8.ValidString(given):
		return fmt.Errorf("the default password is no text of at most %d characters", password.Max)
	}
	return nil
}

// SetDefaultPassword replaces the default password; hash is its hash. While nobody owns the box, the built-in
// administrator has it at once, otherwise as of the next reset.
func (b *Box) SetDefaultPassword(tx *store.Tx, plain, hash string) error {
	r, _, err := table.Get(tx, key)
	if err != nil {
		return err
	}
	r.Password, r.Hash, r.Unlabelled = b.config.Key.Seal([]byte(plain), identity), hash, false
	if err := table.Put(tx, key, r); err != nil {
		return err
	}
	admin, err := account.ByName(tx, account.BuiltIn)
	if err != nil || admin.Password.Origin != account.Default {
		return ignoreUnknown(err)
	}
	admin.Password.Hash = hash
	return account.Put(tx, admin)
}

// ignoreUnknown is for a new box, which has no account yet.
func ignoreUnknown(err error) error {
	if errors.Is(err, account.ErrUnknown) {
		return nil
	}
	return err
}

// Provisioned returns the integrator's default password while it is not the one that is stored.
func (b *Box) Provisioned(tx *store.Tx) (password string, err error) {
	stored, err := b.DefaultPassword(tx)
	if err != nil || b.config.Provisioned == stored {
		return "", err
	}
	return b.config.Provisioned, nil
}

// DefaultPassword returns the default password of this box.
func (b *Box) DefaultPassword(tx *store.Tx) (string, error) {
	r, _, err := table.Get(tx, key)
	if err != nil {
		return "", err
	}
	plain, err := b.config.Key.Open(r.Password, identity)
	return string(plain), err
}

// Owned reports whether somebody owns the box, and otherwise whether somebody did before a reset: what they set and the
// other accounts are still there.
func Owned(tx *store.Tx) (owned, before bool, err error) {
	r, _, err := table.Get(tx, key)
	return !r.Claimed.IsZero(), r.Before, err
}

// Anew reports whether the button began a box anew that nobody has claimed since, and whether the default password may be
// the one on its label: one that the box made itself when it was begun anew is on none.
func Anew(tx *store.Tx) (anew, label bool, err error) {
	r, _, err := table.Get(tx, key)
	return r.Anew, !r.Unlabelled, err
}

// Sound returns an error where nobody owns the box and its built-in administrator has not the default password: a damaged
// record says so, and nobody could sign in to such a box or claim it.
func Sound(tx *store.Tx) error {
	owned, _, err := Owned(tx)
	if err != nil || owned {
		return err
	}
	admin, err := account.ByName(tx, account.BuiltIn)
	if ignoreUnknown(err) == nil && admin.Password.Origin != account.Default {
		return fmt.Errorf("%w: nobody owns the box, and nobody could claim it", store.ErrDamaged)
	}
	return err
}

// Generation returns how often the box has changed hands. What was proved in one generation proves nothing in
// the next.
func Generation(tx *store.Tx) (uint64, error) {
	r, _, err := table.Get(tx, key)
	return r.Generation, err
}

// Resets returns how often the button restored the administrator's defaults, and when it did so last, in trusted time.
func Resets(tx *store.Tx) (count uint64, last time.Time, err error) {
	r, _, err := table.Get(tx, key)
	return r.Resets, r.ResetAt, err
}

// Release makes the box nobody's again: the built-in administrator is there, may sign in, and has the
// default password. It returns that account.
func (b *Box) Release(tx *store.Tx, now time.Time) (account.Account, error) {
	r, _, err := table.Get(tx, key)
	if err != nil {
		return account.Account{}, err
	}
	r.reset(now)
	if err := table.Put(tx, key, r); err != nil {
		return account.Account{}, err
	}
	return b.restoreAdmin(tx, r.Hash, now)
}

// restoreAdmin makes or mends the built-in administrator.
func (b *Box) restoreAdmin(tx *store.Tx, hash string, now time.Time) (account.Account, error) {
	pw := account.Password{Hash: hash, Origin: account.Default}
	admin, err := account.ByName(tx, account.BuiltIn)
	switch {
	case err == nil:
		admin.Role, admin.Disabled, admin.Password = account.Administrator, false, pw
		admin.Confirmed, admin.Changes, admin.LastWay = false, nil, ""
		return admin, account.Put(tx, admin)
	case !account.ErrUnknown.Is(err):
		return account.Account{}, err
	}
	return account.Add(tx, account.Account{Name: account.BuiltIn, Role: account.Administrator, Password: pw, Created: now})
}

// Open reports whether what was proved in a generation can still claim the box.
func (b *Box) Open(tx *store.Tx, proved uint64) error {
	r, _, err := table.Get(tx, key)
	switch {
	case err != nil:
		return err
	case !r.Claimed.IsZero():
		return ErrClaimed
	case r.Generation != proved:
		return ErrStale
	}
	return nil
}

// Claim is what the new owner chooses.
type Claim struct {
	Name        string // empty: the built-in name
	DisplayName string
	Email       string
	Password    string
	NASName     string // empty: as it is
	TimeZone    string // empty: as it is
}

// Check reports what is wrong with a claim, before its password is hashed.
func (b *Box) Check(tx *store.Tx, c Claim) error {
	s, err := settings.Get(tx)
	if err != nil {
		return err
	}
	claimant := account.Account{Name: c.Name, DisplayName: c.DisplayName, Email: c.Email}
	if err := password.Check(c.Password, false, append(claimant.Words(), s.NASName, c.NASName)...); err != nil {
		return err
	}
	given, err := b.DefaultPassword(tx)
	if err != nil {
		return err
	}
	if secret.Reread(c.Password) == secret.Reread(given) {
		return password.ErrReused
	}
	return nil
}

// Take makes the claimant the administrator of the box, once. proved is the generation in which the claim was
// proved, hash that of the new password.
func (b *Box) Take(tx *store.Tx, c Claim, proved uint64, hash string, now time.Time) (account.Account, error) {
	if err := b.Open(tx, proved); err != nil {
		return account.Account{}, err
	}
	r, _, err := table.Get(tx, key)
	if err != nil {
		return account.Account{}, err
	}
	owner, err := takeAccount(tx, c, hash, now)
	if err != nil {
		return account.Account{}, err
	}
	s, err := settings.Get(tx)
	if err != nil {
		return account.Account{}, err
	}
	s.NASName, s.TimeZone = cmp.Or(c.NASName, s.NASName), cmp.Or(c.TimeZone, s.TimeZone)
	if err := settings.Put(tx, s); err != nil {
		return account.Account{}, err
	}
	r.Claimed, r.Anew = now, false
	r.Generation++
	return owner, table.Put(tx, key, r)
}

// takeAccount turns the built-in administrator into the claimant's account. Under another name it is a
// new account, and the built-in one goes.
func takeAccount(tx *store.Tx, c Claim, hash string, now time.Time) (account.Account, error) {
	admin, err := account.ByName(tx, account.BuiltIn)
	if err != nil {
		return account.Account{}, err
	}
	pw := account.Password{Hash: hash, Origin: account.Own}
	name := account.Fold(cmp.Or(c.Name, account.BuiltIn))
	if name == account.BuiltIn {
		admin.DisplayName, admin.Email, admin.Password = c.DisplayName, c.Email, pw
		return admin, account.Put(tx, admin)
	}
	owner, err := account.Add(tx, account.Account{
		Name: name, DisplayName: c.DisplayName, Email: c.Email, Role: account.Administrator, Password: pw, Created: now,
	})
	switch {
	case errors.Is(err, account.ErrTaken):
		taken := account.ErrTaken.Saying("The account %[1]s is still there, with its own password. Take admin here; then give %[1]s a temporary password in Access Control › Users.", name)
		taken.Fields = []fault.Field{{Name: "name", Code: "taken", Message: taken.Message}}
		return account.Account{}, taken
	case err != nil:
		return account.Account{}, err
	}
	return owner, account.Delete(tx, admin.ID)
}
