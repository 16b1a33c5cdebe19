//go:build kernel && linux

package kerneltest

import (
	"bytes"
	"context"
	bytesOf "encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// sector is the unit in which a disk writes all or nothing.
const sector = 512

// Writes is what a machine wrote to its disk, in order: the log of QEMU's driver blklogwrites (QEMU, block/blklogwrites.c; the
// format is that of the kernel's Documentation/admin-guide/device-mapper/log-writes.rst).
type Writes struct {
	base    []byte // the disk before
	entries []entry
}

// entry is a write or a flush.
type entry struct {
	end    int64 // of the entry, in the log file
	at     int64 // on the disk
	data   []byte
	flush  bool
	volume int64 // length of data, also where there are none
}

// The flags of an entry.
const (
	flagFlush   = 1
	flagFUA     = 2
	flagDiscard = 4
)

// NewWrites prepares a log for Config.Writes, of what is written to a disk from now on.
func NewWrites(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "writes")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ReadWrites reads the log of a machine that is off. Base is what its disk held when it started.
func ReadWrites(t testing.TB, path string, base []byte) *Writes {
	t.Helper()
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &Writes{base: base}
	// The superblock counts entries as of the last flush only: the log is read to its end instead.
	for at := int64(sector); at+sector <= int64(len(log)); {
		head := log[at:]
		number := func(i int) int64 { return int64(bytesOf.LittleEndian.Uint64(head[8*i:])) }
		e := entry{at: number(0) * sector, volume: number(1) * sector, flush: number(2)&(flagFlush|flagFUA) != 0}
		at += sector
		if number(2)&flagDiscard == 0 {
			if at+e.volume > int64(len(log)) {
				break // the power was cut while it was written
			}
			e.data = log[at : at+e.volume]
			at += e.volume
		}
		if e.end = at; e.volume > 0 || e.flush {
			w.entries = append(w.entries, e)
		}
	}
	return w
}

// Flushes is how often the machine asked its disk to keep what it had written.
func (w *Writes) Flushes() (n int) {
	for _, e := range w.entries {
		if e.flush {
			n++
		}
	}
	return n
}

// Points are the moments at which a cut may leave something else on the disk: lengths of the log, as Machine.Written tells them.
func (w *Writes) Points() (points []int64) {
	for _, e := range w.entries {
		points = append(points, e.end)
	}
	return points
}

// Cut is what may be on the disk when the power is cut at a point: all that was written before the last flush, and of what was
// written since then any part, as the disk kept it in its memory and writes in an order of its own. A sector is written whole
// or not at all.
func (w *Writes) Cut(point int64, dice *rand.Rand) (disk []byte) {
	disk = bytes.Clone(w.base)
	settled := 0
	for i, e := range w.entries {
		if e.end <= point && e.flush {
			settled = i + 1
		}
	}
	mood := dice.IntN(4)
	for i, e := range w.entries {
		switch {
		case e.end > point:
			return disk
		case i < settled, mood == 0: // a disk that writes at once
			copy(disk[e.at:], e.data)
		case mood == 1: // one that waits for as long as it may
		default:
			scatter(disk[e.at:], e.data, dice)
		}
	}
	return disk
}

// scatter writes all, nothing or some sectors.
func scatter(to, data []byte, dice *rand.Rand) {
	luck := dice.IntN(3)
	for at := 0; at < len(data); at += sector {
		if luck == 0 || luck == 1 && dice.IntN(2) == 0 {
			copy(to[at:], data[at:at+sector])
		}
	}
}

// installDebugfs says where debugfs and e2fsck come from.
const installDebugfs = installMkfs

// Extract copies a folder out of the image of an ext4 disk, after the journal was replayed as by a mount, into a new folder. It
// fails the test when the file system is beyond repair, which would mean that a disk does not do what file systems count on.
func Extract(t testing.TB, disk []byte, folder string) (to string) {
	t.Helper()
	e2fsck, debugfs := realtest.Program(t, "e2fsck", installDebugfs), realtest.Program(t, "debugfs", installDebugfs)
	dir := t.TempDir()
	image := filepath.Join(dir, "disk")
	if err := os.WriteFile(image, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(image)
	ctx, cancel := context.WithTimeout(t.Context(), toolWait)
	defer cancel()
	out, err := exec.CommandContext(ctx, e2fsck, "-y", "-E", "journal_only", image).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		t.Fatalf("replay journal: %v\n%s", err, out)
	}
	// What the journal leaves is a sound file system: nothing is repaired that a mount would not repair.
	if out, err := exec.CommandContext(ctx, e2fsck, "-fn", image).CombinedOutput(); err != nil {
		t.Logf("the file system is not sound: %v\n%s", err, out)
	}
	if out, err := exec.CommandContext(ctx, debugfs, "-R", "rdump "+folder+" "+dir, image).CombinedOutput(); err != nil {
		t.Fatalf("extract %s: %v\n%s", folder, err, out)
	}
	return filepath.Join(dir, filepath.Base(folder))
}

// Written is how much the machine has written to Config.Writes. What it has acknowledged by now is flushed at that point.
func (m *Machine) Written() int64 {
	info, err := os.Stat(m.writes)
	if err != nil {
		m.t.Errorf("ask what was written: %v", err)
		return 0
	}
	return info.Size()
}

// Began is when the machine was started.
func (m *Machine) Began() time.Time { return m.started }
