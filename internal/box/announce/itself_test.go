package announce

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Anybody on the network may name foreign addresses as often as they like: the interfaces are looked at once a second for that.
func TestAddressesThatStrangersNameAreLookedUpOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		foreign, mark := netip.MustParseAddr("192.0.2.199"), netip.MustParseAddr("198.51.100.199")
		r := &responder{link: &link{}, own: map[netip.Addr]bool{}, doubt: time.After(0)}
		time.Sleep(time.Millisecond)
		looks := 0
		for range 25 {
			r.own[mark] = true // until the next look
			if r.isOwn(foreign) {
				t.Fatal("it is the box's own")
			}
			if !r.own[mark] {
				looks++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if looks != 3 {
			t.Errorf("looked %d times in 2.5 s", looks)
		}
		if !r.isOwn(netip.MustParseAddr("127.0.0.1")) {
			t.Error("the box's own address is foreign")
		}
	})
}
