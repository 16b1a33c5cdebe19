package daemon_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// damage is a way in which a file was found.
type damage struct {
	name string
	data []byte // nil: missing
	// loose says that bytes within records may be other ones, which no page tells.
	loose bool
	// undone says that nothing tells of the last commit: to the file it never was.
	undone  bool
	prepare func(path string)
}

const dbPage = 4096

// pages are the damages that every page of a file can take.
func (e *exhibit) pages(random *rand.Rand) (all []damage) {
	count := len(e.newest) / dbPage
	with := func(name string, loose bool, change func([]byte) []byte) {
		all = append(all, damage{name: name, data: change(bytes.Clone(e.newest)), loose: loose})
	}
	for page := range count {
		from, to := page*dbPage, (page+1)*dbPage
		with(fmt.Sprint("page zeroed ", page), false, func(b []byte) []byte { clear(b[from:to]); return b })
		with(fmt.Sprint("page of noise ", page), true, func(b []byte) []byte { noise(random, b[from:to]); return b })
		with(fmt.Sprint("cut at page ", page), false, func(b []byte) []byte { return b[:from] })
		with(fmt.Sprint("half a page of noise ", page), true, func(b []byte) []byte { noise(random, b[from+dbPage/2:to]); return b })
		with(fmt.Sprint("page as it was ", page), true, func(b []byte) []byte {
			if len(e.before) >= to {
				copy(b[from:to], e.before[from:to])
			}
			return b
		})
		with(fmt.Sprint("page swapped ", page), true, func(b []byte) []byte {
			other := random.IntN(count) * dbPage
			kept := bytes.Clone(b[from:to])
			copy(b[from:to], b[other:other+dbPage])
			copy(b[other:other+dbPage], kept)
			return b
		})
	}
	return all
}

// bits are random ones: flips, cuts and torn commits.
func (e *exhibit) bits(random *rand.Rand) damage {
	b := bytes.Clone(e.newest)
	switch random.IntN(4) {
	case 0:
		flips := 1 + random.IntN(16)
		for range flips {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
		return damage{name: fmt.Sprint(flips, " flips"), data: b, loose: true}
	case 1: // in the headers and tables of pages, where a flip leads somewhere
		for range 1 + random.IntN(4) {
			b[random.IntN(len(b)/dbPage)*dbPage+random.IntN(200)] ^= 1 << random.IntN(8)
		}
		return damage{name: "flips in headers", data: b, loose: true}
	case 2:
		at := random.IntN(len(b))
		return damage{name: fmt.Sprint("cut at ", at), data: b[:at]}
	default: // some pages of the last commit did not reach the disk
		for page := range min(len(b), len(e.before)) / dbPage {
			if random.IntN(2) == 0 {
				copy(b[page*dbPage:(page+1)*dbPage], e.before[page*dbPage:(page+1)*dbPage])
			}
		}
		newest := binary.NativeEndian.Uint64(e.newest[dbPage+64:]) > binary.NativeEndian.Uint64(e.newest[64:])
		page := map[bool]int{true: dbPage}[newest]
		undone := !bytes.Equal(b[page:page+80], e.newest[page:page+80])
		// Where the commit's own page is there and pages beneath are not, the disk lied: no page says of which commit it is.
		return damage{name: "a torn commit", data: b, undone: undone, loose: true}
	}
}

func noise(random *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(random.Uint32())
	}
}

// oddities are what may stand in a database's place.
func (e *exhibit) oddities() []damage {
	metas := func(change func(b []byte)) []byte {
		b := bytes.Clone(e.newest)
		change(b[:2*dbPage])
		return b
	}
	random := rand.New(rand.NewPCG(1, 2))
	return []damage{
		{name: "missing"},
		{name: "empty", data: []byte{}},
		{name: "one byte", data: []byte{0}},
		{name: "a text", data: bytes.Repeat([]byte("not a database\n"), 4000)},
		{name: "no metas", data: metas(func(b []byte) { clear(b) })},
		{name: "metas of noise", data: metas(func(b []byte) { noise(random, b) })},
		{name: "both checksums", data: metas(func(b []byte) { b[72] ^= 1; b[dbPage+72] ^= 1 })},
		{name: "zeros", data: make([]byte, len(e.newest))},
		// One bit of the name of a field: nobody would own the box, and nobody could claim it.
		{name: "nobody's", data: bytes.ReplaceAll(e.newest, []byte(`{"claimed":`), []byte(`{"clakmed":`))},
		{name: "a folder", prepare: func(path string) { _ = os.MkdirAll(filepath.Join(path, "x"), 0o700) }},
		{name: "a symlink loop", prepare: func(path string) { _ = os.Symlink(path, path) }},
		{name: "a symlink to nowhere", prepare: func(path string) { _ = os.Symlink(path+".nowhere", path) }},
		{name: "a device", prepare: func(path string) { _ = os.Symlink("/dev/full", path) }},
	}
}
