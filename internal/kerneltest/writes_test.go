//go:build kernel && linux

package kerneltest

import (
	"bytes"
	bytesOf "encoding/binary"
	"math/rand/v2"
	"os"
	"testing"
)

// logged is a log of writes as QEMU makes it: of sectors that hold one letter each, and of flushes.
func logged(t testing.TB, texts ...string) (path string) {
	t.Helper()
	log := bytes.Repeat([]byte{0}, sector)
	for i, text := range texts {
		head := make([]byte, sector)
		if text == "flush" {
			bytesOf.LittleEndian.PutUint64(head[16:], flagFlush)
			text = ""
		}
		bytesOf.LittleEndian.PutUint64(head, uint64(4*i))
		bytesOf.LittleEndian.PutUint64(head[8:], uint64(len(text)))
		log = append(log, head...)
		for _, letter := range []byte(text) {
			log = append(log, bytes.Repeat([]byte{letter}, sector)...)
		}
	}
	path = NewWrites(t)
	if err := os.WriteFile(path, log, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// letters are what the first sectors of a disk hold; a point is a sector that nobody wrote.
func letters(t *testing.T, disk []byte, sectors int) string {
	t.Helper()
	var all []byte
	for i := range sectors {
		one := disk[i*sector : (i+1)*sector]
		if !bytes.Equal(one, bytes.Repeat(one[:1], sector)) {
			t.Fatal("a sector is neither old nor new")
		}
		all = append(all, max(one[0], '.'))
	}
	return string(all)
}

func TestACutKeepsWhatWasFlushed(t *testing.T) {
	t.Parallel()
	w := ReadWrites(t, logged(t, "aa", "flush", "bbb", "c"), make([]byte, 16*sector))
	if points := w.Points(); len(points) != 4 || w.Flushes() != 1 {
		t.Fatalf("points are %v, with %d flushes", points, w.Flushes())
	}
	seen := [4]map[string]bool{{}, {}, {}, {}}
	for seed := range uint64(500) {
		for i, point := range w.Points() {
			seen[i][letters(t, w.Cut(point, rand.New(rand.NewPCG(seed, 0))), 13)] = true
		}
	}
	if len(seen[0]) != 4 { // nothing, one of two, both
		t.Errorf("before the flush: %v", seen[0])
	}
	if len(seen[1]) != 1 || !seen[1]["aa..........."] {
		t.Errorf("after the flush: %v", seen[1])
	}
	for _, want := range []string{"aa...........", "aa......bbb..", "aa......b.b..", "aa......bbb.c", "aa..........c"} {
		if !seen[3][want] {
			t.Errorf("%s never came of a cut at the end", want)
		}
	}
	for disk := range seen[3] {
		if disk[:2] != "aa" {
			t.Errorf("a flush was forgotten: %s", disk)
		}
	}
}

// The power may be cut while the log is written.
func TestALogThatEndsInTheMiddleIsReadUpToThere(t *testing.T) {
	t.Parallel()
	path := logged(t, "aa", "flush", "bbb")
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 3 * sector, 3*sector + 1} {
		if err := os.WriteFile(path, log[:len(log)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if w := ReadWrites(t, path, make([]byte, 16*sector)); len(w.Points()) != 2 {
			t.Errorf("without the last %d bytes: %v", cut, w.Points())
		}
	}
}
