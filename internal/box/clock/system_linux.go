package clock

import (
	"bytes"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Elapsed reads CLOCK_BOOTTIME: the time since the kernel started, with the time in which the box slept.
// No one can set it (clock_gettime(2)).
func Elapsed() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // every kernel since 2.6.39 has it
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

// Kept reports whether the system clock was kept right while the box was off: the kernel calls it
// synchronised (adjtimex(2), STA_UNSYNC), or the machine has what keeps one.
func Kept() bool {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err == nil && t.Status&unix.STA_UNSYNC == 0 {
		return true
	}
	return hasKeeper()
}

// hasKeeper reports whether there is a real-time clock, or the box is a virtual machine, whose clock its host
// keeps. That does not change, and reading /proc/cpuinfo can take milliseconds.
var hasKeeper = sync.OnceValue(func() bool {
	if clocks, err := os.ReadDir("/sys/class/rtc"); err == nil && len(clocks) > 0 {
		return true
	}
	cpu, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && bytes.Contains(cpu, []byte(" hypervisor"))
})
