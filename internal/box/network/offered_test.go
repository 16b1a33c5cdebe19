package network

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// lease is one of dhclient's.
func lease(card, servers, expire string) string {
	return `lease {
  interface "` + card + `";
  fixed-address 192.0.2.77;
  option subnet-mask 255.255.255.0;
  option ntp-servers ` + servers + `;
  option domain-name "}";
  renew 0 2026/11/22 11:00:00;
  expire ` + expire + `;
}
`
}

func TestOfferedTimeServersAreFoundWhereServicesLeaveThem(t *testing.T) {
	const tomorrow, yesterday = "1 2026/11/23 11:00:00", "6 2026/11/21 11:00:00"
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"none":             {nil, nil},
		"networkd":         {map[string]string{"run/systemd/netif/leases/2": "# private\nADDRESS=192.0.2.9\nNTP=192.0.2.1 2001:db8::5\nNTPX=192.0.2.3\n"}, []string{"192.0.2.1", "2001:db8::5"}},
		"timesyncd's hook": {map[string]string{"run/systemd/timesyncd.conf.d/01-dhclient.conf": "[Time]\nNTP=192.0.2.1\n"}, []string{"192.0.2.1"}},
		"chrony's hook":    {map[string]string{"run/chrony-dhcp/eth0.sources": "server 192.0.2.1 iburst\nserver 192.0.2.2\n# server 192.0.2.3\npool 192.0.2.4\nserver\n"}, []string{"192.0.2.1", "192.0.2.2"}},
		"dhcpcd's hook":    {map[string]string{"run/dhcpcd/hook-state/ntp.conf/eth0": "192.0.2.1 192.0.2.2\n"}, []string{"192.0.2.1", "192.0.2.2"}},
		"dhclient":         {map[string]string{"var/lib/dhcp/dhclient.leases": "default-duid \"x\";\n" + lease("eth0", "192.0.2.1,192.0.2.2", tomorrow)}, []string{"192.0.2.1", "192.0.2.2"}},
		"a lease for ever": {map[string]string{"var/lib/dhcp/dhclient.eth0.leases": lease("eth0", "192.0.2.1", "never")}, []string{"192.0.2.1"}},
		"the newest lease of each card": {map[string]string{"var/lib/dhcp/dhclient.leases": lease("eth0", "192.0.2.1", tomorrow) + lease("eth1", "192.0.2.8", tomorrow) + lease("eth0", "192.0.2.2", tomorrow)},
			[]string{"192.0.2.2", "192.0.2.8"}},
		"a lease that ended":   {map[string]string{"var/lib/dhcp/dhclient.leases": lease("eth0", "192.0.2.1", yesterday)}, nil},
		"one end that is none": {map[string]string{"var/lib/dhcp/dhclient.leases": lease("eth0", "192.0.2.1", "1 2026/99/99 11:00:00")}, nil},
		"a file that has grown for years": {map[string]string{"var/lib/dhcp/dhclient.leases": strings.Repeat(lease("eth0", "192.0.2.1", yesterday), 6000) + lease("eth0", "192.0.2.2", tomorrow)},
			[]string{"192.0.2.2"}},
		"a lease that began before what is read": {map[string]string{"var/lib/dhcp/dhclient.leases": "lease {\n" + strings.Repeat("  option x 1;\n", 1<<17) + lease("eth0", "192.0.2.1", tomorrow)[8:]}, nil},
		"the same one twice":                     {map[string]string{"run/systemd/netif/leases/2": "NTP=192.0.2.1 192.0.2.1\n", "run/chrony-dhcp/a.sources": "server ::ffff:192.0.2.1\n"}, []string{"192.0.2.1"}},
		"four at most":                           {map[string]string{"run/systemd/netif/leases/2": "NTP=192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5\n"}, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}},
		"names, tricks, own":                     {map[string]string{"run/systemd/netif/leases/2": "NTP=ntp.example.org $(reboot) 192.0.2.1;x 127.0.0.1 0.0.0.0 224.0.0.1 255.255.255.255 fe80::1%eth0 fe80::1 ::1 169.254.1.1 192.0.2.256 192.0.2.1:123\n"}, nil},
		"an empty name of file":                  {map[string]string{"run/systemd/netif/leases/2": ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for file, text := range test.files {
				root[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if diff := cmp.Diff(test.want, OfferedTimeServers(root, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What strangers on the network send ends in these files.
func FuzzOfferedTimeServers(f *testing.F) {
	f.Add("NTP=192.0.2.1\n")
	f.Add("server 192.0.2.1 iburst\n")
	f.Add(lease("eth0", "192.0.2.1", "never"))
	f.Fuzz(func(t *testing.T, text string) {
		file := &fstest.MapFile{Data: []byte(text)}
		found := OfferedTimeServers(fstest.MapFS{
			"run/systemd/netif/leases/2": file, "run/chrony-dhcp/a.sources": file, "var/lib/dhcp/a.leases": file, "run/dhcpcd/hook-state/ntp.conf/a": file,
		}, noon)
		if len(found) > MostOffered || strings.Trim(strings.Join(found, ""), "0123456789abcdef.:") != "" {
			t.Errorf("got %q", found)
		}
	})
}
