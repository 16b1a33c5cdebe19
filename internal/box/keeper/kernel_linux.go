package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls with 64 bits for the seconds, which all 32-bit kernels have since 5.1 under the same numbers. Those
// without end in the year 2038 (linux/include/uapi/asm-generic/unistd.h).
const (
	clockGettime64 = 403
	clockSettime64 = 404
)

// narrow says that the C library's seconds have 32 bits here.
const narrow = unsafe.Sizeof(uintptr(0)) == 4

// kernelTimespec is struct __kernel_timespec.
type kernelTimespec struct{ sec, nsec int64 }

type kernel struct{}

func kernelHands() Hands { return kernel{} }

func ownRoot() fs.FS { return os.DirFS("/") }

// alive reports whether a process is there, also where the table of processes hides it.
func alive(pid int) bool {
	err := unix.Kill(pid, 0)
	return pid > 0 && (err == nil || errors.Is(err, unix.EPERM))
}

// read returns what a clock of the kernel says.
func read(clock int32) (time.Duration, error) {
	if narrow {
		var ts kernelTimespec
		_, _, e := unix.Syscall(clockGettime64, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0)
		if e == 0 {
			return time.Duration(ts.sec)*time.Second + time.Duration(ts.nsec), nil
		}
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("read clock %d: %w", clock, err)
	}
	return time.Duration(ts.Nano()), nil
}

// Look asks the kernel.
func (kernel) Look() (k Kernel, err error) {
	system, err1 := read(unix.CLOCK_REALTIME)
	since, err2 := read(unix.CLOCK_BOOTTIME)
	awake, err3 := read(unix.CLOCK_MONOTONIC)
	var t unix.Timex
	_, err4 := unix.Adjtimex(&t)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return k, err
	}
	return Kernel{
		At: since, Slept: since - awake, Base: system - since, Synchronised: t.Status&unix.STA_UNSYNC == 0,
		MaxError: time.Duration(t.Maxerror) * time.Microsecond, MaySet: maySet(),
	}, nil
}

// maySet reports whether this thread has the capability to set the clock, as all threads of the process do.
func maySet() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return err == nil && data[0].Effective&(1<<unix.CAP_SYS_TIME) != 0
}

// Step sets the clock. The battery-backed clock follows only as far as it can: many boxes have none.
func (kernel) Step(by, maxError time.Duration, rtc bool) error {
	now, err := read(unix.CLOCK_REALTIME)
	if err != nil {
		return err
	}
	if err := write(now + by); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	if err := declare(maxError); err != nil {
		return err
	}
	if rtc {
		writeRTC()
	}
	return nil
}

func write(t time.Duration) error {
	ts := kernelTimespec{int64(t / time.Second), int64(t % time.Second)}
	if narrow {
		_, _, e := unix.Syscall(clockSettime64, unix.CLOCK_REALTIME, uintptr(unsafe.Pointer(&ts)), 0)
		if e != unix.ENOSYS {
			return errnoOrNil(e)
		}
	}
	old := unix.NsecToTimespec(int64(t))
	if old.Nano() != int64(t) {
		return unix.EOVERFLOW // this kernel ends in 2038
	}
	return unix.ClockSettime(unix.CLOCK_REALTIME, &old)
}

func errnoOrNil(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// declare tells the kernel how far its clock may be off. Where that is little the kernel writes the battery-backed clock
// every 11 minutes by itself (CONFIG_RTC_SYSTOHC), and calls its clock synchronised to everybody who asks.
func declare(maxError time.Duration) error {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	t.Modes = unix.ADJ_STATUS | unix.ADJ_MAXERROR | unix.ADJ_ESTERROR
	t.Status |= unix.STA_UNSYNC
	if maxError < unsure {
		t.Status &^= unix.STA_UNSYNC
	}
	t.Maxerror, t.Esterror = long(maxError.Microseconds(), t.Maxerror), long(maxError.Microseconds(), t.Esterror)
	if _, err := unix.Adjtimex(&t); err != nil {
		return fmt.Errorf("say how right the clock is: %w", err)
	}
	return nil
}

// long is a number in the kernel's type for it, which differs between processors.
func long[T int32 | int64](n int64, _ T) T { return T(n) }

// Slew has the kernel make up for a difference as adjtime(3) does: it bends the clock by half a millisecond a
// second until that is done, and learns nothing from it. The kernel's control loop (ADJ_OFFSET with STA_PLL) would
// learn the speed of the crystal, but wants measures at the pace of its time constant and takes no more than half
// a second; ours come as the network lets them.
func (kernel) Slew(by, maxError time.Duration) error {
	t := unix.Timex{Modes: unix.ADJ_OFFSET_SINGLESHOT}
	t.Offset = long(by.Microseconds(), t.Offset)
	if _, err := unix.Adjtimex(&t); err != nil {
		return fmt.Errorf("bend clock: %w", err)
	}
	return declare(maxError)
}

// writeRTC sets the battery-backed clock to the system's time, in UTC, if it is open to this process.
func writeRTC() {
	f, err := os.Open("/dev/rtc0")
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		now, err := read(unix.CLOCK_REALTIME)
		if err != nil {
			return
		}
		t := time.Unix(0, int64(now)).UTC().Round(time.Second)
		_ = unix.IoctlSetRTCTime(int(fd), &unix.RTCTime{
			Sec: int32(t.Second()), Min: int32(t.Minute()), Hour: int32(t.Hour()),
			Mday: int32(t.Day()), Mon: int32(t.Month()) - 1, Year: int32(t.Year()) - 1900,
		})
	})
}
