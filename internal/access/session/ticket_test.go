package session_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/store"
)

// R006
func TestATicketLapsesAndIsTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		tickets := session.NewTickets(func() time.Duration { return time.Since(start) })
		cookie, issued, _ := tickets.Issue(session.Ticket{Account: "ines"})
		if got, left, ok := tickets.Find(cookie); !ok || got.Account != "ines" || left != session.TicketLife || issued.Token == "" {
			t.Errorf("got %+v, %v, %v", got, left, ok)
		}
		if _, err := tickets.Take(cookie, session.AwaitPassword); !errors.Is(err, session.ErrNoTicket) {
			t.Errorf("for another stage: %v", err)
		}
		if _, err := tickets.Take(cookie, session.AwaitCode); err != nil {
			t.Error(err)
		}
		if _, err := tickets.Take(cookie, session.AwaitCode); !errors.Is(err, session.ErrUnderway) {
			t.Errorf("taken twice: %v", err)
		}
		tickets.End(cookie)
		if _, err := tickets.Take(cookie, session.AwaitCode); !errors.Is(err, session.ErrNoTicket) {
			t.Errorf("after its end: %v", err)
		}
		cookie, _, _ = tickets.Issue(session.Ticket{})
		time.Sleep(session.TicketLife)
		if _, _, ok := tickets.Find(cookie); ok {
			t.Error("it did not lapse")
		}
		if _, err := tickets.Take(cookie, session.AwaitCode); !errors.Is(err, session.ErrNoTicket) {
			t.Errorf("a lapsed ticket was taken: %v", err)
		}
	})
}

// R051
func TestATicketDiesAtTheFifthWrongTry(t *testing.T) {
	tickets := session.NewTickets(func() time.Duration { return 0 })
	cookie, _, _ := tickets.Issue(session.Ticket{})
	for want := session.TicketTries - 1; want >= 0; want-- {
		for _, wrong := range []bool{false, true} { // a try that was not evaluated costs nothing
			if _, err := tickets.Take(cookie, session.AwaitCode); err != nil {
				t.Fatalf("gone with %d tries left: %v", want+1, err)
			}
			if left := tickets.Return(cookie, wrong); wrong && left != want {
				t.Errorf("%d tries left, want %d", left, want)
			}
		}
	}
	if _, _, ok := tickets.Find(cookie); ok {
		t.Error("it lives on")
	}
}

// T27: a ticket that a request has in its hands when all of them end does not come back.
func TestATicketThatIsOutEndsWithTheOthers(t *testing.T) {
	db := open(t)
	for _, stage := range []session.Stage{session.AwaitCode, session.AwaitPassword, session.AwaitClaim} {
		tickets := session.NewTickets(func() time.Duration { return 0 })
		cookie, _, _ := tickets.Issue(session.Ticket{Stage: stage})
		if _, err := tickets.Take(cookie, stage); err != nil {
			t.Fatal(err)
		}
		_ = db.Update(func(tx *store.Tx) error { tickets.EndAll(tx); return nil })
		tickets.Return(cookie, false)
		if _, _, ok := tickets.Find(cookie); ok {
			t.Errorf("stage %d: it came back", stage)
		}
	}
}

func TestStrangersCannotFillTheMemoryWithTickets(t *testing.T) {
	tickets := session.NewTickets(func() time.Duration { return 0 })
	last := ""
	for range 2000 {
		last, _, _ = tickets.Issue(session.Ticket{})
	}
	if n := session.CountForTest(tickets); n != 512 {
		t.Errorf("%d tickets are kept, want 512", n)
	}
	if _, _, ok := tickets.Find(last); !ok {
		t.Error("the newest ticket is gone")
	}
}

// T27: whoever only waits for a press pushes nobody out who proved something, however many wait.
func TestATicketThatProvedNothingPushesOutNoneThatDid(t *testing.T) {
	now := time.Duration(0)
	tickets := session.NewTickets(func() time.Duration { return now })
	issue := func(s session.Stage) (string, error) {
		now++
		cookie, _, err := tickets.Issue(session.Ticket{Stage: s})
		return cookie, err
	}
	there := func(cookie string) bool { _, _, ok := tickets.Find(cookie); return ok }
	owner, _ := issue(session.AwaitClaim)
	first, _ := issue(session.AwaitPress)
	last := ""
	for range 2 * session.MaxTickets {
		last, _ = issue(session.AwaitPress)
	}
	if n := session.CountForTest(tickets); n != session.MaxTickets || !there(owner) || there(first) || !there(last) {
		t.Errorf("%d tickets; the owner's %v, the first stranger's %v, the last one's %v", n, there(owner), there(first), there(last))
	}
	for range session.MaxTickets - 1 { // right passwords: nobody's wait is left
		if _, err := issue(session.AwaitCode); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := issue(session.AwaitPress); !errors.Is(err, session.ErrManyTickets) || !there(owner) || there(last) {
		t.Errorf("got %v; the owner's %v, the last stranger's %v", err, there(owner), there(last))
	}
	if newest, err := issue(session.AwaitCode); err != nil || !there(newest) || there(owner) {
		t.Errorf("among equals the oldest goes: %v, the owner's %v", err, there(owner))
	}
}
