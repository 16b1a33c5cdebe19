//go:build kernel && linux

package daemon_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
	"castellan/internal/realtest"
	"castellan/internal/settings"
)

var (
	cuts     = flag.Int("cuts", 10, "power cuts of TestPowerCutsOnARealKernel")
	cutsTime = flag.Duration("cuts.within", 0, "how long it may go on; 0: until all cuts are made")
	cutsSeed = flag.Uint64("cuts.seed", 0, "where chance begins in it; 0: anywhere")
)

const (
	boxes = 2 // that run beside each other
	// points are the further moments of each run at which the power could have been cut, and which are looked at as well.
	points = 4
	// diskSize is what a box has for its data, in MiB.
	diskSize = 32
)

// The power of a real kernel is cut at random moments, while its owner signs in, changes their ways in and those of others, and
// holds the reset button; then it starts on what is left. R054 R132 R140 (c), T29.
//
// What a cut loses: QEMU hands every write of the guest to a file of the host at once, and that outlives QEMU. So killing QEMU
// by itself loses only what the guest kept in its own memory. The machine's writes and flushes are therefore logged in their
// order, and the disk on which the next machine starts is made of that log: everything before the last flush, and of the writes
// after it any part, down to single sectors (see kerneltest.Writes.Cut). It is what a real disk with a cache may do.
//
// Each disk is looked at twice: here, where the journal is replayed, the database is taken out of the file system, checked page by
// page (store.Verify, what the daemon does at its start in a process of its own) and given to a daemon; and in the next machine.
// The log also tells what a cut at any other moment would have left, so some of those are looked at as well.
func TestPowerCutsOnARealKernel(t *testing.T) {
	realtest.Program(t, "mkfs.ext4", "apt-get install e2fsprogs")
	program := program(t, kerneltest.ARM64)
	seed := *cutsSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-cuts %d -cuts.seed %d", *cuts, seed)
	began := time.Now()
	for i := range boxes {
		t.Run(fmt.Sprint("box ", i+1), func(t *testing.T) {
			t.Parallel()
			base, err := os.ReadFile(kerneltest.NewDisk(t, diskSize))
			if err != nil {
				t.Fatal(err)
			}
			dice := rand.New(rand.NewPCG(seed, uint64(i)))
			b := &cutBox{
				program: program, disk: base, dice: dice, keys: &keys{dice: rand.New(rand.NewPCG(seed, uint64(i+boxes))), all: map[string]*app{}},
				state: state{owner: nobody, "idle": fmt.Sprint(settings.IdleDefault), "name": "castellan", "demand": "administrators"}, logged: map[string]int{},
			}
			for cut := range *cuts / boxes {
				if *cutsTime > 0 && time.Since(began) > *cutsTime {
					t.Fatalf("only %d cuts were made within %v: this machine is too slow or too busy", cut, *cutsTime)
				}
				if !t.Run(fmt.Sprint("cut ", cut+1), b.live) {
					return
				}
			}
		})
	}
}

// cutBox is a box whose power is cut again and again.
type cutBox struct {
	*keys
	program string
	disk    []byte
	dice    *rand.Rand
	state   state          // that the last cut left
	logged  map[string]int // entries that must be in its log
	used    []spent
	ahead   time.Duration // of its clock: it is left off for a while after each cut
	label   string
}

// live is one run of the box, from its start to its cut, and a look at what is left.
func (b *cutBox) live(t *testing.T) {
	d, log := b.run(t)
	if t.Failed() {
		return
	}
	writes := kerneltest.ReadWrites(t, log, b.disk)
	if writes.Flushes() == 0 {
		t.Fatal("the machine never flushed its disk: the test proves nothing")
	}
	all := writes.Points()
	end := all[len(all)-1]
	began := time.Now()
	for range points {
		b.look(t, d, writes, b.choose(d, all))
	}
	disk, left := b.look(t, d, writes, end)
	t.Logf("%d acts, %d writes, %d flushes; looked at %d cuts in %v", len(d.acts), len(all), writes.Flushes(), points+1, time.Since(began).Round(time.Millisecond))
	b.disk, b.state = disk, left
	for kind, n := range d.logged(end) {
		b.logged[kind] += n
	}
	b.used = append(b.used, d.used(end)...)
	b.resume(left)
}

