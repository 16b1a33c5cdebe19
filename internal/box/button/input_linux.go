package button

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where the kernel's input devices are, and where it tells everybody what they are.
const (
	inputDir  = "/dev/input"
	inputTold = "/sys/class/input"
)

// ioctl numbers of input devices (include/uapi/linux/input.h, asm-generic/ioctl.h).
const (
	read, write = 2, 1
	keyBytes    = int(MaxKey)/8 + 1
	kindBytes   = 4
	nameBytes   = 256
)

func request(direction, size, number int) uint {
	return uint(direction<<30 | size<<16 | 'E'<<8 | number)
}

var (
	getID    = request(read, 8, 0x02)
	getName  = request(read, nameBytes, 0x06)
	getState = request(read, keyBytes, 0x18)
	getKinds = request(read, kindBytes, 0x20)
	getKeys  = request(read, keyBytes, 0x20+typeKey)
	setGrab  = request(write, 4, 0x90)
	setClock = request(write, 4, 0xa0)
)

// device is an open input device.
type device struct {
	file *os.File
	path string
	facts
}

// control works on the file's descriptor. It is not asked for by Fd: Go would make it blocking for that, and then closing
// the file would not end a read that waits.
func (d *device) control(work func(fd uintptr) error) error {
	conn, err := d.file.SyscallConn()
	if err != nil {
		return err
	}
	failed := conn.Control(func(fd uintptr) { err = work(fd) })
	return errors.Join(failed, err)
}

// ask has the kernel write its answer, and returns how long that is.
func (d *device) ask(number uint, answer []byte) (n int, err error) {
	err = d.control(func(fd uintptr) error {
		result, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uintptr(number), uintptr(unsafe.Pointer(&answer[0])))
		n = int(result)
		if errno != 0 {
			return errno
		}
		return nil
	})
	return n, err
}

// openDevice opens an input device and reads what it is.
func openDevice(path string) (*device, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	d := &device{file: file, path: path}
	id, name := make([]byte, 8), make([]byte, nameBytes)
	d.kinds, d.keys = make(bits, kindBytes), make(bits, keyBytes)
	_, noID := d.ask(getID, id)
	_, noKinds := d.ask(getKinds, d.kinds)
	n, noName := d.ask(getName, name)
	if err := errors.Join(noID, noKinds, noName); err != nil {
		return nil, errors.Join(fmt.Errorf("ask %s what it is: %w", path, err), file.Close())
	}
	_, _ = d.ask(getKeys, d.keys) // refused by a device that has none
	d.bus = uint16(id[0]) | uint16(id[1])<<8
	d.name = strings.TrimRight(string(name[:n]), "\x00")
	return d, nil
}

// readFacts reads what the kernel tells everybody about a device, also about one that may not be opened, in its folder of /sys.
func readFacts(folder string) (f facts, err error) {
	const word = int(unsafe.Sizeof(uintptr(0)))
	read := func(name string) (text string) {
		content, failed := os.ReadFile(filepath.Join(folder, name))
		err = errors.Join(err, failed)
		return strings.TrimSpace(string(content))
	}
	f.name = read("name")
	bus, kinds, keys := read("id/bustype"), read("capabilities/ev"), read("capabilities/key")
	if err != nil {
		return f, err
	}
	id, noBus := strconv.ParseUint(bus, 16, 16)
	f.bus = uint16(id)
	var noKinds, noKeys error
	f.kinds, noKinds = parseBits(kinds, word)
	f.keys, noKeys = parseBits(keys, word)
	return f, errors.Join(noBus, noKinds, noKeys)
}

// openWhere opens the devices of a folder that are wanted, those of the board first: one that somebody plugs in must not take
// the place of the board's. denied tells of each that is wanted, as far as another folder tells what it is, and may not be opened.
func openWhere(dir, told string, wanted func(facts) bool) (found []*device, denied []error) {
	paths, _ := filepath.Glob(filepath.Join(dir, "event*")) // the pattern is a good one
	slices.SortFunc(paths, func(a, b string) int { return number(a) - number(b) })
	for _, path := range paths {
		d, err := openDevice(path)
		switch {
		case errors.Is(err, fs.ErrPermission):
			if f, err := readFacts(filepath.Join(told, filepath.Base(path), "device")); err != nil || wanted(f) {
				denied = append(denied, errClosed(f, path))
			}
		case err != nil: // gone again, or no input device
		case wanted(d.facts):
			found = append(found, d)
		default:
			_ = d.file.Close()
		}
	}
	slices.SortStableFunc(found, ownFirst)
	return found, denied
}

// ownFirst orders devices of the board before others.
func ownFirst(a, b *device) int {
	switch {
	case a.ofBoard() == b.ofBoard():
		return 0
	case a.ofBoard():
		return -1
	default:
		return 1
	}
}

// number is the last number of a device's path.
func number(path string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "event"))
	return n
}

func closeAll(all []*device) {
	for _, d := range all {
		_ = d.file.Close()
	}
}

// Open finds the key and claims its device.
func (k InputKey) Open() (Line, error) {
	found, denied := openWhere(inputDir, inputTold, func(f facts) bool { return f.named(k.Device) && f.keys.has(k.Key) })
	switch {
	case len(found) > 0:
		closeAll(found[1:])
		return found[0].claim(k.Key)
	case len(denied) > 0:
		return Line{}, denied[0]
	default:
		return Line{}, errNoInput(k.Name())
	}
}

