package session_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/store"
)

// R093 R097: a session stands while it lasts, whoever ends it, and nothing is remembered of one that has ended, nor of an end that did not happen.
func TestASessionStandsUntilItEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		cookie, _ := create(t, db, s, "ines", false)
		one, _, _ := s.Find(cookie, false)
		stands := func(what string, want error) {
			t.Helper()
			if err := db.View(func(tx *store.Tx) error { return s.Stand(tx, one.ID) }); !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		stands("at first", nil)
		_ = db.Update(func(tx *store.Tx) error { s.EndAll(tx, "ines", ""); return errors.New("refused") })
		stands("after an end that was refused", nil)
		func() {
			defer func() { _ = recover() }()
			_ = db.Update(func(tx *store.Tx) error { s.EndEverybody(tx, ""); panic("bug") })
		}()
		stands("after one that broke off", nil)
		renewed := ""
		if err := db.Update(func(tx *store.Tx) error { renewed, _ = s.Renew(tx, cookie, session.Changed); return nil }); err != nil || renewed == "" {
			t.Errorf("its new cookie: %q, %v", renewed, err)
		}
		_ = db.Update(func(tx *store.Tx) error { _, err := s.EndOne(tx, "ines", one.ID); return err })
		stands("after its end", session.ErrEnded)
		cookie, _ = create(t, db, s, "ines", false)
		one, _, _ = s.Find(cookie, false)
		time.Sleep(session.Idle)
		stands("when nothing was done", session.ErrEnded)
		if n := session.EndingForTest(s); n != 0 {
			t.Errorf("%d sessions are still marked", n)
		}
	})
}
