package daemon

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"castellan/internal/access/claim"
	"castellan/internal/access/password"
	"castellan/internal/atomicfile"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/reset"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// closure says why the database cannot be used. The box then answers with that and nothing else; it is
// never taken for a new one.
type closure struct{ code, message string }

const (
	keyFile      = "device.key"
	databaseFile = "castellan.db"
	// foundingFile becomes databaseFile when a new box is complete.
	foundingFile = "castellan.db.new"

	recoverWords = " Nothing else on this NAS was changed. Put the file back from a backup, or hold the reset button for 5 to 10 seconds to begin anew: accounts and settings of Castellan are then lost, files are not."
	// unlabelled follows where the integrator gave no default password.
	unlabelled = " The NAS then makes itself a new default password, and a paper with the old one no longer fits."
)

// deviceRecord tells a database that belongs to this device from one that was copied here.
type deviceRecord struct {
	Check  string `json:"check"`
	Passes uint32 `json:"password_passes"` // what a password hash costs on this machine
}

var deviceTable = store.NewTable[deviceRecord]("device")

const deviceKey = "this"

// errForeign says that a database is not of this device.
var errForeign = errors.New("pepper_mismatch: the database was made with another device key")

// deviceOf returns what the database knows of the device whose key is given, or errForeign.
func deviceOf(tx *store.Tx, key secret.Key) (deviceRecord, error) {
	device, _, err := deviceTable.Get(tx, deviceKey)
	if err == nil && !hmac.Equal([]byte(device.Check), []byte(check(key))) {
		err = errForeign
	}
	return device, err
}

// check is a value that only the holder of the device key can compute.
func check(key secret.Key) string {
	return hex.EncodeToString(key.Derive("check").MAC([]byte("castellan")))
}

// open finds out what is on the disk: a house, a new box, or something that needs recovery.
func (d *Daemon) open() (opened, error) {
	for _, folder := range []string{d.File.Data, d.File.KeyFolder()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return opened{}, fmt.Errorf("make data folder: %w", err)
		}
	}
	key, err := secret.LoadKey(d.keyPath())
	keyMissing := errors.Is(err, fs.ErrNotExist)
	switch {
	case errors.Is(err, secret.ErrKeyDamaged):
		return d.needs("device_key_damaged", "The device key in "+d.keyPath()+" is damaged.", err), nil
	case err != nil && !keyMissing:
		return opened{}, denied(err)
	}
	if err := d.finishFounding(keyMissing); err != nil {
		return opened{}, err
	}
	switch {
	case keyMissing && missing(d.databasePath()):
		if key, err = d.found(secret.NewKey(), d.hasAside()); err != nil {
			return opened{}, err
		}
	case keyMissing:
		return d.needs("device_key_missing", "The device key "+d.keyPath()+" is missing. Without it no password can be checked.", fs.ErrNotExist), nil
	}
	return d.openDatabase(key)
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (d *Daemon) keyPath() string      { return filepath.Join(d.File.KeyFolder(), keyFile) }
func (d *Daemon) databasePath() string { return filepath.Join(d.File.Data, databaseFile) }
func (d *Daemon) foundingPath() string { return filepath.Join(d.File.Data, foundingFile) }

// needs is the outcome of open when only recovery helps.
func (d *Daemon) needs(code, what string, cause error) opened {
	message := what + recoverWords
	if d.File.DefaultPasswordFile == "" {
		message += unlabelled
	}
	d.Out.Error(message, "recovery", code, "err", cause)
	return opened{recovery: &closure{code, message}}
}

// foreign is the outcome of open when the database is not of this device.
func (d *Daemon) foreign(cause error) opened {
	return d.needs("device_key_mismatch", "The database belongs to another device: its device key is not the one in "+d.keyPath()+".", cause)
}

// denied says what to do about a file that may not be read. It is whole, so nothing has to be recovered.
func denied(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w. Give the file to the user that the daemon runs as", err)
	}
	return err
}

