package signal

import "testing"

func TestTheLightIsChosenByItsFunction(t *testing.T) {
	tests := []struct {
		names          []string
		usual, warning string
	}{
		{nil, "", ""},
		{[]string{"nas:red:disk1-fault", "mmc0::", "input3::capslock", "phy0-led", "nas:green:lan", "nas:blue:hdd", "synology:orange:hdd1"}, "", ""},
		{[]string{"nas:green:power", "nas:green:status"}, "nas:green:status", "nas:green:status"},
		{[]string{"nas:amber:status", "nas:green:status", "nas:red:status"}, "nas:green:status", "nas:amber:status"},
		{[]string{"nas:red:status"}, "nas:red:status", "nas:red:status"},
		{[]string{"nas:blue:power", "nas:red:fault"}, "nas:blue:power", "nas:red:fault"},
		{[]string{"nas:red:fault", "nas:orange:power"}, "nas:orange:power", "nas:orange:power"},
		{[]string{"green:status", "red:status", "green:usb"}, "green:status", "red:status"},                // QNAP TS-433
		{[]string{"n2100:red:status", "n2100:blue:power"}, "n2100:red:status", "n2100:red:status"},         //
		{[]string{"white:status-1", "white:status-2", "white:disk-1"}, "white:status-1", "white:status-1"}, // numbered by their function
		{[]string{"nas:green:status_1", "nas:green:status"}, "nas:green:status", "nas:green:status"},       // a name that was taken
		{[]string{"system:blue:lan", "system:white:net"}, "", ""},                                          // "system" is the device
		{[]string{"power"}, "power", "power"},
		{[]string{"asustor:green:status", "asustor:red:status", "asustor:blue:power", "sata1:red:disk"}, "asustor:green:status", "asustor:red:status"},
	}
	for _, tc := range tests {
		if usual, warning := pick(tc.names); usual != tc.usual || warning != tc.warning {
			t.Errorf("of %v: got %q and %q, want %q and %q", tc.names, usual, warning, tc.usual, tc.warning)
		}
	}
}

func TestAnEventIsWhatTheKernelReads(t *testing.T) {
	if got := encodeEvent(soundTone, 2000, 8); len(got) != 24 || got[16] != typeSound || got[18] != soundTone || got[20] != 0xd0 || got[21] != 7 {
		t.Errorf("with words of 8 bytes: %x", got)
	}
	if got := encodeEvent(soundBell, 1, 4); len(got) != 16 || got[8] != typeSound || got[10] != soundBell || got[12] != 1 {
		t.Errorf("with words of 4 bytes: %x", got)
	}
}
