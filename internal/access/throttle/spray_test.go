package throttle_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"castellan/internal/access/throttle"
	"castellan/internal/store"
)

func (b *bench) guess(g throttle.Guess) func() (*throttle.Attempt, error) {
	return func() (*throttle.Attempt, error) { return b.Password(g) }
}

func source(i int) string { return fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250+1) }

// begun makes a wrong try and returns what began with it.
func (b *bench) begun(g throttle.Guess) []throttle.Rule {
	b.t.Helper()
	a, err := b.Password(g)
	if err != nil {
		b.t.Fatalf("%+v: %v", g, err)
	}
	if err := b.db.Update(a.Fail); err != nil {
		b.t.Fatal(err)
	}
	return a.Begun()
}

// R022: one password tried on many names pauses its source, and nobody else.
func TestASourceThatTriesManyNamesIsPaused(t *testing.T) {
	b := newBench(t)
	for i := range throttle.SprayTries {
		begun := b.begun(throttle.Guess{Name: fmt.Sprint("name", i), Source: "a"})
		if last := i == throttle.SprayTries-1; last != (len(begun) == 1 && begun[0] == throttle.Sources) {
			t.Errorf("try %d begins %v", i+1, begun)
		}
	}
	paused := b.guess(throttle.Guess{Name: "another", Source: "a"})
	if got := wait(succeed(b, paused)); got != throttle.SprayPause {
		t.Errorf("waits %v, want %v", got, throttle.SprayPause)
	}
	for what, g := range map[string]throttle.Guess{
		"a known browser there":    {Name: "ines", Source: "a", Browser: "cookie"},
		"an allowed source":        {Name: "ines", Source: "a", Allowed: true},
		"a signed-in person there": {Name: "ines", Source: "a", Inside: true},
		"another source":           {Name: "ines", Source: "b"},
	} {
		if err := succeed(b, b.guess(g)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	b.restart()
	if got := wait(succeed(b, paused)); got != throttle.SprayPause {
		t.Errorf("after a restart it waits %v", got)
	}
	b.boot, b.now = "two", time.Minute
	b.restart()
	if got := wait(succeed(b, paused)); got != throttle.SprayPause {
		t.Errorf("after a start of the kernel it waits %v", got)
	}
	b.now += throttle.SprayPause
	if err := fail(b, paused); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// R022: tries that are spread over a longer time are not held against a source.
func TestASlowSourceIsNotPaused(t *testing.T) {
	b := newBench(t)
	for i := range 3 * throttle.SprayTries {
		if begun := b.begun(throttle.Guess{Name: fmt.Sprint("name", i), Source: "a"}); begun != nil {
			t.Fatalf("try %d begins %v", i+1, begun)
		}
		b.now += throttle.SprayWindow/(throttle.SprayTries-1) + time.Second
	}
}

// R022 R051: parallel guesses do not slip past the count of a source or of an account.
func TestParallelGuessesOfASourceAreCountedBeforeTheyAreEvaluated(t *testing.T) {
	b := newBench(t)
	evaluated := 0
	for i := range 300 {
		if _, err := b.Password(throttle.Guess{Name: fmt.Sprint("name", i), Source: "a"}); err == nil {
			evaluated++
		}
	}
	if evaluated > throttle.SprayTries {
		t.Errorf("%d names at once from one source", evaluated)
	}
	evaluated = 0
	for i := range 300 {
		if _, err := b.Password(throttle.Guess{Name: "ines", Source: source(i)}); err == nil {
			evaluated++
		}
	}
	if most := throttle.HourTries + 1 + throttle.PaceTries; evaluated > most {
		t.Errorf("%d sources at once at one account, want at most %d", evaluated, most)
	}
}

// R022: many sources make the box stricter with unknown browsers; known ones do not notice, and a newcomer gets in.
func TestManySourcesPutTheBoxOnItsGuard(t *testing.T) {
	b := newBench(t)
	began := 0
	for i := range 200 {
		begun := b.begun(throttle.Guess{Name: fmt.Sprint("name", i%50), Source: source(i)})
		if len(begun) == 1 && begun[0] == throttle.Crowd {
			began++
		}
		b.now += time.Second
	}
	if began != 1 {
		t.Errorf("it began %d times", began)
	}
	newcomer := b.guess(throttle.Guess{Name: "owner", Source: "c"})
	for range throttle.Strict.FreeForTest(throttle.FreeTries) {
		if err := fail(b, newcomer); err != nil {
			t.Fatal(err)
		}
	}
	if got := wait(fail(b, newcomer)); got != 2*throttle.FirstWait {
		t.Errorf("after half the tries a newcomer waits %v", got)
	}
	known := b.guess(throttle.Guess{Name: "owner", Source: "c", Browser: "cookie"})
	allowed := b.guess(throttle.Guess{Name: "owner", Source: "e", Allowed: true})
	for i := range throttle.FreeTries {
		if err := fail(b, allowed); err != nil {
			t.Errorf("try %d of an allowed source: %v", i+1, err)
		}
		if err := fail(b, known); err != nil {
			t.Errorf("try %d of a known browser: %v", i+1, err)
		}
	}
	b.restart() // it is recalled
	if list, _ := b.SlowDowns(throttle.Normal); len(list) == 0 || list[0].Rule != throttle.Crowd {
		t.Errorf("after a restart: %+v", list)
	}
	b.now += throttle.CrowdPause
	if list, _ := b.SlowDowns(throttle.Normal); len(list) != 0 && list[0].Rule == throttle.Crowd {
		t.Error("it does not end")
	}
}

// R022: one busy source is no crowd.
func TestOneSourceIsNoCrowd(t *testing.T) {
	b := newBench(t)
	for i := range 2 * throttle.CrowdTries {
		a, err := b.Password(throttle.Guess{Name: fmt.Sprint("name", i), Source: source(i % (throttle.CrowdSources - 1))})
		if err != nil {
			continue
		}
		if err := b.db.Update(a.Fail); err != nil {
			t.Fatal(err)
		}
		for _, r := range a.Begun() {
			if r == throttle.Crowd {
				t.Fatal("the box is on its guard")
			}
		}
	}
}

// R020 R021: many sources that guess at one account: each gets one try a minute, all of them ten; a known browser
// notices nothing.
func TestAnAccountThatIsGuessedAtByMany(t *testing.T) {
	b := newBench(t)
	for i := range throttle.HourTries + 1 {
		if err := fail(b, b.guess(throttle.Guess{Name: "owner", Source: source(i)})); err != nil {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	newcomer := throttle.Guess{Name: "owner", Source: "c"}
	if err := fail(b, b.guess(newcomer)); err != nil {
		t.Errorf("a newcomer's first try: %v", err)
	}
	if got := wait(succeed(b, b.guess(newcomer))); got != throttle.Pace {
		t.Errorf("the second one waits %v", got)
	}
	evaluated := 0
	for i := range 100 {
		if fail(b, b.guess(throttle.Guess{Name: "owner", Source: source(100 + i)})) == nil {
			evaluated++
		}
	}
	if evaluated != throttle.PaceTries-1 {
		t.Errorf("%d more within the minute, want %d", evaluated, throttle.PaceTries-1)
	}
	for what, g := range map[string]throttle.Guess{
		"a known browser":   {Name: "owner", Source: source(1), Browser: "cookie"},
		"another account":   {Name: "ines", Source: "d"},
		"a signed-in owner": {Name: "owner", Source: "e", Inside: true},
		"an allowed source": {Name: "owner", Source: "g", Allowed: true},
	} {
		if err := succeed(b, b.guess(g)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	b.restart()
	b.now += time.Minute
	if err := fail(b, b.guess(newcomer)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if got := wait(succeed(b, b.guess(newcomer))); got != throttle.Pace {
		t.Errorf("and again: %v", got)
	}
	b.now += time.Hour
	for range throttle.FreeTries {
		if err := fail(b, b.guess(throttle.Guess{Name: "owner", Source: "f"})); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	}
}

// close guesses at a name until it is closed, each try from another source.
func (b *bench) close(name string) {
	b.t.Helper()
	for i := 0; !b.Closed(name); i++ {
		if i > throttle.MaxRow {
			b.t.Fatalf("%s does not close", name)
		}
		if err := fail(b, b.guess(throttle.Guess{Name: name, Source: source(i)})); err != nil {
			b.t.Fatalf("try %d: %v", i+1, err)
		}
		b.now += 5 * time.Minute
	}
}

// R020 R029: a hundred wrong passwords in a row close a name, of an account or not, for unknown browsers only.
func TestAHundredWrongPasswordsCloseANameForUnknownBrowsers(t *testing.T) {
	b := newBench(t)
	b.close("owner")
	b.close("nobody-has-this-name")
	for _, name := range []string{"owner", "nobody-has-this-name", "OWNER"} {
		if err := succeed(b, b.guess(throttle.Guess{Name: name, Source: "c"})); !errors.Is(err, throttle.ErrKnownOnly) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.restart()
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "c"})); !errors.Is(err, throttle.ErrKnownOnly) {
		t.Errorf("after a restart: %v", err)
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "c", Browser: "cookie"})); err != nil {
		t.Errorf("a known browser: %v", err)
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "c", Allowed: true})); err != nil {
		t.Errorf("an allowed source: %v", err)
	}
	if !b.Closed("owner") {
		t.Error("a sign-in in a known browser gives strangers another hundred tries")
	}
	if err := b.db.Update(func(tx *store.Tx) error { return b.Pardon(tx, "id", "owner") }); err != nil {
		t.Fatal(err)
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "c"})); err != nil {
		t.Errorf("after a pardon: %v", err)
	}
	b.now += throttle.ForgetRow + time.Hour
	if err := fail(b, b.guess(throttle.Guess{Name: "somebody", Source: "d"})); err != nil {
		t.Fatal(err)
	}
	if b.Closed("nobody-has-this-name") {
		t.Error("it is closed for ever")
	}
}

