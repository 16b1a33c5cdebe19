package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// house is a Network on a LAN of real parts, that runs.
type house struct {
	tester
	*realtest.LAN
	t       *testing.T
	service *exec.Cmd
	jumped  *atomic.Int64 // nanoseconds that the clock is ahead
	ended   chan Change
	stop    func() // ends Run, as a stop of the daemon does
}

// newHouse is a box with these cards, which systemd-networkd has ask for addresses; they have some when it returns.
func newHouse(t *testing.T, folder string, cards ...string) *house {
	t.Helper()
	l := realtest.NewLAN(t, cards...)
	service := l.Networkd()
	for _, c := range cards {
		l.Wait("an address", func() bool { return leased(t, c).IsValid() })
	}
	h := &house{LAN: l, t: t, service: service}
	h.open(folder)
	return h
}

// open runs a Network that has its notes in a folder.
func (h *house) open(folder string) {
	begun, jumped, ended := time.Now(), new(atomic.Int64), make(chan Change, 9)
	h.jumped, h.ended = jumped, ended
	h.Network = New(Config{
		Bus: h.Bus.Address, Folder: folder, Elapsed: func() time.Duration { return time.Since(begun) + time.Duration(jumped.Load()) },
		Ended: func(c Change) { ended <- c },
	})
	h.stop = running(h.t, h.Network)
}