// openWhole opens the database of this device, if it is whole.
func (d *Daemon) openWhole(key secret.Key) (opened, error) {
	db, err := d.openFile(key)
	if err != nil {
		return opened{}, err
	}
	o := opened{db: db, key: key}
	if o.box, err = d.claimBox(key); err != nil {
		return opened{}, errors.Join(err, db.Close())
	}
	var device deviceRecord
	err = db.View(func(tx *store.Tx) (err error) {
		if device, err = deviceOf(tx, key); err != nil {
			return err
		}
		if err = claim.Sound(tx); err != nil {
			return err
		}
		o.floor, err = event.Floor(tx)
		return err
	})
	if err == nil {
		o.passwords = d.hashing(key, device.Passes)
		err = d.provision(o)
	}
	if errors.Is(err, secret.ErrSealBroken) { // and yet the device key is the right one
		err = fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if err != nil {
		return opened{}, errors.Join(err, db.Close())
	}
	return o, nil
}

func (d *Daemon) hashing(key secret.Key, passes uint32) password.Config {
	c := d.Passwords
	c.Key = key.Derive("password")
	c.Passes = cmp.Or(c.Passes, passes)
	return c
}

func (d *Daemon) claimBox(key secret.Key) (*claim.Box, error) {
	provisioned, err := d.provisioned()
	if err != nil {
		return nil, err
	}
	return claim.New(claim.Config{Key: key.Derive("claim"), Provisioned: provisioned}), nil
}

// provisioned returns the integrator's default password for this box, or nothing where the integrator left it to
// the box. A file that was promised and cannot be used is no such case: the label would lie.
func (d *Daemon) provisioned() (string, error) {
	file := d.File.DefaultPasswordFile
	if file == "" {
		return "", nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read default password: %w. Put the file there, or take default_password_file out of the config file", err)
	}
	plain := strings.TrimSpace(string(data))
	if err := claim.CheckProvisioned(plain); err != nil {
		return "", fmt.Errorf("%w. Write one of this very box into %s, as on its label", err, file)
	}
	return plain, nil
}

// provision takes in a default password that the integrator changed since the last start.
func (d *Daemon) provision(o opened) error {
	var changed string
	if err := o.db.View(func(tx *store.Tx) (err error) { changed, err = o.box.Provisioned(tx); return err }); err != nil || changed == "" {
		return err
	}
	hash, err := password.New(o.passwords).Hash(context.Background(), secret.Reread(changed))
	if err != nil {
		return err
	}
	return o.db.Update(func(tx *store.Tx) error { return o.box.SetDefaultPassword(tx, changed, hash) })
}

// found makes a new box: first the complete database under another name, then the device key, then the
// database's own name. A power cut in between leaves something that finishFounding understands. again tells that the button
// had one put aside for it: that was a reset.
func (d *Daemon) found(key secret.Key, again bool) (secret.Key, error) {
	passes := d.Passwords.Passes
	if passes == 0 {
		passes = password.Calibrate()
	}
	box, err := d.claimBox(key)
	if err != nil {
		return key, err
	}
	plain := box.NewDefaultPassword()
	hash, err := password.New(d.hashing(key, passes)).Hash(context.Background(), secret.Reread(plain))
	if err != nil {
		return key, err
	}
	_ = os.Remove(d.foundingPath())
	db, err := store.Create(d.foundingPath())
	if err != nil {
		return key, err
	}
	err = db.Update(func(tx *store.Tx) error {
		if err := deviceTable.Put(tx, deviceKey, deviceRecord{check(key), passes}); err != nil {
			return err
		}
		now := d.earliest()
		journal := d.journal(key, now)
		if err := journal.Found(tx); err != nil {
			return err
		}
		if err := journal.Record(tx, event.Event{Kind: event.Made}); err != nil {
			return err
		}
		if err := box.Found(tx, plain, hash, now); err != nil || !again {
			return err
		}
		return errors.Join(box.Refounded(tx, now), reset.Begin(tx, d.Elapsed(), clock.Boot()), journal.Record(tx, reset.Event()))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return key, fmt.Errorf("found a new box: %w", err)
	}
	if err := atomicfile.Write(d.keyPath(), key[:], 0o600); err != nil {
		return key, err
	}
	return key, d.finishFounding(false)
}

// finishFounding gives a complete new database its name, if there is one and the key was written. A new
// database without a key is what a power cut left of nothing.
func (d *Daemon) finishFounding(keyMissing bool) error {
	if keyMissing || missing(d.foundingPath()) || !missing(d.databasePath()) {
		return nil
	}
	if err := os.Rename(d.foundingPath(), d.databasePath()); err != nil {
		return fmt.Errorf("found a new box: %w", err)
	}
	return atomicfile.SyncDir(d.File.Data)
}

// asideMark stands between the name of a file that was put aside and a stamp.
const asideMark = ".aside-"

// hasAside reports whether a database was put aside: the power went before a new one could take its place.
func (d *Daemon) hasAside() bool {
	all, err := os.ReadDir(d.File.Data)
	return err == nil && slices.ContainsFunc(all, func(f fs.DirEntry) bool { return strings.HasPrefix(f.Name(), databaseFile+asideMark) })
}

// refound begins anew after the reset button was held on a box in need of recovery: what is on the disk is
// put aside, not deleted.
func (h *house) refound() error {
	stamp := secret.ID()[:8]
	for _, path := range []string{h.databasePath(), store.Good(h.databasePath()), h.keyPath()} {
		if err := os.Rename(path, path+asideMark+stamp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put aside %q: %w", path, err)
		}
	}
	_, err := h.found(secret.NewKey(), true)
	return err
}
