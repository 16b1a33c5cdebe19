package signal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const wordSize = int(unsafe.Sizeof(uintptr(0)))

// Requests to input devices (include/uapi/linux/input.h).
const (
	nameBytes = 256
	getName   = 2<<30 | nameBytes<<16 | 'E'<<8 | 0x06
	getKinds  = 2<<30 | 4<<16 | 'E'<<8 | 0x20
	getSounds = 2<<30 | 1<<16 | 'E'<<8 | 0x20 + typeSound
)

// findBeeper opens the first input device that makes sounds, one with a tone before one with only a bell, or returns nil.
func findBeeper(folder string) *beeper {
	paths, _ := filepath.Glob(filepath.Join(folder, "event*")) // the pattern is a good one
	slices.SortFunc(paths, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	var bell *beeper
	for _, path := range paths {
		switch b := openBeeper(path); {
		case b == nil:
		case b.tone:
			bell.close()
			return b
		case bell == nil:
			bell = b
		default:
			b.close()
		}
	}
	return bell
}

// openBeeper opens an input device for its sounds, or returns nil: it has none, or this program may not.
func openBeeper(path string) *beeper {
	file, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	kinds, sounds, name := make([]byte, 4), make([]byte, 1), make([]byte, nameBytes)
	if ask(file, getKinds, kinds) && kinds[typeSound/8]&(1<<(typeSound%8)) != 0 && ask(file, getSounds, sounds) && sounds[0]&(1<<soundBell|1<<soundTone) != 0 {
		ask(file, getName, name)
		return &beeper{file: file, name: unix.ByteSliceToString(name), tone: sounds[0]&(1<<soundTone) != 0}
	}
	_ = file.Close()
	return nil
}

// ask has the kernel write its answer about a device. The descriptor is not asked for by Fd, which would make it blocking.
func ask(file *os.File, number uint, answer []byte) bool {
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, uintptr(number), uintptr(unsafe.Pointer(&answer[0])))
	})
	return err == nil && errno == 0
}
