// Package health tells what is wrong with the box right now, as far as it concerns the person who asks.
package health

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Level says how urgent a finding is.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Bad  Level = "bad"
)

// Check is one thing that was looked at.
type Check struct {
	Code   string
	Level  Level
	Title  string
	Value  string // two or three words
	Detail string // what is so, then what to do; empty when all is well
}

// Config says what a Doctor looks at. All of it must be set.
type Config struct {
	DB     *store.DB
	Clock  func() clock.Reading
	Button func() button.Status
	// Free returns how many bytes the data folder's disk has left.
	Free func() (uint64, error)
	// MailTrouble says why the last mail failed; empty: it did not.
	MailTrouble func() string
	// Reach looks how far the box comes.
	Reach func() network.Reach
	// Waits returns the change of the network that waits to be confirmed, if there is one.
	Waits func() (network.Change, bool)
	// SyslogTrouble says why the log does not reach its syslog server; empty: it does, or there is none.
	SyslogTrouble func() string
}

// Doctor examines the box.
type Doctor struct{ Config }

// New returns a Doctor.
func New(c Config) *Doctor { return &Doctor{c} }

// Examine returns the checks that concern a person, and the worst of their levels.
func (d *Doctor) Examine(a account.Account) (worst Level, checks []Check, err error) {
	checks = append(checks, d.clock())
	var mailSet bool
	var mended store.Mending
	err = d.DB.View(func(tx *store.Tx) (err error) {
		if mended, _, err = store.LastMending(tx); err != nil {
			return err
		}
		two, err := d.twoStep(tx, a)
		checks = append(checks, two...)
		if err != nil {
			return err
		}
		mailSet, err = settings.HasMail(tx)
		return err
	})
	if err != nil {
		return Bad, nil, err
	}
	if a.Role == account.Administrator {
		checks = append(checks, d.network(), d.button(), d.mail(mailSet), d.disk(mended))
		if why := d.SyslogTrouble(); why != "" {
			checks = append(checks, Check{Code: "syslog", Title: "Syslog", Level: Warn, Value: "Not reached", Detail: "Entries of the log do not arrive at their syslog server. " + why})
		}
	}
	worst = OK
	for _, c := range checks {
		if c.Level == Bad || c.Level == Warn && worst == OK {
			worst = c.Level
		}
	}
	return worst, checks, nil
}

func (d *Doctor) clock() Check {
	r := d.Clock()
	c := Check{Code: "clock", Title: "Clock", Level: OK, Value: signed(r.Offset)}
	if level := r.Level(); level != clock.OK {
		c.Level, c.Value, c.Detail = Warn, clockValue(r), r.Message()
		if advice := r.Advice(); advice != "" && !strings.Contains(c.Detail, advice) {
			c.Detail += " " + advice
		}
		if level == clock.Bad {
			c.Level = Bad
		}
	}
	return c
}

// clockValue says in two or three words what is wrong with the time.
func clockValue(r clock.Reading) string {
	switch {
	case r.State == clock.Suspect:
		return "In doubt"
	case r.State == clock.Unverified && r.Reason == clock.ByHand:
		return "Set by hand"
	case r.State == clock.Unverified:
		return "Not compared"
	case !r.Trusted():
		return "Not known"
	case r.State == clock.Holdover:
		return "No server answers"
	default:
		return signed(r.Offset)
	}
}

// signed writes an offset as people compare clocks: "+3 ms", "3 min 12 s slow".
func signed(offset time.Duration) string {
	if offset.Abs() >= time.Second {
		return clock.SlowOrFast(offset)
	}
	if offset.Milliseconds() == 0 {
		return "0 ms"
	}
	return fmt.Sprintf("%+d ms", offset.Milliseconds())
}

