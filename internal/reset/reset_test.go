package reset_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/network"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/realtest"
	"castellan/internal/reset"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 5, 0, time.UTC)

// wire is a network service that fails until it does not.
type wire struct {
	mu     sync.Mutex
	asked  int
	broken error
	done   bool
	during func() // something that happens before it is its turn
}

func (w *wire) RestoreWanted(_ context.Context, wanted func() bool) (bool, error) {
	if w.during != nil {
		w.during()
	}
	if !wanted() {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.done, w.broken
}

// mend has it fail no more.
func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = nil
}

type bench struct {
	*reset.Reset
	t    *testing.T
	path string
	seed map[string]otp.Secret
	ids  map[string]string
	// forgot is where the password of admin came from whenever the time servers were believed anew.
	forgot []account.Origin
	// passed is what the clock that never steps shows.
	passed time.Duration
}

// newBench is a claimed box of admin with ines, both with 2-step verification on and signed in.
func newBench(t *testing.T, n reset.Network) (*bench, map[string]string) {
	t.Helper()
	return benchIn(t, t.TempDir(), n)
}

// benchIn is newBench with its files in a given folder.
func benchIn(t *testing.T, folder string, n reset.Network) (*bench, map[string]string) {
	t.Helper()
	path := filepath.Join(folder, "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, path: path, seed: map[string]otp.Secret{}, ids: map[string]string{}, passed: time.Hour}
	key, elapsed := secret.NewKey(), func() time.Duration { return b.passed }
	log := event.New(func() event.Moment { return event.Moment{Now: noon, State: "synced"} }, slog.New(slog.DiscardHandler))
	tries := throttle.New(throttle.Config{Elapsed: elapsed, Boot: "one"})
	b.Reset = reset.New(reset.Config{
		DB: db, Box: claim.New(claim.Config{Key: key}), Waits: presence.New(elapsed), Throttle: tries,
		Factors: factor.New(factor.Config{Key: key, Elapsed: elapsed}), Sessions: session.New(elapsed), Tickets: session.NewTickets(elapsed), Network: n, Forget: func(context.Context) { b.forgot = append(b.forgot, b.account("admin").Password.Origin) }, Key: key, Folder: folder,
		Browsers: session.NewBrowsers(key, func() time.Time { return noon }),
		Tokens: token.New(token.Config{
			DB: db, Throttle: tries, Log: log, Key: key, Now: func() (time.Time, bool) { return noon, true }, Elapsed: elapsed, Held: func() time.Duration { return 0 },
		}),
		Now: func() time.Time { return noon }, Elapsed: elapsed, Boot: "one", Out: slog.New(slog.DiscardHandler),
		Log: log, Post: notice.New(notice.Config{DB: db, Key: key, Log: log, Elapsed: elapsed, Now: func() time.Time { return noon }}),
	})
	b.update(func(tx *store.Tx) error {
		if err := b.Box.Found(tx, "k7qp-m2xd-9w3t", "default-hash", noon); err != nil {
			return err
		}
		_, err := b.Box.Take(tx, claim.Claim{NASName: "attic-nas", TimeZone: "Europe/Berlin", Email: "owner@example.org"}, 0, "own-hash-canary", noon)
		if err != nil {
			return err
		}
		_, err = account.Add(tx, account.Account{Name: "ines", Role: account.User, Password: account.Password{Hash: "ines-hash", Origin: account.Own}})
		return err
	})
	cookies := map[string]string{}
	for _, name := range []string{"admin", "ines"} {
		id := b.account(name).ID
		b.ids[name] = id
		b.seed[name] = realtest.Enrol(t, b.DB, b.Factors, id, "Phone of "+name, noon.Add(-otp.Period))
		b.update(func(tx *store.Tx) error {
			cookies[name], _, _ = b.Sessions.Create(tx, session.Session{Account: id})
			return nil
		})
	}
	return b, cookies
}

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.DB.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) account(name string) (a account.Account) {
	b.t.Helper()
	if err := b.DB.View(func(tx *store.Tx) (err error) { a, err = account.ByName(tx, name); return err }); err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) spend(name string) error {
	return b.DB.Update(func(tx *store.Tx) error {
		g := factor.Given{Way: factor.App, Text: string(b.seed[name].CodeAt(otp.StepAt(noon)))}
		_, err := b.Factors.Spend(tx, account.Account{ID: b.ids[name]}, g, noon)
		return err
	})
}

