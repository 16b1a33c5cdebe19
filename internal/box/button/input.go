package button

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// InputKey is a button that the kernel reports as a key of an input device, as nearly every NAS board has it: a driver
// such as gpio-keys owns the line. It is found by the device's name and the key's code, never by a path, which changes
// from boot to boot.
type InputKey struct {
	Device string // the name that the kernel gives the device, as "gpio-keys"
	Key    uint16 // the key's code (include/uapi/linux/input-event-codes.h)
}

// Kind is Input.
func (k InputKey) Kind() Kind { return Input }

// Name says which key of which device it is.
func (k InputKey) Name() string { return KeyName(k.Key) + " of " + strconv.Quote(k.Device) }

// Key codes that reset buttons are known to send, and others that matter beside them (include/uapi/linux/input-event-codes.h).
const (
	KeyPower   uint16 = 116
	KeyRestart uint16 = 408 // 0x198
	// MaxKey is the greatest code that there is.
	MaxKey uint16 = 0x2ff

	keyLetterQ   uint16 = 16
	keyLetterM   uint16 = 50
	buttonsMouse uint16 = 0x110
	buttonsTask  uint16 = 0x117
)

var keyNames = map[uint16]string{
	KeyPower: "KEY_POWER", 133: "KEY_COPY", 142: "KEY_SLEEP", 357: "KEY_OPTION", KeyRestart: "KEY_RESTART", 529: "KEY_WPS_BUTTON",
	0x100: "BTN_0", 0x101: "BTN_1", 0x102: "BTN_2",
}

// KeyName is what the kernel calls a key, or its number.
func KeyName(code uint16) string {
	if name, ok := keyNames[code]; ok {
		return name
	}
	return "key " + strconv.Itoa(int(code))
}

// The types and codes of events that matter here (Documentation/input/event-codes.rst).
const (
	typeSync    = 0
	typeKey     = 1
	typeRel     = 2
	typeAbs     = 3
	syncReport  = 0
	syncDropped = 3
)

// inputEvent is one struct input_event.
type inputEvent struct {
	at    time.Duration // on the clock that was asked for
	kind  uint16
	code  uint16
	value int32
}

// eventSize is how long a struct input_event is where a machine word has that many bytes: its time is two words, of
// programs of 32 bits also on a kernel of 64.
func eventSize(word int) int { return 2*word + 8 }

// decodeEvents reads what one read of an input device gave, in a machine whose words have 4 or 8 bytes. What does not make
// a whole event at the end is left out: the kernel gives whole ones only.
func decodeEvents(data []byte, word int) (all []inputEvent) {
	size := eventSize(word)
	for ; len(data) >= size; data = data[size:] {
		var seconds, micros uint64
		if word == 4 {
			seconds, micros = uint64(binary.NativeEndian.Uint32(data)), uint64(binary.NativeEndian.Uint32(data[4:]))
		} else {
			seconds, micros = binary.NativeEndian.Uint64(data), binary.NativeEndian.Uint64(data[8:])
		}
		rest := data[2*word:]
		all = append(all, inputEvent{
			at:   time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond,
			kind: binary.NativeEndian.Uint16(rest), code: binary.NativeEndian.Uint16(rest[2:]), value: int32(binary.NativeEndian.Uint32(rest[4:])),
		})
	}
	return all
}

// keyReader turns the events of one device into edges of its keys.
type keyReader struct {
	dropped bool // events were dropped: nothing counts until the next report
}

// take goes through events in their order. It calls edge for each change of a key, and lost when events were dropped and
// the device's state must be read again. Either says whether to go on. Auto-repeat is no change.
func (r *keyReader) take(events []inputEvent, edge func(code uint16, e Edge) bool, lost func() bool) bool {
	for _, e := range events {
		switch {
		case e.kind == typeSync && e.code == syncDropped:
			r.dropped = true
		case e.kind == typeSync && e.code == syncReport && r.dropped:
			r.dropped = false
			if !lost() {
				return false
			}
		case e.kind == typeKey && !r.dropped && (e.value == 0 || e.value == 1):
			if !edge(e.code, Edge{Pressed: e.value == 1, At: e.at}) {
				return false
			}
		}
	}
	return true
}

