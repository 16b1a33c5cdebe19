//go:build kernel && linux

package kerneltest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest/plan"
	"castellan/internal/realtest"
)

const (
	installRoot = "packaging/setup/root.sh as root"

	systemWait = 5 * time.Minute // from start to the script's end
	runWait    = 2 * time.Minute // for one command
)

// system is the disk that packaging/setup/root.sh has made.
func system(t testing.TB) string {
	t.Helper()
	path := ""
	if cache, err := cached("root"); err != nil {
		t.Fatal(err)
	} else if cache != "" {
		path = filepath.Join(cache, "root.ext4")
	}
	_, err := os.Stat(path)
	realtest.Need(t, "Debian for arm64", installRoot, path != "" && err == nil)
	return path
}

// commandLine is the kernel's. Systemd reads it, too.
func commandLine(config Config) string {
	line := "console=ttyAMA0 loglevel=4 panic=-1"
	if config.System {
		line += " systemd.show_status=no systemd.wants=" + unitName
	}
	return line
}

const (
	unitName   = "kerneltest.service"
	unitPath   = "/etc/systemd/system/" + unitName
	scriptPath = "/kerneltest.sh"
	did        = "kerneltest: did "
)

// unit runs the test's script, and then what is typed on the console.
const unit = `[Unit]
After=dbus.service systemd-logind.service systemd-udev-settle.service
Wants=systemd-udev-settle.service
[Service]
Type=exec
ExecStart=/bin/sh ` + scriptPath + `
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyAMA0
`

// systemFiles are Files with the unit and the script.
func (c Config) systemFiles() map[string][]byte {
	files := maps.Clone(c.Files)
	if files == nil {
		files = map[string][]byte{}
	}
	var ports strings.Builder
	for _, port := range c.Forwards {
		fmt.Fprintf(&ports, "until grep -q ':%04X .* 0A ' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done\n", port)
	}
	files[unitPath] = []byte(unit)
	files[scriptPath] = fmt.Appendf(nil, `stty -echo
printf '\n%s%%s\n' script
cat >/tmp/script <<'END_OF_SCRIPT'
%s
END_OF_SCRIPT
sh -e /tmp/script || { printf '\n%s%%s\n' "the script ended with $?"; poweroff -f; }
%sprintf '\n%s\n'
while read -r line; do
	sh -c "$line" </dev/null
	printf '\n%s%%d\n' $?
done
`, plan.Starting, c.Script, plan.Failed, ports.String(), plan.Ready, did)
	return files
}

// Run has a shell of a System do something, and returns what it printed and its exit code. It fails the test when that takes
// longer than two minutes.
func (m *Machine) Run(command string) (said string, code int) {
	m.t.Helper()
	before := len(m.Console())
	if _, err := m.keyboard.WriteString(command + "\n"); err != nil {
		m.t.Fatalf("run %q: %v", command, err)
	}
	for end := time.Now().Add(runWait); !m.Ended(); time.Sleep(20 * time.Millisecond) {
		said, rest, found := strings.Cut(m.Console()[before:], "\n"+did)
		if word, _, whole := strings.Cut(rest, "\n"); found && whole {
			if code, err := strconv.Atoi(word); err == nil {
				return strings.TrimSpace(said), code
			}
		}
		if time.Now().After(end) {
			m.t.Fatalf("run %q: no answer within %v", command, runWait)
		}
	}
	m.t.Fatalf("run %q: the machine is off", command)
	return "", 0
}

// disk is the part of QEMU's command line for the disk. Where writes are kept, no flush has to reach the host's own disk: they
// outlive QEMU in the host's memory, and what a cut leaves of them is decided by Cut.
func disk(config Config) []string {
	quote := func(path string) string { return strings.ReplaceAll(path, ",", ",,") }
	switch {
	case config.Disk == "":
		return nil
	case config.System: // what it changes goes into a file that QEMU makes and removes
		return []string{"-device", "virtio-blk-device,drive=disk", "-drive", "if=none,id=disk,format=raw,snapshot=on,file=" + quote(config.Disk)}
	case config.Writes == "":
		return []string{"-device", "virtio-blk-device,drive=disk", "-drive", "if=none,id=disk,format=raw,file=" + quote(config.Disk)}
	}
	return []string{
		"-blockdev", "driver=file,node-name=file,cache.no-flush=on,filename=" + quote(config.Disk),
		"-blockdev", "driver=file,node-name=writes,cache.no-flush=on,filename=" + quote(config.Writes),
		"-blockdev", "driver=blklogwrites,node-name=disk,file=file,log=writes",
		"-device", "virtio-blk-device,drive=disk,write-cache=on",
	}
}
