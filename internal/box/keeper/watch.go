package keeper

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// service is a program that keeps system clocks.
type service struct {
	who  Who
	name string // as people know it
}

var (
	chrony    = service{Chrony, "chrony"}
	timesyncd = service{Timesyncd, "systemd-timesyncd"}
	ntpd      = service{NTPD, "ntpd"}
	ntpsec    = service{NTPD, "NTPsec"}
	openntpd  = service{NTPD, "OpenNTPD"}
	ntpdRS    = service{NTPD, "ntpd-rs"}
	ptp       = service{NTPD, "phc2sys"}
)

// processes are the services by the names of their processes, of which the kernel keeps 15 bytes (proc(5), comm).
var processes = map[string]service{
	"chronyd": chrony, "systemd-timesyn": timesyncd, "ntpd": ntpd, "ntp-daemon": ntpdRS, "phc2sys": ptp, "timemaster": ptp,
}

// pidFiles are where they leave their number. What lies in a folder that others may not enter is not seen.
var pidFiles = map[string]service{
	"run/chrony/chronyd.pid": chrony, "run/chronyd.pid": chrony, "run/ntpd.pid": ntpd, "run/ntpd/ntpd.pid": ntpd,
}

// sight is what was seen of those who may keep the clock.
type sight struct {
	services  []service
	container bool // the processes of the host are not to be seen from here
	whole     bool // whoever keeps the clock would have been seen
	other     bool // the kernel's clock is kept by one who was not seen
}

// look looks for the processes of services in a file system like that of the box.
func look(root fs.FS) (s sight) {
	all, _ := fs.ReadDir(root, "proc")
	for _, p := range all {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		if known, ok := processes[comm(root, p.Name())]; ok {
			s.services = append(s.services, known)
		}
	}
	for file, known := range pidFiles {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			continue
		}
		// The file of a service that crashed lies there still. Its number says nothing then: the kernel gives it
		// to others.
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		name := comm(root, strconv.Itoa(pid))
		if err == nil && (processes[name] == known || name == "" && alive(pid)) {
			s.services = append(s.services, known)
		}
	}
	for _, mark := range []string{"run/systemd/container", ".dockerenv", "run/.containerenv"} {
		if _, err := fs.Stat(root, mark); err == nil {
			s.container = true
		}
	}
	// The first process is root's: where it is hidden (ProtectProc=), so are the services.
	s.whole = comm(root, "1") != "" && !s.container
	return s
}

// comm is the name of a process, or nothing where it is not there or hidden.
func comm(root fs.FS, pid string) string {
	name, err := fs.ReadFile(root, path.Join("proc", pid, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// unseen is how long a synchronised clock must go without a hand on it until it is taken for one that nobody
// keeps: no service is silent for as long (systemd-timesyncd asks every 2048 s at least).
const unseen = 40 * time.Minute

// hand recognises by what the kernel says that somebody keeps its clock: the kernel adds to its maximum error
// all the time, and only who sets the clock right makes it smaller.
type hand struct {
	started bool
	first   time.Duration // of the first look at a clock that somebody calls synchronised
	most    time.Duration // the maximum error as it was last
	was     bool          // it became smaller without us
	seen    time.Duration // when that was seen last
}

// ours says that the Keeper itself has just set the clock right to within maxError.
func (h *hand) ours(at, maxError time.Duration) {
	*h = hand{started: true, first: at - unseen, most: maxError}
}

// see reports whether another keeps the clock. In the dark, where services are hidden, whoever called the clock
// synchronised may still be there.
func (h *hand) see(k Kernel, dark bool) (other bool) {
	switch {
	case !k.Synchronised:
		*h = hand{}
		return false
	case !h.started:
		h.started, h.first = true, k.At
	case k.MaxError < h.most:
		h.was, h.seen = true, k.At
	}
	h.most = k.MaxError
	return h.was && k.At-h.seen < unseen || dark && k.At-h.first < unseen
}

// zoneOf returns the system's time zone as its files name it.
func zoneOf(root fs.FS) string {
	if target, err := fs.ReadLink(root, "etc/localtime"); err == nil {
		_, zone, _ := strings.Cut(target, "/zoneinfo/")
		return zone
	}
	text, _ := fs.ReadFile(root, "etc/timezone")
	return strings.TrimSpace(string(text))
}
