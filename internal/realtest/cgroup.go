package realtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// LimitMemory puts a process into a memory cgroup (cgroups(7)) of so many bytes until the test ends. It
// needs root and a kernel that has the memory controller; without them the test ends as Need says.
func LimitMemory(t testing.TB, pid int, bytes int64) {
	t.Helper()
	Need(t, "root", "run as root, which memory cgroups want", os.Geteuid() == 0)
	dir, err := newCgroup(t)
	Need(t, "memory cgroup", fmt.Sprintf("boot a kernel with the memory controller (%v)", err), err == nil)
	t.Cleanup(func() {
		// The test may end the process later, and a group with somebody in it stays.
		procs, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		for pid := range strings.FieldsSeq(string(procs)) {
			_ = os.WriteFile(filepath.Join(filepath.Dir(dir), "cgroup.procs"), []byte(pid), 0o644)
		}
		if err := os.Remove(dir); err != nil {
			t.Logf("a memory cgroup is left behind: %v", err)
		}
	})
	limit := "memory.limit_in_bytes" // version 1
	if _, err := os.Stat(filepath.Join(dir, "memory.max")); err == nil {
		limit = "memory.max"
	}
	for file, value := range map[string]int64{limit: bytes, "cgroup.procs": int64(pid)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(fmt.Sprint(value)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// newCgroup makes a group of its own, of version 2 where that has the controller, else of version 1.
func newCgroup(t testing.TB) (dir string, err error) {
	const name = "castellan-test-*"
	const unified = "/sys/fs/cgroup"
	if has, _ := os.ReadFile(filepath.Join(unified, "cgroup.controllers")); strings.Contains(string(has), "memory") {
		_ = os.WriteFile(filepath.Join(unified, "cgroup.subtree_control"), []byte("+memory"), 0o644) // where it is not on yet
		return os.MkdirTemp(unified, name)
	}
	mounted, err := os.MkdirTemp("", "cgroup-")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("mount", "-t", "cgroup", "-o", "memory", "castellan-test", mounted).CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("mount: %w: %s", err, strings.TrimSpace(string(out))), os.Remove(mounted))
	}
	t.Cleanup(func() {
		_ = exec.Command("umount", mounted).Run()
		_ = os.Remove(mounted)
	})
	return os.MkdirTemp(mounted, name)
}
