package daemon_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	timingSamples = 200
	// A rank test of two equal classes of 200 samples gives an area of 0.5 ± 0.029; these bounds are 2.8 times that.
	leastArea, mostArea = 0.42, 0.58
	timingRounds        = 3
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

// alike measures two classes of calls, one sample of each in turn, and fails when their times tell them apart in every
// round: one round in a hundred does that by chance.
func alike(t *testing.T, first, second func(n int)) {
	t.Helper()
	timed := func(call func(int), n int) time.Duration { begin := time.Now(); call(n); return time.Since(begin) }
	var areas []float64
	for round := range timingRounds {
		var a, b []time.Duration
		for i := range timingSamples {
			n := round*timingSamples + i
			if i%2 == 0 {
				a, b = append(a, timed(first, n)), append(b, timed(second, n))
			} else {
				b, a = append(b, timed(second, n)), append(a, timed(first, n))
			}
		}
		got := area(a, b)
		slices.Sort(b)
		t.Logf("area %.3f, medians %s and %s", got, a[timingSamples/2], b[timingSamples/2]) // a is sorted
		if got >= leastArea && got <= mostArea {
			return
		}
		areas = append(areas, got)
	}
	t.Errorf("the times tell the classes apart: areas %.3f", areas)
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
