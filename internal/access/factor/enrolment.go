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

// enrolment is a way in that has not shown a right code yet. It lives in memory only and opens nothing.
type enrolment struct {
	way     Way
	id      string
	name    string
	seed    otp.Secret // of an app
	holder  string     // of a code by e-mail
	address string     // to which that went
	hashes  []string   // of the recovery codes that come with the first way in
	tries   int
	started time.Duration
}

// Enrolment is what a person needs to set a way in up. It is shown once.
type Enrolment struct {
	ID, Name string
	Secret   otp.Secret
	Left     time.Duration
	Recovery []string // with the first way in: they are worth nothing before it is confirmed
}

// The refusals of an enrolment.
var (
	ErrGone      = &fault.Error{Kind: fault.Gone, Code: "enrolment_gone", Message: "This key is no longer valid: ten minutes have passed, or too many codes were wrong. Begin again; the app gets a new key."}
	ErrConfirmed = &fault.Error{Kind: fault.Conflict, Code: "already_confirmed", Message: "This device is confirmed already."}
	ErrCodeWrong = &fault.Error{Kind: fault.Invalid, Code: "code_wrong"}
	ErrOff       = &fault.Error{Kind: fault.Conflict, Code: "two_step_off", Message: "2-step verification is off. Turn it on first."}

	// ErrMailCode refuses a wrong code by e-mail to somebody who is signed in.
	ErrMailCode = ErrCodeWrong.Saying("That code is not right. Enter the newest one that was sent to you.")
	errUnsaved  = fault.InvalidField("saved", "missing", "Save the recovery codes first, and say so: without them a lost phone locks you out.")
)

// Start makes a secret for a new device of an account, and recovery codes when it is the first way in. An
// enrolment that was not confirmed is dropped.
func (f *Factors) Start(tx *store.Tx, accountID, name string) (Enrolment, error) {
	name, err := deviceName(name)
	if err != nil {
		return Enrolment{}, err
	}
	if err := room(tx, accountID, name); err != nil {
		return Enrolment{}, err
	}
	return f.begin(tx, accountID, &enrolment{way: App, id: secret.ID(), name: name, seed: otp.NewSecret()}), nil
}

// StartEmail begins to turn e-mail on as a way in, with a code that is sent to the account's address and
// tied to a holder. When the same holder asks again, what was begun goes on: its recovery codes may be saved.
func (f *Factors) StartEmail(tx *store.Tx, a account.Account, holder string) Enrolment {
	f.mu.Lock()
	if e, err := f.find(a.ID, Email, Confirmation{Holder: holder, Saved: true}); err == nil {
		e.started = f.config.Elapsed()
		f.mu.Unlock()
		return Enrolment{ID: e.id, Left: EnrolmentLife}
	}
	f.mu.Unlock()
	return f.begin(tx, a.ID, &enrolment{way: Email, id: secret.ID(), holder: holder, address: a.Email})
}

func (f *Factors) begin(tx *store.Tx, accountID string, e *enrolment) Enrolment {
	shown := Enrolment{ID: e.id, Name: e.name, Secret: e.seed, Left: EnrolmentLife}
	if !Enabled(tx, accountID) {
		shown.Recovery, e.hashes = f.newRecoveryCodes(accountID)
	}
	e.started = f.config.Elapsed()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending[accountID] = e
	return shown
}

func deviceName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || !account.Shown(name, MaxDeviceName) {
		return "", fault.InvalidField("name", "malformed", "Give the device a name of up to 64 characters that can be seen, such as “My phone”.")
	}
	return name, nil
}

// Cancel drops what was not confirmed, and returns its name.
func (f *Factors) Cancel(accountID string) (name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.pending[accountID]
	if e == nil {
		return "", ErrGone
	}
	delete(f.pending, accountID)
	delete(f.codes, e.holder)
	return e.label(), nil
}

// Waiting is an enrolment that waits for its first right code.
type Waiting struct {
	Way  Way
	Name string
	Left time.Duration
}

