//go:build kernel && linux

// Package kerneltest runs a program on a real Linux kernel with a real button: an arm64 machine in QEMU, Debian's
// kernel, and a PL061 GPIO controller whose lines the test drives from outside. It needs neither root nor hardware.
package kerneltest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/kerneltest/plan"
	"castellan/internal/realtest"

	"golang.org/x/sys/unix"
)

// What the guest has and the test may count on.
const (
	// DataDir is the folder for the program's data: Config.Disk when there is one, else memory.
	DataDir = plan.Data
	// Host is the address at which the guest reaches the host's loopback, TCP and UDP.
	Host = plan.Gateway
	// PowerKey is the GPIO line the kernel owns already, as the machine's power key: asking for it gives EBUSY.
	PowerKey = 3
)

const (
	readyWait = 5 * time.Minute // from start to the program listening
	stopWait  = time.Minute     // from Stop to power off
	dozeWait  = 5 * time.Minute // from Doze to awake
)

// Config says what the machine is and what it runs.
type Config struct {
	// Binary is the path of a static arm64 program (see Build). It runs as root, with / as its folder, PATH=/bin, no
	// input, and its output on the console. The machine powers off when it ends.
	Binary string
	// Args are its arguments, without the program's name.
	Args []string
	// Files are written before the program starts: absolute path in the guest to content, mode 0644.
	Files map[string][]byte
	// RTC is what the machine's clock says at the start, to the second; the zero value is the host's time.
	RTC time.Time
	// Forwards are the TCP ports the program listens on. The machine is ready when all of them are open.
	Forwards []int
	// ActiveLow are the GPIO lines whose button pulls them down. They are at 1 before the kernel starts.
	ActiveLow []int
	// Held are the GPIO lines whose button is down before the kernel starts.
	Held []int
	// Keys are buttons that the kernel's own driver owns, on GPIO lines, as a NAS board's device tree has them.
	Keys []Key
	// Lights are LEDs on GPIO lines, of the kernel's driver leds-gpio.
	Lights []Light
	// Beeper is the GPIO line of a beeper, of the kernel's driver gpio-beeper; 0: there is none.
	Beeper int
	// Disk is an ext4 image (see NewDisk) that DataDir is on. It keeps what the guest flushed when the machine is
	// killed. Empty: DataDir is in memory.
	Disk string
	// Writes is a file that gets everything the machine writes to Disk (see NewWrites). Empty: nothing is kept.
	Writes string
	// System makes the machine a Debian that packaging/setup/root.sh has made, with systemd as its first process. Files are
	// written into it, Binary is there in /bin and not run, and the machine is ready when Script has ended well and the ports
	// of Forwards are open. Disk is of no use then. Nothing is kept.
	System bool
	// Script is what a shell does in System as root, when its services have started.
	Script string
	// Offline leaves the guest alone: it reaches nobody, not even Host. Forwards still lead to it.
	Offline bool
}

// Machine is a running test machine.
type Machine struct {
	t         testing.TB
	console   *console
	keyboard  *os.File
	process   *os.Process
	started   time.Time
	ended     chan struct{} // closed when QEMU has ended
	bench     *bench
	monitor   *monitor
	ports     map[int]int
	activeLow []int
	writes    string
}

// Start boots a machine and returns when the program listens on all of Config.Forwards, which takes about three
// seconds on an idle host and many times that on a busy one. It fails the test, with the console's text, when that is not so within five minutes or the program ends before.
// The machine ends with the test; when the test fails, its log has the console's text. Without QEMU or the kernel the
// test ends as realtest.Need says. Machines share nothing: tests may run in parallel.
func Start(t testing.TB, config Config) *Machine {
	t.Helper()
	qemu := realtest.Program(t, "qemu-system-aarch64", installQEMU)
	realtest.Program(t, "go", installGo)
	kernel, err := findKernel()
	if err != nil {
		t.Fatal(err)
	}
	realtest.Need(t, "arm64 kernel", installKernel, kernel.path != "")
	if config.furnished() {
		realtest.Program(t, "fdtput", installTree)
	}
	for name, wanted := range map[string]bool{"leds_gpio": len(config.Lights) > 0, "gpio_beeper": config.Beeper > 0} {
		realtest.Need(t, "the kernel's module "+name, installKernel+" --renew", !wanted || slices.Contains(kernel.order, name))
	}
	wait := readyWait
	if config.System {
		config.Disk, wait = system(t), systemWait
	}
	m, err := start(qemu, kernel, t.TempDir(), config)
	if err != nil {
		t.Fatal(err)
	}
	m.t = t
	t.Cleanup(func() {
		m.Kill()
		if t.Failed() {
			t.Logf("console:\n%s", m.Console())
		}
	})
	if err := m.ready(wait); err != nil {
		t.Fatal(err)
	}
	t.Logf("machine ready after %.1f s", time.Since(m.started).Seconds())
	return m
}

