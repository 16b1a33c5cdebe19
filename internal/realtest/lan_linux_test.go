package realtest_test

import (
	"net"
	"testing"

	"castellan/internal/realtest"
)

func TestABoxOnALANIsGivenAddresses(t *testing.T) {
	for name, start := range map[string]func(*realtest.LAN){
		"NetworkManager": func(l *realtest.LAN) { l.NetworkManager() },
		"networkd":       func(l *realtest.LAN) { l.Networkd() },
	} {
		t.Run(name, func(t *testing.T) {
			if !realtest.Isolate(t) {
				return
			}
			l := realtest.NewLAN(t, "eth0")
			start(l)
			var address string
			l.Wait("an address", func() bool {
				card, err := net.InterfaceByName("eth0")
				if err != nil {
					return false
				}
				all, _ := card.Addrs()
				for _, a := range all {
					if ip := a.(*net.IPNet).IP; ip.To4() != nil {
						address = ip.String()
					}
				}
				return address != ""
			})
			house, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer house.Close()
			conn, err := l.Dial(t.Context(), "tcp", house.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if from := conn.LocalAddr().(*net.TCPAddr).IP.String(); from != realtest.Router {
				t.Errorf("the browser is at %s", from)
			}
			l.Pull("eth0")
		})
	}
}
