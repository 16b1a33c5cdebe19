package daemon_test

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"castellan/internal/box/certificate"
	"castellan/internal/realtest"
)

// announce has the machine at the router announce networks of these prefixes (RFC 4861 section 4.2), which end after seconds.
func announce(prefixes func() netip.Prefix, every time.Duration, stop <-chan struct{}) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var there *os.File
		if there, err = os.Open("/run/netns/router"); err != nil {
			return
		}
		defer func() { _ = there.Close() }()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		var wire *net.Interface
		if wire, err = net.InterfaceByName("wire"); err != nil {
			return
		}
		var s int
		if s, err = unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6); err != nil {
			return
		}
		defer func() { _ = unix.Close(s) }()
		if err = unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255); err != nil {
			return
		}
		everybody := &unix.SockaddrInet6{ZoneId: uint32(wire.Index), Addr: netip.MustParseAddr("ff02::1").As16()}
		for {
			p := prefixes()
			m := []byte{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
			m = append(m, 3, 4, byte(p.Bits()), 0xc0)
			m = binary.BigEndian.AppendUint32(m, 8)
			m = append(binary.BigEndian.AppendUint32(m, 4), 0, 0, 0, 0)
			m = append(m, p.Addr().AsSlice()...)
			if err = unix.Sendto(s, m, 0, everybody); err != nil {
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(every):
			}
		}
	}()
	<-done
	return err
}

func (b *browser) fingerprint() string {
	b.t.Helper()
	text, _ := b.must(200, "GET", "/status", nil).body["fingerprint"].(string)
	return text
}

// R129 T33: somebody who says every moment that they are a router of yet another network makes no certificate.
func TestRoutersThatAnnounceEverNewNetworksMakeNoCertificates(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	realtest.IP(t, "link", "set", "eth0", "up")
	realtest.IP(t, "address", "add", "192.0.2.20/24", "dev", "eth0")
	h, owner := onLAN(t, l, "192.0.2.20")
	h.stands(l, "192.0.2.20", "attic-nas.local")
	before := owner.fingerprint()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- announce(func() netip.Prefix {
			a := [16]byte{0: 0xfd}
			_, _ = rand.Read(a[1:8])
			return netip.PrefixFrom(netip.AddrFrom16(a), 64)
		}, 300*time.Millisecond, stop)
	}()
	came := map[string]bool{}
	l.Wait("ten addresses", func() bool {
		for _, f := range strings.Fields(realtest.IP(t, "-6", "-o", "address", "show", "dev", "eth0")) {
			if strings.HasPrefix(f, "fd") {
				came[f] = true
			}
		}
		return len(came) >= 10
	})
	time.Sleep(time.Second)
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := owner.fingerprint(); got != before {
		t.Error("the fingerprint is another one")
	}
}

// R129 T33: leases that end make a few certificates and then wait; what is set by hand, another name and what a change brings do not.
func TestEverNewLeasesMakeAFewCertificatesOnly(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	realtest.IP(t, "link", "set", "eth0", "up")
	realtest.IP(t, "address", "add", "192.0.2.20/24", "dev", "eth0")
	h, owner := onLAN(t, l, "192.0.2.20")
	h.stands(l, "192.0.2.20", "attic-nas.local")
	seen := []string{owner.fingerprint()}
	look := func() {
		if f := owner.fingerprint(); !slices.Contains(seen, f) {
			seen = append(seen, f)
		}
	}
	lease := func(i int) string { return fmt.Sprintf("192.0.2.%d", 100+i) }
	for i := range certificate.GivenAtOnce + 3 {
		realtest.IP(t, "address", "add", lease(i)+"/24", "dev", "eth0", "valid_lft", "600", "preferred_lft", "600")
		if i < certificate.GivenAtOnce {
			h.stands(l, "192.0.2.20", lease(i))
		} else {
			h.at(l, lease(i)).must(200, "GET", "/status", nil) // the page is served at once all the same
			time.Sleep(500 * time.Millisecond)
		}
		look()
	}
	if n := len(seen) - 1; n != certificate.GivenAtOnce {
		t.Errorf("%d certificates", n)
	}
	realtest.IP(t, "address", "add", "192.0.2.30/24", "dev", "eth0")
	h.stands(l, "192.0.2.20", "192.0.2.30")
	owner.must(200, "PATCH", "/settings", obj{"nas_name": "cellar-nas"})
	h.stands(l, "192.0.2.20", "cellar-nas.local")
	h.pass(certificate.GivenEvery)
	realtest.IP(t, "address", "add", "192.0.2.90/24", "dev", "eth0", "valid_lft", "600", "preferred_lft", "600")
	h.stands(l, "192.0.2.20", "192.0.2.90")
}

// R129: what an interface gets by a change that an administrator tries is stood for at once, whatever the network gave before.
func TestWhatAChangeBringsIsNeverPutOff(t *testing.T) {
	if !realtest.Isolate(t) {
		return
	}
	l := realtest.NewLAN(t, "eth0")
	l.Networkd()
	first := ""
	l.Wait("an address", func() bool {
		_, rest, ok := strings.Cut(realtest.IP(t, "-4", "-o", "address", "show", "dev", "eth0"), "inet ")
		first, _, _ = strings.Cut(rest, "/")
		return ok
	})
	h, owner := onLAN(t, l, first)
	for i := range certificate.GivenAtOnce + 1 {
		lease := fmt.Sprintf("192.0.2.%d", 100+i)
		realtest.IP(t, "address", "add", lease+"/24", "dev", "eth0", "valid_lft", "600", "preferred_lft", "600")
		if i < certificate.GivenAtOnce {
			h.stands(l, first, lease)
		}
	}
	l.Serve("--dhcp-range=192.0.2.70,192.0.2.75,2m") // which no longer knows the lease
	owner.must(200, "POST", "/network/change", obj{
		"interface": "eth0", "ipv4": obj{"method": "automatic"}, "ipv6": obj{"method": "off"}, "dns": []string{}, "search": []string{}, "mtu": 1400,
	})
	now := ""
	l.Wait("another address", func() bool {
		_, rest, ok := strings.Cut(realtest.IP(t, "-4", "-o", "address", "show", "dev", "eth0"), "inet 192.0.2.7")
		now, _, _ = strings.Cut("192.0.2.7"+rest, "/")
		return ok
	})
	h.stands(l, now, now)
}
