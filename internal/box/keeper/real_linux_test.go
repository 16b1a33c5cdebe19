package keeper_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

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
	onBus(t, bus, "org.freedesktop.timedate1")
	k.SetZone("Asia/Tokyo")
	await(t, k, "set", func(s keeper.Status) bool { return s.Zone == "Asia/Tokyo" })
	k.SetZone("Nowhere/Land")
	await(t, k, "none", func(s keeper.Status) bool {
		return strings.Contains(s.Detail, "does not let Castellan change its time zone")
	})
}

// busOfDaemon is the environment variable that has the next test change the zone, as another user.
const busOfDaemon = "CASTELLAN_TEST_BUS"

// The polkit rule of the packaging lets the daemon's user change the zone, and nobody else: polkitd, timedated and the
// bus are real, on an /etc of the test's own in which the user nobody is called castellan.
func TestTheRealPolkitLetsTheDaemonChangeTheZone(t *testing.T) {
	if address := os.Getenv(busOfDaemon); address != "" {
		k := on(t, newBox(), os.DirFS("."), address)
		k.SetZone("Asia/Tokyo")
		await(t, k, "set", func(s keeper.Status) bool { return s.Zone == "Asia/Tokyo" })
		return
	}
	t.Parallel()
	needRoot(t)
	const polkitd, timedated = "/usr/lib/polkit-1/polkitd", "/usr/lib/systemd/systemd-timedated"
	_, err := os.Stat(polkitd)
	realtest.Need(t, "polkitd", "apt-get install polkitd", err == nil)
	rules, err := os.ReadFile("../../../packaging/systemd/castellan.polkit.rules")
	if err != nil {
		t.Fatal(err)
	}
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	bus := realtest.NewBus(t)
	etc := filepath.Join(bus.Folder, "etc") // others may enter it
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(etc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("passwd", strings.ReplaceAll("\n"+string(users), "\nnobody:", "\ncastellan:")[1:])
	put("nsswitch.conf", "passwd: files\ngroup: files\n")
	put("polkit-1/rules.d/60-castellan.rules", string(rules))
	if err := os.Symlink("../usr/share/zoneinfo/Europe/Berlin", filepath.Join(etc, "localtime")); err != nil {
		t.Fatal(err)
	}
	in := "mount --make-rprivate / && mount --bind " + etc + " /etc && exec "
	start(t, bus, "unshare", "-m", "sh", "-c", in+polkitd+" --no-debug")
	start(t, bus, "unshare", "-m", "sh", "-c", in+"setpriv "+strings.Join(withoutTime, " ")+" "+timedated)
	onBus(t, bus, "org.freedesktop.PolicyKit1", "org.freedesktop.timedate1")
	as := func(user uint32) error {
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
		cmd.Env = []string{busOfDaemon + "=" + bus.Address}
		cmd.Dir, cmd.SysProcAttr = bus.Folder, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
		return cmd.Run()
	}
	const nobody, daemon = 65534, 1
	if err := as(daemon); err == nil {
		t.Error("another user changed the zone")
	}
	if err := as(nobody); err != nil {
		t.Errorf("the daemon's user did not: %v", err)
	}
	if target, _ := os.Readlink(filepath.Join(etc, "localtime")); !strings.HasSuffix(target, "/Asia/Tokyo") {
		t.Errorf("the zone is %s", target)
	}
}

// onBus waits until services are on a bus.
func onBus(t *testing.T, bus *realtest.Bus, names ...string) {
	t.Helper()
	c, err := dbus.Connect(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, name := range names {
		there := false
		for n := 0; n < 1500 && !there; n++ {
			if err := c.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if !there {
			t.Fatalf("%s is not on the bus", name)
		}
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
