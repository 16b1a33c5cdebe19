package health_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
	"castellan/internal/health"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/store"
)

type bench struct {
	*health.Doctor
	reading clock.Reading
	button  button.Status
	free    uint64
	mail    string
	syslog  string
	reach   network.Reach
	change  network.Change
	freeErr error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{
		reading: clock.Reading{State: clock.Synced, Offset: 3 * time.Millisecond},
		reach:   network.Reach{Address: true, Gateway: true},
		button:  button.Status{Kind: button.GPIO, State: button.IsReleased}, free: 12 << 30,
	}
	b.Doctor = health.New(health.Config{
		DB: db, Clock: func() clock.Reading { return b.reading }, Button: func() button.Status { return b.button },
		Free: func() (uint64, error) { return b.free, b.freeErr }, MailTrouble: func() string { return b.mail },
		SyslogTrouble: func() string { return b.syslog }, Reach: func() network.Reach { return b.reach }, Waits: func() (network.Change, bool) { return b.change, b.change.Interface != "" },
	})
	return b
}

func (b *bench) examine(t *testing.T, role account.Role) (health.Level, map[string]health.Check) {
	t.Helper()
	worst, checks, err := b.Examine(account.Account{ID: "x", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]health.Check{}
	for _, c := range checks {
		found[c.Code] = c
		if (c.Level == health.OK) != (c.Detail == "") || c.Title == "" || c.Value == "" {
			t.Errorf("%+v: what is wrong wants words, what is well wants none", c)
		}
	}
	return worst, found
}

func TestUsersSeeWhatConcernsThem(t *testing.T) {
	b := newBench(t)
	b.button.State = button.IsStuck
	worst, checks := b.examine(t, account.User)
	if worst != health.OK || len(checks) != 2 || checks["clock"].Value != "+3 ms" || checks["two_step"].Value != "Off" {
		t.Errorf("%s: %+v", worst, checks)
	}
}

func TestAdministratorsAreNaggedAboutTwoStep(t *testing.T) {
	b := newBench(t)
	worst, checks := b.examine(t, account.Administrator)
	if worst != health.Warn || checks["two_step"].Level != health.Warn {
		t.Errorf("%s: %+v", worst, checks)
	}
	f := factor.New(factor.Config{Key: secret.NewKey(), Elapsed: func() time.Duration { return 0 }})
	realtest.Enrol(t, b.DB, f, "x", "phone", time.Unix(1_800_000_000, 0))
	if worst, checks = b.examine(t, account.Administrator); worst != health.OK || checks["two_step"].Value != "On" || checks["store"].Value != "12.0 GB free" || checks["button"].Value != "Ready" {
		t.Errorf("%s: %+v", worst, checks)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	tests := []struct {
		name   string
		change func(*bench)
		code   string
		level  health.Level
		value  string
	}{
		{"slow clock", func(b *bench) { b.reading.Offset = -192 * time.Second }, "clock", health.Warn, "3 min 12 s slow"},
		{"unknown time", func(b *bench) { b.reading.State = clock.Unsynced }, "clock", health.Bad, "Not known"},
		{"suspect time", func(b *bench) { b.reading.State = clock.Suspect }, "clock", health.Bad, "In doubt"},
		{"time by hand", func(b *bench) { b.reading.State, b.reading.Reason = clock.Unverified, clock.ByHand }, "clock", health.Warn, "Set by hand"},
		{"holdover", func(b *bench) { b.reading.State, b.reading.CheckedAgo = clock.Holdover, time.Hour }, "clock", health.Warn, "No server answers"},
		{"one server", func(b *bench) { b.reading.Single = true }, "clock", health.OK, "+3 ms"},
		{"verified only", func(b *bench) { b.reading.State, b.reading.Strict = clock.Unverified, true }, "clock", health.Bad, "Not compared"},
		{"no server", func(b *bench) { b.reading.State = clock.Unverified }, "clock", health.Warn, "Not compared"},
		{"no button", func(b *bench) { b.button = button.Status{Kind: button.None, State: button.IsAbsent} }, "button", health.Warn, "Not found"},
		{"stuck button", func(b *bench) { b.button.State = button.IsStuck }, "button", health.Warn, "Stuck"},
		{"disabled button", func(b *bench) { b.button.Disabled = true }, "button", health.Warn, "Turned off"},
		{"button that logind hears", func(b *bench) { b.button.Guard = button.Exposed }, "button", health.Warn, "In the way"},
		{"button with the power key", func(b *bench) { b.button.Guard = button.Taken }, "button", health.Warn, "In the way"},
		{"tested button", func(b *bench) { b.button.Testing = time.Second }, "button", health.OK, "Being tried"},
		{"listening", func(b *bench) { b.button = button.Status{Learning: time.Second} }, "button", health.OK, "Being tried"},
		{"simulated button", func(b *bench) { b.button.Kind = button.Simulated }, "button", health.OK, "Simulated"},
		{"full disk", func(b *bench) { b.free = 3 << 20 }, "store", health.Bad, "3 MB free"},
		{"unknown disk", func(b *bench) { b.freeErr = errors.New("no such device") }, "store", health.Warn, "Not known"},
		{"huge disk", func(b *bench) { b.free = 18 << 40 }, "store", health.OK, "18.0 TB free"},
	}
	for _, tc := range tests {
		b := newBench(t)
		tc.change(b)
		worst, checks := b.examine(t, account.Administrator)
		c := checks[tc.code]
		if c.Level != tc.level || c.Value != tc.value || tc.level == health.Bad && worst != health.Bad {
			t.Errorf("%s: %s, %+v", tc.name, worst, c)
		}
		if tc.level != health.OK && !strings.HasSuffix(c.Detail, ".") {
			t.Errorf("%s: %q is no sentence", tc.name, c.Detail)
		}
	}
}

func TestALogThatDoesNotArriveIsTold(t *testing.T) {
	b := newBench(t)
	b.syslog = "The server cannot be reached."
	worst, checks, err := b.Examine(account.Account{ID: "x", Role: account.Administrator})
	if err != nil || worst == health.OK {
		t.Errorf("got %v, %v", worst, err)
	}
	at := slices.IndexFunc(checks, func(c health.Check) bool { return c.Code == "syslog" })
	if at < 0 || checks[at].Level != health.Warn || !strings.Contains(checks[at].Detail, b.syslog) {
		t.Errorf("got %+v", checks)
	}
	b.syslog = ""
	if _, checks, _ = b.Examine(account.Account{ID: "x", Role: account.Administrator}); slices.ContainsFunc(checks, func(c health.Check) bool { return c.Code == "syslog" }) {
		t.Errorf("without trouble: %+v", checks)
	}
}

// R139: whoever has to set a device up again is told until it is done.
func TestADeviceThatMustBeSetUpAgainIsTold(t *testing.T) {
	b := newBench(t)
	factors := factor.New(factor.Config{Key: secret.NewKey(), Elapsed: func() time.Duration { return 0 }})
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	realtest.Enrol(t, b.DB, factors, "x", "My phone", now)
	if _, checks := b.examine(t, account.User); checks["two_step"].Level != health.OK {
		t.Errorf("before: %+v", checks["two_step"])
	}
	err := b.DB.Update(func(tx *store.Tx) error { _, err := factor.VoidAhead(tx, now.Add(-time.Hour)); return err })
	if _, checks := b.examine(t, account.User); err != nil || checks["two_step"].Level != health.Warn || checks["two_step"].Value != "Set up again" {
		t.Errorf("after: %v, %+v", err, checks["two_step"])
	}
}

// T32: that the database was brought back is said for a week, to administrators.
func TestADatabaseThatWasBroughtBackIsTold(t *testing.T) {
	told := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, m := range []store.Mending{{How: store.SteppedBack, Why: "damaged", Told: told}, {How: store.Restored, Why: "missing", Told: told}} {
		b := newBench(t)
		b.reading.Now = told.Add(time.Hour)
		if _, checks := b.examine(t, account.Administrator); checks["store"].Level != health.OK {
			t.Errorf("before: %+v", checks["store"])
		}
		if err := b.DB.Update(func(tx *store.Tx) error { return store.PutMending(tx, m) }); err != nil {
			t.Fatal(err)
		}
		if _, checks := b.examine(t, account.Administrator); checks["store"].Level != health.Warn || checks["store"].Value != "Put back" || !strings.Contains(checks["store"].Detail, m.Why) {
			t.Errorf("%s: %+v", m.How, checks["store"])
		}
		if _, checks := b.examine(t, account.User); checks["store"].Code != "" {
			t.Errorf("a user is told: %+v", checks["store"])
		}
		b.reading.Now = told.Add(health.MendedFor)
		if _, checks := b.examine(t, account.Administrator); checks["store"].Level != health.OK {
			t.Errorf("a week later: %+v", checks["store"])
		}
	}
}