// choose takes a moment of a run: mostly one at which something was going on that changes the box.
func (b *cutBox) choose(d *diary, all []int64) int64 {
	var changes []*act
	for _, a := range d.acts {
		if a.change != nil {
			changes = append(changes, a)
		}
	}
	if len(changes) > 0 && b.dice.IntN(4) > 0 {
		a := changes[b.dice.IntN(len(changes))]
		if i := slices.IndexFunc(changes, func(a *act) bool { return a.what == theReset }); i >= 0 && b.dice.IntN(2) == 0 {
			a = changes[i]
		}
		within := slices.DeleteFunc(slices.Clone(all), func(p int64) bool { return p < a.from || a.to != 0 && p > a.to+4096 })
		if len(within) > 0 {
			return within[b.dice.IntN(len(within))]
		}
	}
	return all[b.dice.IntN(len(all))]
}

// run has a machine work until its power is cut.
func (b *cutBox) run(t *testing.T) (*diary, string) {
	path, log := t.TempDir()+"/disk", kerneltest.NewWrites(t)
	if err := os.WriteFile(path, b.disk, 0o600); err != nil {
		t.Fatal(err)
	}
	first := b.label == ""
	if !first {
		b.ahead += 11*time.Minute + time.Duration(b.dice.IntN(300))*time.Second
	}
	config := fmt.Sprintf("data = \"/data/castellan\"\nsocket = \"/run/s\"\n[time]\nservers = []\n[button]\nsource = \"gpio\"\nchip = \"gpiochip0\"\nline = \"%d\"\nactive = \"high\"\n", buttonLine)
	m := kerneltest.Start(t, kerneltest.Config{
		Binary: b.program, Args: []string{"serve", "-config", "/castellan.toml", "-greeting"},
		Files: map[string][]byte{"/castellan.toml": []byte(config)},
		RTC:   time.Now().Add(b.ahead), Forwards: []int{8001}, Disk: path, Writes: log,
	})
	d := &diary{machine: m, ahead: b.ahead, base: maps.Clone(b.state)}
	l := &load{diary: d, keys: b.keys, visit: func() *browser { return visit(t, m) }, cut: make(chan struct{}), off: make(chan struct{}), fail: t.Errorf}
	if first {
		b.label = labelIn(t, m)
		d.done(d.begin(act{what: "making the box", kind: "box.made"}))
	}
	l.label = b.label
	finger := m.Line(buttonLine)
	status := visit(t, m).must(200, "GET", "/status", nil).body
	if want := map[bool]string{true: "unclaimed", false: "ready"}[b.state[owner] == nobody]; status["state"] != want {
		t.Fatalf("the box is %v, not %s", status["state"], want)
	}
	finger.Hold(300 * time.Millisecond) // ends the waits after wrong passwords
	mine := visit(t, m)
	if in := b.state[owner] == nobody && l.claim(mine) || b.state[owner] != nobody && l.enter(mine, b.again()); !in {
		t.Fatalf("the owner does not get in: %s", d.acts[len(d.acts)-1].what)
	}
	resets := b.dice.IntN(5) < 2
	moment := time.Duration(b.dice.IntN(4000)) * time.Millisecond
	ended := make(chan struct{}, 2)
	go func() { l.own(mine, finger, resets); l.soon(); ended <- struct{}{} }()
	go func() { l.roam(); ended <- struct{}{} }()
	select {
	case <-l.cut:
	case <-time.After(time.Minute):
		t.Error("the owner does not get anywhere")
	}
	time.Sleep(moment)
	close(l.off)
	m.Kill()
	<-ended
	<-ended
	return d, log
}

// again gives a machine the newest recovery code that was answered with yes before the cut.
func (b *cutBox) again() func(*browser) {
	for _, s := range slices.Backward(b.used) {
		if s.round == b.round && s.way == "recovery" && b.state[owner] != nobody && len(b.apps) > 0 {
			return func(v *browser) {
				v.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": s.way, "code": s.code})
			}
		}
	}
	return func(*browser) {}
}

func words(all []string) string { return strings.Join(all, "; ") }
