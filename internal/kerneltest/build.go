//go:build kernel && linux

package kerneltest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// What to do when a real part of the machine is missing.
const (
	installQEMU   = "apt-get install qemu-system-arm"
	installKernel = "packaging/setup/kernel.sh"
	installGo     = "put the go command on PATH"
	installMkfs   = "apt-get install e2fsprogs"
	installTree   = "apt-get install device-tree-compiler"
)

// toolWait bounds how long the compiler or mkfs may take.
const toolWait = 5 * time.Minute

// kernel is what packaging/setup/kernel.sh has left.
type kernel struct {
	path  string   // of vmlinuz
	dir   fs.FS    // the folder it is in
	order []string // module names, in the order they load
}

// cached is where a script of packaging/setup left what it made, in the module's root, which is the nearest folder upwards that
// has a go.mod. Outside of the module it is empty.
func cached(what string) (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find module root: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, ".cache", what, "image"), nil
		}
		if root == filepath.Dir(root) {
			return "", nil
		}
		root = filepath.Dir(root)
	}
}

// findKernel looks for what kernel.sh has left. An absent kernel has an empty path and is no error.
func findKernel() (kernel, error) {
	image, err := cached("kernel")
	if err != nil || image == "" {
		return kernel{}, err
	}
	if _, err := os.Stat(filepath.Join(image, "vmlinuz")); err != nil {
		return kernel{}, nil
	}
	order, err := os.ReadFile(filepath.Join(image, "modules", "order"))
	if err != nil {
		return kernel{}, fmt.Errorf("read module order: %w", err)
	}
	return kernel{filepath.Join(image, "vmlinuz"), os.DirFS(image), strings.Fields(string(order))}, nil
}

// Arch is what a program is compiled for. The machine runs both.
type Arch string

// The processors. A kernel of 64 bits answers programs of 32 bits as one of 32 bits would (CONFIG_COMPAT).
const (
	ARM64 Arch = "arm64"
	ARM32 Arch = "arm"
)

// Build compiles a command of this module, named by its import path ("castellan/cmd/castellan"), as the static arm64
// program the machine runs, and returns its path. The file lives as long as the test. A command that does not compile
// fails the test with the compiler's words.
func Build(t testing.TB, command string) string {
	t.Helper()
	return BuildFor(t, ARM64, command)
}

// BuildFor is Build for either processor. Set gives variables of the program to the linker, as "main.built=2037".
func BuildFor(t testing.TB, arch Arch, command string, set ...string) string {
	t.Helper()
	realtest.Program(t, "go", installGo)
	to := filepath.Join(t.TempDir(), filepath.Base(command))
	if err := compile(arch, command, to, set...); err != nil {
		t.Fatal(err)
	}
	return to
}

func compile(arch Arch, command, to string, set ...string) error {
	link := "-s -w"
	for _, variable := range set {
		link += " -X " + variable
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "kernel", "-ldflags", link, "-o", to, command)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+string(arch), "GOARM=7", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return nil
}

// initProgram is the compiled init, built once for all machines of a test run.
var initProgram = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kerneltest")
	if err != nil {
		return nil, fmt.Errorf("make folder for init: %w", err)
	}
	defer os.RemoveAll(dir)
	to := filepath.Join(dir, "init")
	if err := compile(ARM64, "castellan/internal/kerneltest/init", to); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(to)
	if err != nil {
		return nil, fmt.Errorf("read init: %w", err)
	}
	return b, nil
})

// NewDisk makes an empty ext4 disk of the given size in MiB (at least 16) for Config.Disk and returns its path. The
// file lives as long as the test, whichever machines use it one after the other. Without mkfs.ext4 it returns "", with
// which the machine keeps its data in memory: a test whose claim needs the disk asks realtest.Program for mkfs.ext4.
func NewDisk(t testing.TB, mib int) string {
	t.Helper()
	mkfs, found := realtest.Find("mkfs.ext4")
	if !found {
		return ""
	}
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatalf("create disk: %v", err)
	}
	defer f.Close()
	if err := f.Truncate(int64(mib) << 20); err != nil {
		t.Fatalf("size disk: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), toolWait)
	defer cancel()
	if out, err := exec.CommandContext(ctx, mkfs, "-q", "-F", path).CombinedOutput(); err != nil {
		t.Fatalf("format disk: %v\n%s", err, out)
	}
	return path
}
