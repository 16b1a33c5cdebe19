//go:build kernel && linux

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"castellan/internal/kerneltest/plan"

	"golang.org/x/sys/unix"
)

// root is where a whole system is mounted before it takes over.
const root = "/system"

// give leaves the machine to the system on its disk, with the test's files and program in it: process 1 goes on as systemd, which
// mounts what it wants by itself (systemd, docs/CONTAINER_INTERFACE and INITRD_INTERFACE). It returns when that fails.
func give(boot plan.Boot) error {
	if err := write(root, boot.Files); err != nil {
		return err
	}
	program, err := os.ReadFile(boot.Program)
	if err != nil {
		return fmt.Errorf("read program: %w", err)
	}
	if err := os.WriteFile(filepath.Join(root, boot.Program), program, 0o755); err != nil {
		return fmt.Errorf("write program: %w", err)
	}
	for _, mounted := range []string{"/dev", "/proc", "/sys", "/run", "/tmp"} {
		if err := unix.Unmount(mounted, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", mounted, err)
		}
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("enter system: %w", err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move system: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("enter system: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter system: %w", err)
	}
	if err := unix.Exec("/lib/systemd/systemd", []string{"systemd"}, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb"}); err != nil {
		return fmt.Errorf("start systemd: %w", err)
	}
	return nil
}
