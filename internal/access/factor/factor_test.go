package factor_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/fault"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 5, 0, time.UTC)

type bench struct {
	*factor.Factors
	t       *testing.T
	db      *store.DB
	path    string
	key     secret.Key
	elapsed time.Duration
}

func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, db: db, path: path, key: secret.NewKey()}
	b.Factors = factor.New(factor.Config{Key: b.key, Elapsed: func() time.Duration { return b.elapsed }})
	return b
}

// enrol takes a device in with the code of the step before now, so that the current one is not spent.
func (b *bench) enrol(account, name string) otp.Secret {
	b.t.Helper()
	return realtest.Enrol(b.t, b.db, b.Factors, account, name, noon.Add(-otp.Period))
}

func (b *bench) start(account, name string) (e factor.Enrolment, err error) {
	err = b.db.Update(func(tx *store.Tx) (err error) { e, err = b.Start(tx, account, name); return err })
	return e, err
}

func (b *bench) confirm(account, id, name string, code otp.Code, now time.Time) error {
	return b.db.Update(func(tx *store.Tx) error {
		_, _, err := b.Confirm(tx, account, factor.Confirmation{ID: id, Name: name, Code: string(code), Saved: true}, now)
		return err
	})
}

// refused tells that a code opened nothing, tried or not.
func refused(err error) bool {
	return errors.Is(err, factor.ErrRefused) || errors.Is(err, factor.ErrWay)
}

func app(code otp.Code) factor.Given { return factor.Given{Way: factor.App, Text: string(code)} }

func (b *bench) spend(id string, code otp.Code, now time.Time) (s factor.Spent, err error) {
	return b.give(id, app(code), now)
}

func (b *bench) give(id string, g factor.Given, now time.Time) (d factor.Spent, err error) {
	err = b.db.Update(func(tx *store.Tx) (err error) {
		d, err = b.Spend(tx, account.Account{ID: id, Email: id + "@example.org", Confirmed: true}, g, now)
		return err
	})
	return d, err
}

func (b *bench) enabled(account string) (on bool) {
	b.t.Helper()
	if err := b.db.View(func(tx *store.Tx) error { on = factor.Enabled(tx, account); return nil }); err != nil {
		b.t.Fatal(err)
	}
	return on
}

// R041
func TestACodeIsSpentOnce(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	code := seed.CodeAt(otp.StepAt(noon))
	d, err := b.spend("ines", code, noon)
	if err != nil || d.Device != "My phone" || d.Way != factor.App {
		t.Fatalf("got %+v, %v", d, err)
	}
	if _, err := b.spend("ines", code, noon); !errors.Is(err, factor.ErrRefused) || !strings.Contains(err.Error(), "used before") {
		t.Errorf("the second time: %v", err)
	}
}

// R042
func TestNoEarlierStepIsTakenAfterALaterOneNorTheCodeOfTheEnrolment(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	step := otp.StepAt(noon)
	if _, err := b.spend("ines", seed.CodeAt(step-1), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("the enrolment's code signed in: %v", err)
	}
	if _, err := b.spend("ines", seed.CodeAt(step+1), noon); err != nil {
		t.Fatal(err)
	}
	if _, err := b.spend("ines", seed.CodeAt(step), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("an earlier step was taken: %v", err)
	}
	// R139 (c), T24: a clock that is turned back opens nothing either.
	if _, err := b.spend("ines", seed.CodeAt(step-20), noon.Add(-10*time.Minute)); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("a code of ten minutes ago was taken: %v", err)
	}
}

// R044
func TestParallelUseOfOneCodeSucceedsOnce(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	for round := range 20 {
		now := noon.Add(time.Duration(round) * otp.Period)
		code := seed.CodeAt(otp.StepAt(now))
		var accepted atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := b.spend("ines", code, now); err == nil {
					accepted.Add(1)
				}
			})
		}
		all.Wait()
		if accepted.Load() != 1 {
			t.Fatalf("round %d: accepted %d times", round, accepted.Load())
		}
	}
}

// R054
func TestACodeOfARefusedTransactionIsNotSpent(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	code := seed.CodeAt(otp.StepAt(noon))
	_ = b.db.Update(func(tx *store.Tx) error {
		if _, err := b.Spend(tx, account.Account{ID: "ines"}, app(code), noon); err != nil {
			t.Error(err)
		}
		return errors.New("the session could not be made")
	})
	if _, err := b.spend("ines", code, noon); err != nil {
		t.Errorf("the code is gone although nobody got in: %v", err)
	}
}

func TestACodeBelongsToItsAccount(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	b.enrol("jonas", "Tablet")
	b.enrol("ine", "Prefix of a name")
	for _, other := range []string{"jonas", "ine", "nobody"} {
		if _, err := b.spend(other, seed.CodeAt(otp.StepAt(noon)), noon); !refused(err) {
			t.Errorf("%s: %v", other, err)
		}
	}
}

// R049
func TestAnEnrolmentIsInertUntilConfirmedAndLapses(t *testing.T) {
	b := newBench(t)
	e, err := b.start("ines", "My phone")
	if err != nil {
		t.Fatal(err)
	}
	code := e.Secret.CodeAt(otp.StepAt(noon))
	if b.enabled("ines") {
		t.Error("2-step verification is on before the first code")
	}
	if _, err := b.spend("ines", code, noon); !refused(err) {
		t.Errorf("a pending device opened something: %v", err)
	}
	if err := b.confirm("jonas", e.ID, "", code, noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("somebody else confirmed it: %v", err)
	}
	b.elapsed = factor.EnrolmentLife + time.Second
	if err := b.confirm("ines", e.ID, "", code, noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("after ten minutes: %v", err)
	}
	if err := b.confirm("ines", e.ID, "", code, noon); !errors.Is(err, factor.ErrGone) || b.enabled("ines") {
		t.Errorf("and again: %v", err)
	}
}

