package metrics_test

import (
	"errors"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/metrics"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// box is what Figures look at.
type box struct {
	*metrics.Figures
	db   *store.DB
	free error
}

func newBox(t testing.TB) *box {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	elapsed := func() time.Duration { return time.Hour }
	b := &box{db: db}
	b.Figures = metrics.New(metrics.Config{
		DB: db, Post: notice.New(notice.Config{}), Sessions: session.New(elapsed), Passwords: password.New(password.Config{}),
		Clock:    func() clock.Reading { return clock.Reading{State: clock.Holdover, Offset: -90 * time.Second} },
		Button:   func() button.Status { return button.Status{State: button.IsStuck} },
		Throttle: throttle.New(throttle.Config{Elapsed: elapsed, Boot: "b", Key: secret.Key{1}}),
		Free:     func() (uint64, error) { return 4096, b.free },
		Version:  "0.7.0", Go: "go1.26.8", Platform: "linux/arm64",
	})
	return b
}

// value returns what the figures say of a name with its labels.
func (b *box) value(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(string(b.Text())) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Errorf("there is no %s", name)
	return math.NaN()
}

func TestEveryFigureHasItsWordsBeforeItsValues(t *testing.T) {
	form := regexp.MustCompile(`^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+$`)
	family, typed, seen := "", "", map[string]bool{}
	for line := range strings.Lines(string(newBox(t).Text())) {
		line = strings.TrimSpace(line)
		if help, ok := strings.CutPrefix(line, "# HELP "); ok {
			family, help, _ = strings.Cut(help, " ")
			if !strings.HasSuffix(help, ".") && !strings.HasSuffix(help, "1") || seen[family] {
				t.Errorf("%s: %q", family, help)
			}
			seen[family] = true
			continue
		}
		if kind, ok := strings.CutPrefix(line, "# TYPE "+family+" "); ok {
			typed = kind
			continue
		}
		name, _, _ := strings.Cut(strings.ReplaceAll(line, " ", "{"), "{")
		switch {
		case !form.MatchString(line):
			t.Errorf("%q is no figure", line)
		case typed == "histogram" && !strings.HasPrefix(name, family+"_"), typed != "histogram" && name != family:
			t.Errorf("%s stands under %s", name, family)
		case (typed == "counter") != strings.HasSuffix(family, "_total"):
			t.Errorf("%s is a %s", family, typed)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d figures", len(seen))
	}
}

func TestFiguresShowTheOneStateThatIs(t *testing.T) {
	b := newBox(t)
	for name, want := range map[string]float64{
		`castellan_clock_state{state="holdover"}`: 1, `castellan_clock_state{state="synced"}`: 0, "castellan_clock_offset_seconds": -90,
		`castellan_button_state{state="stuck"}`: 1, `castellan_button_state{state="released"}`: 0, "castellan_button_works": 0,
		"castellan_disk_free_bytes": 4096, `castellan_build_info{version="0.7.0",go_version="go1.26.8",platform="linux/arm64"}`: 1,
	} {
		if got := b.value(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	b.free = errors.New("the disk is gone")
	if got := b.value(t, "castellan_disk_free_bytes"); !math.IsNaN(got) {
		t.Errorf("a figure that cannot be read is %v", got)
	}
}

func TestEventsAreCountedByTheirKind(t *testing.T) {
	b := newBox(t)
	for kind, times := range map[event.Kind]int{event.SignedIn: 2, event.SignInRefused: 3, event.ResetFailed: 1, event.Repeated: 5, event.GroupAdded: 1, event.CodeRefused: 4, event.TokenSessionRefused: 2, event.TokenRefused: 6} {
		for range times {
			b.Count(event.Event{Kind: kind})
		}
	}
	b.Count(event.Event{Kind: "of.a.later.version"})
	b.Pressed(button.Cancelled)
	for name, want := range map[string]float64{
		`castellan_sign_ins_total{outcome="succeeded"}`: 2, `castellan_sign_ins_total{outcome="refused"}`: 3, `castellan_resets_total{outcome="failed"}`: 1,
		`castellan_events_total{area="sign_in",level="warning"}`: 15, "castellan_tokens_refused_total": 6, `castellan_events_total{area="accounts",level="info"}`: 1,
		`castellan_codes_refused_total{who="person"}`: 4, `castellan_codes_refused_total{who="machine"}`: 2,
		`castellan_button_presses_total{outcome="cancelled"}`: 1, `castellan_events_total{area="system",level="warning"}`: 1,
	} {
		if got := b.value(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestCommitsAreMeasuredAndRefusedChangesAreNot(t *testing.T) {
	b := newBox(t)
	numbers := store.NewTable[int]("numbers")
	for i := range 3 {
		if err := b.db.Update(func(tx *store.Tx) error { return numbers.Put(tx, "n", i) }); err != nil {
			t.Fatal(err)
		}
	}
	refused := errors.New("no")
	if err := b.db.Update(func(tx *store.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if n, sum := b.value(t, "castellan_store_commit_seconds_count"), b.value(t, "castellan_store_commit_seconds_sum"); n != 3 || sum <= 0 || sum > 60 {
		t.Errorf("%v commits in %v s", n, sum)
	}
	if size := b.value(t, "castellan_store_size_bytes"); size < 4096 {
		t.Errorf("the database has %v bytes", size)
	}
}

// What happens often costs nothing that shows.
func TestCountingAllocatesNothing(t *testing.T) {
	b := newBox(t)
	e := event.Event{Kind: event.SignInRefused}
	if n := testing.AllocsPerRun(100, func() { b.Count(e) }); n > 0 {
		t.Errorf("counting an event allocates %v times", n)
	}
}

func BenchmarkCount(b *testing.B) {
	x := newBox(b)
	e := event.Event{Kind: event.SignInRefused}
	for b.Loop() {
		x.Count(e)
	}
}

func BenchmarkText(b *testing.B) {
	x := newBox(b)
	for b.Loop() {
		x.Text()
	}
}
