package realtest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// isolated is set, to the test's name, for a test that runs in namespaces of its own.
const isolated = "CASTELLAN_TEST_ISOLATED"

// Isolate has the calling test run again in namespaces of its own for network, mounts and processes, as root of them: what it
// starts ends with it, and nothing that it changes there is seen outside. It returns true in there, and false outside
// once that run has ended and its result was reported:
//
//	if !realtest.Isolate(t) {
//		return
//	}
//
// It wants root, and skips aloud without. In there /run, /etc/NetworkManager, /etc/systemd/network and the folders of leases are empty,
// /sys shows the network of the namespace, and the loopback is up. A test and its subtests isolate themselves only once, and tests that
// do run beside each other.
func Isolate(t *testing.T) bool {
	t.Helper()
	if os.Getenv(isolated) == t.Name() {
		settle(t)
		return true
	}
	t.Parallel() // they mostly wait
	Need(t, "root", "run as root, which namespaces want", os.Geteuid() == 0)
	unshare := Program(t, "unshare", "apt-get install util-linux")
	Program(t, "ip", "apt-get install iproute2")
	args := []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "-test.v", "-test.timeout=5m", "-test.run=" + exactly(t.Name())}
	for _, a := range os.Args[1:] {
		if strings.HasPrefix(a, "-test.testlogfile") || strings.HasPrefix(a, "-test.paniconexit0") {
			continue
		}
		if strings.HasPrefix(a, "-test.short") {
			args = append(args, a)
		}
	}
	cmd := exec.Command(unshare, args...)
	cmd.Env = append(os.Environ(), isolated+"="+t.Name(), "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.Log("\n" + out.String())
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	switch {
	case err != nil:
		t.Error("failed in its namespaces, see above")
	case strings.Contains(out.String(), "--- SKIP"):
		t.Skip(out.String()[strings.Index(out.String(), "SKIP"):])
	case !strings.Contains(out.String(), "--- PASS"):
		t.Error("did not run in its namespaces")
	}
	return false
}

// exactly is a pattern for -test.run that only one test fits.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + p + "$"
	}
	return strings.Join(parts, "/")
}

// settle makes the namespaces fit to live in.
func settle(t *testing.T) {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("sysfs", "/sys", "sysfs", syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/run", "/etc/NetworkManager", "/etc/systemd/network", "/var/lib/NetworkManager", "/var/lib/dhcp", "/var/lib/misc"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
			t.Fatal(err)
		}
	}
	IP(t, "link", "set", "lo", "up")
}

// IP runs ip(8) and returns what it says; the test ends where that fails.
func IP(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(Program(t, "ip", "apt-get install iproute2"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
