package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"castellan/internal/realtest"
)

func TestWhatStrangersWroteDoesNothingToATerminal(t *testing.T) {
	var out bytes.Buffer
	c := &call{out: &out}
	table := c.table("NAME", "MAIL")
	table.row("ada\x1b[2J\nroot\tadmin", "")
	table.row("é\u009b31m", "a\u202eb")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "NAME                MAIL\nada?[2J root admin  -\né?31m               a?b\n"; got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// An answer comes in pieces that end anywhere, also within a character.
func TestACharacterMayComeInPieces(t *testing.T) {
	const text = "é€😀\u202e\x7f\u009b\n"
	for size := 1; size < len(text); size++ {
		var out bytes.Buffer
		w := &terminal{Writer: &out}
		for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			piece := rest[:min(size, len(rest))]
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
		if out.String() != "é€😀???\n" {
			t.Errorf("in pieces of %d: %q", size, &out)
		}
	}
}

// tty returns both ends of a terminal.
func tty(t *testing.T) (screen, out *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	realtest.Need(t, "/dev/ptmx", "mount -t devpts devpts /dev/pts", err == nil)
	t.Cleanup(func() { _ = screen.Close() })
	var number, unlocked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	out, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	return screen, out
}

// What a NAS says is printed as it came where another program reads it; a terminal is kept from it there as well.
func TestAnAnswerAsItCameDoesNothingToATerminal(t *testing.T) {
	const bad = "a\u009b31m\u202e\u007f\x1bz"
	entry := `{"id":"1","message":"` + bad[:len(bad)-2] + `"}`
	for answer, args := range map[string][]string{
		"{\"x\":\"" + bad + "\"}":                                                  {"api", "GET", "/x"},
		`{"groups":[],"x":"` + bad[:len(bad)-2] + `"}`:                             {"groups", "-json"},
		`{"events":[` + entry + `],"newest":"1","behind":false}`:                   {"events", "-json", "-n", "1"},
		`{"users":[],"total":0,"x":"` + strings.ReplaceAll(bad, "\x1b", "") + `"}`: {"users", "list", "-json"},
	} {
		screen, terminal := tty(t)
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		for out, want := range map[*os.File]bool{terminal: false, write: true} {
			r, _, _ := answering(t, problem(http.StatusOK, answer))
			if err := r.save(); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			if code := run(append([]string{"-c", "cellar"}, args...), out, &said); code != 0 {
				t.Fatalf("%v ends with %d: %s", args, code, &said)
			}
			from := map[*os.File]*os.File{terminal: screen, write: read}[out]
			_ = from.SetReadDeadline(time.Now().Add(5 * time.Second))
			var got []byte
			for part := make([]byte, 4096); !bytes.HasSuffix(bytes.TrimSpace(got), []byte("}")); {
				n, err := from.Read(part)
				if err != nil {
					t.Fatalf("%v: %v after %q", args, err, got)
				}
				got = append(got, part[:n]...)
			}
			if raw := strings.ContainsAny(string(got), "\u009b\u202e\u007f\x1b"); raw != want {
				t.Errorf("%v prints %q, raw: %v, want %v", args, got, raw, want)
			}
		}
	}
}
