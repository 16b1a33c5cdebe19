package session_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/access/session"
	"castellan/internal/store"
)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// inBubble runs a test on a clock that only sleeping moves.
func inBubble(t *testing.T, f func(*testing.T, *store.DB, *session.Sessions)) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f(t, open(t), session.New(func() time.Duration { return time.Since(start) }))
	})
}

func create(t *testing.T, db *store.DB, s *session.Sessions, account string, admin bool) (cookie string, evicted bool) {
	t.Helper()
	if err := db.Update(func(tx *store.Tx) error {
		cookie, _, evicted = s.Create(tx, session.Session{Account: account, Administrator: admin})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return cookie, evicted
}

func alive(s *session.Sessions, cookie string, active bool) bool {
	_, _, ok := s.Find(cookie, active)
	return ok
}

// R097
func TestASessionEndsWhenNothingIsDone(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		cookie, _ := create(t, db, s, "ines", false)
		for range 5 {
			time.Sleep(session.Idle - time.Second)
			if !alive(s, cookie, true) {
				t.Fatal("an active session ended")
			}
		}
		for range 29 { // polling is not activity
			time.Sleep(time.Minute)
			if !alive(s, cookie, false) {
				t.Fatal("it ended before its time")
			}
		}
		time.Sleep(time.Minute)
		if alive(s, cookie, true) {
			t.Error("polling kept a session alive")
		}
	})
}

// R098
func TestASessionEndsWhateverIsDone(t *testing.T) {
	for admin, life := range map[bool]time.Duration{true: session.AdministratorLife, false: session.UserLife} {
		inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
			cookie, _ := create(t, db, s, "ines", admin)
			start := time.Now()
			for alive(s, cookie, true) {
				time.Sleep(10 * time.Minute)
			}
			if got := time.Since(start); got != life {
				t.Errorf("administrator %v: ended after %v, want %v", admin, got, life)
			}
		})
	}
}

// R095
func TestOnlyCookiesThatWereGivenOutOpenASession(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		cookie, _ := create(t, db, s, "ines", false)
		found, _, _ := s.Find(cookie, false)
		for _, forged := range []string{"", "x", cookie + "x", cookie[1:], found.ID, found.Token} {
			if alive(s, forged, true) {
				t.Errorf("%q opened a session", forged)
			}
		}
	})
}

// R094
func TestTheEleventhSessionEndsTheOldest(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		var cookies []string
		for range session.Most {
			c, evicted := create(t, db, s, "ines", false)
			if evicted {
				t.Fatal("a session was ended too early")
			}
			cookies = append(cookies, c)
			time.Sleep(time.Second)
		}
		other, _ := create(t, db, s, "jonas", false)
		if _, evicted := create(t, db, s, "ines", false); !evicted {
			t.Error("the eleventh session ended none")
		}
		if alive(s, cookies[0], false) || !alive(s, cookies[1], false) || !alive(s, other, false) {
			t.Error("the wrong session was ended")
		}
	})
}

// R054
func TestASessionOfARefusedTransactionDoesNotExist(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		var cookie string
		_ = db.Update(func(tx *store.Tx) error {
			cookie, _, _ = s.Create(tx, session.Session{Account: "ines"})
			return errors.New("refused")
		})
		if alive(s, cookie, false) {
			t.Error("the session exists")
		}
	})
}

// R096
func TestRenewingKillsTheOldCookie(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		old, _ := create(t, db, s, "ines", false)
		before, _, _ := s.Find(old, false)
		time.Sleep(session.StepUpFor)
		if _, left, _ := s.Find(old, false); left.StepUp != 0 { // R103
			t.Errorf("the proof still counts for %v", left.StepUp)
		}
		var renewed string
		_ = db.Update(func(tx *store.Tx) error { renewed, _ = s.Renew(tx, old, session.Proved); return nil })
		after, left, ok := s.Find(renewed, false)
		if !ok || alive(s, old, false) || after.ID != before.ID || after.Token == before.Token || left.StepUp != session.StepUpFor {
			t.Errorf("before %+v, after %+v, %v", before, after, left)
		}
		_ = db.Update(func(tx *store.Tx) error {
			if cookie, _ := s.Renew(tx, "unknown", session.Proved); cookie != "" {
				t.Error("an unknown session was renewed")
			}
			return nil
		})
	})
}

func TestASessionThatIsEndedMeanwhileIsNotRenewed(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		old, _ := create(t, db, s, "ines", false)
		var renewed string
		_ = db.Update(func(tx *store.Tx) error {
			renewed, _ = s.Renew(tx, old, session.Proved)
			s.End(old)
			return nil
		})
		if alive(s, renewed, false) {
			t.Error("the session lives on under its new cookie")
		}
	})
}

