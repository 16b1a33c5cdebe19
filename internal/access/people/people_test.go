package people_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/store"
)

type bench struct {
	*people.Office
	t    *testing.T
	now  time.Time
	root people.Actor
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	key, elapsed := secret.NewKey(), func() time.Duration { return time.Hour }
	log := event.New(func() event.Moment { return event.Moment{Now: b.now, State: "synced"} }, slog.New(slog.DiscardHandler))
	tries := throttle.New(throttle.Config{Elapsed: elapsed, Boot: "one"})
	b.Office = people.New(people.Config{
		DB: db, Passwords: password.New(password.Config{Key: key, Memory: 64, Passes: 1}), Throttle: tries,
		Factors: factor.New(factor.Config{Key: key, Elapsed: elapsed}), Sessions: session.New(elapsed), Now: func() time.Time { return b.now },
		Log: log, MailKey: key, Post: notice.New(notice.Config{DB: db, Key: key, Log: log, Origin: func() string { return "https://nas.example:8001" }, Elapsed: elapsed, Now: func() time.Time { return b.now }}),
		Browsers: session.NewBrowsers(key, func() time.Time { return b.now }),
		Tokens: token.New(token.Config{
			DB: db, Throttle: tries, Log: log, Key: key, Now: func() (time.Time, bool) { return b.now, true }, Elapsed: elapsed, Held: func() time.Duration { return 0 },
		}),
		House: func() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("198.18.4.0/24")} },
	})
	admin := b.own("admin", account.Administrator)
	b.root = people.Actor{ID: admin.ID, Name: admin.Name, Address: "192.0.2.7"}
	return b
}

// own adds an account whose password is its own.
func (b *bench) own(name string, role account.Role) (a account.Account) {
	b.t.Helper()
	if err := b.DB.Update(func(tx *store.Tx) (err error) {
		a, err = account.Add(tx, account.Account{Name: name, Role: role, Password: account.Password{Hash: "x", Origin: account.Own}})
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) session(id string) (cookie string) {
	b.t.Helper()
	_ = b.DB.Update(func(tx *store.Tx) error {
		cookie, _, _ = b.Sessions.Create(tx, session.Session{Account: id})
		return nil
	})
	return cookie
}

func (b *bench) alive(cookie string) bool {
	_, _, ok := b.Sessions.Find(cookie, false)
	return ok
}

func (b *bench) twoStep(id string) {
	b.t.Helper()
	realtest.Enrol(b.t, b.DB, b.Factors, id, "My phone", b.now)
}

func (b *bench) last() (e event.Event) {
	b.t.Helper()
	_ = b.DB.View(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 1)
		if len(page) > 0 {
			e = page[0]
		}
		return err
	})
	return e
}

// R038 R033
func TestAPersonIsAddedWithATemporaryPasswordThatNobodyChose(t *testing.T) {
	b := newBench(t)
	g, err := b.Add(t.Context(), b.root, people.NewPerson{Account: account.Account{Name: "Ines", DisplayName: "Inês Duarte", Role: account.User}})
	if err != nil || g.Person.Name != "ines" || !g.Person.Waiting() || g.Left != account.TemporaryFor || len(g.Password) != 14 {
		t.Fatalf("got %+v, %v", g, err)
	}
	if ok, _, err := b.Passwords.Verify(t.Context(), g.Person.Password.Hash, g.Password); err != nil || !ok {
		t.Errorf("the password does not fit: %v", err)
	}
	if e := b.last(); e.Kind != event.AccountAdded || e.Get("account") != "ines" || e.Actor != "admin" {
		t.Errorf("the event is %+v", e)
	}
	if _, err := b.Add(t.Context(), b.root, people.NewPerson{Account: account.Account{Name: "INES", Role: account.User}}); !errors.Is(err, account.ErrTaken) {
		t.Errorf("got %v, want ErrTaken", err)
	}
}

// R038 R102
func TestATemporaryPasswordEndsSessionsAndKeepsTheSecondFactor(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	b.twoStep(ines.ID)
	cookie := b.session(ines.ID)
	g, err := b.Temporary(t.Context(), b.root, ines.ID)
	if err != nil || !g.Person.TwoStep || !g.Person.Waiting() {
		t.Fatalf("got %+v, %v", g, err)
	}
	if b.alive(cookie) {
		t.Error("the session lives on")
	}
	if _, err := b.Temporary(t.Context(), b.root, b.root.ID); !errors.Is(err, people.ErrOwn) {
		t.Errorf("got %v, want ErrOwn", err)
	}
}

