package clock

import (
	"bytes"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Elapsed returns the time since the kernel started, with the time in which the box slept. No one can set it, and no
// one can bend it: it is CLOCK_MONOTONIC_RAW (clock_gettime(2)) with the sleep added. CLOCK_BOOTTIME has the sleep in it,
// but follows every correction of the system clock, and chrony by default makes up for a wrong clock by running it up
// to a twelfth faster or slower: trusted time would run along.
func Elapsed() time.Duration {
	awake := since(unix.CLOCK_MONOTONIC_RAW)
	// What CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC is the sleep. Read in this order the difference is never too
	// large, however long this thread waits in between, and the largest so far is the best.
	slept := int64(since(unix.CLOCK_BOOTTIME) - since(unix.CLOCK_MONOTONIC))
	for {
		known := sleep.Load()
		if slept <= known {
			return awake + time.Duration(known)
		}
		if sleep.CompareAndSwap(known, slept) {
			return awake + time.Duration(slept)
		}
	}
}

// sleep is the longest that the box is known to have slept since its start, in nanoseconds. It belongs to the process like
// the kernel's clocks do: two of them would not go forward together.
var sleep atomic.Int64

// since reads a clock of the kernel that began at its start.
func since(clock int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		panic(err) // every kernel since 2.6.39 has them
	}
	return time.Duration(ts.Nano())
}

// Boot identifies this start of the kernel, within which Elapsed times can be compared.
func Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(id))
}

// Synchronised reports whether the kernel calls the system clock synchronised (adjtimex(2), STA_UNSYNC). Whoever sets
// it says so, also one that was fed by servers that lie: it is no witness beside them.
func Synchronised() bool {
	var t unix.Timex
	_, err := unix.Adjtimex(&t)
	return err == nil && t.Status&unix.STA_UNSYNC == 0
}

// Kept reports whether the system clock was kept right while the box was off: there is a real-time clock, whose driver
// may be loaded long after the start, or the box is a virtual machine, whose clock its host keeps.
func Kept() bool { return hasRTC(os.DirFS("/sys")) || hosted() }

func hasRTC(sys fs.FS) bool {
	clocks, err := fs.ReadDir(sys, "class/rtc")
	return err == nil && len(clocks) > 0
}

// hosted reports whether the box is a virtual machine. That does not change, and reading /proc/cpuinfo can take
// milliseconds.
var hosted = sync.OnceValue(func() bool {
	cpu, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && bytes.Contains(cpu, []byte(" hypervisor"))
})
