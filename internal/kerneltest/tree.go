//go:build kernel && linux

package kerneltest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// What the machine is, for QEMU.
const (
	machineKind   = "virt"
	machineCPU    = "cortex-a53"
	machineMemory = "512"
)

// Key is a button on a GPIO line that the kernel's driver gpio-keys owns. Its line is at 0 while nobody presses it.
type Key struct {
	Line int    // of the PL061
	Code uint16 // what it sends
	// Device is the name of the input device that the key is on. "gpio-keys" is the machine's own, which has its power key.
	Device string
}

// deviceTree writes the machine's own device tree with further keys into a folder and returns its path. Without keys it
// returns "", with which QEMU makes its own.
func deviceTree(qemu, dir string, keys []Key) (path string, err error) {
	if len(keys) == 0 {
		return "", nil
	}
	path = filepath.Join(dir, "machine.dtb")
	dump := exec.Command(qemu, "-machine", machineKind+",dumpdtb="+path, "-cpu", machineCPU, "-m", machineMemory, "-nodefaults", "-display", "none")
	if out, err := dump.CombinedOutput(); err != nil {
		return "", fmt.Errorf("dump device tree: %w\n%s", err, out)
	}
	controller, err := tool("fdtget", path, "/gpio-keys/poweroff", "gpios")
	if err != nil {
		return "", err
	}
	chip, _, _ := strings.Cut(controller, " ")
	for _, key := range keys {
		node := "/" + key.Device
		if _, err := tool("fdtget", path, node, "compatible"); err != nil {
			if _, err := tool("fdtput", "-c", path, node); err != nil {
				return "", err
			}
			if _, err := tool("fdtput", "-t", "s", path, node, "compatible", "gpio-keys"); err != nil {
				return "", err
			}
		}
		child := node + "/button-" + strconv.Itoa(key.Line)
		for _, args := range [][]string{
			{"-c", path, child}, {"-t", "s", path, child, "label", "Reset Button"},
			{"-t", "u", path, child, "linux,code", strconv.Itoa(int(key.Code))},
			{"-t", "u", path, child, "gpios", chip, strconv.Itoa(key.Line), "0"},
		} {
			if _, err := tool("fdtput", args...); err != nil {
				return "", err
			}
		}
	}
	return path, nil
}

// tool runs one of the device tree compiler's programs and returns what it prints.
func tool(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWait)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
