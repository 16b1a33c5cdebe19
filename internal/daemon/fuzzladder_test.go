package daemon_test

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/daemon"
	"castellan/internal/secret"
	"castellan/internal/store"
)

var (
	// soaking says that there is time for every damage.
	soaking = flag.Bool("damage.all", false, "look at every damaged file, and not at those of 12 s")
	// seed makes the same damages again, to a house that is another one: its keys and identities are new. With -artifacts the
	// very file that failed is kept.
	seed = flag.Uint64("damage.seed", 0, "which damages; 0 for new ones")
)

const (
	// quick is how long the damaged files of an ordinary run may take, and fewest how many of a sort are looked at on a machine
	// that is too busy for more.
	quick  = 12 * time.Second
	fewest = 60
)

const verifierName = "TestVerifierOfDamagedFiles"

// TestVerifierOfDamagedFiles is no test: it is the process in which damaged files are checked, as the real check is one
// of its own. It answers for many files, so that thousands can be looked at.
func TestVerifierOfDamagedFiles(t *testing.T) {
	if os.Getenv("CASTELLAN_TEST_BE") != "verifier" {
		t.Skip("this is a part of another test")
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		answer := "good"
		switch err := store.Verify(in.Text()); {
		case errors.Is(err, store.ErrDamaged):
			answer = "damaged"
		case errors.Is(err, store.ErrLocked):
			answer = "locked"
		case err != nil:
			answer = "unknown " + err.Error()
		}
		_, _ = fmt.Fprintf(os.Stdout, "verdict %s\n", answer)
	}
}

// verifier checks files in another process, which it starts again when a file ended it.
type verifier struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	crashes int
}

func (v *verifier) start() {
	v.t.Helper()
	v.cmd = exec.Command(os.Args[0], "-test.run", "^"+verifierName+"$")
	v.cmd.Env = append(os.Environ(), "CASTELLAN_TEST_BE=verifier")
	var err error
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		v.t.Fatal(err)
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.out = bufio.NewScanner(out)
}

func (v *verifier) stop() {
	if v.cmd != nil {
		_ = v.in.Close()
		_ = v.cmd.Wait()
		v.cmd = nil
	}
}

// check is what a start asks about a file.
func (v *verifier) check(path string) error {
	if v.cmd == nil {
		v.start()
	}
	_, _ = fmt.Fprintln(v.in, path)
	for v.out.Scan() {
		verdict, ok := strings.CutPrefix(v.out.Text(), "verdict ")
		switch {
		case !ok:
		case verdict == "good":
			return nil
		case verdict == "damaged":
			return store.ErrDamaged
		case verdict == "locked":
			return store.ErrLocked
		default:
			return errors.New(verdict)
		}
	}
	v.stop()
	v.crashes++
	return fmt.Errorf("%w: it ended the process that read it", store.ErrDamaged)
}

// exhibit is a house that was lived in, at three moments.
type exhibit struct {
	t                    *testing.T
	h                    *house
	key                  []byte
	good, before, newest []byte // the daily copy; the database before and after its last commit
	copied, was, is      daemon.Outcome
	verifier             *verifier
}

// livedIn makes a house with people, a device, settings and a log of which a part is packed.
func livedIn(t *testing.T) *exhibit {
	t.Helper()
	h := newHouse(t).start()
	owner := h.claim()
	owner.enrol()
	add := func(from, to int) {
		for i := from; i < to; i++ {
			owner.must(201, "POST", "/users", obj{"name": fmt.Sprint("user", i), "role": "user", "display_name": strings.Repeat("x", 40)})
		}
	}
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	add(0, 30)
	for i := range 520 { // an entry each: how many certificates are made meanwhile is not known
		owner.must(200, "PATCH", "/settings", obj{"nas_name": fmt.Sprint("nas", i)})
	}
	twin := &house{t: t, file: h.file}
	twin.file.Data = t.TempDir()
	if err := os.WriteFile(twin.database(), read(h.database()), 0o600); err != nil {
		t.Fatal(err)
	}
	twin.snapshot()
	e := &exhibit{t: t, h: h, key: read(h.key()), good: read(store.Good(twin.database())), verifier: &verifier{t: t}}
	t.Cleanup(e.verifier.stop)
	add(30, 35)
	e.before = read(h.database())
	add(35, 36)
	e.newest = read(h.database())
	_ = h.stop()
	for data, o := range map[*[]byte]*daemon.Outcome{&e.good: &e.copied, &e.before: &e.was, &e.newest: &e.is} {
		got, _, err := e.start(*data, nil, nil)
		if *o = got; err != nil || got.Recovery != "" || got.Mending.How != "" {
			t.Fatalf("undamaged: %+v, %v", got, err)
		}
	}
	if e.copied.Accounts != 31 || e.was.Accounts != 36 || e.is.Accounts != 37 || e.is.Entry < 540 {
		t.Fatalf("the test proves nothing: %+v, %+v, %+v", e.copied, e.was, e.is)
	}
	return e
}

