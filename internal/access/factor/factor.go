// Package factor keeps the second factors of people: authenticator devices. A device is enrolled with
// its first right code, and every code is spent once.
package factor

import (
	"errors"
	"strings"
	"sync"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// Device is an authenticator app that was confirmed.
type Device struct {
	ID       string
	Name     string
	Added    time.Time
	LastUsed time.Time // zero: never since it was added
}

type record struct {
	Name     string    `json:"name"`
	Secret   string    `json:"secret"`    // sealed
	LastStep otp.Step  `json:"last_step"` // the last one accepted
	Added    time.Time `json:"added"`
	LastUsed time.Time `json:"last_used,omitzero"`
}

// devices are kept under "account/device".
var devices = store.NewTable[record]("devices")

// Why a code was refused, for the log. People at the door are told ErrRefused only.
var (
	ErrRefused = &fault.Error{Kind: fault.Unauthenticated, Code: "code_refused", Message: "That code is not right."}
	errUsed    = errors.New("it was used before")
	errWrong   = errors.New("it is not right")

	// ErrUnreadable says that the record of a device does not belong to it. It is then worth nothing.
	ErrUnreadable = &fault.Error{
		Kind: fault.Conflict, Code: "record_auth_failed",
		Message: "The key of an authenticator device cannot be read. An administrator, the reset button or castellan recover on the NAS lets you in again.",
	}
)

// Config says what Factors work with.
type Config struct {
	Key     secret.Key           // seals the devices' secrets
	Elapsed func() time.Duration // a clock that never steps
}

// Factors keeps second factors, and the devices that are being enrolled. It is safe for concurrent use.
type Factors struct {
	config Config

	mu      sync.Mutex
	pending map[string]*enrolment // by account
}

// New returns Factors without pending enrolments.
func New(c Config) *Factors { return &Factors{config: c, pending: map[string]*enrolment{}} }

// List returns the confirmed devices of an account, the oldest first.
func List(tx *store.Tx, account string) ([]Device, error) {
	var list []Device
	err := each(tx, account, func(id string, r record) error {
		list = append(list, Device{id, r.Name, r.Added, r.LastUsed})
		return nil
	})
	return list, err
}

// Enabled reports whether an account has a second factor.
func Enabled(tx *store.Tx, account string) bool { return devices.Any(tx, account+"/") }

func each(tx *store.Tx, account string, visit func(id string, r record) error) error {
	prefix := account + "/"
	return devices.Each(tx, prefix, func(key string, r record) error {
		id, ok := strings.CutPrefix(key, prefix)
		if !ok {
			return store.ErrStop
		}
		return visit(id, r)
	})
}

// Spend accepts a code of one of the account's devices and marks its step as used, in the caller's
// transaction: the code is spent when that commits. All devices are compared, so that the time taken does
// not tell which it was.
func (f *Factors) Spend(tx *store.Tx, account string, code otp.Code, now time.Time) (Device, error) {
	var spent Device
	var next record
	why := errWrong
	err := each(tx, account, func(id string, r record) error {
		seed, err := f.open(account, id, r)
		if err != nil {
			return err
		}
		if step, ok := seed.Match(code, now, r.LastStep); ok && spent.ID == "" {
			r.LastStep, r.LastUsed = step, now
			spent, next = Device{id, r.Name, r.Added, now}, r
		} else if _, before := seed.Match(code, now, 0); before {
			why = errUsed
		}
		return nil
	})
	switch {
	case err != nil:
		return Device{}, err
	case spent.ID == "":
		return Device{}, ErrRefused.Because(why)
	}
	return spent, devices.Put(tx, account+"/"+spent.ID, next)
}

// Remove deletes all second factors of an account, and what it was enrolling.
func (f *Factors) Remove(tx *store.Tx, account string) error {
	var keys []string
	err := each(tx, account, func(id string, _ record) error {
		keys = append(keys, account+"/"+id)
		return nil
	})
	for _, key := range keys {
		err = errors.Join(err, devices.Delete(tx, key))
	}
	tx.OnCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pending, account)
	})
	return err
}

// The identity to which a secret is sealed: it opens for this device of this account only.
func identity(account, id string) string { return "device/" + account + "/" + id }

func (f *Factors) open(account, id string, r record) (otp.Secret, error) {
	seed, err := f.config.Key.Open(r.Secret, identity(account, id))
	if err != nil {
		return nil, ErrUnreadable.Because(err)
	}
	return seed, nil
}