// Pending returns what an account is enrolling.
func (f *Factors) Pending(accountID string) (w Waiting, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.pending[accountID]
	if e == nil {
		return w, false
	}
	w = Waiting{e.way, e.label(), e.started + EnrolmentLife - f.config.Elapsed()}
	return w, w.Left > 0
}

// label names an enrolment for the log.
func (e *enrolment) label() string {
	if e.way == Email {
		return "E-mail"
	}
	return e.name
}

// Confirmation is what confirms an enrolment.
type Confirmation struct {
	ID     string // of a device
	Name   string // instead of the one given at the start; empty: none
	Code   string
	Holder string // of a code by e-mail
	Saved  bool   // the person says that the recovery codes are saved
}

// find returns what an account is enrolling. It needs mu.
func (f *Factors) find(accountID string, way Way, c Confirmation) (*enrolment, error) {
	e := f.pending[accountID]
	switch {
	case e == nil || e.way != way || way == App && e.id != c.ID || way == Email && e.holder != c.Holder:
		return nil, ErrGone
	case f.config.Elapsed()-e.started > EnrolmentLife:
		delete(f.pending, accountID)
		return nil, ErrGone
	case e.hashes != nil && !c.Saved:
		return nil, errUnsaved
	}
	return e, nil
}

// finish stores what came with the first way in, and forgets the enrolment when the transaction commits. It
// needs mu.
func (f *Factors) finish(tx *store.Tx, accountID string, e *enrolment, now time.Time) error {
	tx.OnCommit(func() { // runs after the transaction, when mu is free again
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pending, accountID)
	})
	if e.hashes == nil {
		return nil
	}
	return recoveries.Put(tx, accountID, recoveryRecord{e.hashes, now})
}

// Confirm takes a device in with its first right code, in the caller's transaction. The code is spent by
// that. A wrong code comes back as ErrCodeWrong with an explanation; discarded tells that it was the last
// one allowed.
func (f *Factors) Confirm(tx *store.Tx, accountID string, c Confirmation, now time.Time) (d Device, discarded bool, err error) {
	code, err := otp.ParseCode(c.Code)
	if err != nil {
		return Device{}, false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(accountID, App, c)
	if err != nil {
		if _, found, lookup := devices.Get(tx, accountID+"/"+c.ID); lookup != nil || found {
			return Device{}, false, ErrConfirmed.Because(lookup)
		}
		return Device{}, false, err
	}
	if c.Name != "" {
		if e.name, err = deviceName(c.Name); err != nil {
			return Device{}, false, err
		}
	}
	if err := room(tx, accountID, e.name); err != nil {
		return Device{}, false, err
	}
	step, ok := e.seed.Match(code, now, 0)
	if !ok {
		if e.tries++; e.tries >= EnrolmentTries {
			delete(f.pending, accountID)
			return Device{Name: e.name}, true, ErrGone
		}
		return Device{}, false, e.explain(code, now)
	}
	if err := f.finish(tx, accountID, e, now); err != nil {
		return Device{}, false, err
	}
	if err := replace(tx, accountID, e.name); err != nil {
		return Device{}, false, err
	}
	r := record{Name: e.name, Secret: f.config.Key.Seal(e.seed, identity(accountID, e.id)), LastStep: step, Added: now}
	return Device{ID: e.id, Name: r.Name, Added: r.Added}, false, devices.Put(tx, accountID+"/"+e.id, r)
}

// ConfirmEmail turns e-mail on as a way in with the code that was sent, in the caller's transaction.
func (f *Factors) ConfirmEmail(tx *store.Tx, a account.Account, c Confirmation, now time.Time) error {
	if _, err := otp.ParseCode(c.Code); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(a.ID, Email, c)
	switch {
	case err != nil:
		return err
	case e.address != a.Email:
		return ErrGone
	}
	if err := f.takeCode(a.ID, e.holder, c.Code); err != nil {
		return ErrMailCode.Because(err)
	}
	if err := f.finish(tx, a.ID, e, now); err != nil {
		return err
	}
	return emails.Put(tx, a.ID, emailRecord{Added: now})
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
