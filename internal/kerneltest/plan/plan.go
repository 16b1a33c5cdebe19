//go:build kernel && linux

// Package plan is what a test and the init program of its machine agree on: the file that says what to run, and the
// words init prints on the console.
package plan

// Path is where init finds the plan, as JSON, in the initramfs.
const Path = "/plan.json"

// Modules is the folder of the kernel modules in the initramfs.
const Modules = "/modules"

// Data is the folder in the guest for what the program keeps: the disk when there is one, else memory.
const Data = "/data"

// Stop is the line that, typed on the console, makes init send SIGTERM to the program.
const Stop = "stop"

// The words init prints, each at the start of a line. Starting, Ended and Failed go on with the program's path, its
// exit code and the reason. A console without Starting is one of a kernel that has not come to init.
const (
	Starting = "kerneltest: starting "
	Ready    = "kerneltest: ready"
	Ended    = "kerneltest: program ended with code "
	Failed   = "kerneltest: machine not set up: "
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
}
