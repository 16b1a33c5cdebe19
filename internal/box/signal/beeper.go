package signal

import (
	"encoding/binary"
	"os"
)

// The events of a beeper (include/uapi/linux/input-event-codes.h), and how it sounds where it can be told: small ones are
// loudest near that.
const (
	typeSound   = 0x12
	soundBell   = 1
	soundTone   = 2
	toneInHertz = 2000
)

// beeper is an input device that makes sounds, such as pwm-beeper, gpio-beeper or pcspkr.
type beeper struct {
	file *os.File
	name string
	tone bool // it takes a frequency; otherwise it has one sound
}

// sound begins or ends its sound.
func (b *beeper) sound(on bool) error {
	code, value := uint16(soundBell), int32(0)
	if b.tone {
		code = soundTone
	}
	switch {
	case on && b.tone:
		value = toneInHertz
	case on:
		value = 1
	}
	_, err := b.file.Write(encodeEvent(code, value, wordSize))
	return err
}

// silence ends its sound, which also a driver that went away has done.
func (b *beeper) silence() { _ = b.sound(false) }

// close gives the device back.
func (b *beeper) close() {
	if b != nil {
		_ = b.file.Close()
	}
}

// encodeEvent makes one struct input_event of a sound, in a machine whose words have 4 or 8 bytes. Its time is not looked at.
func encodeEvent(code uint16, value int32, word int) []byte {
	event := make([]byte, 2*word, 2*word+8)
	event = binary.NativeEndian.AppendUint16(event, typeSound)
	event = binary.NativeEndian.AppendUint16(event, code)
	return binary.NativeEndian.AppendUint32(event, uint32(value))
}
