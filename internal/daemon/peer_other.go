//go:build !linux

package daemon

import (
	"net"
	"os"
)

// peer trusts the permissions of the socket.
func peer(net.Conn) (uid int, err error) { return os.Geteuid(), nil }
