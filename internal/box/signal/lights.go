package signal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"castellan/internal/atomicfile"
)

// lights are the two lights of the box, and what they were.
type lights struct {
	folder string
	keep   string
	boot   string

	usual   light
	warning light
	before  map[string]state // of the lights that are changed right now
	kept    map[string]state // what is in the file
}

// kept is the file for after a crash.
type kept struct {
	Boot   string           `json:"boot"`
	Lights map[string]state `json:"lights"`
}

// find chooses the lights, and writes down what they are while the disk is awake: later, somebody waits for a blink.
func (l *lights) find() error {
	entries, err := os.ReadDir(l.folder)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var names []string
	for _, e := range entries {
		if l.named(e.Name()).writable() {
			names = append(names, e.Name())
		}
	}
	usual, warning := pick(names)
	l.usual, l.warning = l.named(usual), l.named(warning)
	return errors.Join(err, l.save(l.usual, l.warning))
}

func (l *lights) named(name string) light {
	if name == "" {
		return light{}
	}
	return light{name, filepath.Join(l.folder, name)}
}

// save writes down what lights are that are not changed right now, if that is something else than what was written before.
func (l *lights) save(all ...light) error {
	now := map[string]state{}
	for name, s := range l.kept {
		now[name] = s
	}
	changed := false
	for _, one := range all {
		if _, ours := l.before[one.name]; one.name == "" || ours {
			continue
		}
		s, err := one.state()
		if err != nil {
			return err
		}
		before, known := now[one.name]
		changed = changed || !known || !before.equal(s)
		now[one.name] = s
	}
	if !changed {
		return nil
	}
	b, err := json.Marshal(kept{l.boot, now})
	if err != nil {
		return err
	}
	if err := atomicfile.Write(l.keep, b, 0o600); err != nil {
		return err
	}
	l.kept = now
	return nil
}

// take makes a light this program's to change. What it was is on the disk before.
func (l *lights) take(one light) error {
	if _, ours := l.before[one.name]; ours || one.name == "" {
		return nil
	}
	if err := l.save(one); err != nil {
		return err
	}
	l.before[one.name] = l.kept[one.name]
	return nil
}

// set turns a light on or off.
func (l *lights) set(one light, on bool) error {
	if one.name == "" {
		return nil
	}
	if err := l.take(one); err != nil {
		return err
	}
	return errors.Join(one.free(), one.shine(on))
}

// blink has a light blink. It reports whether the kernel does that from now on.
func (l *lights) blink(one light, half time.Duration) (byKernel bool, err error) {
	if one.name == "" {
		return true, nil
	}
	if err := l.take(one); err != nil {
		return false, err
	}
	return one.blink(half)
}

// lit reports whether a light shines right now.
func (l *lights) lit(one light) bool {
	brightness, err := one.read(brightnessFile)
	return err == nil && brightness != "0"
}

// back has one light be what it was.
func (l *lights) back(one light) error {
	s, ours := l.before[one.name]
	if !ours {
		return nil
	}
	delete(l.before, one.name)
	return one.restore(s)
}

// restore has all lights be what they were.
func (l *lights) restore() (err error) {
	for name := range l.before {
		err = errors.Join(err, l.back(l.named(name)))
	}
	return err
}

// recall has the lights be what they were before a crash. One that somebody has set up since is left alone.
func (l *lights) recall() error {
	b, err := os.ReadFile(l.keep)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var k kept
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read what the lights were: %w", err), l.forget())
	}
	if k.Boot == l.boot {
		for name, s := range k.Lights {
			one := l.named(filepath.Base(name))
			driven, wrong := one.trigger()
			if wrong == nil && slices.Contains([]string{noTrigger, timerTrigger}, driven) {
				wrong = one.restore(s)
			}
			err = errors.Join(err, wrong)
		}
	}
	return errors.Join(err, l.forget())
}

// forget removes the file: the lights are what they were.
func (l *lights) forget() error {
	l.kept = nil
	if err := os.Remove(l.keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