// start brings up QEMU and leaves the kernel booting. On error nothing is left running.
func start(qemu string, kernel kernel, dir string, config Config) (*Machine, error) {
	first, err := initProgram()
	if err != nil {
		return nil, err
	}
	initramfs := filepath.Join(dir, "initramfs")
	boot := plan.Boot{Args: config.Args, Files: config.Files, Ports: config.Forwards, Disk: config.Disk != "" && !config.System, System: config.System}
	if config.System {
		boot.Files = config.systemFiles()
	}
	if err := writeInitramfs(initramfs, first, kernel, config.Binary, boot); err != nil {
		return nil, err
	}
	tree, err := deviceTree(qemu, dir, config)
	if err != nil {
		return nil, err
	}
	m := &Machine{console: newConsole(), ended: make(chan struct{}), activeLow: config.ActiveLow, writes: config.Writes}
	control, bench, err := m.launch(exec.Command(qemu, arguments(kernel, initramfs, tree, config)...))
	if err != nil {
		return nil, err
	}
	if err := m.connect(control, bench, config); err != nil {
		m.Kill()
		return nil, fmt.Errorf("start machine: %w; console:\n%s", err, m.Console())
	}
	return m, nil
}

// arguments is QEMU's command line. File descriptors 3 and 4 are the monitor and qtest.
func arguments(kernel kernel, initramfs, tree string, config Config) []string {
	network := "user,id=net,ipv6=off"
	if config.Offline {
		network += ",restrict=on"
	}
	for _, port := range config.Forwards {
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:0-:%d", port) // port 0: one that is free
	}
	clock := "base=utc"
	if !config.RTC.IsZero() {
		clock = "base=" + config.RTC.UTC().Format("2006-01-02T15:04:05")
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		"-machine", machineKind, "-accel", "tcg", "-cpu", machineCPU, "-m", machineMemory, "-rtc", clock,
		"-kernel", kernel.path, "-initrd", initramfs, "-append", commandLine(config),
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", "socket,id=monitor,fd=3", "-mon", "chardev=monitor,mode=control",
		"-chardev", "socket,id=bench,fd=4", "-object", "qtest,id=qtest,chardev=bench,log=none",
		"-netdev", network, "-device", "virtio-net-device,netdev=net",
	}
	if tree != "" {
		args = append(args, "-dtb", tree)
	}
	return append(args, disk(config)...)
}

// launch starts QEMU with its console on m and returns the other ends of its monitor and of qtest.
func (m *Machine) launch(cmd *exec.Cmd) (control, bench net.Conn, err error) {
	control, far3, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer far3.Close()
	bench, far4, err := socketPair()
	if err != nil {
		return nil, nil, errors.Join(err, control.Close())
	}
	defer far4.Close()
	input, keyboard, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open console: %w", err), control.Close(), bench.Close())
	}
	defer input.Close()
	m.keyboard = keyboard
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, m.console, m.console
	cmd.ExtraFiles = []*os.File{far3, far4}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	m.started = time.Now()
	began := make(chan error)
	go func() {
		// The kernel sends the signal when the thread that started the process ends, so this one is kept for it: then
		// QEMU dies exactly when it is no longer wanted, also when the test panics.
		runtime.LockOSThread()
		err := cmd.Start()
		began <- err
		if err == nil {
			_ = cmd.Wait() // how QEMU ended matters less than the console's text
		}
		close(m.ended)
	}()
	if err := <-began; err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start QEMU: %w", err), control.Close(), bench.Close(), keyboard.Close())
	}
	m.process = cmd.Process
	return control, bench, nil
}

