// Package account keeps the accounts of people and the rules about them.
package account

import (
	"cmp"
	"slices"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// BuiltIn is the name of the administrator that a reset restores.
const BuiltIn = "admin"

// TemporaryFor is how long a temporary password works.
const TemporaryFor = 72 * time.Hour

// Role says what an account may do.
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	User          Role = "user"
)

// Origin says who chose a password.
type Origin string

// Where passwords come from. Every one but Own opens nothing but the page that replaces it.
const (
	Own       Origin = "own"
	Temporary Origin = "temporary" // given by an administrator or on the box itself
	Default   Origin = "default"   // of the box, before it is claimed
	Invited   Origin = "invited"   // none: an invitation waits to be used
)

// Password is what is kept of a password.
type Password struct {
	Hash   string
	Origin Origin
	Until  time.Time // of a temporary password, in trusted time
}

// Expired reports whether a temporary password has lapsed.
func (p Password) Expired(now time.Time) bool { return p.Origin == Temporary && !now.Before(p.Until) }

// Account is a person's account.
type Account struct {
	ID          string
	Name        string // lower case, unique
	DisplayName string
	Email       string
	// Confirmed tells that a code sent to Email was typed back. Nothing that opens anything is sent to an
	// address that was not.
	Confirmed bool
	Changes   []Change // of the address, that can still be undone, the oldest first
	// Invitation is a link that was mailed to Email. It lapses when the address or the password changes.
	Invitation Invitation
	Role       Role
	Disabled   bool
	Password   Password
	Language   string
	LastWay    string // the second factor that was used last
	Created    time.Time
	LastSignIn time.Time // zero: never
	// Resets is of how many resets of the box its owner was told.
	Resets uint64
}

// Change is a change of address that can be undone for a while, with the link that the old address got.
type Change struct {
	Old   string    `json:"old"`   // a confirmed address
	Token string    `json:"token"` // the SHA-256 of the link's token, in hex
	Until time.Time `json:"until"`
}

// Invitation is a link with which its owner chooses a password.
type Invitation struct {
	Token string    `json:"token"` // the SHA-256 of the link's token, in hex; empty: there is none
	Until time.Time `json:"until"`
}

// InvitationFor is how long the link of an invitation works.
const InvitationFor = 24 * time.Hour

// Administers reports whether the account is an administrator that can sign in.
func (a Account) Administers() bool { return a.Role == Administrator && !a.Disabled }

// Waiting reports whether a password that somebody else chose waits to be replaced.
func (a Account) Waiting() bool { return a.Password.Origin != Own }

// Stamp names the address and the password that the account has now. A link that was mailed dies with either.
func (a Account) Stamp() string { return a.Email + " " + a.Password.Hash }

type record struct {
	Name        string    `json:"name"`
	DisplayName string    `json:"display_name,omitempty"`
	Email       string    `json:"email,omitempty"`
	Confirmed   bool      `json:"email_confirmed,omitempty"`
	Role        Role      `json:"role"`
	Disabled    bool      `json:"disabled,omitempty"`
	Hash        string    `json:"password"`
	Origin      Origin    `json:"password_origin"`
	Until       time.Time `json:"password_until,omitzero"`
	Language    string    `json:"language,omitempty"`
	LastWay     string    `json:"last_way,omitempty"`
	Created     time.Time `json:"created"`
	LastSignIn  time.Time `json:"last_sign_in,omitzero"`
	Resets      uint64    `json:"resets,omitempty"`

	Changes    []Change   `json:"email_changes,omitempty"`
	Invitation Invitation `json:"invitation,omitzero"`
}

func (r record) account(id string) Account {
	return Account{
		ID: id, Name: r.Name, DisplayName: r.DisplayName, Email: r.Email, Confirmed: r.Confirmed, Changes: slices.Clone(r.Changes), Invitation: r.Invitation,
		Role: r.Role, Disabled: r.Disabled, Password: Password{r.Hash, r.Origin, r.Until},
		Language: r.Language, LastWay: r.LastWay, Created: r.Created, LastSignIn: r.LastSignIn, Resets: r.Resets,
	}
}

