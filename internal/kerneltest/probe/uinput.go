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
	setKey     = 1<<30 | 4<<16 | 'U'<<8 | 101
	setSound   = 1<<30 | 4<<16 | 'U'<<8 | 106
	setup      = 1<<30 | 92<<16 | 'U'<<8 | 3
	create     = 'U'<<8 | 1
	keyKind    = 1
	soundKind  = 0x12
	soundBell  = 1
	soundTone  = 2
	eventBytes = 24
)

// The buses by which devices are known (include/uapi/linux/input.h).
const (
	busUSB  = 0x03
	busHost = 0x19
)

// newBeeper makes a beeper out of nothing, which takes a frequency. What programs have it sound is read from its file.
func newBeeper(name string) (*os.File, error) {
	return newDevice(name, busHost, [][2]uint{{setKind, soundKind}, {setSound, soundBell}, {setSound, soundTone}})
}

// newKey makes a device with one key out of nothing, as if somebody had plugged it in. It is there until its file is closed.
func newKey(name string, code uint16) (*os.File, error) {
	return newDevice(name, busUSB, [][2]uint{{setKind, keyKind}, {setKey, uint(code)}})
}

// newDevice makes an input device out of what the kernel is asked for.
func newDevice(name string, bus byte, requests [][2]uint) (*os.File, error) {
	file, err := os.OpenFile("/dev/uinput", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	fd := int(file.Fd())
	for _, set := range requests {
		if err := unix.IoctlSetInt(fd, set[0], int(set[1])); err != nil {
			return nil, fmt.Errorf("set up %q: %w", name, err)
		}
	}
	about := make([]byte, 92) // struct uinput_setup: bus, vendor, product and version, then the name
	about[0] = bus
	copy(about[8:], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), setup, uintptr(unsafe.Pointer(&about[0]))); errno != 0 {
		return nil, fmt.Errorf("name %q: %w", name, errno)
	}
	return file, unix.IoctlSetInt(fd, create, 0)
}