// openByRule claims the one device of the board that has the key for a restart, and says which it is.
func openByRule() (InputKey, Line, error) {
	found, denied := openWhere(inputDir, inputTold, facts.byRule)
	switch {
	case len(found) == 1:
		line, err := found[0].claim(KeyRestart)
		return InputKey{Device: found[0].name, Key: KeyRestart}, line, err
	case len(found) > 1:
		closeAll(found)
		return InputKey{}, Line{}, fmt.Errorf("%d devices of this NAS have the key of a reset button. Let the NAS learn which is the one, in Settings › Reset button", len(found))
	case len(denied) > 0:
		return InputKey{}, Line{}, denied[0]
	default:
		return InputKey{}, Line{}, errNoKey
	}
}

// claim takes the device for its key alone: while it is grabbed nobody else hears it, so systemd-logind does not reboot in
// the middle of a hold. One that has the power key as well is left to the system, see sharesPower.
func (d *device) claim(key uint16) (Line, error) {
	line, err := d.prepare(!d.sharesPower(key))
	if err != nil {
		return Line{}, errors.Join(err, d.file.Close())
	}
	pressed, err := d.pressed(key)
	if err != nil {
		return Line{}, errors.Join(fmt.Errorf("the keys of %q cannot be read: %w", d.name, err), d.file.Close())
	}
	// Neither channel has a buffer: what came before events were lost is taken before that is told. The kernel keeps the
	// events meanwhile.
	edges, lost, done := make(chan Edge), make(chan bool), make(chan struct{})
	line.Pressed, line.Edges, line.Lost, line.Alone = pressed, edges, lost, d.grab
	var once sync.Once
	line.Close = func() error {
		once.Do(func() { close(done) })
		return d.file.Close()
	}
	go func() {
		defer close(edges)
		d.read(func(code uint16, e Edge) bool {
			if code != key {
				return true
			}
			select {
			case edges <- e:
				return true
			case <-done:
				return false
			}
		}, func() bool {
			pressed, err := d.pressed(key)
			if err != nil {
				return false
			}
			select {
			case lost <- pressed:
				return true
			case <-done:
				return false
			}
		})
	}()
	return line, nil
}

// grab has nobody else hear the device, or everybody again.
func (d *device) grab(alone bool) error {
	value := 0
	if alone {
		value = 1
	}
	return d.control(func(fd uintptr) error { return unix.IoctlSetInt(int(fd), setGrab, value) })
}

// prepare has the device stamp its events with a clock that never steps, and grabs it if that is wanted.
func (d *device) prepare(alone bool) (line Line, err error) {
	err = d.control(func(fd uintptr) error { return unix.IoctlSetPointerInt(int(fd), setClock, unix.CLOCK_MONOTONIC) })
	if err != nil {
		return line, fmt.Errorf("the clock of %q cannot be chosen: %w", d.name, err)
	}
	line.Shared = true
	if alone {
		err = d.grab(true)
		line.Shared = err != nil
	}
	if errors.Is(err, unix.EBUSY) {
		return line, fmt.Errorf("%q is held by another program, which alone hears it. End that program, or choose another button", d.name)
	}
	return line, nil
}

// pressed reads whether a key is down right now.
func (d *device) pressed(key uint16) (bool, error) {
	state := make(bits, keyBytes)
	_, err := d.ask(getState, state)
	return state.has(key), err
}

// read reads events until the device is gone, the file is closed, or one of the functions wants no more.
func (d *device) read(edge func(uint16, Edge) bool, lost func() bool) {
	const word = int(unsafe.Sizeof(uintptr(0)))
	var reader keyReader
	for buffer := make([]byte, 64*eventSize(word)); ; {
		n, err := d.file.Read(buffer)
		if err != nil || n == 0 {
			return
		}
		if !reader.take(decodeEvents(buffer[:n], word), edge, lost) {
			return
		}
	}
}

// inputNews tells of input devices that came, or that the daemon may open now, until the context ends.
func inputNews(ctx context.Context) <-chan struct{} { return newsOf(ctx, inputDir) }

// newsOf tells of changes in a folder, or of the folder itself where it is not there yet. Changes that come together are told
// once. It returns nil where the kernel tells nothing.
func newsOf(ctx context.Context, dir string) <-chan struct{} {
	news := make(chan struct{}, 1)
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil
	}
	file := os.NewFile(uintptr(fd), "inotify")
	const changes = unix.IN_CREATE | unix.IN_ATTRIB | unix.IN_MOVED_TO
	if _, err := unix.InotifyAddWatch(fd, dir, changes); err != nil {
		if _, err := unix.InotifyAddWatch(fd, filepath.Dir(dir), unix.IN_CREATE); err != nil {
			_ = file.Close()
			return nil
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = file.Close() })
	go func() {
		defer stop()
		for buffer := make([]byte, 4096); ; {
			if _, err := file.Read(buffer); err != nil {
				_ = file.Close()
				return
			}
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}()
	return news
}

// hearKeys hears every key of every device that may have a button, until the context ends. Nobody else hears them
// meanwhile: what is pressed to show itself reboots nothing. unheard says of which devices it hears nothing, and why.
func hearKeys(ctx context.Context) (heard <-chan KeyEdge, unheard []error) {
	all := make(chan KeyEdge)
	found, unheard := openWhere(inputDir, inputTold, facts.learnable)
	for _, d := range found {
		if _, err := d.prepare(true); err != nil {
			unheard = append(unheard, err)
			_ = d.file.Close()
			continue
		}
		context.AfterFunc(ctx, func() { _ = d.file.Close() })
		go d.read(func(code uint16, e Edge) bool {
			select {
			case all <- KeyEdge{InputKey{d.name, code}, e}:
				return true
			case <-ctx.Done():
				return false
			}
		}, func() bool { return true })
	}
	return all, unheard
}
