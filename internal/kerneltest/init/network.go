//go:build kernel && linux

package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"castellan/internal/kerneltest/plan"

	"golang.org/x/sys/unix"
)

// route is struct rtentry of the kernel's include/uapi/linux/route.h, on a 64-bit machine.
type route struct {
	_                        uintptr
	target, gateway, netmask unix.RawSockaddrInet4
	flags                    uint16
	_                        int16
	_                        uintptr
	_                        uintptr
	metric                   int16
	device                   *byte
	mtu, window              uintptr
	initialRoundTrip         uint16
}

// network brings up the loopback and eth0, with the host as the way to everywhere.
func network() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	defer unix.Close(s)
	if err := appear("/sys/class/net/eth0"); err != nil {
		return err
	}
	for _, card := range []struct{ name, address, netmask string }{
		{"lo", "127.0.0.1", "255.0.0.0"},
		{"eth0", plan.Address, plan.Netmask},
	} {
		if err := up(s, card.name, card.address, card.netmask); err != nil {
			return fmt.Errorf("bring up %s: %w", card.name, err)
		}
	}
	r := route{flags: unix.RTF_UP | unix.RTF_GATEWAY}
	r.target.Family, r.netmask.Family = unix.AF_INET, unix.AF_INET
	r.gateway.Family, r.gateway.Addr = unix.AF_INET, netip.MustParseAddr(plan.Gateway).As4()
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(s), unix.SIOCADDRT, uintptr(unsafe.Pointer(&r))); e != 0 {
		return fmt.Errorf("add default route: %w", e)
	}
	return nil
}

// up gives a network card its address and turns it on (man 7 netdevice).
func up(s int, name, address, netmask string) error {
	for _, set := range []struct {
		request uint
		value   string
	}{{unix.SIOCSIFADDR, address}, {unix.SIOCSIFNETMASK, netmask}} {
		card, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		value := netip.MustParseAddr(set.value).As4()
		if err := card.SetInet4Addr(value[:]); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(s, set.request, card); err != nil {
			return err
		}
	}
	card, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	card.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, card)
}

// listening reports whether every TCP port has a listener in this machine (man 5 proc, /proc/net/tcp).
func listening(ports []int) bool {
	open := map[int]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue // a kernel without IPv6 has no tcp6
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// sl, local address:port, remote address:port, state; 0A is TCP_LISTEN
			words := strings.Fields(lines.Text())
			if len(words) < 4 || words[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(words[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				open[int(port)] = true
			}
		}
		f.Close()
	}
	for _, port := range ports {
		if !open[port] {
			return false
		}
	}
	return true
}
