package announce_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/box/announce"
	"castellan/internal/realtest"
)

// takes has the neighbour answer for a name and those with a number up to the last.
func (n *neighbour) takes(name string, last int) {
	n.t.Helper()
	for i := 1; i <= last; i++ {
		taken := name
		if i > 1 {
			taken = fmt.Sprintf("%s-%d", name, i)
		}
		n.l.Start("router", "env", "DBUS_SYSTEM_BUS_ADDRESS="+n.bus.Address, "avahi-publish", "--address", "--no-reverse", taken+".local", "192.0.2.199")
	}
	n.finds(fmt.Sprintf("%s-%d.local", name, last), "192.0.2.199")
}

// R129 T33: whoever answers for every name of the box does not have it take ever new ones.
func TestABoxOfWhichEveryNameIsTakenFallsSilent(t *testing.T) {
	for _, by := range []announce.By{announce.Itself, announce.Avahi} {
		t.Run(string(by), func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			l := box(t, "eth0")
			n := newNeighbour(t, l, "desk")
			n.takes("attic-nas", announce.MostNames+5)
			if by == announce.Avahi {
				startAvahi(t, l, "", "debian", l.Bus)
			}
			a, _ := announcer(t, l.Bus.Address)
			what := announce.What{On: true, Name: "attic-nas", Port: https, Addresses: addresses("192.0.2.20", "2001:db8:1::20")}
			a.Use(what)
			l.Wait("silence", func() bool {
				if s := a.Status(); s.Host != "" {
					t.Fatalf("it took %q", s.Host)
				}
				return strings.HasPrefix(a.Status().Trouble, "Other machines have the name of this NAS and 9 like it.")
			})
			what.Addresses = addresses("192.0.2.20") // other addresses do not end it: anybody on the network can give some
			a.Use(what)
			for begun := time.Now(); time.Since(begun) < 4*time.Second; time.Sleep(50 * time.Millisecond) {
				if s := a.Status(); s.By != by || s.Host != "" || s.Trouble == "" {
					t.Fatalf("it goes on: %+v", s)
				}
			}
			what.Name = "cellar-nas" // R129: the owner's word does
			a.Use(what)
			waitHost(t, l, a, by, "cellar-nas.local")
			n.finds("cellar-nas.local", "192.0.2.20")
		})
	}
}

// failing is an Avahi that cannot publish anything for a while. The real one fails only where it has no more memory.
type failing struct {
	bus   *dbus.Conn
	fails atomic.Bool
	made  atomic.Int32
	there atomic.Int32 // groups that were made and not taken back
}

func (f *failing) GetState() (int32, *dbus.Error)     { return 2, nil }
func (f *failing) GetHostName() (string, *dbus.Error) { return "debian", nil }
func (f *failing) EntryGroupNew() (dbus.ObjectPath, *dbus.Error) {
	f.there.Add(1)
	path := dbus.ObjectPath(fmt.Sprint("/group/", f.made.Add(1)))
	_ = f.bus.Export(&group{f, path}, path, "org.freedesktop.Avahi.EntryGroup")
	return path, nil
}

// group is what was asked to be published together.
type group struct {
	f    *failing
	path dbus.ObjectPath
}

func (g *group) AddAddress(int32, int32, uint32, string, string) *dbus.Error { return nil }
func (g *group) AddService(int32, int32, uint32, string, string, string, string, uint16, [][]byte) *dbus.Error {
	return nil
}
func (g *group) Free() *dbus.Error { g.f.there.Add(-1); return nil }
func (g *group) Commit() *dbus.Error {
	time.AfterFunc(50*time.Millisecond, func() {
		state := int32(2)
		if g.f.fails.Load() {
			state = 4
		}
		_ = g.f.bus.Emit(g.path, "org.freedesktop.Avahi.EntryGroup.StateChanged", state, "no memory")
	})
	return nil
}

func TestAvahiIsAskedAgainAfterItFailed(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := box(t, "eth0")
	conn, err := dbus.Connect(l.Bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	f := &failing{bus: conn}
	f.fails.Store(true)
	if err := conn.Export(f, "/", "org.freedesktop.Avahi.Server"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.Avahi", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	a, _ := announcer(t, l.Bus.Address)
	a.Use(announce.What{On: true, Name: "attic-nas", Port: https, Addresses: addresses("192.0.2.20")})
	l.Wait("its failure", func() bool { return strings.Contains(a.Status().Trouble, "by Avahi failed") })
	if n := f.there.Load(); n != 0 {
		t.Errorf("%d groups were not taken back", n)
	}
	f.fails.Store(false)
	waitHost(t, l, a, announce.Avahi, "attic-nas.local")
}
