package button

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fifo is a device that the test writes for: a named pipe, read as input devices are.
func fifo(t *testing.T) (d *device, finger *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event0")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if finger, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = finger.Close(); _ = file.Close() })
	return &device{file: file, path: path}, finger
}

func TestADeviceIsReadUntilItIsClosed(t *testing.T) {
	d, finger := fifo(t)
	const word = int(unsafe.Sizeof(uintptr(0)))
	got, ended := make(chan Edge, 4), make(chan struct{})
	go func() {
		defer close(ended)
		d.read(func(_ uint16, e Edge) bool { got <- e; return true }, func() bool { return true })
	}()
	_, err := finger.Write(slices.Concat(event(word, time.Second, typeKey, KeyRestart, 1), event(word, time.Second, 0, 0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	if e := <-got; e != (Edge{Pressed: true, At: time.Second}) {
		t.Errorf("got %v", e)
	}
	// An ioctl in between, refused by a pipe, must not make the descriptor a blocking one.
	if _, err := d.ask(getKinds, make([]byte, kindBytes)); !errors.Is(err, unix.ENOTTY) && !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v", err)
	}
	began := time.Now()
	if err := d.file.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("a read that waits is not ended by closing")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("closing took %v", took)
	}
}

func TestWhatIsNoInputDeviceIsPassedOver(t *testing.T) {
	d, _ := fifo(t)
	dir := filepath.Dir(d.path)
	if err := os.WriteFile(filepath.Join(dir, "event1"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, denied := openWhere(dir, t.TempDir(), func(facts) bool { return true })
	if len(found)+len(denied) != 0 {
		t.Errorf("got %d, %v", len(found), denied)
	}
	if _, err := openDevice(filepath.Join(dir, "event7")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The button's device is asked for by name; a keyboard, which no rule for udev opens, is none of the daemon's business.
func TestADeviceThatMayNotBeOpenedIsNamedIfItIsWanted(t *testing.T) {
	root := t.TempDir()
	devices, told := filepath.Join(root, "dev"), filepath.Join(root, "told")
	second := "4 0 0 0 0" // BTN_2
	if unsafe.Sizeof(uintptr(0)) == 4 {
		second += " 0 0 0 0"
	}
	for name, about := range map[string]map[string]string{
		"event0": {"name": "keyboard", "id/bustype": "0003", "capabilities/ev": "120013", "capabilities/key": "fffffffe"},
		"event1": {"name": "user-keys", "id/bustype": "0019", "capabilities/ev": "3", "capabilities/key": second},
		"event2": nil, // nobody tells what it is
	} {
		if err := errors.Join(os.MkdirAll(devices, 0o755), os.WriteFile(filepath.Join(devices, name), nil, 0)); err != nil {
			t.Fatal(err)
		}
		for file, text := range about {
			path := filepath.Join(told, name, "device", file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text+"\n"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, folder := range []string{filepath.Dir(root), root} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var denied []error
	asNobody(t, func() { _, denied = openWhere(devices, told, facts.learnable) })
	if len(denied) != 2 || !strings.Contains(denied[0].Error(), `event1 ("user-keys")`) || !strings.Contains(denied[1].Error(), "event2") {
		t.Errorf("got %v", denied)
	}
	asNobody(t, func() { _, denied = openWhere(devices, told, facts.byRule) })
	if len(denied) != 1 || !strings.Contains(denied[0].Error(), "event2") {
		t.Errorf("got %v", denied)
	}
}

// asNobody does something with files as a user to whom nothing belongs.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and the thread ends with the function
		err := unix.Setfsuid(65534)
		do()
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestADeviceThatComesLateIsNews(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "input")
	told := func(what string, news <-chan struct{}) {
		t.Helper()
		select {
		case <-news:
		case <-time.After(5 * time.Second):
			t.Errorf("%s is no news", what)
		}
	}
	news := newsOf(t.Context(), dir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	told("the folder", news)
	news = newsOf(t.Context(), dir)
	file := filepath.Join(dir, "event0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	told("a device", news)
	select { // writing the file may be told once more
	case <-news:
	case <-time.After(50 * time.Millisecond):
	}
	if err := os.Chmod(file, 0o660); err != nil {
		t.Fatal(err)
	}
	told("a device that may be opened now", news)
}

// The numbers of the kernel's ioctls, as its headers give them to programs in C.
func TestTheNumbersOfTheControls(t *testing.T) {
	for want, got := range map[uint]uint{
		0x80084502: getID, 0x81004506: getName, 0x80604518: getState, 0x80044520: getKinds, 0x80604521: getKeys, 0x40044590: setGrab, 0x400445a0: setClock,
	} {
		if got != want {
			t.Errorf("got %#x, want %#x", got, want)
		}
	}
}

func TestAMissingKeyIsExplained(t *testing.T) {
	if _, err := os.Stat(inputDir); err == nil {
		t.Skip("this machine has input devices")
	}
	for _, s := range []Source{InputKey{Device: "gpio-keys", Key: KeyRestart}, NewAuto(&Board{Name: "x", Key: &InputKey{Device: "keys", Key: 198}}, nil)} {
		if _, err := s.Open(); err == nil || s.Kind() != Input {
			t.Errorf("%v: %v", s.Kind(), err)
		}
	}
}