// R020: a right password from an unknown browser begins the count anew.
func TestARightPasswordEndsTheRow(t *testing.T) {
	b := newBench(t)
	for i := range throttle.MaxRow - 1 {
		if err := fail(b, b.guess(throttle.Guess{Name: "owner", Source: source(i)})); err != nil {
			t.Fatal(err)
		}
		b.now += 5 * time.Minute
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "c"})); err != nil {
		t.Fatal(err)
	}
	b.restart()
	if err := fail(b, b.guess(throttle.Guess{Name: "owner", Source: "d"})); err != nil || b.Closed("owner") {
		t.Errorf("closed after one wrong try: %v", err)
	}
}

// R020 R021: a known browser has five free tries and a back-off of its own, over restarts and days, and after a hundred
// it begins to be unknown.
func TestAKnownBrowserHasALaneOfItsOwn(t *testing.T) {
	b := newBench(t)
	known := throttle.Guess{Name: "owner", Source: "a", Browser: "cookie"}
	for i := range throttle.MaxRow - 1 {
		if begun := b.begun(known); begun != nil {
			t.Fatalf("try %d begins %v", i+1, begun)
		}
		if i+1 >= throttle.FreeTries {
			if got := wait(succeed(b, b.guess(known))); got < throttle.FirstWait {
				t.Fatalf("after %d it waits %v", i+1, got)
			}
		}
		b.now += 2 * 24 * time.Hour
		b.restart()
	}
	if begun := b.begun(known); len(begun) != 1 || begun[0] != throttle.Browsers {
		t.Errorf("the hundredth begins %v", begun)
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "a", Browser: "another"})); err != nil {
		t.Errorf("another browser: %v", err)
	}
}

