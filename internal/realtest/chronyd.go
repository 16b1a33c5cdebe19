package realtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Chronyd starts a real time server on the loopback, which tells the system clock of this machine and never sets
// it, and returns its port once it answers. It needs no root. The test's end stops it; without chronyd the test ends
// as Need says. Further lines of its configuration make it another server, such as one with NTS.
func Chronyd(t testing.TB, lines ...string) (port string) {
	t.Helper()
	return chronyd(t, append([]string{"local stratum 1"}, lines...))
}

// ChronydBehind starts a real time server whose time is that of another one on the loopback, plus an offset. It
// keeps that time for itself, and takes up to ten seconds to follow when the other one jumps.
func ChronydBehind(t testing.TB, port string, offset time.Duration, lines ...string) string {
	t.Helper()
	source := fmt.Sprintf("server 127.0.0.1 port %s iburst minpoll -3 maxpoll -3 minsamples 3 maxsamples 3 offset %g", port, offset.Seconds())
	return chronyd(t, append([]string{source, "maxslewrate 100000"}, lines...))
}

func chronyd(t testing.TB, lines []string) (port string) {
	t.Helper()
	program := Program(t, "chronyd", "apt-get install chrony")
	port = FreePort(t, "udp")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "chrony.conf")
	text := fmt.Sprintf("port %s\nbindaddress 127.0.0.1\nallow 127.0.0.0/8\ncmdport 0\nbindcmdaddress /\npidfile %s/pid\n%s\n", port, dir, strings.Join(lines, "\n"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-n", "-x", "-U", "-u", me.Username, "-f", conf)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if tellsTime("127.0.0.1:" + port) {
			return port
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("chronyd does not tell the time")
	return ""
}

// tellsTime asks a time server once, and reports whether it answers that it knows the time.
func tellsTime(address string) bool {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	question := make([]byte, 48)
	question[0] = 4<<3 | 3 // version 4, client
	if _, err := conn.Write(question); err != nil {
		return false
	}
	n, err := conn.Read(question)
	return err == nil && n >= 48 && question[0]>>6 != 3
}

// FreePort returns a port of the loopback that nobody uses, for "udp" or "tcp".
func FreePort(t testing.TB, network string) string {
	t.Helper()
	var address net.Addr
	if network == "udp" {
		free, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = free.Close() }()
		address = free.LocalAddr()
	} else {
		free, err := net.Listen(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = free.Close() }()
		address = free.Addr()
	}
	_, port, err := net.SplitHostPort(address.String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
