package realtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Bus is a real D-Bus daemon of the test's own, which lets everybody say everything.
type Bus struct {
	Address string // as in DBUS_SYSTEM_BUS_ADDRESS
	Folder  string // every user may enter it; it goes with the bus
	t       testing.TB
	config  string
	cmd     *exec.Cmd
}

// NewBus starts a bus. The test's end stops it; without dbus-daemon the test ends as Need says.
func NewBus(t testing.TB) *Bus {
	t.Helper()
	Program(t, "dbus-daemon", "apt-get install dbus-daemon")
	dir, err := os.MkdirTemp("", "bus") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // a service may run as another user
		t.Fatal(err)
	}
	b := &Bus{t: t, Folder: dir, Address: "unix:path=" + filepath.Join(dir, "s"), config: filepath.Join(dir, "bus.conf")}
	text := fmt.Sprintf(`<busconfig><type>system</type><listen>%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>`, b.Address)
	if err := os.WriteFile(b.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(); _ = os.RemoveAll(dir) })
	b.Start()
	return b
}

// Start starts the bus again after Stop, at the same address.
func (b *Bus) Start() {
	b.t.Helper()
	b.cmd = exec.Command(Program(b.t, "dbus-daemon", "apt-get install dbus-daemon"), "--config-file="+b.config, "--nofork", "--nopidfile", "--nosyslog", "--print-address")
	b.cmd.Stderr = b.t.Output()
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "unix:") {
		b.t.Fatalf("the bus says %q, %v", line, err)
	}
}

// Hang has the bus answer nobody, or everybody again.
func (b *Bus) Hang(on bool) {
	b.t.Helper()
	signal := map[bool]syscall.Signal{true: syscall.SIGSTOP, false: syscall.SIGCONT}[on]
	if err := b.cmd.Process.Signal(signal); err != nil {
		b.t.Fatal(err)
	}
}

// Stop ends the bus and every connection to it.
func (b *Bus) Stop() {
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}
