//go:build kernel && linux

package main

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests to uinput (include/uapi/linux/uinput.h).
const (
	setKind    = 1<<30 | 4<<16 | 'U'<<8 | 100
	setSound   = 1<<30 | 4<<16 | 'U'<<8 | 106
	setup      = 1<<30 | 92<<16 | 'U'<<8 | 3
	create     = 'U'<<8 | 1
	soundKind  = 0x12
	soundBell  = 1
	soundTone  = 2
	eventBytes = 24
)

// newBeeper makes a beeper out of nothing, which takes a frequency. What programs have it sound is read from its file.
func newBeeper(name string) (*os.File, error) {
	file, err := os.OpenFile("/dev/uinput", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	fd := int(file.Fd())
	for _, set := range []struct {
		request uint
		value   int
	}{{setKind, soundKind}, {setSound, soundBell}, {setSound, soundTone}} {
		if err := unix.IoctlSetInt(fd, set.request, set.value); err != nil {
			return nil, fmt.Errorf("set up %q: %w", name, err)
		}
	}
	about := make([]byte, 92) // struct uinput_setup: bus, vendor, product and version, then the name
	about[0] = 0x19
	copy(about[8:], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), setup, uintptr(unsafe.Pointer(&about[0]))); errno != 0 {
		return nil, fmt.Errorf("name %q: %w", name, errno)
	}
	return file, unix.IoctlSetInt(fd, create, 0)
}