// start lets a house find these files: the database and its copy, either of them missing where it is nil. prepare may put
// something else in the place of the database.
func (e *exhibit) start(data, good []byte, prepare func(path string)) (o daemon.Outcome, folder string, err error) {
	e.t.Helper()
	folder, err = os.MkdirTemp(e.t.TempDir(), "")
	if err != nil {
		e.t.Fatal(err)
	}
	path := filepath.Join(folder, "castellan.db")
	for name, content := range map[string][]byte{path: data, store.Good(path): good, filepath.Join(folder, "device.key"): e.key} {
		if content == nil {
			continue
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			e.t.Fatal(err)
		}
	}
	if prepare != nil {
		prepare(path)
	}
	o, err = e.again(folder)
	return o, folder, err
}

// again starts on what a start left.
func (e *exhibit) again(folder string) (daemon.Outcome, error) {
	file := e.h.file
	file.Data = folder
	return daemon.New(daemon.Config{
		File: file, Out: slog.New(slog.DiscardHandler), Verify: e.verifier.check, System: time.Now, Elapsed: e.h.elapsed, Passwords: e.h.hash, Signal: e.h.signals(),
	}).OutcomeForTest()
}

// try starts on a damaged file and looks whether what came of it is one of the ends of the ladder.
func (e *exhibit) try(d damage, good []byte) (end string) {
	e.t.Helper()
	o, folder, err := e.start(d.data, good, d.prepare)
	name := fmt.Sprintf("%s (copy: %v)", d.name, good != nil)
	if err != nil {
		e.t.Errorf("%s: the start failed: %v", name, err)
		return "failed"
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if key, err := os.ReadFile(filepath.Join(folder, "device.key")); err != nil || !bytes.Equal(key, e.key) {
		e.t.Errorf("%s: the device key is another one", name)
	}
	if o.Recovery != "" {
		// A flip in what the database knows of its device makes it another device's: whole, and never replaced by the copy.
		foreign := o.Recovery == "device_key_mismatch" && d.loose
		if good != nil && bytes.Equal(good, e.good) && !foreign {
			e.t.Errorf("%s: %s, although there is a good copy", name, o.Recovery)
		}
		return "safe mode"
	}
	least, end := e.is, "whole"
	if d.undone {
		least = e.was
	}
	switch o.Mending.How {
	case store.SteppedBack:
		least, end = e.was, "stepped back"
	case store.Restored:
		least, end = e.copied, "from the copy"
	}
	if !o.Owned || (o.Unread > 0 || o.Accounts < least.Accounts || o.Entry < least.Entry) && !d.loose {
		e.t.Errorf("%s: %s with %+v, want at least %+v", name, end, o, least)
	}
	if err := e.verifier.check(filepath.Join(folder, "castellan.db")); err != nil {
		e.t.Errorf("%s: what opened is not whole: %v", name, err)
	}
	if end != "whole" {
		if o.Mending.Told.IsZero() {
			e.t.Errorf("%s: nobody was told", name)
		}
		if next, err := e.again(folder); err != nil || next.Recovery != "" || !next.Mending.Told.Equal(o.Mending.Told) || next.Entry != o.Entry+1 {
			e.t.Errorf("%s: the next start: %+v, %v", name, next, err)
		}
	}
	return end
}

// keeping tries, and keeps a damaged file that failed, or on which the test broke off.
func (e *exhibit) keeping(d damage, good []byte) string {
	e.t.Helper()
	failed, done := e.t.Failed(), false
	defer func() {
		if done && (failed || !e.t.Failed()) {
			return
		}
		path := filepath.Join(e.t.ArtifactDir(), strings.ReplaceAll(d.name, " ", "-")+".db")
		if err := os.WriteFile(path, d.data, 0o600); err == nil {
			e.t.Logf("%s (copy: %v) is kept as %s", d.name, good != nil, path)
		}
	}()
	end := e.try(d, good)
	done = true
	return end
}

// R140 (h) T30 R138: however the file is damaged, the start ends with everything, one commit back, in the daily copy or in safe
// mode; never in a panic, never in a box that is new, and never with less than it says.
func TestADamagedFileEndsOnARungOfTheLadder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of damaged files")
	}
	e := livedIn(t)
	begun := time.Now()
	chosen := cmp.Or(*seed, uint64(begun.UnixNano()))
	t.Logf("-args -damage.seed=%d", chosen)
	random := rand.New(rand.NewPCG(6, chosen))
	ends, tried := map[string]int{}, 0
	do := func(d damage, copies ...[]byte) {
		for _, good := range copies {
			tried++
			ends[e.keeping(d, good)]++
		}
	}
	for _, d := range e.oddities() {
		do(d, nil, e.good, bytes.Repeat([]byte{0}, len(e.good)), e.good[:len(e.good)/2])
	}
	pages := e.pages(random)
	random.Shuffle(len(pages), func(i, j int) { pages[i], pages[j] = pages[j], pages[i] })
	for i, d := range pages {
		switch {
		case *soaking:
			do(d, nil, e.good)
		case i >= fewest && time.Since(begun) > quick/2:
		case random.IntN(2) == 0:
			do(d, nil)
		default:
			do(d, e.good)
		}
	}
	for i := 0; i < 4000 && (*soaking || i < fewest || time.Since(begun) < quick); i++ {
		do(e.bits(random), e.good)
	}
	t.Logf("%d damaged files of %d pages in %s, %d of which ended the process that checked them: %v", tried, len(e.newest)/dbPage, time.Since(begun).Round(time.Second), e.verifier.crashes, ends)
	for _, end := range []string{"whole", "stepped back", "from the copy", "safe mode"} {
		if ends[end] == 0 {
			t.Errorf("no file ended with %q", end)
		}
	}
}

