package daemon

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// errNobodys says that nobody owns the box in a database. One that was damaged never makes the box claimable.
var errNobodys = errors.New("nobody owns the box in it")

// openDatabase opens the database of this device, mended where that is needed.
func (d *Daemon) openDatabase(key secret.Key) (opened, error) {
	o, err := d.openWhole(key)
	if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrMissing) {
		return d.openMended(key, err)
	}
	return d.outcome(o, err)
}

// openMended brings a database back that is damaged or missing, and opens it.
func (d *Daemon) openMended(key secret.Key, cause error) (o opened, err error) {
	box, err := d.claimBox(key)
	if err != nil {
		return opened{}, err
	}
	ladder := store.Ladder{Path: d.databasePath(), Verify: d.Verify, Fit: func(tx *store.Tx) error { return fit(tx, key, box) }}
	m, err := ladder.Mend()
	switch {
	case err == nil:
		d.Out.Warn("the database was mended", "how", m.How, "taken", m.Taken, "cause", cause)
		o, err = d.openWhole(key)
	case errors.Is(err, store.ErrDamaged):
		err = errors.Join(cause, err)
	}
	return d.outcome(o, err)
}

// openFile opens the database if every page of it is as it should be, and nothing was taken back.
func (d *Daemon) openFile(key secret.Key) (*store.DB, error) {
	path := d.databasePath()
	if missing(path) {
		return nil, store.ErrMissing
	}
	if err := d.Verify(path); err != nil {
		return nil, err
	}
	switch halved, err := store.Halved(path); {
	case err != nil:
		return nil, err
	case halved:
		return nil, fmt.Errorf("%w: the page that tells of its last commit, or of the one before", store.ErrDamaged)
	}
	return store.Open(path, d.steps(key)...)
}

// fit says whether a database that was brought back may serve: it is of this device, somebody owns the box, and what the
// house cannot do without can be read.
func fit(tx *store.Tx, key secret.Key, box *claim.Box) error {
	if _, err := deviceOf(tx, key); err != nil {
		return err
	}
	if owned, _, err := claim.Owned(tx); err != nil || !owned {
		return errors.Join(err, errNobodys)
	}
	_, label := box.DefaultPassword(tx)
	_, floor := event.Floor(tx)
	_, general := settings.Get(tx)
	_, _, times := settings.GetTime(tx)
	_, policy := settings.GetPolicy(tx)
	_, defender := settings.GetDefender(tx)
	_, button := settings.GetButton(tx)
	_, _, syslog := settings.GetSyslog(tx)
	_, administrators := account.Administrators(tx)
	return errors.Join(label, floor, general, times, policy, defender, button, syslog, administrators)
}

// outcome is what came of opening the database: a house, something that needs recovery, or an error that says
// what to do.
func (d *Daemon) outcome(o opened, err error) (opened, error) {
	switch {
	case err == nil:
		return o, nil
	case errors.Is(err, store.ErrLocked):
		return opened{}, fmt.Errorf("%w. Stop the other Castellan first", err)
	case errors.Is(err, store.ErrNewer):
		return opened{}, fmt.Errorf("%w. Install that version again", err)
	case errors.Is(err, errForeign) && !errors.Is(err, store.ErrDamaged):
		return d.foreign(err), nil
	case errors.Is(err, store.ErrMissing):
		return d.needs("database_missing", "The database "+d.databasePath()+" is missing."+room(err), err), nil
	case errors.Is(err, store.ErrDamaged):
		return d.needs("database_damaged", "The database "+d.databasePath()+" is damaged."+room(err), err), nil
	default:
		return opened{}, denied(err)
	}
}

// room says what to do where only room was wanting.
func room(err error) string {
	if errors.Is(err, syscall.ENOSPC) {
		return " There is too little room on the disk to mend it: make room and start Castellan again."
	}
	return ""
}

// tellMending records that the database was brought back, tells every administrator, and has what might be used a second
// time fail closed. The event and the note that it was told are one commit.
func (h *house) tellMending(tx *store.Tx, browsers *session.Browsers) error {
	m, found, err := store.LastMending(tx)
	if err != nil || !found || !m.Told.IsZero() {
		return err
	}
	e := event.Event{Kind: event.SteppedBack}
	if m.How == store.Restored {
		e = event.Event{Kind: event.Restored}.With("why", m.Why).With("taken", taken(m.Taken))
		// Which browsers were forgotten since the copy was made is not known.
		if err := browsers.ForgetAll(tx); err != nil {
			return err
		}
	}
	if err := h.log.Record(tx, e); err != nil {
		return err
	}
	all, err := account.Administrators(tx)
	if err != nil {
		return err
	}
	for _, a := range all {
		h.post.Tell(tx, a, e)
	}
	m.Told = h.clock.Now()
	tx.OnCommit(func() { h.undated.Store(!h.clock.Reading().Verified()) })
	return store.PutMending(tx, m)
}

func taken(at time.Time) string {
	if at.IsZero() {
		return "a time that is not known"
	}
	return at.UTC().Format("2 January 2006, 15:04") + " UTC"
}

// holdCodes keeps codes of apps closed where the database was brought back a moment ago: the use of one may have been
// forgotten with the last commit.
func (h *house) holdCodes(tx *store.Tx, factors *factor.Factors) error {
	m, found, err := store.LastMending(tx)
	if since := h.clock.Now().Sub(m.Told); err == nil && found && since.Abs() < factor.HeldFor {
		factors.HoldApps()
	}
	return err
}

// dateMending corrects when a mending was told, where the time was not known then.
func (h *house) dateMending(now time.Time) {
	if h.db == nil || !h.undated.Swap(false) {
		return
	}
	err := h.db.Update(func(tx *store.Tx) error {
		m, _, err := store.LastMending(tx)
		if err != nil {
			return err
		}
		m.Told = now
		return store.PutMending(tx, m)
	})
	if err != nil {
		h.Out.Warn("date the mending of the database", "err", err)
	}
}
