// Package realtest decides what a test does when a real component it needs (a program, a kernel, a browser) is not on
// this machine: a developer's run says what to install and goes on, a run that must prove everything fails.
package realtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Require is the environment variable that turns missing components into failures when it holds "all".
const Require = "CASTELLAN_TEST_REQUIRE"

// outsidePath are folders with system programs (chronyd, mkfs.ext4) that Debian leaves out of an ordinary user's PATH.
var outsidePath = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// Need ends the test when found is false: skipped with "SKIP name: install", or failed with the same words when the
// environment has CASTELLAN_TEST_REQUIRE=all. Install says what to do, such as "apt-get install chrony". Like t.Skip it
// is to be called from the test's own goroutine. When found is true it does nothing.
func Need(t testing.TB, name, install string, found bool) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv(Require) == "all" {
		t.Fatalf("%s is missing and %s=all: %s", name, Require, install)
	}
	t.Skipf("SKIP %s: %s", name, install)
}

// Program returns the path of a program, from PATH or else from the folders of system programs, and ends the test as
// Need does when there is none.
func Program(t testing.TB, name, install string) string {
	t.Helper()
	path, found := Find(name)
	Need(t, name, install, found)
	return path
}

// Find looks for a program as Program does, and leaves the decision to the caller.
func Find(name string) (path string, found bool) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, true
	}
	for _, dir := range outsidePath {
		path, err = exec.LookPath(filepath.Join(dir, name))
		if err == nil {
			return path, true
		}
	}
	return "", false
}
