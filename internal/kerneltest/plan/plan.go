//go:build kernel && linux

// Package plan is what a test and the init program of its machine agree on: the file that says what to run, and the
// words init prints on the console.
package plan

import (
	"fmt"
	"os"
)

// Path is where init finds the plan, as JSON, in the initramfs.
const Path = "/plan.json"

// Modules is the folder of the kernel modules in the initramfs.
const Modules = "/modules"

// Data is the folder in the guest for what the program keeps: the disk when there is one, else memory.
const Data = "/data"

// Stop is the line that, typed on the console, makes init send SIGTERM to the program.
const Stop = "stop"

// Doze is the line that, typed on the console, makes init put the machine to sleep; Woke is printed afterwards.
const Doze = "doze"

// Sleep puts the machine that calls it to sleep for five seconds, as the kernel's own test of hibernation does it
// (Documentation/power/basic-pm-debugging.rst, level core): devices and timekeeping are suspended, and the image is not
// written. Suspend to idle is of no use here: without a driver for idle processors the kernel's clocks run on in it.
func Sleep() error {
	if err := os.WriteFile("/sys/power/pm_test", []byte("core"), 0o200); err != nil {
		return fmt.Errorf("choose level of sleep: %w", err)
	}
	if err := os.WriteFile("/sys/power/state", []byte("disk"), 0o200); err != nil {
		return fmt.Errorf("sleep: %w", err)
	}
	return nil
}

// The words init prints, each at the start of a line. Starting, Ended and Failed go on with the program's path, its
// exit code and the reason. A console without Starting is one of a kernel that has not come to init.
const (
	Starting = "kerneltest: starting "
	Ready    = "kerneltest: ready"
	Ended    = "kerneltest: program ended with code "
	Failed   = "kerneltest: machine not set up: "
	Woke     = "kerneltest: woke up: " // and the error, or <nil>
)

// The machine's end of QEMU's user mode network (QEMU, "Network emulation", defaults of -netdev user). The host's
// loopback is at Gateway.
const (
	Address = "10.0.2.15"
	Netmask = "255.255.255.0"
	Gateway = "10.0.2.2"
)

// Boot says what init does after the kernel has started.
type Boot struct {
	Program string            // path in the initramfs
	Args    []string          // without the program's name
	Modules []string          // names without .ko, in the order they load
	Files   map[string][]byte // absolute path in the guest to content, written after Data is there
	Ports   []int             // TCP ports the program listens on once it is ready
	Disk    bool              // mount the virtio disk on Data; otherwise Data is a tmpfs
	System  bool              // the virtio disk is a whole system, whose own first process goes on
}
