// Package factor keeps the second factors of people: authenticator devices, codes by e-mail and recovery
// codes. A way in is enrolled with its first right code, and every code is spent once.
package factor

import (
	"errors"
	"slices"
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// Why a code was refused, for the log. People at the door are told ErrRefused only.
var (
	ErrRefused = &fault.Error{Kind: fault.Unauthenticated, Code: "code_refused", Message: "That code is not right."}
	errUsed    = errors.New("it was used before")
	errWrong   = errors.New("it is not right")
	errNone    = errors.New("no code was sent for this sign-in, or it has lapsed")

	// ErrWay says that a way in is not open to the account; nothing was tried.
	ErrWay = &fault.Error{Kind: fault.Forbidden, Code: "way_closed", Message: "This way is not open to you. Choose another."}

	// ErrHeld says that codes of apps are not looked at for a moment, see HoldApps. Nothing was tried.
	ErrHeld = &fault.Error{
		Kind: fault.Unavailable, Code: "codes_held",
		Message: "The database of this NAS was damaged and has just been put back, so that a code might work twice. Codes of apps are looked at again in a moment. Wait two minutes and enter the code that the app shows then, or choose another way.",
	}

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
	pending map[string]*enrolment      // by account
	codes   map[string]*mailCode       // by holder
	sends   map[string][]time.Duration // by account and lane: when codes were sent lately
	held    time.Duration              // until when codes of apps are not looked at; 0: they are
}

// New returns Factors without pending enrolments and without codes.
func New(c Config) *Factors {
	return &Factors{config: c, pending: map[string]*enrolment{}, codes: map[string]*mailCode{}, sends: map[string][]time.Duration{}}
}

// Given is what somebody shows as a second factor.
type Given struct {
	Way  Way
	Text string
	// Holder is the sign-in or the session that asked for a code by e-mail.
	Holder string
}

// Check reports what is wrong with the form of a code, before it is counted as a try.
func (g Given) Check() error {
	switch g.Way {
	case App, Email:
		_, err := otp.ParseCode(g.Text)
		return err
	case Recovery:
		if _, ok := secret.FoldRecoveryCode(g.Text); !ok {
			return errRecoveryForm
		}
		return nil
	default:
		return ErrWay
	}
}

// Spent is a second factor that was accepted.
type Spent struct {
	Way    Way
	Device string // of an app, its name
	Left   int    // recovery codes that are left
}

// String names it for the log.
func (s Spent) String() string {
	switch s.Way {
	case App:
		return "authenticator app “" + s.Device + "”"
	case Email:
		return "a code by e-mail"
	default:
		return "a recovery code"
	}
}

// Spend accepts a second factor by a way that is open to the account, in the caller's transaction: an app's
// code and a recovery code are spent when that commits, a code by e-mail even if it does not.
func (f *Factors) Spend(tx *store.Tx, a account.Account, g Given, now time.Time) (Spent, error) {
	open, err := Open(tx, a)
	switch {
	case err != nil:
		return Spent{}, err
	case !slices.Contains(open, g.Way):
		return Spent{}, ErrWay
	}
	switch g.Way {
	case App:
		if left := f.Held(); left > 0 {
			return Spent{}, ErrHeld.After(left)
		}
		return f.spendApp(tx, a.ID, otp.Code(g.Text), now)
	case Email:
		return f.spendEmail(tx, a.ID, g, now)
	default:
		return f.spendRecovery(tx, a.ID, g.Text)
	}
}

// HeldFor is how long HoldApps holds: the last step that can have been taken before is out of the window then.
const HeldFor = (2*otp.Window + 2) * otp.Period

// HoldApps has no code of an app looked at for HeldFor. It is for a database that was put back: which step was taken last
// may have been forgotten, and the code of that step must not work once more.
func (f *Factors) HoldApps() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = f.config.Elapsed() + HeldFor
}

// Held is for how much longer HoldApps holds; none where it does not.
func (f *Factors) Held() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.held-f.config.Elapsed(), 0)
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
	err = errors.Join(err, emails.Delete(tx, account), recoveries.Delete(tx, account))
	tx.OnCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pending, account)
		for holder, c := range f.codes {
			if c.account == account {
				delete(f.codes, holder)
			}
		}
	})
	return err
}
