package throttle_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/throttle"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// bench is a Throttle with a clock that only the test moves.
type bench struct {
	t    *testing.T
	db   *store.DB
	now  time.Duration
	boot string
	key  secret.Key
	path string
	*throttle.Throttle
}

func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, db: db, now: time.Hour, boot: "one", key: secret.NewKey(), path: path}
	b.restart()
	return b
}

func (b *bench) restart() {
	b.t.Helper()
	b.Throttle = throttle.New(throttle.Config{Elapsed: func() time.Duration { return b.now }, Boot: b.boot, Key: b.key})
	if err := b.db.Update(b.Load); err != nil {
		b.t.Fatal(err)
	}
}

// fail makes a wrong try and returns the refusal, if it was refused before it was evaluated.
func fail(b *bench, try func() (*throttle.Attempt, error)) error {
	b.t.Helper()
	a, err := try()
	if err != nil {
		return err
	}
	defer a.Drop()
	if err := b.db.Update(a.Fail); err != nil {
		b.t.Fatal(err)
	}
	return nil
}

func succeed(b *bench, try func() (*throttle.Attempt, error)) error {
	b.t.Helper()
	a, err := try()
	if err != nil {
		return err
	}
	defer a.Drop()
	if err := b.db.Update(a.Succeed); err != nil {
		b.t.Fatal(err)
	}
	return nil
}

func (b *bench) password(name, source string) func() (*throttle.Attempt, error) {
	return func() (*throttle.Attempt, error) {
		return b.Password(throttle.Guess{Name: name, Source: source, Allowed: true})
	}
}

func (b *bench) code(account string) func() (*throttle.Attempt, error) {
	return func() (*throttle.Attempt, error) { return b.Code(account) }
}

func wait(err error) time.Duration {
	var f *fault.Error
	if errors.As(err, &f) && errors.Is(err, throttle.ErrSlowDown) {
		return f.RetryIn
	}
	return -1
}

