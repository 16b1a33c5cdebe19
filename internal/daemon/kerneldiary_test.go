//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"castellan/internal/kerneltest"
)

// state is what an administrator can see of a box: who owns it, the devices that sign them in, people, what was set.
type state map[string]string

// owner is the key of whoever owns the box; deviceOf and personOf make the other keys.
const owner, nobody = "owner", "nobody"

func deviceOf(name string) string { return "device " + name }
func personOf(name string) string { return "person " + name }

// withoutDevices is a state in which the password alone signs the owner in.
func withoutDevices(s state) {
	maps.DeleteFunc(s, func(key, _ string) bool { return strings.HasPrefix(key, deviceOf("")) })
}

// twoStep reports whether it does not.
func (s state) twoStep() bool {
	for key := range s {
		if strings.HasPrefix(key, deviceOf("")) {
			return true
		}
	}
	return false
}

// act is something that was asked of the box while a machine ran.
type act struct {
	what     string
	from, to int64     // what the machine had written before the request, and after the answer; to is 0 without an answer
	when     time.Time // of the answer, by the clock of the box
	// change is what it does to the state, all of it or nothing; nil: nothing.
	change func(state)
	kind   string // of the entry that is in the log once the act was answered
	spent  *spent // the code that an answer makes void
}

// spent is a code that signed somebody in.
type spent struct {
	way, code string
	round     int    // of ownership
	device    string // of way app
}

// diary is what happened to a box while one machine ran.
type diary struct {
	machine *kerneltest.Machine
	ahead   time.Duration // of the clock of the box
	base    state         // at the start
	mu      sync.Mutex
	acts    []*act
}

// begin writes down that something is asked for.
func (d *diary) begin(a act) *act {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.from = d.machine.Written()
	d.acts = append(d.acts, &a)
	return &a
}

// done writes down that it was answered with yes.
func (d *diary) done(a *act) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.to, a.when = d.machine.Written(), d.now()
}

// refused writes down that it was answered with no: then it changes nothing.
func (d *diary) refused(a *act) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.what += ", refused"
	a.change, a.kind, a.spent, a.to, a.when = nil, "", nil, d.machine.Written(), d.now()
}

// now is what the clock of the box says.
func (d *diary) now() time.Time { return time.Now().Add(d.ahead) }

// over reports whether an act was answered when the machine had written so much.
func (a *act) over(point int64) bool { return a.to != 0 && a.to <= point }

// possible are the states that a cut may leave at a point: with everything that was answered, and with each of what was being
// done either whole or not at all.
func (d *diary) possible(point int64) (all []state, flight []string) {
	answered := maps.Clone(d.base)
	acts := slices.DeleteFunc(slices.Clone(d.acts), func(a *act) bool { return a.change == nil || !a.over(point) })
	slices.SortStableFunc(acts, func(a, b *act) int { return int(a.to - b.to) })
	for _, a := range acts {
		a.change(answered)
	}
	all = []state{answered}
	for _, a := range d.acts {
		if a.change == nil || a.over(point) || a.from > point {
			continue
		}
		flight = append(flight, a.what)
		for _, s := range slices.Clone(all) {
			s = maps.Clone(s)
			a.change(s)
			all = append(all, s)
		}
	}
	return all, flight
}

// moment is what the clock of the box said at a point, or a little before.
func (d *diary) moment(point int64, otherwise time.Time) time.Time {
	for _, a := range d.acts {
		if a.over(point) && a.when.After(otherwise) {
			otherwise = a.when
		}
	}
	return otherwise
}

// logged are how many entries of each kind the log must have, of what was answered at a point.
func (d *diary) logged(point int64) map[string]int {
	kinds := map[string]int{}
	for _, a := range d.acts {
		if a.kind != "" && a.over(point) {
			kinds[a.kind]++
		}
	}
	return kinds
}

// used are the codes that were answered with yes at a point, the newest last.
func (d *diary) used(point int64) (all []spent) {
	for _, a := range d.acts {
		if a.spent != nil && a.over(point) {
			all = append(all, *a.spent)
		}
	}
	return all
}

// differences says in how far a state is not another.
func differences(got, want state) (all []string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			all = append(all, fmt.Sprintf("%s is %q, not %q", key, got[key], want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, known := want[key]; !known {
			all = append(all, fmt.Sprintf("%s is %q, and should not be", key, got[key]))
		}
	}
	return all
}
