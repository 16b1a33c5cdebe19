package session_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/store"
)

// R101: everybody goes but one, and a session that began before that and is committed later does not begin.
func TestEndingEverybodysSessionsSparesOne(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		ines, _ := create(t, db, s, "ines", false)
		root, _ := create(t, db, s, "root", true)
		acting, _, _ := s.Find(root, false)
		var late string
		n := 0
		_ = db.Update(func(tx *store.Tx) error {
			late, _, _ = s.Create(tx, session.Session{Account: "jonas"})
			n = s.EndEverybody(tx, acting.ID)
			return nil
		})
		if n != 1 || alive(s, ines, false) || alive(s, late, false) || !alive(s, root, false) {
			t.Errorf("ended %d; alive: %v %v %v", n, alive(s, ines, false), alive(s, late, false), alive(s, root, false))
		}
		_ = db.Update(func(tx *store.Tx) error { s.EndEverybody(tx, ""); return errors.New("refused") })
		if !alive(s, root, false) {
			t.Error("a refused transaction ended a session")
		}
		if again, _ := create(t, db, s, "ines", false); !alive(s, again, false) {
			t.Error("nobody gets in any more")
		}
	})
}

// R104: a session is ended by its name, under whatever cookie it goes on, and only as one of its account.
func TestOneSessionIsEndedByName(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		first, _ := create(t, db, s, "ines", false)
		time.Sleep(time.Minute)
		second, _ := create(t, db, s, "ines", false)
		list := s.List("ines")
		if len(list) != 2 || list[0].Since != 0 || list[1].Since != time.Minute || list[1].Active != time.Minute || list[1].Left != session.Idle-time.Minute {
			t.Fatalf("got %+v", list)
		}
		end := func(account, id string) error {
			return db.Update(func(tx *store.Tx) error { _, err := s.EndOne(tx, account, id); return err })
		}
		if err := end("jonas", list[1].ID); !errors.Is(err, session.ErrUnknown) {
			t.Errorf("somebody else's: %v", err)
		}
		renewed := ""
		_ = db.Update(func(tx *store.Tx) error { renewed, _ = s.Renew(tx, first, session.Changed); return nil })
		if err := end("ines", list[1].ID); err != nil || alive(s, renewed, false) || !alive(s, second, false) {
			t.Errorf("%v; alive: %v %v", err, alive(s, renewed, false), alive(s, second, false))
		}
		if err := end("", list[1].ID); !errors.Is(err, session.ErrUnknown) {
			t.Errorf("once more: %v", err)
		}
		if err := s.Ended(renewed); !errors.Is(err, session.ErrEnded) || err.Error() == session.ErrEnded.Error() {
			t.Errorf("its browser is told %q", err)
		}
		if err := s.Ended("another"); err.Error() != session.ErrEnded.Error() {
			t.Errorf("a stranger is told %q", err)
		}
		s.End(second)
		if err := s.Ended(second); err.Error() != session.ErrEnded.Error() {
			t.Errorf("whoever signed out is told %q", err)
		}
	})
}

// R097: the limit moves for sessions that go on, and a refused change moves nothing.
func TestTheIdleLimitMoves(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		cookie, _ := create(t, db, s, "ines", false)
		_ = db.Update(func(tx *store.Tx) error { s.EndIdleAfter(tx, 5); return errors.New("refused") })
		time.Sleep(5 * time.Minute)
		if !alive(s, cookie, true) || s.IdleLimit() != session.Idle {
			t.Fatal("a refused change counts")
		}
		_ = db.Update(func(tx *store.Tx) error { s.EndIdleAfter(tx, 5); return nil })
		for range 4 {
			time.Sleep(4 * time.Minute)
			if !alive(s, cookie, true) {
				t.Fatal("an active session ended")
			}
		}
		time.Sleep(5 * time.Minute)
		if alive(s, cookie, true) {
			t.Error("it goes on")
		}
	})
}
