package signal

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// light is one LED of the kernel (Documentation/leds/leds-class.rst).
type light struct {
	name   string // "device:colour:function", or without the device; empty: there is none
	folder string
}

// functions are what a light that stands for the whole box is called, the best first
// (include/dt-bindings/leds/common.h, and names that boards had before it).
var functions = []string{"status", "sys", "system", "stat", "sts", "power", "pwr", "fault", "alarm", "error", "err", "warning", "identify", "locate", "info", "indicator"}

// warnColours are the colours of lights that warn.
var warnColours = []string{"amber", "orange", "yellow", "red"}

// others are what lights that stand for a part of the box are called.
var others = []string{"hdd", "disk", "disc", "sata", "ata", "esata", "nvme", "ssd", "mmc", "sd", "usb", "lan", "net", "eth", "wan", "wlan", "wifi", "phy", "input", "copy", "bay", "slot", "raid"}

// kind reads what a light's name says of it. rank is the place of its function, or -1: it stands for something else, such as
// a disk.
func kind(name string) (rank int, warns bool) {
	parts := strings.Split(strings.ToLower(name), ":")
	rank = -1
	for i, part := range parts {
		warns = warns || slices.Contains(warnColours, part)
		part, _, _ = strings.Cut(part, "_") // "status_1", which the kernel makes of a name that is taken
		part, _, _ = strings.Cut(part, "-") // "status-1", of lights that share a function
		part = strings.TrimRight(part, "0123456789")
		if slices.Contains(others, part) {
			return -1, warns
		}
		if at := slices.Index(functions, part); at >= 0 && (i > 0 || len(parts) < 3) { // the first of three is the device
			rank = at
		}
	}
	return rank, warns
}

// pick chooses among the names of lights: the one for everything, and the one that says to let go.
func pick(names []string) (usual, warning string) {
	names = slices.Clone(names)
	slices.Sort(names)
	best, bestWarning := len(functions), len(functions)
	calm := false
	for _, name := range names {
		rank, warns := kind(name)
		if rank < 0 {
			continue
		}
		if rank < best || rank == best && !warns && !calm {
			usual, best, calm = name, rank, !warns
		}
		if warns && rank < bestWarning {
			warning, bestWarning = name, rank
		}
	}
	if warning == "" {
		warning = usual
	}
	return usual, warning
}

// read returns the content of one of the light's files.
func (l light) read(file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(l.folder, file))
	return strings.TrimSpace(string(b)), err
}

// write fills one of the light's files, which must be there.
func (l light) write(file, text string) error {
	f, err := os.OpenFile(filepath.Join(l.folder, file), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// writable reports whether this program may change the light.
func (l light) writable() bool {
	f, err := os.OpenFile(filepath.Join(l.folder, brightnessFile), os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// shine turns a light on or off. A light that something else drives must have been taken from it.
func (l light) shine(on bool) error {
	if !on {
		return l.write(brightnessFile, "0")
	}
	brightest, err := l.read("max_brightness")
	if err != nil {
		return err
	}
	return l.write(brightnessFile, brightest)
}

// The files of a light, and what drives it: nothing, or a blinking by the kernel.
const (
	brightnessFile = "brightness"
	triggerFile    = "trigger"
	noTrigger      = "none"
	timerTrigger   = "timer"
)

// trigger returns what drives the light; noTrigger also where the kernel has no such thing.
func (l light) trigger() (string, error) {
	text, err := l.read(triggerFile)
	if errors.Is(err, fs.ErrNotExist) {
		return noTrigger, nil
	}
	if _, rest, ok := strings.Cut(text, "["); ok { // "none disk-activity [timer]"
		text, _, _ = strings.Cut(rest, "]")
	}
	return text, err
}

// free has nothing drive the light.
func (l light) free() error {
	if driven, err := l.trigger(); err != nil || driven == noTrigger {
		return err
	}
	return l.write(triggerFile, noTrigger)
}

// state is what a light was before it was changed.
type state struct {
	Trigger string `json:"trigger"`
	// Brightness is that of a light which nothing drives. Of one that something drives it changes by itself.
	Brightness string `json:"brightness,omitempty"`
	// Attributes are the files that the trigger gives a light, as it is set up by them. They go with it.
	Attributes map[string]string `json:"attributes,omitempty"`
}

func (s state) equal(other state) bool {
	return s.Trigger == other.Trigger && s.Brightness == other.Brightness && maps.Equal(s.Attributes, other.Attributes)
}

// state reads what the light is.
func (l light) state() (s state, err error) {
	if s.Trigger, err = l.trigger(); err != nil {
		return s, err
	}
	if s.Trigger == noTrigger {
		s.Brightness, err = l.read(brightnessFile)
		return s, err
	}
	names, err := l.attributes()
	for _, name := range names {
		if text, err := l.read(name); err == nil && len(text) < 4096 {
			if s.Attributes == nil {
				s.Attributes = map[string]string{}
			}
			s.Attributes[name] = text
		}
	}
	return s, err
}

// attributes lists the files by which a light is set up beyond what every light has.
func (l light) attributes() (names []string, err error) {
	entries, err := os.ReadDir(l.folder)
	for _, e := range entries {
		info, wrong := e.Info()
		if wrong != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o200 == 0 || info.Mode().Perm()&0o400 == 0 {
			continue
		}
		if name := e.Name(); name != brightnessFile && name != triggerFile && name != "uevent" {
			names = append(names, name)
		}
	}
	return names, err
}

// restore has the light be what it was.
func (l light) restore(s state) error {
	if err := l.free(); err != nil {
		return err
	}
	if s.Trigger == noTrigger {
		return l.write(brightnessFile, s.Brightness)
	}
	own, err := l.attributes() // of the light itself: nobody changed them
	if err != nil {
		return err
	}
	if err := l.write(triggerFile, s.Trigger); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		if !slices.Contains(own, name) {
			err = errors.Join(err, l.patiently(name, s.Attributes[name]))
		}
	}
	return err
}

// udev may take a while to let this program write the files that come with a trigger: so often, and so far apart, it is tried.
const (
	grantTries = 20
	grantPause = 15 * time.Millisecond
)

// patiently writes a file that has just come into being.
func (l light) patiently(file, text string) (err error) {
	for range grantTries {
		if err = l.write(file, text); !errors.Is(err, fs.ErrPermission) {
			return err
		}
		time.Sleep(grantPause)
	}
	return err
}

// blink has the kernel let the light blink, or reports that it does not.
func (l light) blink(half time.Duration) (done bool, err error) {
	if err := errors.Join(l.free(), l.shine(true)); err != nil {
		return false, err
	}
	if done = l.write(triggerFile, timerTrigger) == nil; !done { // it has no such trigger
		return false, nil
	}
	length := strconv.FormatInt(half.Milliseconds(), 10)
	for _, file := range []string{"delay_on", "delay_off"} {
		if err := l.patiently(file, length); errors.Is(err, fs.ErrPermission) {
			return true, nil // it blinks, only by the kernel's own measure
		} else if err != nil {
			return false, l.free()
		}
	}
	return true, nil
}