// bits is a bit field as the kernel gives it, on processors whose least byte comes first.
type bits []byte

func (b bits) has(n uint16) bool { return int(n/8) < len(b) && b[n/8]&(1<<(n%8)) != 0 }

// parseBits reads a bit field as the kernel writes it in /sys for programs whose machine words have 4 or 8 bytes: one number
// in hex for each word, the greatest first.
func parseBits(text string, word int) (b bits, err error) {
	words := strings.Fields(text)
	for _, w := range slices.Backward(words) {
		n, err := strconv.ParseUint(w, 16, 8*word)
		if err != nil {
			return nil, err
		}
		for range word {
			b = append(b, byte(n))
			n >>= 8
		}
	}
	return b, nil
}

// facts are what a device tells about itself.
type facts struct {
	name  string
	bus   uint16
	kinds bits
	keys  bits
}

// The buses by which a device that is soldered to the board is known, as opposed to one that somebody plugs in
// (include/uapi/linux/input.h).
var soldered = []uint16{0x10 /* ISA */, 0x18 /* I2C */, 0x19 /* host */, 0x1c /* SPI */}

// typing reports whether it is a keyboard to write with.
func (f facts) typing() bool {
	for code := keyLetterQ; code <= keyLetterM; code++ {
		if f.keys.has(code) {
			return true
		}
	}
	return false
}

// pointing reports whether it is a mouse or the like. The rule for udev does not let the daemon open those, nor keyboards.
func (f facts) pointing() bool {
	for code := buttonsMouse; code <= buttonsTask; code++ {
		if f.keys.has(code) {
			return true
		}
	}
	return f.kinds.has(typeRel) || f.kinds.has(typeAbs)
}

// hasKeys reports whether it has any key.
func (f facts) hasKeys() bool {
	return f.kinds.has(typeKey) && slices.ContainsFunc(f.keys, func(b byte) bool { return b != 0 })
}

// ofBoard reports whether it is a part of the board.
func (f facts) ofBoard() bool { return slices.Contains(soldered, f.bus) }

// byRule reports whether a device is taken for the one with the reset button without anybody having said so: it is part of
// the board, nobody writes with it, and it has the key for a restart.
func (f facts) byRule() bool {
	return f.ofBoard() && f.keys.has(KeyRestart) && !f.typing() && !f.pointing()
}

// learnable reports whether one of its keys may be learnt as the button.
func (f facts) learnable() bool { return f.hasKeys() && !f.typing() && !f.pointing() }

// sharesPower reports whether a device has the power key beside another one. Grabbing it would take the power key away
// from the system, which turns the NAS off by it.
func (f facts) sharesPower(key uint16) bool { return key != KeyPower && f.keys.has(KeyPower) }

// named reports whether a device has a name. Device trees were renamed over the years: a dash and an underscore are the same.
func (f facts) named(name string) bool {
	same := strings.NewReplacer("_", "-")
	return same.Replace(f.name) == same.Replace(name)
}

// errNoKey says that no device is taken for the one with the reset button by rule.
var errNoKey = errors.New("no device of this NAS has the key of a reset button")

// errClosed says that a device that is wanted is not the daemon's to open.
func errClosed(f facts, path string) error {
	what := path
	if f.name != "" {
		what += " (" + strconv.Quote(f.name) + ")"
	}
	return fmt.Errorf("the daemon may not open %s. Install the udev rules of Castellan as its README says, and start the NAS anew", what)
}

// missing says that a device is not there. It may come later, which is news: drivers are modules, and things are plugged in.
type missing string

func (m missing) Error() string { return string(m) }

func errNoInput(name string) error {
	return missing("there is no " + name + " on this NAS. It may come with a driver that is not loaded yet. If it never does, correct [button] in the config file, or let the NAS learn its button in Settings › Reset button")
}
