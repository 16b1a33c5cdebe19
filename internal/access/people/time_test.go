package people_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/people"
	"castellan/internal/event"
	"castellan/internal/store"
)

func (b *bench) floor() (at time.Time) {
	b.t.Helper()
	if err := b.DB.View(func(tx *store.Tx) (err error) { at, err = event.Floor(tx); return err }); err != nil {
		b.t.Fatal(err)
	}
	return at
}

func (b *bench) mustAgain(id string) (again bool) {
	b.t.Helper()
	if err := b.DB.View(func(tx *store.Tx) (err error) { again, err = factor.MustSetUpAgain(tx, id); return err }); err != nil {
		b.t.Fatal(err)
	}
	return again
}

// R139 T25: the word, the floor and the devices that are void stand in one transaction.
func TestAWordAboutTheTimeIsRecordedWithWhatFollowsFromIt(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	b.twoStep(ines.ID)
	move := func(to time.Time) {
		t.Helper()
		if err := b.MoveTime(b.root, people.TimeMove{Kind: event.TimeAccepted, From: b.now, To: to}); err != nil {
			t.Fatal(err)
		}
	}
	move(b.now.Add(2 * time.Hour))
	if e := b.last(); e.Kind != event.TimeAccepted || e.Actor != "admin" || e.Get("by") != "2 h forward" || e.Get("from") != "2026-11-21 12:00:00 UTC" {
		t.Errorf("the event is %+v", e)
	}
	if b.mustAgain(ines.ID) || !b.floor().Equal(b.now.Add(2*time.Hour)) {
		t.Errorf("void: %v, floor %v", b.mustAgain(ines.ID), b.floor())
	}
	move(b.now.Add(-2 * time.Hour))
	if e := b.last(); e.Kind != event.DevicesVoid || e.Get("account") != "ines" || e.Get("devices") != "“My phone”" {
		t.Errorf("the event is %+v", e)
	}
	if !b.mustAgain(ines.ID) || !b.floor().Equal(b.now.Add(-2*time.Hour)) {
		t.Errorf("void: %v, floor %v", b.mustAgain(ines.ID), b.floor())
	}
	nobody := b.root
	nobody.ID = ines.ID
	if err := b.MoveTime(nobody, people.TimeMove{Kind: event.TimeSet, From: b.now, To: b.now}); !errors.Is(err, people.ErrRole) {
		t.Errorf("a user: %v", err)
	}
}

// R139: what was moved because an administrator signed in is no smaller matter than what they accept.
func TestATimeThatAnAdministratorVouchedForIsRecorded(t *testing.T) {
	b := newBench(t)
	if err := b.TimeVouched(b.now, b.now.Add(90*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if e := b.last(); e.Kind != event.TimeVouched || e.Get("from") != "2026-11-21 12:00:00 UTC" || e.Get("to") != "2027-02-19 12:00:00 UTC" || e.Get("by") != "90 days forward" {
		t.Errorf("the event is %+v", e)
	}
}

// R139: after a doubt that ended beside the box, devices that lie ahead are void, and nothing is written otherwise.
func TestDevicesAheadAreFoundWhenTheTimeIsKnownAgain(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	b.twoStep(ines.ID)
	before := b.last().Number
	if err := b.TimeIsKnown(b.now); err != nil || b.mustAgain(ines.ID) || b.last().Number != before {
		t.Errorf("nothing lies ahead: %v", err)
	}
	if err := b.TimeIsKnown(b.now.Add(-(otp.Window + 1) * otp.Period)); err != nil || !b.mustAgain(ines.ID) || b.last().Kind != event.DevicesVoid {
		t.Errorf("one lies ahead: %v", err)
	}
}
