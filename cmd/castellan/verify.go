package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"castellan/internal/store"
)

// The exit codes by which a check of the database tells what it found. Any other says nothing about the
// database: the check could not be started, was ended, or could not read the file.
const (
	exitCrash   = 2 // of the Go runtime
	exitDamaged = 3
	exitLocked  = 4
	exitDenied  = 5
)

// exitCode is what the program ends with after an error.
func exitCode(err error) int {
	switch {
	case errors.Is(err, store.ErrDamaged):
		return exitDamaged
	case errors.Is(err, store.ErrLocked):
		return exitLocked
	case errors.Is(err, fs.ErrPermission):
		return exitDenied
	default:
		return 1
	}
}

// verify checks a database file. The daemon runs it in a process of its own.
func verify(c *call) error {
	if err := c.parse(1); err != nil {
		return err
	}
	return store.Verify(c.args[0])
}

// verifyApart checks a database file in a process of its own: a damaged file can end the process that
// reads it.
func verifyApart(path string) error {
	self := "/proc/self/exe" // it is this very program, also while another one is installed in its place
	if _, err := os.Stat(self); err != nil {
		if self, err = os.Executable(); err != nil {
			return fmt.Errorf("check database: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), verifyFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "internal", "verify", path)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return verdict(path, errors.Join(err, ctx.Err()), out)
}

// verifyFor is how long a check may take: a full log on a slow card is read in a fraction of it.
const verifyFor = 3 * time.Minute

// verdict puts the end of a check into an error. Only a check that came to its end, or fell over what it
// read, calls a database damaged.
func verdict(path string, err error, out []byte) error {
	if err == nil {
		return nil
	}
	said, code := bytes.TrimSpace(out), 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	switch {
	case code == exitDamaged, code == exitCrash && fell(out):
		return fmt.Errorf("%w: %s", store.ErrDamaged, said)
	case code == exitLocked:
		return store.ErrLocked
	case code == exitDenied:
		return fmt.Errorf("check database %q: %w", path, fs.ErrPermission)
	default:
		return fmt.Errorf("check database %q: the check ended early (%w). Nothing is known about the database; start the daemon again: %s", path, err, said)
	}
}

// fell reports whether a process stumbled over a page, rather than ran out of memory or threads.
func fell(out []byte) bool {
	for _, said := range []string{"panic: ", "unexpected fault address", "stack overflow"} {
		if bytes.Contains(out, []byte(said)) {
			return true
		}
	}
	return false
}