// What is whole and cannot be used is said by name, and nothing is put in its place.
func TestAFileThatIsWholeIsNotReplacedByTheCopy(t *testing.T) {
	t.Parallel()
	e := livedIn(t)
	foreign := func(path string) {
		db, err := store.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
	}
	newer := func(path string) {
		db, err := store.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(tx *store.Tx) error { return store.NewTable[obj]("schema").Put(tx, "current", obj{"version": 99}) }); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
	}
	if o, _, err := e.start(nil, e.good, foreign); err != nil || o.Recovery != "device_key_mismatch" {
		t.Errorf("of another device: %+v, %v", o, err)
	}
	if o, _, err := e.start(e.newest, e.good, newer); !errors.Is(err, store.ErrNewer) {
		t.Errorf("of a newer version: %+v, %v", o, err)
	}
	if os.Geteuid() == 0 {
		t.Log("root may read every file: that one may not be read is not tried")
	} else if o, _, err := e.start(e.newest, e.good, func(path string) { _ = os.Chmod(path, 0) }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("unreadable: %+v, %v", o, err)
	}
	// The copy of another device is no copy of this one.
	e.key = bytes.Clone(e.key)
	other := secret.NewKey()
	copy(e.key, other[:])
	if o, _, err := e.start([]byte{}, e.good, nil); err != nil || o.Recovery != "database_damaged" {
		t.Errorf("the copy of another device: %+v, %v", o, err)
	}
}
