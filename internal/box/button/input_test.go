package button

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
	"time"
)

// event is a struct input_event of a machine whose words have 4 or 8 bytes.
func event(word int, at time.Duration, kind, code uint16, value int32) (data []byte) {
	seconds, micros := uint64(at/time.Second), uint64(at%time.Second/time.Microsecond)
	if word == 4 {
		data = binary.NativeEndian.AppendUint32(data, uint32(seconds))
		data = binary.NativeEndian.AppendUint32(data, uint32(micros))
	} else {
		data = binary.NativeEndian.AppendUint64(data, seconds)
		data = binary.NativeEndian.AppendUint64(data, micros)
	}
	data = binary.NativeEndian.AppendUint16(data, kind)
	data = binary.NativeEndian.AppendUint16(data, code)
	return binary.NativeEndian.AppendUint32(data, uint32(value))
}

// A press of KEY_RESTART 12.345678 s after the start as a kernel of 64 bits gives it to programs of 64 and of 32 bits
// (include/uapi/linux/input.h): the key, then the report.
func TestBothSizesOfEventsAreRead(t *testing.T) {
	for word, recorded := range map[int]string{
		8: "0c000000000000004e460500000000000100980101000000" + "0c000000000000004e460500000000000000000000000000",
		4: "0c0000004e4605000100980101000000" + "0c0000004e4605000000000000000000",
	} {
		data, err := hex.DecodeString(recorded)
		if err != nil || len(data) != 2*eventSize(word) {
			t.Fatal(err, len(data))
		}
		got := decodeEvents(data, word)
		want := []inputEvent{{at: 12345678 * time.Microsecond, kind: typeKey, code: KeyRestart, value: 1}, {at: 12345678 * time.Microsecond}}
		if !slices.Equal(got, want) {
			t.Errorf("%d bytes a word: got %+v", word, got)
		}
		if got := decodeEvents(data[:len(data)-1], word); len(got) != 1 {
			t.Errorf("%d bytes a word: half an event was read: %+v", word, got)
		}
	}
}

// taken feeds events to a reader and returns the edges, with nil for each time it had to read the state again.
func taken(events ...inputEvent) (all []*Edge) {
	var r keyReader
	r.take(events, func(code uint16, e Edge) bool {
		if code == KeyRestart {
			all = append(all, &e)
		}
		return true
	}, func() bool { all = append(all, nil); return true })
	return all
}

func key(value int32, at time.Duration) inputEvent {
	return inputEvent{at: at, kind: typeKey, code: KeyRestart, value: value}
}

var (
	report  = inputEvent{}
	dropped = inputEvent{kind: typeSync, code: syncDropped}
)

func TestAutoRepeatIsNoEdge(t *testing.T) {
	got := taken(key(1, time.Second), report, key(2, 2*time.Second), report, key(2, 3*time.Second), report, key(0, 4*time.Second), report)
	if len(got) != 2 || *got[0] != (Edge{Pressed: true, At: time.Second}) || *got[1] != (Edge{At: 4 * time.Second}) {
		t.Errorf("got %v", got)
	}
}

// What comes between the drop and the next report is a remainder (Documentation/input/event-codes.rst): the state is read
// again, once.
func TestDroppedEventsHaveTheStateReadAgain(t *testing.T) {
	got := taken(key(1, time.Second), report, dropped, key(0, 2*time.Second), report, key(1, 3*time.Second), report)
	if len(got) != 3 || got[0] == nil || got[1] != nil || got[2] == nil || got[2].At != 3*time.Second {
		t.Errorf("got %v", got)
	}
}

