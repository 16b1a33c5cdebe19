package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/realtest"
)

// dhcp is a network of its own with a real DHCP server that offers two time servers. A client is to be run on the card
// "client" then, with the test's folder as $dir.
const dhcp = `set -e
mount --make-rprivate /
ip link set lo up
ip link add server type veth peer name client
ip addr add 192.0.2.1/24 dev server
ip link set server up
ip link set client up
dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=server --bind-interfaces --no-ping --user=root --pid-file= \
	--dhcp-range=192.0.2.50,192.0.2.60,1h --dhcp-option=option:ntp-server,192.0.2.7,192.0.2.8 --dhcp-leasefile=$dir/server.leases --log-facility=- &
`

// offered runs a client in a network of its own and returns the time servers that were found within 20 seconds.
func offered(t *testing.T, client string) (found []string) {
	t.Helper()
	realtest.Need(t, "root", "run as root, which namespaces want", os.Geteuid() == 0)
	realtest.Program(t, "dnsmasq", "apt-get install dnsmasq-base")
	realtest.Program(t, "ip", "apt-get install iproute2")
	dir := t.TempDir()
	for _, sub := range []string{"run/systemd/netif", "var/lib/dhcp", "etc"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// As process 1 of a namespace the shell takes everything with it when it ends.
	cmd := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", dhcp+client)
	cmd.Env = append(os.Environ(), "dir="+dir, "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if found = OfferedTimeServers(os.DirFS(dir), time.Now()); found != nil {
			return found
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func TestWhatARealNetworkOffersIsFound(t *testing.T) {
	for name, client := range map[string]struct{ program, install, script string }{
		"dhclient": {"dhclient", "apt-get install isc-dhcp-client",
			`dhclient -d -1 -sf /bin/true -lf $dir/var/lib/dhcp/dhclient.leases -pf $dir/pid client`},
		"networkd": {"/usr/lib/systemd/systemd-networkd", "apt-get install systemd", `
mkdir $dir/network
printf '[Match]\nName=client\n[Network]\nDHCP=ipv4\n' >$dir/network/a.network
chown -R systemd-network $dir/run/systemd/netif
mkdir -p /etc/systemd/network /run/systemd/netif
mount --bind $dir/network /etc/systemd/network
mount --bind $dir/run/systemd/netif /run/systemd/netif
mount -o remount,bind,ro /sys
SYSTEMD_LOG_TARGET=console /usr/lib/systemd/systemd-networkd`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			realtest.Program(t, client.program, client.install)
			if diff := cmp.Diff([]string{"192.0.2.7", "192.0.2.8"}, offered(t, client.script)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
