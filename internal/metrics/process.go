package metrics

import (
	"math"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
)

// process is what the kernel and the runtime say of this program. What they do not say is not a number.
type process struct {
	rss, cpu, started, files float64
	heap, goroutines         float64
}

// process makes the figures of the program, by the names that other programs have for them.
func (f *Figures) process() {
	for _, p := range []struct {
		name, kind, help string
		value            func() float64
	}{
		{"process_resident_memory_bytes", "gauge", "Memory that the program takes.", func() float64 { return f.now.process.rss }},
		{"process_cpu_seconds_total", "counter", "Time for which the program kept processors busy.", func() float64 { return f.now.process.cpu }},
		{"process_open_fds", "gauge", "Files and connections that the program has open.", func() float64 { return f.now.process.files }},
		{"process_start_time_seconds", "gauge", "When the program started, by the clock of the NAS.", func() float64 { return f.now.process.started }},
		{"go_goroutines", "gauge", "Goroutines of the program.", func() float64 { return f.now.process.goroutines }},
		{"go_memstats_heap_alloc_bytes", "gauge", "Memory that objects of the program take.", func() float64 { return f.now.process.heap }},
	} {
		f.family(p.name, p.kind, p.help).NewGauge(p.name, p.value)
	}
}

// ticks is in how many parts of a second the kernel counts for programs (proc_pid_stat(5), USER_HZ).
const ticks = 100

// The fields of /proc/self/stat, counted from the one after the name in parentheses, from 0.
const (
	userTime, systemTime, startTime, residentPages = 11, 12, 19, 21
)

func seeProcess() process {
	none := math.NaN()
	p := process{rss: none, cpu: none, started: none, files: none}
	if data, err := os.ReadFile("/proc/self/stat"); err == nil {
		_, rest, _ := strings.Cut(string(data), ") ") // the program's own name has no parenthesis
		if field := strings.Fields(rest); len(field) > residentPages {
			p.rss = number(field[residentPages]) * float64(os.Getpagesize())
			p.cpu = (number(field[userTime]) + number(field[systemTime])) / ticks
			p.started = booted() + number(field[startTime])/ticks
		}
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		p.files = float64(len(open) - 1) // without the folder itself
	}
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(samples)
	p.heap, p.goroutines = float64(samples[0].Value.Uint64()), float64(samples[1].Value.Uint64())
	return p
}

// booted returns when the kernel started, in seconds since 1970.
func booted() float64 {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return math.NaN()
	}
	_, rest, _ := strings.Cut(string(data), "\nbtime ")
	line, _, _ := strings.Cut(rest, "\n")
	return number(line)
}

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return n
}