// R039
func TestAnAdministratorTurnsTwoStepOffForOthersOnly(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	b.twoStep(ines.ID)
	b.twoStep(b.root.ID)
	cookie, own := b.session(ines.ID), b.session(b.root.ID)
	p, err := b.TurnTwoStepOff(b.root, ines.ID)
	if err != nil || p.TwoStep {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got, _ := b.Get(ines.ID); got.TwoStep {
		t.Error("it is still on")
	}
	if b.alive(cookie) || !b.alive(own) {
		t.Error("the wrong session ended")
	}
	if e := b.last(); e.Kind != event.TwoStepOffForOther || e.Get("account") != "ines" || e.Get("sessions") != "1" {
		t.Errorf("the event is %+v", e)
	}
	if _, err := b.TurnTwoStepOff(b.root, b.root.ID); !errors.Is(err, people.ErrOwn) {
		t.Errorf("one's own: %v", err)
	}
	if got, _ := b.Get(b.root.ID); !got.TwoStep {
		t.Error("one's own is off")
	}
	if _, err := b.TurnTwoStepOff(b.root, "unknown"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

// R101 R093
func TestWhoeverLosesRightsIsSignedOut(t *testing.T) {
	b := newBench(t)
	yes, user := true, account.User
	for what, c := range map[string]people.Change{"disabled": {Disabled: &yes}, "demoted": {Role: &user}} {
		other := b.own("other-"+what, account.Administrator)
		cookie := b.session(other.ID)
		if _, err := b.Change(b.root, other.ID, c); err != nil {
			t.Fatal(err)
		}
		if b.alive(cookie) {
			t.Errorf("%s: the session lives on", what)
		}
	}
	other := b.own("other", account.User)
	cookie := b.session(other.ID)
	name := "Another name"
	p, err := b.Change(b.root, other.ID, people.Change{DisplayName: &name})
	if err != nil || p.DisplayName != name || !b.alive(cookie) {
		t.Errorf("a new name: %+v, %v, alive %v", p, err, b.alive(cookie))
	}
	if e := b.last(); e.Get("what") != "display name changed" {
		t.Errorf("the event is %+v", e)
	}
}

// R010
func TestNobodyTakesTheirOwnRightsAway(t *testing.T) {
	b := newBench(t)
	b.own("second", account.Administrator)
	yes, user := true, account.User
	for what, err := range map[string]error{
		"disable": second(b.Change(b.root, b.root.ID, people.Change{Disabled: &yes})),
		"demote":  second(b.Change(b.root, b.root.ID, people.Change{Role: &user})),
		"delete":  b.Delete(b.root, b.root.ID),
	} {
		if !errors.Is(err, people.ErrOwn) {
			t.Errorf("%s: got %v, want ErrOwn", what, err)
		}
	}
}

func second(_ people.Person, err error) error { return err }

// R010: two administrators remove each other at the same moment.
func TestTwoAdministratorsCannotRemoveEachOther(t *testing.T) {
	for range 20 {
		b := newBench(t)
		other := b.own("other", account.Administrator)
		them := people.Actor{ID: other.ID, Name: other.Name}
		yes := true
		errs := make([]error, 2)
		var both sync.WaitGroup
		both.Go(func() { errs[0] = b.Delete(b.root, other.ID) })
		both.Go(func() { errs[1] = second(b.Change(them, b.root.ID, people.Change{Disabled: &yes})) })
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("got %v, want exactly one refusal", errs)
		}
	}
}

// R135 R101
func TestADeletedPersonIsGone(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	b.twoStep(ines.ID)
	cookie := b.session(ines.ID)
	if err := b.Delete(b.root, ines.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(ines.ID); !errors.Is(err, account.ErrUnknown) || b.alive(cookie) {
		t.Errorf("got %v, alive %v", err, b.alive(cookie))
	}
	_ = b.DB.View(func(tx *store.Tx) error {
		if factor.Enabled(tx, ines.ID) {
			t.Error("the second factor is still there")
		}
		return nil
	})
	page, total, err := b.List(account.Query{Limit: 9})
	if err != nil || total != 1 || page[0].Name != "admin" {
		t.Errorf("got %v of %d, %v", page, total, err)
	}
}

func TestRecoveryOnTheBoxItselfLetsAnAdministratorIn(t *testing.T) {
	b := newBench(t)
	b.own("second", account.Administrator)
	b.twoStep(b.root.ID)
	cookie := b.session(b.root.ID)
	_ = b.DB.Update(func(tx *store.Tx) error {
		a, _ := account.Get(tx, b.root.ID)
		a.Disabled = true
		return account.Put(tx, a)
	})
	g, err := b.Recover(t.Context(), "ADMIN")
	if err != nil || g.Person.TwoStep || g.Person.Disabled || !g.Person.Waiting() || b.alive(cookie) {
		t.Fatalf("got %+v, %v", g, err)
	}
	if ok, _, _ := b.Passwords.Verify(t.Context(), g.Person.Password.Hash, g.Password); !ok {
		t.Error("the password does not fit")
	}
	if e := b.last(); e.Kind != event.RecoveredLocally || e.Get("account") != "admin" {
		t.Errorf("the event is %+v", e)
	}
	b.own("jonas", account.User)
	if _, err := b.Recover(t.Context(), "jonas"); !errors.Is(err, people.ErrNotAdministrator) {
		t.Errorf("a user: %v", err)
	}
	if _, err := b.Recover(t.Context(), "nobody"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
}

// R108
func TestPeopleChangeTheirOwnNameAndLanguageAndNothingElse(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	me := people.Actor{ID: ines.ID, Name: "ines"}
	name, language := "Inês", "en"
	p, err := b.ChangeOwn(me, people.OwnChange{DisplayName: &name, Language: &language})
	if err != nil || p.DisplayName != name || p.Language != "en" || p.Role != account.User {
		t.Errorf("got %+v, %v", p, err)
	}
	if e := b.last(); e.Get("what") != "display name changed, language changed" {
		t.Errorf("the event is %+v", e)
	}
	bad := "a\nb"
	if _, err := b.ChangeOwn(me, people.OwnChange{DisplayName: &bad}); err == nil {
		t.Error("a bad name was accepted")
	}
}