// twoStep looks at a person's second factors and at the recovery codes beside them.
func (d *Doctor) twoStep(tx *store.Tx, a account.Account) ([]Check, error) {
	c := Check{Code: "two_step", Title: "2-step verification", Level: OK, Value: "On"}
	if !factor.Enabled(tx, a.ID) {
		c.Value = "Off"
		if a.Role == account.Administrator {
			c.Level = Warn
			c.Detail = "A password alone opens your account, and your account opens this NAS. Turn 2-step verification on in Personal Settings."
		}
		return []Check{c}, nil
	}
	again, err := factor.MustSetUpAgain(tx, a.ID)
	if err != nil {
		return nil, err
	}
	if again {
		c.Level, c.Value = Warn, "Set up again"
		c.Detail = "The time of this NAS went back, and an authenticator device of yours is no longer accepted. Set it up again under Personal Settings › Security."
	}
	r, err := factor.RecoveryOf(tx, a.ID)
	if err != nil || !r.Renew() {
		return []Check{c}, err
	}
	few := Check{
		Code: "recovery", Title: "Recovery codes", Level: Warn, Value: strconv.Itoa(r.Left) + " left",
		Detail: "When they are used up, a lost phone locks you out. Make new ones under Personal Settings › Security.",
	}
	return []Check{c, few}, nil
}

func (d *Doctor) mail(set bool) Check {
	c := Check{Code: "mail", Title: "Mail", Level: OK, Value: "Ready"}
	trouble := d.MailTrouble()
	switch {
	case !set:
		c.Value = "Not set up"
	case trouble != "":
		c.Level, c.Value, c.Detail = Warn, "Failed", "The last mail was not sent. "+trouble
	}
	return c
}

func (d *Doctor) button() Check {
	s := d.Button()
	c := Check{Code: "button", Title: "Reset button", Level: OK, Value: "Ready"}
	switch {
	case s.Learning > 0 || s.Testing > 0 && s.State != button.IsAbsent:
		c.Value = "Being tried"
	case s.Disabled && s.State != button.IsAbsent:
		c.Level, c.Value, c.Detail = Warn, "Turned off", s.Describe()
	case s.Works() && s.Trouble() != "":
		c.Level, c.Value, c.Detail = Warn, "In the way", s.Trouble()
	case s.Works() && s.Kind == button.Simulated:
		c.Value = "Simulated"
	case s.Works():
	case s.State == button.IsStuck:
		c.Level, c.Value, c.Detail = Warn, "Stuck", s.Describe()
	default:
		c.Level, c.Value, c.Detail = Warn, "Not found", s.Describe()
	}
	return c
}

// lowDisk is from where on writing may soon fail, and with it every sign-in.
const lowDisk = 16 << 20

// MendedFor is how long it is said that the database was brought back.
const MendedFor = 7 * 24 * time.Hour

func (d *Doctor) disk(m store.Mending) Check {
	c := Check{Code: "store", Title: "Database", Level: OK}
	free, err := d.Free()
	if err != nil {
		c.Level, c.Value, c.Detail = Warn, "Not known", "How much room is left for the database could not be found out: "+err.Error()+"."
		return c
	}
	c.Value = size(free) + " free"
	if free < lowDisk {
		c.Level = Bad
		c.Detail = "The disk with Castellan's data is almost full. When it is full nobody can sign in. Make room on it."
	} else if !m.Told.IsZero() && d.Clock().Now.Sub(m.Told) < MendedFor {
		c.Level, c.Value, c.Detail = Warn, "Put back", mended(m)
	}
	return c
}

// mended says how the database was brought back lately, and what to look at.
func mended(m store.Mending) string {
	if m.How == store.Restored {
		return "At a start of this NAS the database was " + m.Why + " and came back from its daily copy. What was changed since that was made is forgotten: look at Access Control › Users for people who were removed or turned off, " +
			"have new recovery codes made, and look at the log. The disk with Castellan's data may be failing."
	}
	return "At a start of this NAS the database was damaged and went back to before its last change. Look whether what was changed last is still so, and have new recovery codes made if one was used. The disk with Castellan's data may be failing."
}

func size(bytes uint64) string {
	switch {
	case bytes >= 1<<40:
		return fmt.Sprintf("%.1f TB", float64(bytes)/(1<<40))
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
	default:
		return fmt.Sprintf("%d MB", bytes>>20)
	}
}
