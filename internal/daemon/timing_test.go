package daemon_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	// Twice the 200 samples of the requirement. A rank test of two equal classes of 400 gives an area of 0.5 ± 0.02; the
	// bounds are four times that.
	timingSamples       = 400
	leastArea, mostArea = 0.42, 0.58
)

// area returns the share of pairs in which the sample of the second class is the slower one: 0.5 when nothing tells the
// classes apart (Mann and Whitney's U over the product of the sizes).
func area(first, second []time.Duration) float64 {
	slices.Sort(first)
	below := 0.0
	for _, d := range second {
		at, found := slices.BinarySearch(first, d)
		below += float64(at)
		for ; found && at < len(first) && first[at] == d; at++ {
			below += 0.5
		}
	}
	return below / float64(len(first)*len(second))
}

func TestTheRankTestTellsClassesApart(t *testing.T) {
	var low, high []time.Duration
	for i := range time.Duration(100) {
		low, high = append(low, i), append(high, i+50)
	}
	if got := area(low, slices.Clone(low)); got != 0.5 {
		t.Errorf("equal classes: %v", got)
	}
	if got := area(low, high); got < 0.8 {
		t.Errorf("different classes: %v", got)
	}
}

// alike measures two classes of calls, one sample of each in turn, and fails when their times tell them apart.
func alike(t *testing.T, first, second func(n int)) {
	t.Helper()
	timed := func(call func(int), n int) time.Duration { begin := time.Now(); call(n); return time.Since(begin) }
	var a, b []time.Duration
	for n := range timingSamples {
		if n%2 == 0 {
			a, b = append(a, timed(first, n)), append(b, timed(second, n))
		} else {
			b, a = append(b, timed(second, n)), append(a, timed(first, n))
		}
	}
	got := area(a, b) // which sorts the first
	slices.Sort(b)
	one, other := a[timingSamples/2], b[timingSamples/2]
	t.Logf("area %.3f, medians %s and %s", got, one, other)
	if got < leastArea || got > mostArea {
		t.Errorf("the times tell the classes apart: area %.3f", got)
	}
	if apart := (one - other).Abs(); apart > max(5*time.Millisecond, one/20) {
		t.Errorf("the medians are %s apart", apart)
	}
}

// R030: neither a sign-in nor the question for a forgotten password tells by its time whether somebody is known.
func TestTimeDoesNotTellWhoIsKnown(t *testing.T) {
	h, owner, _ := mailed(t, "127.0.0.34")
	const people = 20
	for i := range people {
		owner.must(201, "POST", "/users", obj{"name": fmt.Sprintf("known%d", i), "role": "user"})
	}
	b := h.browser().from("127.0.0.79")
	t.Run("sign-in", func(t *testing.T) {
		try := func(kind string) func(int) {
			return func(n int) {
				if n%5 == 0 {
					h.pass(25 * time.Hour) // no lane waits
				}
				b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": fmt.Sprint(kind, n%people), "password": "a wrong guess"})
			}
		}
		alike(t, try("known"), try("other"))
	})
	t.Run("forgotten", func(t *testing.T) {
		ask := func(address string) func(int) {
			return func(int) {
				h.pass(25 * time.Hour)
				b.must(202, "POST", "/forgotten", obj{"email": address})
			}
		}
		alike(t, ask(inbox), ask("xxxxx@example.org"))
	})
}