func (b *bench) kinds() (kinds []event.Kind) {
	_ = b.DB.View(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 50)
		for _, e := range page {
			kinds = append(kinds, e.Kind)
		}
		return err
	})
	return kinds
}

// R140 (d)
func TestAResetRestoresTheAdministratorAndNothingElse(t *testing.T) {
	b, cookies := newBench(t, network.New(network.Config{Alone: true}))
	b.update(func(tx *store.Tx) error {
		_, shared, _, err := b.Browsers.Remember(tx, "", b.ids["admin"], "Firefox", "192.0.2.7")
		if err == nil {
			_, _, _, err = b.Browsers.Remember(tx, shared, b.ids["ines"], "Firefox", "192.0.2.7")
		}
		return err
	})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error { // R079
		for name, want := range map[string]int{"admin": 0, "ines": 1} {
			if list, err := b.Browsers.List(tx, b.ids[name]); err != nil || len(list) != want {
				t.Errorf("%s is known by %v, %v", name, list, err)
			}
		}
		return nil
	})
	admin, ines := b.account("admin"), b.account("ines")
	if admin.Password != (account.Password{Hash: "default-hash", Origin: account.Default}) || !admin.Administers() {
		t.Errorf("admin is %+v", admin)
	}
	if ines.Password.Hash != "ines-hash" || ines.Waiting() {
		t.Errorf("ines is %+v", ines)
	}
	if err := b.spend("admin"); !errors.Is(err, factor.ErrWay) {
		t.Errorf("the administrator's phone still works: %v", err)
	}
	if err := b.spend("ines"); err != nil {
		t.Errorf("the other account's phone does not: %v", err)
	}
	if _, _, ok := b.Sessions.Find(cookies["admin"], false); ok {
		t.Error("the administrator's session lives on")
	}
	if _, _, ok := b.Sessions.Find(cookies["ines"], false); !ok {
		t.Error("the other account's session ended")
	}
	_ = b.DB.View(func(tx *store.Tx) error {
		if owned, before, _ := claim.Owned(tx); owned || !before {
			t.Errorf("owned %v, before %v", owned, before)
		}
		if s, _ := settings.Get(tx); s.NASName != "attic-nas" || s.TimeZone != "Europe/Berlin" {
			t.Errorf("settings are %+v", s)
		}
		return nil
	})
	if data, _ := os.ReadFile(b.path); bytes.Contains(data, []byte("own-hash-canary")) {
		t.Error("the old password's hash is still in the file")
	}
	if !slices.Equal(b.forgot, []account.Origin{account.Default}) { // that may take seconds, in which the power may go
		t.Errorf("the time servers were believed anew when the password was %v", b.forgot)
	}
	if got := b.kinds(); got[0] != event.ResetDone {
		t.Errorf("events are %v", got)
	}
}

// T27: a claim that was proved before the reset is worth nothing after it.
func TestAResetEndsEveryHalfFinishedSignIn(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	cookie, _, _ := b.Tickets.Issue(session.Ticket{Stage: session.AwaitClaim})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.Tickets.Find(cookie); ok {
		t.Error("the ticket still claims")
	}
}

