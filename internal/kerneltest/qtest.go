//go:build kernel && linux

package kerneltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// answerWait bounds how long QEMU may take for one command.
const answerWait = 10 * time.Second

// lines is how many GPIO lines a PL061 has.
const lines = 8

// Line is one input of the machine's PL061 GPIO controller, /dev/gpiochip0 in the guest, with a button on it. Its
// methods are for the test's own goroutine: they fail the test when QEMU does not take the command.
type Line struct {
	t         testing.TB
	bench     *bench
	offset    int
	activeLow bool
}

// Press closes the button: the line goes to 1, or to 0 when Config.ActiveLow has it.
func (l Line) Press() {
	l.t.Helper()
	l.drive(!l.activeLow)
}

// Release opens the button again.
func (l Line) Release() {
	l.t.Helper()
	l.drive(l.activeLow)
}

// Hold presses the button for d and releases it. It returns how long the button was really held, which is longer than
// d when the host is busy.
func (l Line) Hold(d time.Duration) time.Duration {
	l.t.Helper()
	l.Press()
	from := time.Now()
	time.Sleep(d)
	l.Release()
	return time.Since(from)
}

func (l Line) drive(high bool) {
	l.t.Helper()
	if err := l.bench.set(l.offset, high); err != nil {
		l.t.Fatal(err)
	}
}

// levels is where the PL061 of the machine shows the levels of all its lines, those that the guest drives as well (Arm PL061,
// GPIODATA, with every bit of its mask; QEMU, hw/arm/virt.c).
const levels = 0x09030000 + 0xff<<2

// High reports whether the line is at 1, which the guest may have made it.
func (l Line) High() bool {
	l.t.Helper()
	l.bench.mu.Lock()
	defer l.bench.mu.Unlock()
	said, err := l.bench.command(fmt.Sprintf("readl %#x", levels))
	if err != nil {
		l.t.Fatal(err)
	}
	all, err := strconv.ParseUint(said, 0, 64)
	if err != nil {
		l.t.Fatalf("read GPIO lines: %v", err)
	}
	return all&(1<<l.offset) != 0
}

// bench is QEMU's qtest protocol (QEMU, "QTest Device Emulation Testing Framework"), in which a machine that runs
// normally can be touched from outside.
type bench struct {
	mu     sync.Mutex
	conn   net.Conn
	answer *bufio.Reader
	device string // QOM path of the PL061
}

// set drives a line to a level and returns when the controller has it.
func (b *bench) set(line int, high bool) error {
	level := 0
	if high {
		level = 1
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.command(fmt.Sprintf("set_irq_in %s unnamed-gpio-in %d %d", b.device, line, level)); err != nil {
		return fmt.Errorf("drive GPIO line %d: %w", line, err)
	}
	return nil
}

// command has QEMU do something and returns what it answers.
func (b *bench) command(text string) (said string, err error) {
	if err := b.conn.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(b.conn, text); err != nil {
		return "", err
	}
	for {
		answer, err := b.answer.ReadString('\n')
		if err != nil {
			return "", err
		}
		said, done := strings.CutPrefix(answer, "OK")
		switch {
		case done:
			return strings.TrimSpace(said), nil
		case strings.HasPrefix(answer, "IRQ "): // news of an output, not an answer
		default:
			return "", fmt.Errorf("QEMU answered %q", strings.TrimSpace(answer))
		}
	}
}

// monitor is QEMU's control channel (QEMU, "QEMU Machine Protocol").
type monitor struct {
	conn   net.Conn
	answer *json.Decoder
}

func newMonitor(conn net.Conn) *monitor { return &monitor{conn: conn, answer: json.NewDecoder(conn)} }

// execute runs one command and decodes what it returns into result, unless that is nil.
func (m *monitor) execute(command string, arguments map[string]string, result any) error {
	if err := m.conn.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return fmt.Errorf("ask QEMU for %s: %w", command, err)
	}
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(m.conn).Encode(request); err != nil {
		return fmt.Errorf("ask QEMU for %s: %w", command, err)
	}
	for {
		var answer struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := m.answer.Decode(&answer); err != nil {
			return fmt.Errorf("read QEMU's answer to %s: %w", command, err)
		}
		switch {
		case answer.Error != nil:
			return fmt.Errorf("ask QEMU for %s: %s", command, answer.Error.Desc)
		case answer.Return == nil: // the greeting, or an event
		case result == nil:
			return nil
		default:
			return json.Unmarshal(answer.Return, result)
		}
	}
}

var (
	pl061   = regexp.MustCompile(`/(device\[\d+\]) \(pl061\)`)
	forward = regexp.MustCompile(`(?m)^ *TCP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +(\d+) +[\d.]+ +(\d+) `)
)

// info runs one of the monitor's commands for people.
func (m *monitor) info(what string) (string, error) {
	var text string
	err := m.execute("human-monitor-command", map[string]string{"command-line": "info " + what}, &text)
	return text, err
}

// gpio finds the GPIO controller, whose number among the machine's devices differs between QEMU's versions.
func (m *monitor) gpio() (path string, err error) {
	tree, err := m.info("qom-tree")
	if err != nil {
		return "", err
	}
	found := pl061.FindStringSubmatch(tree)
	if found == nil {
		return "", fmt.Errorf("find GPIO controller: no pl061 in the machine's devices")
	}
	return "/machine/unattached/" + found[1], nil
}

// forwards returns the port on the host's loopback that QEMU took for each of the guest's.
func (m *monitor) forwards(ports []int) (map[int]int, error) {
	if len(ports) == 0 {
		return nil, nil
	}
	table, err := m.info("usernet")
	if err != nil {
		return nil, err
	}
	host := map[int]int{}
	for _, row := range forward.FindAllStringSubmatch(table, -1) {
		from, _ := strconv.Atoi(row[1])
		to, _ := strconv.Atoi(row[2])
		host[to] = from
	}
	for _, port := range ports {
		if host[port] == 0 {
			return nil, fmt.Errorf("find forwarded port %d in:\n%s", port, table)
		}
	}
	return host, nil
}