func TestTheLimitsCanBeRelaxedAndStrict(t *testing.T) {
	for level, want := range map[throttle.Level]struct {
		tries, names int
		pause        time.Duration
	}{
		throttle.Relaxed: {10, 40, throttle.SprayPause / 2}, throttle.Normal: {5, 20, throttle.SprayPause}, throttle.Strict: {2, 10, 2 * throttle.SprayPause},
	} {
		b := newBench(t)
		tries, names := 0, 0
		for ; fail(b, b.guess(throttle.Guess{Name: "owner", Source: "a", Level: level})) == nil; tries++ {
		}
		if tries != want.tries {
			t.Errorf("level %d: %d free tries, want %d", level, tries, want.tries)
		}
		paused := b.guess(throttle.Guess{Name: "x", Source: "b", Level: level})
		for ; fail(b, b.guess(throttle.Guess{Name: fmt.Sprint(names), Source: "b", Level: level})) == nil; names++ {
		}
		if got := wait(fail(b, paused)); names != want.names || got != want.pause {
			t.Errorf("level %d: %d names, then %v", level, names, got)
		}
	}
	if throttle.LevelOf("relaxed") != throttle.Relaxed || throttle.LevelOf("strict") != throttle.Strict || throttle.LevelOf("x") != throttle.Normal {
		t.Error("the levels are not found by their names")
	}
}

// R022: tries that are refused leave nothing behind, whatever name they are for.
func TestRefusedTriesLeaveNothingBehind(t *testing.T) {
	b := newBench(t)
	for i := range throttle.SprayTries {
		b.begun(throttle.Guess{Name: fmt.Sprint("name", i), Source: "a"})
	}
	before := throttle.LanesForTest(b.Throttle)
	for i := range 10_000 {
		_ = fail(b, b.guess(throttle.Guess{Name: fmt.Sprint("other", i), Source: "a"}))
	}
	if after := throttle.LanesForTest(b.Throttle); after != before {
		t.Errorf("%d lanes more", after-before)
	}
}
