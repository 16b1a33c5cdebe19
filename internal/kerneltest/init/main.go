//go:build kernel && linux

// Command init is process 1 of the test machine. It sets up just enough of a Linux system to run one program, runs it
// with its output on the console, says when it listens, and powers the machine off when it ends.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"castellan/internal/kerneltest/plan"

	"golang.org/x/sys/unix"
)

// deviceWait bounds how long init waits for a device that a module has just brought.
const deviceWait = time.Minute

// stopWait is how long the program has to end after SIGTERM before it is killed.
const stopWait = 10 * time.Second

func main() {
	code, err := run()
	if err != nil {
		fmt.Printf("\n%s%v\n", plan.Failed, err)
	} else {
		fmt.Printf("\n%s%d\n", plan.Ended, code)
	}
	// A file system that will not unmount is synced all the same; there is nobody left to tell.
	_ = unix.Unmount(plan.Data, 0)
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run() (code int, err error) {
	boot, err := read(plan.Path)
	if err != nil {
		return 0, err
	}
	if err := system(boot); err != nil {
		return 0, err
	}
	if err := network(); err != nil {
		return 0, err
	}
	if boot.System {
		return 0, give(boot)
	}
	if err := write("/", boot.Files); err != nil {
		return 0, err
	}
	return serve(boot)
}

func read(path string) (plan.Boot, error) {
	var boot plan.Boot
	b, err := os.ReadFile(path)
	if err != nil {
		return boot, fmt.Errorf("read plan: %w", err)
	}
	if err := json.Unmarshal(b, &boot); err != nil {
		return boot, fmt.Errorf("decode plan: %w", err)
	}
	return boot, nil
}

// system mounts the kernel's file systems, loads the modules and mounts the data folder.
func system(boot plan.Boot) error {
	for _, m := range []struct{ kind, on string }{
		{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}, {"tmpfs", "/tmp"},
	} {
		if err := mount("none", m.on, m.kind); err != nil {
			return err
		}
	}
	for _, name := range boot.Modules {
		if err := load(filepath.Join(plan.Modules, name+".ko")); err != nil {
			return err
		}
	}
	on := plan.Data
	switch {
	case boot.System:
		on = root
	case !boot.Disk:
		return mount("none", plan.Data, "tmpfs")
	}
	if err := appear("/dev/vda"); err != nil {
		return err
	}
	return mount("/dev/vda", on, "ext4")
}

func mount(device, on, kind string) error {
	if err := os.MkdirAll(on, 0o755); err != nil {
		return fmt.Errorf("make mount point: %w", err)
	}
	if err := unix.Mount(device, on, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, on, err)
	}
	return nil
}

func load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open module: %w", err)
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load module %q: %w", path, err)
	}
	return nil
}

// appear waits for a path that the kernel makes when a driver has found its device.
func appear(path string) error {
	for end := time.Now().Add(deviceWait); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(path)
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("wait for device: %w", err)
		}
	}
}

// write writes files below a folder.
func write(below string, files map[string][]byte) error {
	for path, content := range files {
		path = filepath.Join(below, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make folder for file: %w", err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	return nil
}

// serve runs the program to its end and returns its exit code, or 128 and the signal's number as a shell does.
func serve(boot plan.Boot) (code int, err error) {
	cmd := exec.Command(boot.Program, boot.Args...)
	cmd.Env = []string{"PATH=/bin", "HOME=/", "TMPDIR=/tmp"}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	fmt.Printf("\n%s%s\n", plan.Starting, boot.Program)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start program: %w", err)
	}
	ended := make(chan struct{})
	go announce(boot.Ports, ended)
	go obey(cmd.Process)
	err = cmd.Wait()
	close(ended)
	if cmd.ProcessState == nil {
		return 0, fmt.Errorf("wait for program: %w", err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// announce says on the console when the program listens on every port.
func announce(ports []int, ended <-chan struct{}) {
	for !listening(ports) {
		select {
		case <-ended:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	fmt.Printf("\n%s\n", plan.Ready)
}

// obey reads the console for the words that put the machine to sleep and end the program in good order.
func obey(program *os.Process) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() == plan.Doze {
			fmt.Printf("\n%s%v\n", plan.Woke, plan.Sleep())
		}
		if lines.Text() != plan.Stop {
			continue
		}
		// Errors say that the program has ended already, which is what was asked for.
		_ = program.Signal(syscall.SIGTERM)
		time.Sleep(stopWait)
		_ = program.Kill()
	}
}
