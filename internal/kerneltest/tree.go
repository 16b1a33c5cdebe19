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

// Light is an LED on a GPIO line.
type Light struct {
	Line    int
	Name    string
	On      bool
	Trigger string // what drives it from the start; empty: nothing
}

// furnished reports whether the machine has more than QEMU gives it.
func (c Config) furnished() bool { return len(c.Keys) > 0 || len(c.Lights) > 0 || c.Beeper > 0 }

// tree is a device tree that is being changed.
type tree struct{ path, chip string }

// deviceTree writes the machine's own device tree with keys, lights and a beeper into a folder and returns its path. Without
// any of them it returns "", with which QEMU makes its own.
func deviceTree(qemu, dir string, config Config) (path string, err error) {
	if !config.furnished() {
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
	t := tree{path: path}
	t.chip, _, _ = strings.Cut(controller, " ")
	for _, key := range config.Keys {
		child, err := t.child("/"+key.Device, "gpio-keys", "button-"+strconv.Itoa(key.Line), key.Line)
		if err != nil {
			return "", err
		}
		if err := t.set(child, "s", "label", "Reset Button"); err != nil {
			return "", err
		}
		if err := t.set(child, "u", "linux,code", strconv.Itoa(int(key.Code))); err != nil {
			return "", err
		}
	}
	for _, light := range config.Lights {
		if err := t.light(light); err != nil {
			return "", err
		}
	}
	if config.Beeper > 0 {
		err = t.node("/beeper", "gpio-beeper", config.Beeper)
	}
	return path, err
}

// light adds an LED.
func (t tree) light(l Light) error {
	child, err := t.child("/leds", "gpio-leds", "led-"+strconv.Itoa(l.Line), l.Line)
	if err != nil {
		return err
	}
	state := "off"
	if l.On {
		state = "on"
	}
	if l.Trigger != "" {
		if err := t.set(child, "s", "linux,default-trigger", l.Trigger); err != nil {
			return err
		}
	}
	if err := t.set(child, "s", "default-state", state); err != nil {
		return err
	}
	return t.set(child, "s", "label", l.Name)
}

// child adds a node on a GPIO line below another one, which is made for a driver if it is not there.
func (t tree) child(parent, driver, name string, line int) (child string, err error) {
	if _, err := tool("fdtget", t.path, parent, "compatible"); err != nil {
		if _, err := tool("fdtput", "-c", t.path, parent); err != nil {
			return "", err
		}
		if err := t.set(parent, "s", "compatible", driver); err != nil {
			return "", err
		}
	}
	child = parent + "/" + name
	if _, err := tool("fdtput", "-c", t.path, child); err != nil {
		return "", err
	}
	return child, t.set(child, "u", "gpios", t.chip, strconv.Itoa(line), "0")
}

// node adds a node on a GPIO line for a driver.
func (t tree) node(name, driver string, line int) error {
	if _, err := tool("fdtput", "-c", t.path, name); err != nil {
		return err
	}
	if err := t.set(name, "s", "compatible", driver); err != nil {
		return err
	}
	return t.set(name, "u", "gpios", t.chip, strconv.Itoa(line), "0")
}

// set writes a property of a node: text ("s") or numbers ("u").
func (t tree) set(node, kind, property string, values ...string) error {
	_, err := tool("fdtput", append([]string{"-t", kind, t.path, node, property}, values...)...)
	return err
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
