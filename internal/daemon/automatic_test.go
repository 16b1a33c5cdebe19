package daemon_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/realtest"
)

// timedated is the system's switch for automatic time, which polkit may guard.
type timedated struct{ on, guarded atomic.Bool }

// GetAll is a method of org.freedesktop.DBus.Properties.
func (s *timedated) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	return map[string]dbus.Variant{"NTP": dbus.MakeVariant(s.on.Load()), "CanNTP": dbus.MakeVariant(true)}, nil
}

// SetNTP is a method of org.freedesktop.timedate1.
func (s *timedated) SetNTP(on, _ bool) *dbus.Error {
	if s.guarded.Load() {
		return dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", nil)
	}
	s.on.Store(on)
	return nil
}

// What was refused can be tried again once it is allowed, and only what happened stands in the log.
func TestTheSystemsSwitchIsTurnedOnceThatIsAllowed(t *testing.T) {
	t.Parallel()
	bus, s := realtest.NewBus(t), &timedated{}
	c, err := dbus.Connect(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, name := range []string{"org.freedesktop.DBus.Properties", "org.freedesktop.timedate1"} {
		if err := c.Export(s, "/org/freedesktop/timedate1", name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.RequestName("org.freedesktop.timedate1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	s.guarded.Store(true)
	h := newHouse(t)
	h.bus = bus.Address
	owner := h.start().claim()
	var shown any
	for end := time.Now().Add(10 * time.Second); shown == nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		shown = owner.must(200, "GET", "/time", nil).body["keeper"].(obj)["automatic"]
	}
	told := func() (n int) {
		for _, e := range owner.events("area=settings") {
			if strings.HasPrefix(e.(obj)["message"].(string), "Automatic time of the system changed from off to on") {
				n++
			}
		}
		return n
	}
	for range 2 {
		owner.refused(409, "automatic_time_refused", "PUT", "/time/automatic", obj{"on": true})
	}
	if n := told(); n != 0 || s.on.Load() {
		t.Errorf("%d entries of what was refused", n)
	}
	s.guarded.Store(false)
	v := owner.must(200, "PUT", "/time/automatic", obj{"on": true}).body
	if a := v["keeper"].(obj)["automatic"].(obj); a["on"] != true || a["changeable"] != true || !s.on.Load() || told() != 1 {
		t.Errorf("once it is allowed: %v, %d entries", a, told())
	}
}