// R049
func TestFiveWrongCodesDiscardAnEnrolment(t *testing.T) {
	b := newBench(t)
	e, _ := b.start("ines", "My phone")
	right := e.Secret.CodeAt(otp.StepAt(noon))
	wrong := otp.Code("000000")
	if right == wrong {
		wrong = "000001"
	}
	for i := range factor.EnrolmentTries - 1 {
		if err := b.confirm("ines", e.ID, "", wrong, noon); !errors.Is(err, factor.ErrCodeWrong) {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	if err := b.confirm("ines", e.ID, "", wrong, noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("the fifth: %v", err)
	}
	if err := b.confirm("ines", e.ID, "", right, noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("the right code after that: %v", err)
	}
}

func TestAWrongCodeIsExplained(t *testing.T) {
	b := newBench(t)
	for off, want := range map[time.Duration]string{
		-time.Minute:     "just expired",
		-2 * time.Minute: "about 2 minutes behind",
		-7 * time.Minute: "about 7 minutes behind",
		time.Minute:      "about a minute ahead",
		3 * time.Minute:  "about 3 minutes ahead",
		time.Hour:        "is not right",
	} {
		e, _ := b.start("ines", "My phone")
		err := b.confirm("ines", e.ID, "", e.Secret.CodeAt(otp.StepAt(noon.Add(off))), noon)
		var f *fault.Error
		if !errors.As(err, &f) || !strings.Contains(f.Message, want) || !strings.HasSuffix(f.Message, "4 tries left.") {
			t.Errorf("%v off: got %v, want %q", off, err, want)
		}
		if b.enabled("ines") {
			t.Fatalf("a code %v off was accepted", off)
		}
	}
}

func TestConfirmingTwiceSaysSo(t *testing.T) {
	b := newBench(t)
	e, _ := b.start("ines", "My phone")
	code := e.Secret.CodeAt(otp.StepAt(noon))
	if err := b.confirm("ines", e.ID, "Tablet", code, noon); err != nil {
		t.Fatal(err)
	}
	if err := b.confirm("ines", e.ID, "", code, noon); !errors.Is(err, factor.ErrConfirmed) {
		t.Errorf("got %v, want ErrConfirmed", err)
	}
	var list []factor.Device
	_ = b.db.View(func(tx *store.Tx) (err error) { list, err = factor.List(tx, "ines"); return err })
	if len(list) != 1 || list[0].Name != "Tablet" || list[0].ID != e.ID || !list[0].LastUsed.IsZero() {
		t.Errorf("got %+v", list)
	}
}

func TestANewStartDropsTheOneBefore(t *testing.T) {
	b := newBench(t)
	one, _ := b.start("ines", "My phone")
	_, _ = b.start("ines", "My phone")
	if err := b.confirm("ines", one.ID, "", one.Secret.CodeAt(otp.StepAt(noon)), noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
	if name, err := b.Cancel("ines"); err != nil || name != "My phone" {
		t.Errorf("cancel: %q, %v", name, err)
	}
	if _, err := b.Cancel("ines"); !errors.Is(err, factor.ErrGone) {
		t.Errorf("cancel again: %v", err)
	}
}

// R109
func TestDeviceNamesHaveAForm(t *testing.T) {
	b := newBench(t)
	for _, bad := range []string{"", "   ", "a\nb", "a\u202eb", strings.Repeat("x", 65), "\xff"} {
		if _, err := b.start("ines", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if e, err := b.start("ines", "  Inês’ phone "); err != nil || e.Name != "Inês’ phone" {
		t.Errorf("got %+v, %v", e, err)
	}
}

// R040 R056
func TestRemovingWorksAtOnceAndTakesPendingOnesAlong(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	other := b.enrol("jonas", "Tablet")
	e, _ := b.start("ines", "Second phone")
	if err := b.db.Update(func(tx *store.Tx) error { return b.Remove(tx, "ines") }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.spend("ines", seed.CodeAt(otp.StepAt(noon)), noon); !refused(err) || b.enabled("ines") {
		t.Errorf("after the removal: %v", err)
	}
	if err := b.confirm("ines", e.ID, "", e.Secret.CodeAt(otp.StepAt(noon)), noon); !errors.Is(err, factor.ErrGone) {
		t.Errorf("the pending one: %v", err)
	}
	if _, err := b.spend("jonas", other.CodeAt(otp.StepAt(noon)), noon); err != nil {
		t.Errorf("somebody else's: %v", err)
	}
}

// R131
func TestTheDatabaseHoldsNoSecretInTheClear(t *testing.T) {
	b := newBench(t)
	seed := b.enrol("ines", "My phone")
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, seed) || bytes.Contains(data, []byte(seed.Base32())) {
		t.Error("the secret is in the file")
	}
}

// R087
func TestSwappedRecordsFailClosed(t *testing.T) {
	b := newBench(t)
	ines, jonas := b.enrol("ines", "My phone"), b.enrol("jonas", "Tablet")
	factor.SwapForTest(t, b.db, "ines", "jonas")
	for account, seed := range map[string]otp.Secret{"ines": jonas, "jonas": ines} {
		if _, err := b.spend(account, seed.CodeAt(otp.StepAt(noon)), noon); !errors.Is(err, factor.ErrUnreadable) {
			t.Errorf("%s: got %v, want ErrUnreadable", account, err)
		}
	}
}