// R019
func TestWrongPasswordsSlowThePairOfNameAndSource(t *testing.T) {
	b := newBench(t)
	admin := b.password("admin", "192.0.2.1")
	for i := range throttle.FreeTries {
		if err := fail(b, admin); err != nil {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	for want := time.Second; ; want = min(2*want, throttle.LongestWait) {
		if got := wait(fail(b, admin)); got != want {
			t.Fatalf("wait is %v, want %v", got, want)
		}
		if got := wait(succeed(b, admin)); got != want { // the right password is not evaluated either
			t.Fatalf("the right password waits %v, want %v", got, want)
		}
		if want == throttle.LongestWait {
			break
		}
		b.now += want
		if err := fail(b, admin); err != nil {
			t.Fatalf("after the wait: %v", err)
		}
	}
	if err := succeed(b, b.password("Admin", "192.0.2.2")); err != nil {
		t.Errorf("from another source: %v", err) // R021
	}
	if err := succeed(b, b.password("ines", "192.0.2.1")); err != nil {
		t.Errorf("another account from this source: %v", err)
	}
	if got := wait(fail(b, b.password("ADMIN", "192.0.2.1"))); got != throttle.LongestWait {
		t.Errorf("the name in another case waits %v", got)
	}
	b.now += throttle.LongestWait
	if err := succeed(b, admin); err != nil {
		t.Fatal(err)
	}
	for range throttle.FreeTries {
		if err := fail(b, admin); err != nil {
			t.Fatalf("after a success: %v", err)
		}
	}
}

func TestOldFailuresAreForgotten(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeTries {
		_ = fail(b, b.password("admin", "x"))
	}
	b.now += throttle.Forget + time.Second
	for i := range throttle.FreeTries {
		if err := fail(b, b.password("admin", "x")); err != nil {
			t.Fatalf("try %d a day later: %v", i+1, err)
		}
	}
}

// R051
func TestCodesShareOneBudgetPerAccount(t *testing.T) {
	b := newBench(t)
	for i := range throttle.FreeCodes {
		if err := fail(b, b.code("ines")); err != nil {
			t.Fatalf("try %d: %v", i+1, err)
		}
		b.now += time.Minute
	}
	b.now += -time.Minute
	if got := wait(succeed(b, b.code("ines"))); got != throttle.CodeWait {
		t.Errorf("the right code waits %v, want %v", got, throttle.CodeWait)
	}
	b.now += throttle.CodeWait
	evaluated := 0
	for range 1000 {
		if fail(b, b.code("ines")) == nil {
			evaluated++
		}
	}
	if evaluated != 1 {
		t.Errorf("%d guesses were evaluated after the wait, want 1", evaluated)
	}
	if err := fail(b, b.code("jonas")); err != nil {
		t.Errorf("another account: %v", err)
	}
}

// R051
func TestAfterTenWrongCodesOneInFifteenMinutes(t *testing.T) {
	b := newBench(t)
	evaluated := 0
	for range 10 * 60 { // ten hours, a guess a minute
		if fail(b, b.code("ines")) == nil {
			evaluated++
		}
		b.now += time.Minute
	}
	if most := 10 + 10*4; evaluated > most {
		t.Errorf("%d guesses in ten hours, want at most %d", evaluated, most)
	}
}

// R051 R053
func TestAHundredWrongCodesInARowCloseTheFactor(t *testing.T) {
	b := newBench(t)
	for range throttle.MaxCodes {
		if err := fail(b, b.code("ines")); err != nil {
			t.Fatal(err)
		}
		b.now += time.Hour
	}
	if err := succeed(b, b.code("ines")); !errors.Is(err, throttle.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	b.restart()
	if err := succeed(b, b.code("ines")); !errors.Is(err, throttle.ErrClosed) {
		t.Errorf("after a restart: got %v, want ErrClosed", err)
	}
	if err := b.db.Update(func(tx *store.Tx) error { return b.Pardon(tx, "ines", "ines") }); err != nil {
		t.Fatal(err)
	}
	if err := succeed(b, b.code("ines")); err != nil {
		t.Errorf("after a pardon: %v", err)
	}
}

// R053
func TestFailuresSurviveARestartOfTheDaemonAndOfTheKernel(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeCodes {
		_ = fail(b, b.code("ines"))
	}
	for range throttle.FreeTries {
		_ = fail(b, b.password("ines", "x"))
	}
	b.now += 10 * time.Minute
	b.restart()
	if got := wait(fail(b, b.code("ines"))); got != 5*time.Minute {
		t.Errorf("after a restart of the daemon the code waits %v, want 5 min", got)
	}
	b.boot, b.now = "two", 20*time.Second // the clock begins anew
	b.restart()
	if got := wait(fail(b, b.code("ines"))); got != throttle.CodeWait {
		t.Errorf("after a restart of the kernel the code waits %v, want %v", got, throttle.CodeWait)
	}
	if got := wait(fail(b, b.password("ines", "x"))); got != time.Second {
		t.Errorf("after a restart of the kernel the password waits %v, want 1 s", got)
	}
	b.boot, b.now = "three", 100*time.Hour // a clock that is ahead of the last one says as little
	b.restart()
	if got := wait(fail(b, b.code("ines"))); got != throttle.CodeWait {
		t.Errorf("after another restart of the kernel the code waits %v, want %v", got, throttle.CodeWait)
	}
}

// R053: the failure counts although the transaction that holds it could not be committed.
func TestAFailureThatCannotBeStoredStillCounts(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeCodes {
		a, err := b.Code("ines")
		if err != nil {
			t.Fatal(err)
		}
		_ = b.db.Update(func(tx *store.Tx) error {
			_ = a.Fail(tx)
			return errors.New("disk full")
		})
	}
	if got := wait(fail(b, b.code("ines"))); got != throttle.CodeWait {
		t.Errorf("waits %v, want %v", got, throttle.CodeWait)
	}
}

// R052: only a success that was committed clears the count.
func TestASuccessThatWasNotCommittedClearsNothing(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeCodes - 1 {
		_ = fail(b, b.code("ines"))
	}
	a, err := b.Code("ines")
	if err != nil {
		t.Fatal(err)
	}
	_ = b.db.Update(func(tx *store.Tx) error {
		_ = a.Succeed(tx)
		return errors.New("disk full")
	})
	a.Drop()
	_ = fail(b, b.code("ines"))
	if got := wait(fail(b, b.code("ines"))); got != throttle.CodeWait {
		t.Errorf("waits %v, want %v", got, throttle.CodeWait)
	}
}

// R051: parallel guesses are counted before they are evaluated.
func TestParallelGuessesDoNotSlipPastTheCount(t *testing.T) {
	b := newBench(t)
	var mu sync.Mutex
	var held []*throttle.Attempt
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if a, err := b.Code("ines"); err == nil {
				mu.Lock()
				held = append(held, a)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(held) != throttle.FreeCodes {
		t.Errorf("%d guesses are evaluated at once, want %d", len(held), throttle.FreeCodes)
	}
	for _, a := range held {
		a.Drop()
		a.Drop()
	}
	if err := fail(b, b.code("ines")); err != nil {
		t.Errorf("tries that were given back count: %v", err)
	}
	held = nil
	for range 100 {
		all.Go(func() {
			if a, err := b.Password(throttle.Guess{Name: "ines", Source: "x", Allowed: true}); err == nil {
				mu.Lock()
				held = append(held, a)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(held) != throttle.FreeTries {
		t.Errorf("%d passwords are evaluated at once, want %d", len(held), throttle.FreeTries)
	}
}

// R051: a try that is under way counts as one of the hundred.
func TestATryUnderWayMayBeTheLastOne(t *testing.T) {
	b := newBench(t)
	for range throttle.MaxCodes - 1 {
		if err := fail(b, b.code("ines")); err != nil {
			t.Fatal(err)
		}
		b.now += time.Hour
	}
	last, err := b.Code("ines")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Code("ines"); !errors.Is(err, throttle.ErrClosed) {
		t.Errorf("beside the hundredth: %v", err)
	}
	last.Drop()
	if err := succeed(b, b.code("ines")); err != nil {
		t.Errorf("when that was not evaluated: %v", err)
	}
}
