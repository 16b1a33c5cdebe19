package factor

import (
	"errors"
	"slices"
	"strings"
	"time"

	"castellan/internal/access/account"

	"castellan/internal/access/otp"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// MaxDevices is how many authenticator devices an account may have.
const MaxDevices = 5

// Device is an authenticator app that was confirmed.
type Device struct {
	ID       string
	Name     string
	Added    time.Time
	LastUsed time.Time // zero: never since it was added
	// SetUpAgain tells that it opens nothing since the time went back, see VoidAhead.
	SetUpAgain bool
}

type record struct {
	Name     string    `json:"name"`
	Secret   string    `json:"secret"`    // sealed
	LastStep otp.Step  `json:"last_step"` // the last one accepted
	Added    time.Time `json:"added"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Again    bool      `json:"set_up_again,omitempty"`
}

// devices are kept under "account/device".
var devices = store.NewTable[record]("devices")

// The refusals about devices.
var (
	ErrUnknownDevice = &fault.Error{Kind: fault.NotFound, Code: "unknown_device", Message: "There is no such device. It may have been removed."}
	ErrTooMany       = &fault.Error{Kind: fault.Conflict, Code: "too_many_devices", Message: "You have five devices, which is the most. Remove one first."}
	ErrNameTaken     = &fault.Error{
		Kind: fault.Conflict, Code: "name_taken", Message: "You have a device of this name. Choose another.",
		Fields: []fault.Field{{Name: "name", Code: "taken", Message: "You have a device of this name. Choose another."}},
	}
)

// List returns the confirmed devices of an account, the oldest first.
func List(tx *store.Tx, account string) ([]Device, error) {
	var list []Device
	err := each(tx, account, func(id string, r record) error {
		list = append(list, Device{id, r.Name, r.Added, r.LastUsed, r.Again})
		return nil
	})
	slices.SortFunc(list, func(a, b Device) int { return a.Added.Compare(b.Added) })
	return list, err
}

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

// room looks whether an account may have one more device of a name. It may replace one of that name that has to be
// set up again.
func room(tx *store.Tx, account, name string) error {
	list, err := List(tx, account)
	list = slices.DeleteFunc(list, func(d Device) bool { return d.SetUpAgain && strings.EqualFold(d.Name, name) })
	switch {
	case err != nil:
		return err
	case len(list) >= MaxDevices:
		return ErrTooMany
	}
	return free(list, name, "")
}

// free looks whether a name is free among the devices of an account, but for the one of an id.
func free(list []Device, name, id string) error {
	if slices.ContainsFunc(list, func(d Device) bool { return d.ID != id && strings.EqualFold(d.Name, name) }) {
		return ErrNameTaken
	}
	return nil
}

// Rename gives a device another name, and returns the one it had and the one it has.
func Rename(tx *store.Tx, account, id, name string) (before, after string, err error) {
	if after, err = deviceName(name); err != nil {
		return "", "", err
	}
	list, err := List(tx, account)
	if err != nil {
		return "", "", err
	}
	if err := free(list, after, id); err != nil {
		return "", "", err
	}
	r, found, err := devices.Get(tx, account+"/"+id)
	if err != nil || !found {
		return "", "", ErrUnknownDevice.Because(err)
	}
	before, r.Name = r.Name, after
	return before, after, devices.Put(tx, account+"/"+id, r)
}

// RemoveDevice removes one device and returns its name; the others go on. The last way in can only be
// turned off. One that has to be set up again is no way in, but where it is the last one on the list 2-step
// verification would go with it.
func RemoveDevice(tx *store.Tx, a account.Account, id string) (name string, err error) {
	r, found, err := devices.Get(tx, a.ID+"/"+id)
	if err != nil || !found {
		return "", ErrUnknownDevice.Because(err)
	}
	if err := devices.Delete(tx, a.ID+"/"+id); err != nil {
		return "", err
	}
	if r.Again {
		if !Enabled(tx, a.ID) {
			return "", ErrLastWay
		}
		return r.Name, nil
	}
	return r.Name, Stands(tx, a)
}

// spendApp accepts a code of one of the account's devices and marks its step as used. All devices are
// compared, so that the time taken does not tell which it was. One whose record cannot be read leaves the
// others in force, and so does one that has to be set up again.
func (f *Factors) spendApp(tx *store.Tx, account string, code otp.Code, now time.Time) (Spent, error) {
	var spent string
	var next record
	why := errWrong
	var unreadable error
	err := each(tx, account, func(id string, r record) error {
		if r.Again {
			return nil
		}
		seed, broken := f.open(account, id, r)
		if unreadable = errors.Join(unreadable, broken); seed == nil {
			return nil
		}
		if step, ok := seed.Match(code, now, r.LastStep); ok && spent == "" {
			r.LastStep, r.LastUsed = step, now
			spent, next = id, r
		} else if _, before := seed.Match(code, now, 0); before {
			why = errUsed
		}
		return nil
	})
	switch {
	case err != nil:
		return Spent{}, err
	case spent == "" && unreadable != nil:
		return Spent{}, unreadable
	case spent == "":
		return Spent{}, ErrRefused.Because(why)
	}
	return Spent{Way: App, Device: next.Name}, devices.Put(tx, account+"/"+spent, next)
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
