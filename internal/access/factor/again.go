package factor

import (
	"strings"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/store"
)

// Void is an account with devices that the time has gone back behind.
type Void struct {
	Account string
	Devices []string // their names
}

// VoidAhead takes their force from all devices whose last code belongs to a step that is still to come at now,
// because trusted time went back. Were the last step lowered instead, a code that somebody watched could be used
// again; were it kept, the device would be refused without a word until then (T25). They stay on the list, so that
// 2-step verification stays on, and have to be set up again. It returns those that were not void before.
func VoidAhead(tx *store.Tx, now time.Time) ([]Void, error) {
	var found []Void
	changed := map[string]record{}
	err := devices.Each(tx, "", func(key string, r record) error {
		if !r.ahead(now) {
			return nil
		}
		account, _, _ := strings.Cut(key, "/")
		if n := len(found); n == 0 || found[n-1].Account != account { // keys come account by account
			found = append(found, Void{Account: account})
		}
		v := &found[len(found)-1]
		v.Devices = append(v.Devices, r.Name)
		r.Again = true
		changed[key] = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	for key, r := range changed {
		if err := devices.Put(tx, key, r); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// ahead reports whether the last code of a device belongs to a step that is not accepted yet.
func (r record) ahead(now time.Time) bool { return !r.Again && r.LastStep > otp.StepAt(now)+otp.Window }

// Ahead reports whether VoidAhead would find any.
func Ahead(tx *store.Tx, now time.Time) (found bool, err error) {
	err = devices.Each(tx, "", func(_ string, r record) error {
		if found = r.ahead(now); found {
			return store.ErrStop
		}
		return nil
	})
	return found, err
}

// apps reports whether an account has a device whose codes are accepted, and whether it has one that must be set
// up again.
func apps(tx *store.Tx, account string) (open, void bool, err error) {
	err = each(tx, account, func(_ string, r record) error {
		open, void = open || !r.Again, void || r.Again
		return nil
	})
	return open, void, err
}

// MustSetUpAgain reports whether an account has a device that opens nothing since the time went back.
func MustSetUpAgain(tx *store.Tx, account string) (bool, error) {
	_, void, err := apps(tx, account)
	return void, err
}

// replace removes the device of a name that has to be set up again: the one that is being confirmed is that.
func replace(tx *store.Tx, account, name string) error {
	list, err := List(tx, account)
	for _, d := range list {
		if d.SetUpAgain && strings.EqualFold(d.Name, name) {
			return devices.Delete(tx, account+"/"+d.ID)
		}
	}
	return err
}
