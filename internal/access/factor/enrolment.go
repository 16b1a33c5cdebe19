package factor

import (
	"fmt"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// EnrolmentLife is how long a new secret waits for its first right code.
	EnrolmentLife = 10 * time.Minute
	// EnrolmentTries wrong codes discard it.
	EnrolmentTries = 5
	// MaxDeviceName is the longest name of a device, in code points.
	MaxDeviceName = 64
	// explainSpan is how far off a phone's clock is looked for when a code is wrong, to explain it.
	explainSpan = 15 * time.Minute
)

// enrolment is a device that has not shown a right code yet. It lives in memory only and opens nothing.
type enrolment struct {
	id      string
	name    string
	seed    otp.Secret
	tries   int
	started time.Duration
}

// Enrolment is what a person needs to set an authenticator app up. It is shown once.
type Enrolment struct {
	ID, Name string
	Secret   otp.Secret
	Left     time.Duration
}

// The refusals of an enrolment.
var (
	ErrGone      = &fault.Error{Kind: fault.Gone, Code: "enrolment_gone", Message: "This key is no longer valid: ten minutes have passed, or too many codes were wrong. Begin again; the app gets a new key."}
	ErrConfirmed = &fault.Error{Kind: fault.Conflict, Code: "already_confirmed", Message: "This device is confirmed already."}
	ErrCodeWrong = &fault.Error{Kind: fault.Invalid, Code: "code_wrong"}
)

// Start makes a secret for a new device of an account. An earlier one that was not confirmed is dropped.
func (f *Factors) Start(accountID, name string) (Enrolment, error) {
	name, err := deviceName(name)
	if err != nil {
		return Enrolment{}, err
	}
	e := &enrolment{id: secret.ID(), name: name, seed: otp.NewSecret(), started: f.config.Elapsed()}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending[accountID] = e
	return Enrolment{e.id, e.name, e.seed, EnrolmentLife}, nil
}

func deviceName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || !account.Shown(name, MaxDeviceName) {
		return "", fault.InvalidField("name", "malformed", "Give the device a name of up to 64 characters that can be seen, such as “My phone”.")
	}
	return name, nil
}

// Cancel drops a device that was not confirmed and returns its name.
func (f *Factors) Cancel(accountID, id string) (name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.pending[accountID]
	if e == nil || e.id != id {
		return "", ErrGone
	}
	delete(f.pending, accountID)
	return e.name, nil
}

// Confirm takes a device in with its first right code, in the caller's transaction. The code is spent by
// that. An empty name leaves the one that was given at the start. A wrong code comes back as ErrCodeWrong
// with an explanation; discarded tells that it was the last one allowed.
func (f *Factors) Confirm(tx *store.Tx, accountID, id, name string, code otp.Code, now time.Time) (d Device, discarded bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.pending[accountID]
	if e == nil || e.id != id {
		if _, found, err := devices.Get(tx, accountID+"/"+id); err != nil || found {
			return Device{}, false, ErrConfirmed.Because(err)
		}
		return Device{}, false, ErrGone
	}
	if f.config.Elapsed()-e.started > EnrolmentLife {
		delete(f.pending, accountID)
		return Device{}, false, ErrGone
	}
	if name != "" {
		if e.name, err = deviceName(name); err != nil {
			return Device{}, false, err
		}
	}
	step, ok := e.seed.Match(code, now, 0)
	if !ok {
		if e.tries++; e.tries >= EnrolmentTries {
			delete(f.pending, accountID)
			return Device{Name: e.name}, true, ErrGone
		}
		return Device{}, false, e.explain(code, now)
	}
	tx.OnCommit(func() { // runs after the transaction, when mu is free again
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pending, accountID)
	})
	r := record{Name: e.name, Secret: f.config.Key.Seal(e.seed, identity(accountID, id)), LastStep: step, Added: now}
	return Device{id, r.Name, r.Added, time.Time{}}, false, devices.Put(tx, accountID+"/"+id, r)
}

// explain says why a code may be wrong. It looks wider than any code is accepted; only here, where the
// person is signed in and the secret opens nothing, is that safe.
func (e *enrolment) explain(code otp.Code, now time.Time) error {
	left := fmt.Sprintf(" %d tries left.", EnrolmentTries-e.tries)
	if e.tries == EnrolmentTries-1 {
		left = " One try left."
	}
	lag, found := e.seed.Lag(code, now, explainSpan)
	text := "That code is not right. Enter the one that the app shows now for this account."
	switch {
	case found && lag == -2*otp.Period:
		text = "That code has just expired. Enter the one that the app shows now."
	case found && lag < 0:
		text = fmt.Sprintf("The clock of your phone is about %s behind. Set it to automatic time, then enter the next code.", minutes(-lag))
	case found:
		text = fmt.Sprintf("The clock of your phone is about %s ahead. Set it to automatic time, then enter the next code.", minutes(lag))
	}
	err := ErrCodeWrong.Saying("%s", text+left)
	err.Fields = []fault.Field{{Name: "code", Code: "wrong", Message: err.Message}}
	return err
}

func minutes(d time.Duration) string {
	n := int((d + 30*time.Second) / time.Minute)
	if n == 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", n)
}
