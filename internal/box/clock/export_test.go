package clock

import "net"

// MayName is for tests.
func MayName(s Source, address net.Addr) bool { return s.mayName(address) }
