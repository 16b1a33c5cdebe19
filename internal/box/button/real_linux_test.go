package button

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/realtest"
)

const (
	logindProgram = "/usr/lib/systemd/systemd-logind"
	polkitProgram = "/usr/lib/polkit-1/polkitd"
	// busOfDaemon is the environment variable that has the test below ask logind, as another user.
	busOfDaemon = "CASTELLAN_TEST_BUS"
)

// system is a bus with the real systemd-logind, and polkitd if that is wanted, on an /etc of the test's own in which the user
// nobody is called castellan.
type system struct {
	t   *testing.T
	bus *realtest.Bus
	etc string
}

// newSystem starts one. files are copied from packaging/systemd into its /etc.
func newSystem(t *testing.T, polkit bool, files map[string]string) *system {
	t.Helper()
	realtest.Need(t, "root", "run as root, which namespaces want", os.Geteuid() == 0)
	_, err := os.Stat(logindProgram)
	realtest.Need(t, "systemd-logind", "apt-get install systemd", err == nil)
	bus := realtest.NewBus(t)
	s := &system{t, bus, filepath.Join(bus.Folder, "etc")} // others may enter it
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	s.put("passwd", strings.ReplaceAll("\n"+string(users), "\nnobody:", "\ncastellan:")[1:])
	s.put("nsswitch.conf", "passwd: files\ngroup: files\n")
	for to, from := range files {
		text, err := os.ReadFile("../../../packaging/systemd/" + from)
		if err != nil {
			t.Fatal(err)
		}
		s.put(to, string(text))
	}
	if polkit {
		_, err := os.Stat(polkitProgram)
		realtest.Need(t, "polkitd", "apt-get install polkitd", err == nil)
		s.start(polkitProgram, "--no-debug")
		s.await("org.freedesktop.PolicyKit1")
	}
	s.start(logindProgram)
	s.await(login)
	return s
}

func (s *system) put(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.etc, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// start runs a program on the bus until the test ends, with the /etc of the system and a /run of its own.
func (s *system) start(program ...string) {
	s.t.Helper()
	const in = "mount --make-rprivate / && mount --bind %s /etc && mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec %s"
	cmd := exec.Command("unshare", "-m", "sh", "-c", fmt.Sprintf(in, s.etc, strings.Join(program, " ")))
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+s.bus.Address, "SYSTEMD_LOG_TARGET=console")
	cmd.Stdout, cmd.Stderr = s.t.Output(), s.t.Output()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (s *system) await(name string) {
	s.t.Helper()
	c, err := dbus.Connect(s.bus.Address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for range 1500 {
		var there bool
		if err := c.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there); err != nil {
			s.t.Fatal(err)
		}
		if there {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("%s is not on the bus", name)
}

// as returns what logind does by the key according to a program of another user.
func (s *system) as(user uint32) string {
	s.t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestTheRealLogindIsKeptOffTheKey$")
	cmd.Env = []string{busOfDaemon + "=" + s.bus.Address}
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "guard=")
	guard, _, _ := strings.Cut(rest, ";")
	return guard
}

// blocked are the keys that logind leaves alone.
func (s *system) blocked() string {
	s.t.Helper()
	c, err := dbus.Connect(s.bus.Address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	v, err := c.Object(login, loginPath).GetProperty(loginManager + ".BlockInhibited")
	if err != nil {
		s.t.Fatal(err)
	}
	text, _ := v.Value().(string)
	return text
}

// The real systemd-logind: it takes the inhibitor from root, and from the daemon's user with the polkit rule of the packaging
// alone; without the rule its drop-in is seen, and without that the danger.
func TestTheRealLogindIsKeptOffTheKey(t *testing.T) {
	if address := os.Getenv(busOfDaemon); address != "" {
		guard, release := askLogind(t.Context(), address)
		if release != nil {
			release()
		}
		if _, err := os.Stdout.WriteString("guard=" + string(guard) + ";\n"); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	const nobody, other = 65534, 1

	plain := newSystem(t, false, nil)
	guard, release := askLogind(t.Context(), plain.bus.Address)
	if guard != Inhibited || plain.blocked() != "handle-reboot-key" {
		t.Fatalf("root: %s, logind leaves alone: %q", guard, plain.blocked())
	}
	release()
	for n := 0; plain.blocked() != ""; n++ {
		if n == 1500 {
			t.Fatalf("after it was let go logind still leaves alone: %q", plain.blocked())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := plain.as(nobody); got != string(Exposed) {
		t.Errorf("the daemon without a rule and without a drop-in: %s", got)
	}

	ruled := newSystem(t, true, map[string]string{"polkit-1/rules.d/60-castellan.rules": "castellan.polkit.rules"})
	if got := ruled.as(nobody); got != string(Inhibited) {
		t.Errorf("the daemon with the rule: %s", got)
	}
	if got := ruled.as(other); got != string(Exposed) {
		t.Errorf("another user: %s", got)
	}

	dropped := newSystem(t, false, map[string]string{"systemd/logind.conf.d/castellan.conf": "castellan-logind.conf"})
	if got := dropped.as(nobody); got != string(Ignored) {
		t.Errorf("the daemon with the drop-in: %s", got)
	}
}
