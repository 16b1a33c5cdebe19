package keeper_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/box/keeper"
	"castellan/internal/realtest"
)

// withoutTime are arguments that run a program without the right to set the clock of this machine.
var withoutTime = []string{"--bounding-set", "-sys_time", "--inh-caps", "-sys_time"}

// start runs a real part of systemd on a bus until the test ends.
func start(t *testing.T, bus *realtest.Bus, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+bus.Address, "SYSTEMD_LOG_TARGET=console")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func needRoot(t *testing.T) {
	t.Helper()
	realtest.Need(t, "root", "run as root, which namespaces want", os.Geteuid() == 0)
}

// The real systemd-timedated changes the zone of a system whose /etc is one of the test's own.
func TestTheRealTimedatedSetsTheZone(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const timedated = "/usr/lib/systemd/systemd-timedated"
	_, err := os.Stat(timedated)
	realtest.Need(t, "systemd-timedated", "apt-get install systemd", err == nil)
	realtest.Program(t, "setpriv", "apt-get install util-linux")
	bus, root := realtest.NewBus(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../usr/share/zoneinfo/Europe/Berlin", filepath.Join(root, "etc", "localtime")); err != nil {
		t.Fatal(err)
	}
	script := "mount --make-rprivate / && mount --bind " + root + "/etc /etc && exec setpriv " + strings.Join(withoutTime, " ") + " " + timedated
	start(t, bus, "unshare", "-m", "sh", "-c", script)
	k := on(t, newBox(), os.DirFS(root), bus.Address)
	await(t, k, "at the start", func(s keeper.Status) bool { return s.Zone == "Europe/Berlin" })
	for range 100 { // until it is on the bus
		if err := k.SetZone(t.Context(), "Asia/Tokyo"); err != nil {
			t.Fatal(err)
		}
		if target, _ := os.Readlink(filepath.Join(root, "etc", "localtime")); strings.HasSuffix(target, "/Asia/Tokyo") {
			break
		}
	}
	await(t, k, "set", func(s keeper.Status) bool { return s.Zone == "Asia/Tokyo" })
	if err := k.SetZone(t.Context(), "Nowhere/Land"); err == nil {
		t.Error("a zone that is none is no error")
	}
}

// timesyncdProgram is the real one: installed, or unpacked by packaging/setup/debian.sh, since Debian lets only one
// time service be installed.
func timesyncdProgram(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/lib/systemd", "../../../.cache/timesyncd/usr/lib/systemd", "../../../.cache/timesyncd/lib/systemd"} {
		path = filepath.Join(path, "systemd-timesyncd")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	realtest.Need(t, "systemd-timesyncd", "packaging/setup/debian.sh on Debian", false)
	return ""
}

func TestTheRealTimesyncdIsSeen(t *testing.T) {
	t.Parallel()
	needRoot(t)
	bus, program := realtest.NewBus(t), timesyncdProgram(t)
	// As nobody, who cannot set the clock, and without a network.
	args := append([]string{"-n", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"}, withoutTime...)
	start(t, bus, "unshare", append(args, program)...)
	k := on(t, newBox(), alone(), bus.Address) // its process is hidden
	k.Allow(true)
	await(t, k, "on the bus", func(s keeper.Status) bool { k.Allow(true); return s.Who == keeper.Timesyncd })
}

func TestARealChronydIsSeen(t *testing.T) {
	t.Parallel()
	realtest.Chronyd(t)
	k := on(t, newBox(), os.DirFS("/"), noBus)
	await(t, k, "chronyd", func(s keeper.Status) bool { k.Allow(true); return s.Who == keeper.Chrony })
}
