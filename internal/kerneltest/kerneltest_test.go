//go:build kernel && linux

package kerneltest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"castellan/internal/kerneltest/plan"
	"castellan/internal/realtest"
)

// port is where the probe listens in the guest.
const port = 8001

// tolerance is how far the kernel's measure of a hold may be from the test's.
const tolerance = 50 * time.Millisecond

// giveUp is how long something is waited for whose time proves nothing.
const giveUp = 30 * time.Second

// edge is the probe's Edge.
type edge struct {
	Pressed bool
	At      time.Duration
}

// probe is built once for all tests of a run; TestMain removes it.
var probe = sync.OnceValues(func() (string, error) {
	to := filepath.Join(scratch, "probe")
	return to, compile(ARM64, "castellan/internal/kerneltest/probe", to)
})

var scratch string

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "kerneltest"); err != nil {
			fmt.Println("make folder for probe:", err)
			return 1
		}
		defer os.RemoveAll(scratch)
		return m.Run()
	}()
	os.Exit(code)
}

func binary(t testing.TB) string {
	t.Helper()
	realtest.Program(t, "go", installGo)
	path, err := probe()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// parts finds what start needs, for tests that look at its errors.
func parts(t testing.TB) (qemu string, k kernel) {
	t.Helper()
	qemu = realtest.Program(t, "qemu-system-aarch64", installQEMU)
	k, err := findKernel()
	if err != nil {
		t.Fatal(err)
	}
	realtest.Need(t, "arm64 kernel", installKernel, k.path != "")
	return qemu, k
}

func request(t testing.TB, m *Machine, method, path, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+m.Addr(port)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 5 * time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, answer.Status, b)
	}
	return string(b)
}

// edges waits until the probe has seen n edges, and returns all it saw.
func edges(t testing.TB, m *Machine, n int) []edge {
	t.Helper()
	var got []edge
	for end := time.Now().Add(giveUp); ; time.Sleep(20 * time.Millisecond) {
		if err := json.Unmarshal([]byte(request(t, m, "GET", "/edges", "")), &got); err != nil {
			t.Fatal(err)
		}
		if len(got) >= n {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("%d edges after %v, want %d: %v", len(got), giveUp, n, got)
		}
	}
}

// tries is how often a hold or a beep is repeated when the measure is off: on a host with more to do than it has processors
// the guest's kernel may see an edge late, or make one late, which says nothing about the machine.
const tries = 3

func TestKernelMeasuresHolds(t *testing.T) {
	tests := []struct {
		name string
		line int
		low  bool
	}{{"active high", 5, false}, {"active low", 0, true}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := Config{Binary: binary(t), Forwards: []int{port}, Args: []string{
				"-line", strconv.Itoa(test.line), "-active-low=" + strconv.FormatBool(test.low)}}
			if test.low {
				config.ActiveLow = []int{test.line}
			}
			m := Start(t, config)
			if got := edges(t, m, 0); len(got) != 0 {
				t.Fatalf("edges before the first press: %v", got)
			}
			seen := 0
			for _, hold := range []time.Duration{300 * time.Millisecond, 2 * time.Second} {
				for try := 1; ; try++ {
					held := m.Line(test.line).Hold(hold)
					measured := measure(t, m, seen)
					seen += 2
					t.Logf("held %v, the kernel measured %v", held, measured)
					if held >= hold && (measured-held).Abs() <= tolerance {
						break
					}
					if try == tries {
						t.Fatalf("kernel measured %v, want %v ± %v", measured, held, tolerance)
					}
				}
			}
		})
	}
}

// measure waits for the press and the release after the first seen edges, sees that they are all there is, and returns
// the time between them.
func measure(t testing.TB, m *Machine, seen int) time.Duration {
	t.Helper()
	got := edges(t, m, seen+2)
	if len(got) != seen+2 || !got[seen].Pressed || got[seen+1].Pressed {
		t.Fatalf("edges %v, want a press and a release after the first %d", got, seen)
	}
	return got[seen+1].At - got[seen].At
}

