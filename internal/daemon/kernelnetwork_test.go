//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/kerneltest"
)

// networkInstallation has systemd-networkd ask for addresses, and installs what lets Castellan change that, as the heads of the files say.
const networkInstallation = `cd /source/packaging/systemd
install -D -m 644 castellan.polkit.rules /etc/polkit-1/rules.d/60-castellan.rules
install -D -m 644 castellan-network.conf /usr/lib/tmpfiles.d/castellan-network.conf
systemd-tmpfiles --create castellan-network.conf && systemctl restart polkit castellan
printf '[Match]\nName=eth0\n[Network]\nDHCP=yes\n' >/etc/systemd/network/80-wired.network
rm /etc/systemd/system/systemd-networkd.service /etc/systemd/system/systemd-networkd.socket
systemctl daemon-reload
systemctl start systemd-networkd
`

// R134: without rights of its own the daemon has the system's service change the network, and the system's name.
func TestAnUnprivilegedDaemonChangesTheNetworkOnARealKernel(t *testing.T) {
	config := systemOf(t, fmt.Sprintf("cd /source\nmkdir dist\nmv /bin/castellan dist/castellan-linux-arm64\n%s\n%s", installation(t), networkInstallation))
	config.Forwards = []int{8001}
	m := kerneltest.Start(t, config)
	said := func(command string) string {
		t.Helper()
		text, code := m.Run(command)
		if code != 0 {
			t.Fatalf("%s: %d\n%s", command, code, text)
		}
		return text
	}
	label := strings.Fields(said("castellan default-password"))[3]
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": label})
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	b.must(204, "POST", "/me/two-step/later", nil)
	waitFor(t, func() bool {
		all := listOf(b.must(200, "GET", "/network", nil).body["interfaces"])
		return len(all) == 1 && all[0].(obj)["settings"] != nil
	})
	wish := obj{
		"interface": "eth0", "ipv4": obj{"method": "manual", "address": "10.0.2.15", "prefix": 24, "gateway": "10.0.2.2"}, "ipv6": obj{"method": "automatic"},
		"dns": []string{"10.0.2.3"}, "search": []string{"house.test"}, "mtu": 0,
	}
	page := b.token
	trial := b.must(200, "POST", "/network/change", wish).body
	b.token = page // that of the answer is another one
	b.must(200, "POST", "/network/confirmation", obj{"token": trial["token"]})
	file := said("stat -c '%U %a' /etc/systemd/network/+castellan-1-eth0.network; cat /etc/systemd/network/+castellan-1-eth0.network; ls /run/systemd/network")
	if !strings.HasPrefix(file, "castellan 644") || !strings.Contains(file, "\nAddress=10.0.2.15/24\n") || strings.Contains(file, "try") {
		t.Errorf("the file is %s", file)
	}
	if text, code := m.Run("setpriv --reuid castellan --regid castellan --clear-groups sh -c 'rm /etc/systemd/network/80-wired.network'"); code == 0 {
		t.Errorf("the daemon's user may remove files of others: %s", text)
	}
	b.must(200, "PATCH", "/settings", obj{"nas_name": "attic-nas"})
	said(`for i in $(seq 60); do ! grep -qx attic-nas /etc/hostname || exit 0; sleep 1; done; journalctl -b --no-pager -u castellan -u systemd-hostnamed -u polkit; exit 1`)

	m.Line(buttonLine).Hold(7 * time.Second)
	waitFor(t, func() bool { return visit(t, m).must(200, "GET", "/status", nil).body["state"] == "unclaimed" })
	waitFor(t, func() bool {
		_, code := m.Run("grep -q '^DHCP=yes' /etc/systemd/network/+castellan-1-eth0.network && ! grep -q Address= /etc/systemd/network/+castellan-1-eth0.network")
		return code == 0
	})
}