func TestOtherEventsAreNoEdges(t *testing.T) {
	if got := taken(inputEvent{kind: typeRel, value: 1}, inputEvent{kind: 4, code: 4, value: 408}, inputEvent{kind: typeKey, code: KeyPower, value: 1}, report); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func keys(codes ...uint16) bits {
	b := make(bits, int(MaxKey)/8+1)
	for _, c := range codes {
		b[c/8] |= 1 << (c % 8)
	}
	return b
}

// R140: the reset is bound by itself only to a key for a restart on a part of the board.
func TestADeviceIsTakenByRuleOnlyIfItIsThatOfTheBoard(t *testing.T) {
	const host, usb, bluetooth, virtual, i8042 = 0x19, 3, 5, 6, 0x11
	device := func(bus uint16, codes ...uint16) facts {
		return facts{bus: bus, kinds: bits{1 << typeKey}, keys: keys(codes...)}
	}
	mouse := facts{bus: host, kinds: bits{1<<typeKey | 1<<typeRel}, keys: keys(KeyRestart)}
	for name, tc := range map[string]struct {
		facts
		rule, learnable bool
	}{
		"gpio-keys":                     {device(host, KeyRestart), true, true},
		"with the power key":            {device(host, KeyPower, 133, KeyRestart), true, true},
		"embedded controller":           {device(0x10, KeyRestart), true, true},
		"power alone":                   {device(host, KeyPower), false, true},
		"decimal 198":                   {device(host, 198), false, true},
		"function button":               {device(host, 357), false, true},
		"qnap8528":                      {device(host, 0x100, 0x101, 0x102), false, true},
		"plugged in":                    {device(usb, KeyRestart), false, true},
		"wireless":                      {device(bluetooth, KeyRestart), false, true},
		"made by a program":             {device(virtual, KeyRestart), false, true},
		"keyboard":                      {device(i8042, KeyRestart, 16, 30, 50), false, false},
		"keyboard, said to be soldered": {device(host, KeyRestart, 16), false, false},
		"mouse":                         {mouse, false, false},
		"mouse without a movement":      {device(host, KeyRestart, 0x110), false, false},
		"no keys":                       {device(host), false, false},
		"lid":                           {facts{bus: host, kinds: bits{1 << 5}, keys: keys()}, false, false},
	} {
		if tc.byRule() != tc.rule || tc.facts.learnable() != tc.learnable {
			t.Errorf("%s: by rule %v, learnable %v", name, tc.byRule(), tc.facts.learnable())
		}
	}
	if with := device(host, KeyPower, KeyRestart); !with.sharesPower(KeyRestart) || with.sharesPower(KeyPower) || device(host, KeyRestart).sharesPower(KeyRestart) {
		t.Error("the power key of the board would be taken away from the system")
	}
}

// What the kernel of a machine of 64 and of 32 bits writes of a device with the power key, BTN_2 and the key for a restart.
func TestBothSizesOfBitFieldsAreRead(t *testing.T) {
	for word, text := range map[int]string{
		8: "1000000 0 4 0 0 10000000000000 0\n",
		4: "1000000 0 0 0 4 0 0 0 0 100000 0 0 0",
	} {
		got, err := parseBits(text, word)
		if err != nil {
			t.Fatal(err)
		}
		for code := range MaxKey + 1 {
			if want := code == KeyPower || code == 0x102 || code == KeyRestart; got.has(code) != want {
				t.Errorf("%d bytes a word: %d is %v", word, code, !want)
			}
		}
	}
	for _, text := range []string{"x", "-1", "10000000000000000"} {
		if got, err := parseBits(text, 8); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	if got, err := parseBits("", 8); err != nil || got.has(0) {
		t.Errorf("nothing is %v, %v", got, err)
	}
}

func TestDeviceNamesAreComparedAsDeviceTreesChange(t *testing.T) {
	for name, want := range map[string]bool{"gpio_keys": true, "gpio-keys": true, "gpio keys": false, "gpio-keys-polled": false, "": false} {
		if (facts{name: name}).named("gpio-keys") != want {
			t.Errorf("%q", name)
		}
	}
}

// Whatever a device sends, nothing but edges of whole events comes out, and never two reads of the state for one drop.
func FuzzEvents(f *testing.F) {
	f.Add(slices.Concat(event(8, time.Second, typeKey, KeyRestart, 1), event(8, time.Second, 0, 0, 0)), 8)
	f.Add(slices.Concat(event(4, time.Second, 0, syncDropped, 0), event(4, time.Second, typeKey, KeyRestart, 2), event(4, time.Second, 0, 0, 0)), 4)
	f.Fuzz(func(t *testing.T, data []byte, word int) {
		if word != 4 {
			word = 8
		}
		events := decodeEvents(data, word)
		if len(events) != len(data)/eventSize(word) {
			t.Fatalf("%d events of %d bytes", len(events), len(data))
		}
		edges, losses, drops := 0, 0, 0
		for _, e := range events {
			if e.kind == typeSync && e.code == syncDropped {
				drops++
			}
		}
		var r keyReader
		r.take(events, func(uint16, Edge) bool { edges++; return true }, func() bool { losses++; return true })
		if edges+losses > len(events) || losses > drops {
			t.Errorf("%d edges and %d losses of %d events with %d drops", edges, losses, len(events), drops)
		}
	})
}
