//go:build kernel && linux

package kerneltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"castellan/internal/kerneltest/plan"

	"golang.org/x/sys/unix"
)

// archive writes a cpio archive in the "newc" format, the one the kernel unpacks its initramfs from (kernel,
// Documentation/driver-api/early-userspace/buffer-format.rst). The first error is kept and returned by close.
type archive struct {
	w     *bufio.Writer
	inode int
	size  int64
	err   error
}

func newArchive(w io.Writer) *archive {
	return &archive{w: bufio.NewWriter(w)}
}

// entry writes one header and its content. Mode holds the file type and permissions of stat(2).
func (a *archive) entry(name string, mode uint32, major, minor int, content []byte) {
	a.inode++
	// magic, ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
	a.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name)+1, 0, name))
	a.align()
	a.write(content)
	a.align()
}

func (a *archive) dir(name string)                  { a.entry(name, unix.S_IFDIR|0o755, 0, 0, nil) }
func (a *archive) file(name string, content []byte) { a.entry(name, unix.S_IFREG|0o755, 0, 0, content) }

func (a *archive) write(b []byte) {
	if a.err != nil {
		return
	}
	n, err := a.w.Write(b)
	a.size += int64(n)
	a.err = err
}

// align fills up to the next multiple of four bytes, where headers and contents start.
func (a *archive) align() {
	a.write(make([]byte, (4-a.size%4)%4))
}

func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, 0, 0, nil)
	if a.err != nil {
		return a.err
	}
	return a.w.Flush()
}

// writeInitramfs puts the first process, the kernel's modules, the program under test and the plan into one file.
func writeInitramfs(to string, first []byte, kernel kernel, program string, boot plan.Boot) error {
	boot.Modules = kernel.order
	boot.Program = path.Join("/bin", filepath.Base(program))
	b, err := json.Marshal(boot)
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("read program: %w", err)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("create initramfs: %w", err)
	}
	defer f.Close()
	a := newArchive(f)
	a.dir("dev")
	a.entry("dev/console", unix.S_IFCHR|0o600, 5, 1, nil)
	a.dir("bin")
	a.dir(strings.TrimPrefix(plan.Modules, "/"))
	a.file("init", first)
	a.file(strings.TrimPrefix(plan.Path, "/"), b)
	a.file(strings.TrimPrefix(boot.Program, "/"), binary)
	for _, name := range kernel.order {
		module, err := fs.ReadFile(kernel.dir, path.Join("modules", name+".ko"))
		if err != nil {
			return fmt.Errorf("read module: %w", err)
		}
		a.file(strings.TrimPrefix(plan.Modules, "/")+"/"+name+".ko", module)
	}
	if err := a.close(); err != nil {
		return fmt.Errorf("write initramfs: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close initramfs: %w", err)
	}
	return nil
}
