package daemon

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer returns the user on the other end of a Unix socket (unix(7), SO_PEERCRED).
func peer(c net.Conn) (uid int, err error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || failed != nil {
		return 0, net.ErrClosed
	}
	return int(cred.Uid), nil
}