func recordOf(a Account) record {
	return record{
		Name: a.Name, DisplayName: a.DisplayName, Email: a.Email, Confirmed: a.Confirmed, Changes: a.Changes, Invitation: a.Invitation,
		Role: a.Role, Disabled: a.Disabled, Hash: a.Password.Hash, Origin: a.Password.Origin, Until: a.Password.Until,
		Language: a.Language, LastWay: a.LastWay, Created: a.Created, LastSignIn: a.LastSignIn, Resets: a.Resets,
	}
}

type nameRecord struct {
	ID string `json:"id"`
}

var (
	accounts = store.NewTable[record]("accounts")
	names    = store.NewTable[nameRecord]("account_names")
)

// The refusals of this room.
var (
	ErrUnknown = &fault.Error{Kind: fault.NotFound, Code: "unknown_account", Message: "There is no such account. It may have been deleted."}
	ErrLast    = &fault.Error{Kind: fault.Conflict, Code: "last_administrator", Message: "This is the last administrator who can sign in. Make somebody else an administrator first."}
	ErrTaken   = &fault.Error{
		Kind: fault.Conflict, Code: "name_taken", Message: "This user name is taken. Choose another.",
		Fields: []fault.Field{{Name: "name", Code: "taken", Message: "This user name is taken. Choose another."}},
	}
)

// Get returns the account of an id, or ErrUnknown.
func Get(tx *store.Tx, id string) (Account, error) {
	r, found, err := accounts.Get(tx, id)
	switch {
	case err != nil:
		return Account{}, err
	case !found:
		return Account{}, ErrUnknown
	}
	return r.account(id), nil
}

// ByName returns the account of a name in any case, or ErrUnknown.
func ByName(tx *store.Tx, name string) (Account, error) {
	n, found, err := names.Get(tx, Fold(name))
	switch {
	case err != nil:
		return Account{}, err
	case !found:
		return Account{}, ErrUnknown
	}
	return Get(tx, n.ID)
}

// Add checks an account, gives it an id and stores it.
func Add(tx *store.Tx, a Account) (Account, error) {
	a = a.tidy()
	if err := a.check(); err != nil {
		return Account{}, err
	}
	if _, found, err := names.Get(tx, a.Name); err != nil || found {
		return Account{}, cmp.Or(err, error(ErrTaken))
	}
	a.ID = secret.ID()
	if err := names.Put(tx, a.Name, nameRecord{a.ID}); err != nil {
		return Account{}, err
	}
	if err := list(tx, Account{}, a); err != nil {
		return Account{}, err
	}
	return a, accounts.Put(tx, a.ID, recordOf(a))
}

// Put checks a changed account and stores it. Its name stays. The last administrator who can sign in
// stays one: whoever decides that from what is in the database decides it here, in one transaction.
func Put(tx *store.Tx, a Account) error {
	before, err := Get(tx, a.ID)
	if err != nil {
		return err
	}
	a = a.tidy()
	a.Name = before.Name
	if err := a.check(); err != nil {
		return err
	}
	if before.Administers() && !a.Administers() {
		if err := anotherAdministers(tx, a.ID); err != nil {
			return err
		}
	}
	if a.Invitation == before.Invitation && (a.Email != before.Email || a.Password.Hash != before.Password.Hash) {
		a.Invitation = Invitation{}
	}
	if err := list(tx, before, a); err != nil {
		return err
	}
	return accounts.Put(tx, a.ID, recordOf(a))
}

// Delete removes an account and what it left on its desktop, but never the last administrator.
func Delete(tx *store.Tx, id string) error {
	a, err := Get(tx, id)
	if err != nil {
		return err
	}
	if a.Administers() {
		if err := anotherAdministers(tx, id); err != nil {
			return err
		}
	}
	if err := names.Delete(tx, a.Name); err != nil {
		return err
	}
	if err := list(tx, a, Account{}); err != nil {
		return err
	}
	if err := desktops.Delete(tx, id); err != nil {
		return err
	}
	if err := leaveGroups(tx, id); err != nil {
		return err
	}
	return accounts.Delete(tx, id)
}

// Each visits every account.
func Each(tx *store.Tx, visit func(Account) error) error {
	return accounts.Each(tx, "", func(id string, r record) error { return visit(r.account(id)) })
}

// Query says which accounts are looked for.
type Query struct {
	Search string // part of a name, a display name or an address, in any case
	After  string // only names behind this one
	Limit  int
}