// R140: a press after a reset confirms nobody who waited before it.
func TestAResetEndsEveryWaitForAPress(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	id, err := b.Waits.Begin(presence.Claim, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := b.Waits.Press(); a.Waiting != 0 {
		t.Errorf("%d waited", a.Waiting)
	}
	if _, _, err := b.Waits.Look(presence.Claim, id); !errors.Is(err, presence.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

// R140 (d): the built-in account comes back where the owner chose another name.
func TestAResetMakesTheBuiltInAdministratorWhereThereIsNone(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	b.update(func(tx *store.Tx) error {
		_, err := account.Add(tx, account.Account{Name: "marta", Role: account.Administrator, Password: account.Password{Hash: "marta-hash", Origin: account.Own}})
		return errors.Join(err, account.Delete(tx, b.ids["admin"]))
	})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if admin := b.account("admin"); admin.Password.Origin != account.Default || !admin.Administers() {
		t.Errorf("admin is %+v", admin)
	}
	if marta := b.account("marta"); marta.Password.Hash != "marta-hash" || !marta.Administers() {
		t.Errorf("marta is %+v", marta)
	}
}

// R140 (c)
func TestWhatAResetLeftUndoneIsDoneAtTheNextStart(t *testing.T) {
	b, _ := newBench(t, &wire{done: true})
	b.Forget = func(context.Context) { panic("the power goes") }
	func() {
		defer func() { _ = recover() }()
		_ = b.Run(t.Context())
	}()
	if b.account("admin").Password.Origin != account.Default || b.Rest() > 0 {
		t.Error("the transaction was undone, or the reset is finished")
	}
	b.Forget = func(context.Context) {}
	if err := b.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.isDone()
}

// R140 (c)
func TestAResetThatCannotBeWrittenDidNotHappen(t *testing.T) {
	b, cookies := newBench(t, network.New(network.Config{Alone: true}))
	if err := b.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); err == nil {
		t.Fatal("a reset without a disk")
	}
	if _, _, ok := b.Sessions.Find(cookies["admin"], false); !ok {
		t.Error("half of the reset happened")
	}
}

func TestAResetPardonsTheAdministratorsWrongTries(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	for range throttle.FreeTries {
		a, err := b.Throttle.Password(throttle.Guess{Name: "admin", Source: "192.0.2.7"})
		if err != nil {
			t.Fatal(err)
		}
		b.update(a.Fail)
	}
	if _, err := b.Throttle.Password(throttle.Guess{Name: "admin", Source: "192.0.2.7"}); !errors.Is(err, throttle.ErrSlowDown) {
		t.Fatal("the test proves nothing")
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Throttle.Password(throttle.Guess{Name: "admin", Source: "192.0.2.7"}); err != nil {
		t.Errorf("after the reset: %v", err)
	}
}

// R001 R020: whoever holds the button gets in from whatever address they have.
func TestAResetEndsBlocksLimitsAndPauses(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	b.update(func(tx *store.Tx) error {
		return settings.PutDefender(tx, settings.Defender{
			Limits: settings.StrictLimits, Block: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Allow: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")},
		})
	})
	for i := range throttle.SprayTries {
		a, err := b.Throttle.Password(throttle.Guess{Name: strings.Repeat("x", i), Source: "192.0.2.7"})
		if err != nil {
			t.Fatal(err)
		}
		b.update(a.Fail)
	}
	paused := throttle.Guess{Name: "admin", Source: "192.0.2.7"}
	if _, err := b.Throttle.Password(paused); !errors.Is(err, throttle.ErrSlowDown) {
		t.Fatal("the test proves nothing")
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Throttle.Password(paused); err != nil {
		t.Errorf("after the reset: %v", err)
	}
	changed := 0
	_ = b.DB.View(func(tx *store.Tx) error {
		if d, err := settings.GetDefender(tx); err != nil || d.Limits != settings.NormalLimits || len(d.Block)+len(d.Allow) != 0 {
			t.Errorf("got %+v, %v", d, err)
		}
		page, _, err := event.Page(tx, event.Settings, 0, 50)
		for _, e := range page {
			if e.Kind == event.DefenderChanged {
				changed++
			}
		}
		return err
	})
	if changed != 3 {
		t.Errorf("%d changes are in the log, want 3", changed)
	}
}