// cut is a power cut: it ends everything, forgets /run and the kernel's addresses, and keeps /etc and the data. Then the box starts again.
func (h *house) cut(folder string) {
	h.t.Helper()
	noted, err := os.ReadFile(filepath.Join(folder, noteFile))
	_, _ = h.service.Process.Kill(), h.service.Wait()
	h.stop()
	if err == nil { // the daemon had no time to remove it
		if err := os.WriteFile(filepath.Join(folder, noteFile), noted, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := os.RemoveAll("/run/systemd"); err != nil {
		h.t.Fatal(err)
	}
	realtest.IP(h.t, "address", "flush", "dev", "eth0")
	h.service = h.Networkd()
	h.open(folder)
}

// running runs a Network and returns what stops it.
func running(t *testing.T, n *Network) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// leased returns the address that the router gave a card.
func leased(t *testing.T, card string) (found netip.Addr) {
	t.Helper()
	i, err := net.InterfaceByName(card)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := i.Addrs()
	for _, a := range all {
		if p := netip.MustParsePrefix(a.String()); netip.MustParsePrefix("192.0.2.48/28").Contains(p.Addr()) {
			found = p.Addr()
		}
	}
	return found
}

// try makes a change and waits until it is made.
func (h *house) try(s Setting) string {
	h.t.Helper()
	trial, err := h.Try(h.t.Context(), s, "admin")
	if err != nil {
		h.t.Fatal(err)
	}
	h.Wait("the change", func() bool {
		t := h.current()
		if t == nil {
			h.t.Fatalf("it ended: %+v", <-h.ended)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return t.made
	})
	return trial.Token
}

// reach reports whether a browser reaches an address of the box.
func (h *house) reach(address string) bool {
	h.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return false
	}
	defer l.Close()
	c, err := h.Dial(h.t.Context(), "tcp", l.Addr().String())
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// went waits for how a change ended.
func (h *house) went() Change {
	h.t.Helper()
	select {
	case c := <-h.ended:
		h.Wait("the end of the change", func() bool { now, _ := h.Change(); return now.Outcome == c.Outcome }) // it is told first
		return c
	case <-time.After(20 * time.Second):
		h.t.Fatal("no change ended within 20 s")
		return Change{}
	}
}

func TestAChangeOfNetworkdStaysOnceItIsConfirmed(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	old := leased(t, "eth0").String()
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	h.Wait("the address", func() bool { return h.reach("192.0.2.20") })
	if h.Has("eth0", old) {
		t.Errorf("%s is still there:\n%s", old, realtest.IP(t, "address"))
	}
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr(old)); err == nil {
		t.Error("confirmed at the address that is gone")
	}
	c, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20"))
	if err != nil || c.Outcome != Kept {
		t.Fatalf("got %+v, %v", c, err)
	}
	if c := h.went(); c.Outcome != Kept {
		t.Errorf("told %+v", c)
	}
	text, err := os.ReadFile("/etc/systemd/network/+castellan-1-eth0.network")
	if err != nil || !strings.Contains(string(text), "Address=192.0.2.20/24") {
		t.Errorf("the file says %s, %v", text, err)
	}
	if p := h.Look(t.Context()); p.Kind != Networkd || p.Trouble != "" || !alike(p.Settings["eth0"], manual("eth0", "192.0.2.20/24", realtest.Router)) {
		t.Errorf("got %+v", p)
	}
}

func TestAChangeThatNobodyConfirmsGoesBack(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	folder := t.TempDir()
	h := newHouse(t, folder, "eth0")
	token := h.try(manual("eth0", "10.9.9.20/24", "10.9.9.1"))
	if leased(t, "eth0").IsValid() {
		t.Fatal("the test proves nothing: the address is still there")
	}
	if _, err := h.Try(t.Context(), AutomaticSetting("eth0"), "ines"); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "admin") {
		t.Errorf("a second change: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, noteFile)); err != nil {
		t.Error("nothing is noted for a power cut:", err)
	}
	h.jumped.Store(int64(TryTime))
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "60 seconds") {
		t.Errorf("got %+v", c)
	}
	h.isAsBefore(token)
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// isAsBefore waits until the box has an address of its router again, and checks that nothing is left of a change.
func (h *house) isAsBefore(token string) {
	h.t.Helper()
	h.Wait("the address of before", func() bool { return leased(h.t, "eth0").IsValid() })
	if !h.reach(leased(h.t, "eth0").String()) {
		h.t.Error("not reached")
	}
	if _, err := h.Confirm(h.t.Context(), token, leased(h.t, "eth0")); !errors.Is(err, ErrNoChange) {
		h.t.Errorf("confirmed: %v", err)
	}
	left, _ := filepath.Glob("/*/systemd/network/*castellan*")
	if p := h.Look(h.t.Context()); !alike(p.Settings["eth0"], AutomaticSetting("eth0")) || p.Trouble != "" || len(left) > 0 {
		h.t.Errorf("%+v, %v", p, left)
	}
}

func TestAChangeGoesBackWhenTheDaemonStops(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	begun := time.Now()
	h.stop()
	if took := time.Since(begun); took > settleTime/2+time.Second {
		t.Errorf("that took %v", took)
	}
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "stopped") {
		t.Errorf("got %+v", c)
	}
	h.isAsBefore(token)
	if _, err := h.Try(t.Context(), AutomaticSetting("eth0"), "ines"); err == nil {
		t.Error("a change that nobody would end was made")
	}
}

func TestAChangeGoesBackWhenItsCableIsPulled(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	h := newHouse(t, t.TempDir(), "eth0")
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	before := time.Now() // it may be seen before Pull returns
	h.Pull("eth0")
	begun := time.Now()
	if c := h.went(); c.Outcome != WentBack || !strings.Contains(c.Reason, "cable") {
		t.Errorf("got %+v", c)
	}
	if took := time.Since(begun); time.Since(before) < pulledTime || took > pulledTime+3*time.Second {
		t.Errorf("that took %v", took)
	}
	if _, err := h.Try(t.Context(), manual("eth0", "192.0.2.20/24", realtest.Router), "admin"); !errors.Is(err, ErrNoCable) {
		t.Errorf("without a cable: %v", err)
	}
	h.Plug("eth0")
	h.isAsBefore(token)
}

func TestAPowerCutForgetsWhatWasTriedAndKeepsWhatWasKept(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	folder := t.TempDir()
	h := newHouse(t, folder, "eth0")
	h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	kept := func(want bool) {
		t.Helper()
		h.cut(folder)
		if want {
			h.Wait("the address that was kept", func() bool { return h.Has("eth0", "192.0.2.20") })
			if !h.reach("192.0.2.20") || leased(t, "eth0").IsValid() {
				t.Errorf("got\n%s", realtest.IP(t, "address"))
			}
			return
		}
		if c := h.went(); c.Outcome != WentBack || c.By != "admin" || c.Interface != "eth0" || !strings.Contains(c.Reason, "started again") {
			t.Errorf("got %+v", c)
		}
		h.isAsBefore("")
	}
	kept(false)
	token := h.try(manual("eth0", "192.0.2.20/24", realtest.Router))
	if _, err := h.Confirm(t.Context(), token, netip.MustParseAddr("192.0.2.20")); err != nil {
		t.Fatal(err)
	}
	<-h.ended
	kept(true)
}

// What is killed in the middle of a change leaves it to the next start.
func TestAKilledDaemonsChangeGoesBackAtTheNextStart(t *testing.T) {
	const folder = "CASTELLAN_TEST_KILLED_IN"
	if dir := os.Getenv(folder); dir != "" { // the daemon that is killed
		h := &house{LAN: &realtest.LAN{Bus: &realtest.Bus{}}, t: t}
		h.open(dir)
		if _, err := h.Try(t.Context(), manual("eth0", "192.0.2.20/24", realtest.Router), "admin"); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	if !realtest.Isolate(t) {
		return
	}
	dir := t.TempDir()
	h := newHouse(t, dir, "eth0")
	h.stop()
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), folder+"="+dir)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.Wait("the change", func() bool { return h.Has("eth0", "192.0.2.20") })
	_, _ = cmd.Process.Kill(), cmd.Wait()
	h.open(dir)
	if c := h.went(); c.Outcome != WentBack || c.By != "admin" || !strings.Contains(c.Reason, "started again") {
		t.Errorf("got %+v", c)
	}
	h.isAsBefore("")
}