// connect asks QEMU where the GPIO controller and the ports are, and sets the lines that are 1 when the kernel starts.
func (m *Machine) connect(control, conn net.Conn, config Config) error {
	m.bench, m.monitor = &bench{conn: conn, answer: bufio.NewReader(conn)}, newMonitor(control)
	err := m.monitor.execute("qmp_capabilities", nil, nil) // ends the negotiation
	if err != nil {
		return err
	}
	if m.bench.device, err = m.monitor.gpio(); err != nil {
		return err
	}
	if m.ports, err = m.monitor.forwards(config.Forwards); err != nil {
		return err
	}
	for line := range lines {
		if slices.Contains(config.ActiveLow, line) != slices.Contains(config.Held, line) {
			if err := m.bench.set(line, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// ready waits until init says that the program listens.
func (m *Machine) ready(within time.Duration) error {
	late := time.After(within)
	for {
		news := m.console.news()
		off := m.Ended()
		switch {
		case strings.Contains(m.Console(), "\n"+plan.Ready+"\n"):
			return nil
		case off:
			return errors.New("boot machine: it ended before the program listened")
		}
		select {
		case <-news:
		case <-m.ended:
		case <-late:
			m.Kill()
			return fmt.Errorf("boot machine: not ready within %v", within)
		}
	}
}

// Addr is where the host reaches a TCP port of the guest: 127.0.0.1 and a port of this machine's own. A port that is
// not in Config.Forwards fails the test.
func (m *Machine) Addr(guestPort int) string {
	m.t.Helper()
	port, found := m.ports[guestPort]
	if !found {
		m.t.Fatalf("find address of guest port %d: not in Config.Forwards", guestPort)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// Line is the button on GPIO line n, 0 to 7. Line PowerKey drives the machine's power key.
func (m *Machine) Line(n int) Line {
	m.t.Helper()
	if n < 0 || n >= lines {
		m.t.Fatalf("find GPIO line %d: the controller has 0 to %d", n, lines-1)
	}
	return Line{t: m.t, bench: m.bench, offset: n, activeLow: slices.Contains(m.activeLow, n)}
}

// Console is everything the kernel, init and the program have printed so far.
func (m *Machine) Console() string {
	return m.console.text()
}

// Ended reports whether the machine is off.
func (m *Machine) Ended() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// Stop ends the program with SIGTERM, waits for the machine to power off, and returns the program's exit code (128 and
// the signal's number when a signal ended it; 137 when it did not end within 10 seconds). Config.Disk is unmounted in
// good order. It fails the test when the machine is not off within a minute.
func (m *Machine) Stop() (code int) {
	m.t.Helper()
	_, err := m.keyboard.WriteString(plan.Stop + "\n")
	if err != nil && !m.Ended() {
		m.t.Fatalf("stop machine: %v", err)
	}
	select {
	case <-m.ended:
	case <-time.After(stopWait):
		m.t.Fatalf("stop machine: still on after %v", stopWait)
	}
	_, rest, _ := strings.Cut(m.Console(), "\n"+plan.Ended)
	word, _, _ := strings.Cut(rest, "\n")
	code, err = strconv.Atoi(word)
	if err != nil {
		m.t.Fatalf("stop machine: the console has no exit code")
	}
	return code
}

// Doze has the machine sleep for five seconds with its timekeeping suspended, and returns when it is awake again. It
// fails the test when that takes longer than five minutes or cannot be done.
func (m *Machine) Doze() {
	m.t.Helper()
	slept := strings.Count(m.Console(), "\n"+plan.Woke)
	if _, err := m.keyboard.WriteString(plan.Doze + "\n"); err != nil {
		m.t.Fatalf("send machine to sleep: %v", err)
	}
	for end := time.Now().Add(dozeWait); ; time.Sleep(50 * time.Millisecond) {
		if said := strings.Split(m.Console(), "\n"+plan.Woke); len(said) > slept+1 && strings.Contains(said[slept+1], "\n") {
			if !strings.HasPrefix(said[slept+1], "<nil>") {
				m.t.Fatalf("send machine to sleep: %s", said[slept+1])
			}
			return
		}
		if time.Now().After(end) {
			m.t.Fatalf("machine still asleep after %v", dozeWait)
		}
	}
}

// Pause stops the machine for a while, as the host of a virtual machine may: its processors and timers stand still, and
// only its battery-backed clock goes on.
func (m *Machine) Pause(d time.Duration) {
	m.t.Helper()
	if err := m.monitor.execute("stop", nil, nil); err != nil {
		m.t.Fatal(err)
	}
	time.Sleep(d)
	if err := m.monitor.execute("cont", nil, nil); err != nil {
		m.t.Fatal(err)
	}
}

// Kill cuts the power: what the guest has not flushed to its disk is gone. It returns when QEMU has ended, and does
// nothing when the machine is off already.
func (m *Machine) Kill() {
	_ = m.process.Kill() // an error says that it has ended
	<-m.ended
	_ = m.keyboard.Close()
	_ = m.bench.conn.Close()
	_ = m.monitor.conn.Close()
}

// socketPair returns a connection and the file for its other end, to be handed to a child process.
func socketPair() (near net.Conn, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open socket pair: %w", err)
	}
	file := os.NewFile(uintptr(fds[0]), "near")
	defer file.Close()
	far = os.NewFile(uintptr(fds[1]), "far")
	near, err = net.FileConn(file)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open socket pair: %w", err), far.Close())
	}
	return near, far, nil
}