func TestClockStartsWhereTheTestSays(t *testing.T) {
	t.Parallel()
	from := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}, RTC: from})
	var got time.Time
	if err := json.Unmarshal([]byte(request(t, m, "GET", "/clock", "")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Before(from) || got.After(from.Add(time.Since(m.started)+time.Second)) {
		t.Errorf("clock says %v, want shortly after %v", got, from)
	}
}

func TestGuestReachesLoopbackByUDP(t *testing.T) {
	t.Parallel()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
	_, number, err := net.SplitHostPort(socket.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	request(t, m, "POST", "/send?to="+net.JoinHostPort(Host, number), "what time is it")
	if err := socket.SetReadDeadline(time.Now().Add(giveUp)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, _, err := socket.ReadFrom(b)
	if err != nil || string(b[:n]) != "what time is it" {
		t.Errorf("received %q, %v", b[:n], err)
	}
}

func TestPowerKeyLineIsTheKernels(t *testing.T) {
	t.Parallel()
	qemu, k := parts(t)
	m, err := start(qemu, k, t.TempDir(), Config{Binary: binary(t), Forwards: []int{port},
		Args: []string{"-line", strconv.Itoa(PowerKey)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Kill)
	err = m.ready(readyWait)
	if err == nil || !m.Ended() {
		t.Errorf("ready = %v, ended %v; want an error and the machine off", err, m.Ended())
	}
	if got := m.Console(); !strings.Contains(got, "device or resource busy") || !strings.Contains(got, plan.Ended+"3\n") {
		t.Errorf("console has neither the busy line nor code 3:\n%s", got)
	}
}

func TestMachineThatNeverListensIsKilled(t *testing.T) {
	t.Parallel()
	qemu, k := parts(t)
	m, err := start(qemu, k, t.TempDir(), Config{Binary: binary(t), Forwards: []int{port, 9}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Kill)
	err = m.ready(8 * time.Second)
	if err == nil || err.Error() != "boot machine: not ready within 8s" || !m.Ended() {
		t.Errorf("ready = %v, ended %v; want not ready within 8s, and the machine off", err, m.Ended())
	}
}

func TestStopReturnsTheProgramsCode(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
	if got := m.Stop(); got != 7 || !m.Ended() {
		t.Errorf("Stop = %d, ended %v; want 7, true; console:\n%s", got, m.Ended(), m.Console())
	}
}

func TestFilesAreWrittenForTheProgram(t *testing.T) {
	t.Parallel()
	m := Start(t, Config{Binary: binary(t), Forwards: []int{port}, Args: []string{"-data", DataDir},
		Files: map[string][]byte{DataDir + "/castellan.toml": []byte("listen = \":8001\"\n")}})
	if got := request(t, m, "GET", "/file/castellan.toml", ""); got != "listen = \":8001\"\n" {
		t.Errorf("file holds %q", got)
	}
}

func TestDiskKeepsWhatWasFlushed(t *testing.T) {
	t.Parallel()
	realtest.Program(t, "mkfs.ext4", installMkfs)
	config := Config{Binary: binary(t), Forwards: []int{port}, Args: []string{"-data", DataDir}, Disk: NewDisk(t, 64)}
	m := Start(t, config)
	request(t, m, "PUT", "/file/flushed?flush", "safe")
	request(t, m, "PUT", "/file/loose", "not safe")
	m.Kill()

	m = Start(t, config)
	if got := request(t, m, "GET", "/file/", ""); !strings.Contains(got, "flushed") || strings.Contains(got, "loose") {
		t.Errorf("after a power cut the disk holds %q, want the flushed file alone", got)
	}
	if got := request(t, m, "GET", "/file/flushed", ""); got != "safe" {
		t.Errorf("after a power cut the flushed file holds %q", got)
	}
	request(t, m, "PUT", "/file/loose", "safe now")
	m.Stop()

	m = Start(t, config)
	if got := request(t, m, "GET", "/file/loose", ""); got != "safe now" {
		t.Errorf("after a stop in good order the file holds %q", got)
	}
}

// TestMachineDiesWithThePanickingTest runs this test program again, as one that panics while its machine runs.
func TestMachineDiesWithThePanickingTest(t *testing.T) {
	const inside = "KERNELTEST_PANIC"
	if os.Getenv(inside) != "" {
		m := Start(t, Config{Binary: binary(t), Forwards: []int{port}})
		fmt.Printf("qemu=%d\n", m.process.Pid)
		go panic("as asked") // in a goroutine of its own no cleanup runs
		select {}
	}
	t.Parallel()
	parts(t)
	binary(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), inside+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	_, rest, found := strings.Cut(string(out), "qemu=")
	word, _, _ := strings.Cut(rest, "\n")
	pid, _ := strconv.Atoi(word)
	if err == nil || !found || pid == 0 || !strings.Contains(string(out), "panic: as asked") {
		t.Fatalf("the panicking test ended with %v:\n%s", err, out)
	}
	for end := time.Now().Add(giveUp); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("QEMU lives on %v after its test panicked", giveUp)
		}
	}
}

// alive reports whether a process runs; one that is dead but not yet waited for by its new parent does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