// R101 R102
func TestEndingAnAccountsSessionsSparesOthersAndOne(t *testing.T) {
	inBubble(t, func(t *testing.T, db *store.DB, s *session.Sessions) {
		one, _ := create(t, db, s, "ines", false)
		two, _ := create(t, db, s, "ines", false)
		other, _ := create(t, db, s, "jonas", false)
		mine, _, _ := s.Find(two, false)
		var n int
		_ = db.Update(func(tx *store.Tx) error { n = s.EndAll(tx, "ines", mine.ID); return nil })
		if n != 1 || alive(s, one, false) || !alive(s, two, false) || !alive(s, other, false) {
			t.Errorf("ended %d; alive: %v %v %v", n, alive(s, one, false), alive(s, two, false), alive(s, other, false))
		}
		_ = db.Update(func(tx *store.Tx) error { s.EndAll(tx, "ines", ""); return errors.New("refused") })
		if !alive(s, two, false) {
			t.Error("a refused transaction ended a session")
		}
	})
}

// R101 R102: what runs at a commit may run late, after the commit of a later transaction.
func TestASessionOfACommitThatIsOvertakenByAnEndDoesNotBegin(t *testing.T) {
	db, s := open(t), session.New(func() time.Duration { return 0 })
	late := func(first, second func(*store.Tx)) {
		committed, hold, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- db.Update(func(tx *store.Tx) error {
				tx.OnCommit(func() { close(committed); <-hold })
				first(tx)
				return nil
			})
		}()
		<-committed
		_ = db.Update(func(tx *store.Tx) error { second(tx); return nil })
		close(hold)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	var cookie string
	begin := func(tx *store.Tx) { cookie, _, _ = s.Create(tx, session.Session{Account: "ines"}) }
	end := func(tx *store.Tx) { s.EndAll(tx, "ines", "") }
	late(begin, end)
	if alive(s, cookie, false) {
		t.Error("a session that began before the end lives on")
	}
	late(end, begin)
	if !alive(s, cookie, false) {
		t.Error("a session that began after the end is gone")
	}
	old := cookie
	late(func(tx *store.Tx) { cookie, _ = s.Renew(tx, old, session.Proved) }, end)
	if alive(s, cookie, false) || alive(s, old, false) {
		t.Error("a session that was renewed before the end lives on")
	}
}

// R093: later transactions know at once that a session was ended, however late what runs at the commit comes; one that is refused ends none.
func TestASessionEndsForTheTransactionsThatFollow(t *testing.T) {
	db, s := open(t), session.New(func() time.Duration { return 0 })
	for name, end := range map[string]func(*store.Tx, session.Session){
		"all of an account":  func(tx *store.Tx, one session.Session) { s.EndAll(tx, one.Account, "") },
		"everybody's":        func(tx *store.Tx, _ session.Session) { s.EndEverybody(tx, "") },
		"one":                func(tx *store.Tx, one session.Session) { _, _ = s.EndOne(tx, one.Account, one.ID) },
		"those of a browser": func(tx *store.Tx, one session.Session) { s.EndIn(tx, one.Account, "", "") },
	} {
		cookie, _ := create(t, db, s, "ines", false)
		one, _, _ := s.Find(cookie, false)
		stands := func() (renewed string, err error) {
			_ = db.Update(func(tx *store.Tx) error {
				err = s.Stand(tx, one.ID)
				renewed, _ = s.Renew(tx, cookie, session.Changed)
				return errors.New("refused")
			})
			return renewed, err
		}
		_ = db.Update(func(tx *store.Tx) error { end(tx, one); return errors.New("refused") })
		if renewed, err := stands(); err != nil || renewed == "" {
			t.Errorf("%s: a refused transaction ended it: %v", name, err)
		}
		committed, hold, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- db.Update(func(tx *store.Tx) error {
				tx.OnCommit(func() { close(committed); <-hold })
				end(tx, one)
				return nil
			})
		}()
		<-committed
		if renewed, err := stands(); !errors.Is(err, session.ErrEnded) || renewed != "" {
			t.Errorf("%s: got %v and a cookie %q before the commit was seen to", name, err, renewed)
		}
		close(hold)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if renewed, err := stands(); !errors.Is(err, session.ErrEnded) || renewed != "" {
			t.Errorf("%s: got %v and a cookie %q after it", name, err, renewed)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	start := time.Now()
	s := session.New(func() time.Duration { return time.Since(start) })
	db, err := store.Create(filepath.Join(b.TempDir(), "castellan.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var cookie string
	_ = db.Update(func(tx *store.Tx) error { cookie, _, _ = s.Create(tx, session.Session{Account: "ines"}); return nil })
	for b.Loop() {
		s.Find(cookie, true)
	}
}
