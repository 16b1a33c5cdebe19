package network

import (
	"bytes"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// MostOffered is how many time servers of the local network are looked at.
	MostOffered = 4
	// longestLease bounds how much is read of a file, from its end: dhclient adds what is new there.
	longestLease = 1 << 20
)

// The files in which the services that ask for addresses leave what they were told, without a leading slash. BusyBox's
// udhcpc tells it to a script of the system and leaves nothing.
var (
	// systemd-networkd: NTP=ADDRESS ADDRESS, one file a link, gone with the lease. The folder of timesyncd is where
	// Debian's dhclient writes for it.
	networkdLeases = []string{"run/systemd/netif/leases/*", "run/systemd/timesyncd.conf.d/*dhclient*.conf"}
	// chrony's hooks for dhclient, NetworkManager and networkd: server ADDRESS OPTIONS.
	chronySources = []string{"run/chrony-dhcp/*.sources"}
	// dhcpcd's hook for NTP: addresses.
	dhcpcdStates = []string{"run/dhcpcd/hook-state/ntp.conf/*", "run/dhcpcd/hook-state/chrony.conf/*"}
	// dhclient: see dhclient.leases(5).
	dhclientLeases = []string{"var/lib/dhcp/*.leases", "var/lib/dhclient/*.lease*", "var/lib/NetworkManager/dhclient-*.lease"}
)

// OfferedTimeServers returns the addresses of the time servers that the local network offered by DHCP (option 42),
// MostOffered at most, the same ones in the same order while nothing changes. Anybody on the network can offer some.
// Root holds the folders run and var, nil means those of this box; now is the system clock, by which the services
// wrote until when their leases last.
func OfferedTimeServers(root fs.FS, now time.Time) []string {
	if root == nil {
		root = os.DirFS("/")
	}
	var found []string
	add := func(words []string) {
		for _, w := range words {
			if a, ok := timeServer(w); ok && len(found) < MostOffered && !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	}
	for text := range contents(root, networkdLeases) {
		for line := range strings.Lines(text) {
			if servers, ok := strings.CutPrefix(line, "NTP="); ok {
				add(strings.Fields(servers))
			}
		}
	}
	for text := range contents(root, chronySources) {
		for line := range strings.Lines(text) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == "server" {
				add(words[1:2])
			}
		}
	}
	for text := range contents(root, dhcpcdStates) {
		add(strings.Fields(text))
	}
	for text := range contents(root, dhclientLeases) {
		for _, l := range lasting(text, now) {
			add(l)
		}
	}
	return found
}

// timeServer returns an address as one writes it, if a time server may have it.
func timeServer(word string) (address string, ok bool) {
	a, err := netip.ParseAddr(word)
	a = a.Unmap()
	ok = err == nil && a.Zone() == "" && a.IsGlobalUnicast()
	return a.String(), ok
}

// contents gives the ends of all files of these patterns that can be read, by name.
func contents(root fs.FS, patterns []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, pattern := range patterns {
			names, _ := fs.Glob(root, path.Clean(pattern)) // sorted
			for _, name := range names {
				if text, ok := ending(root, name); ok && !yield(text) {
					return
				}
			}
		}
	}
}

// ending returns the last lines of a file.
func ending(root fs.FS, name string) (string, bool) {
	info, err := fs.Stat(root, name)
	if err != nil || !info.Mode().IsRegular() {
		return "", false // opening a pipe would wait
	}
	f, err := root.Open(name)
	if err != nil {
		return "", false
	}
	defer func() { _ = f.Close() }()
	cut := info.Size() > longestLease
	if cut {
		s, ok := f.(io.Seeker)
		if !ok {
			return "", false
		}
		if _, err := s.Seek(-longestLease, io.SeekEnd); err != nil {
			return "", false
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, longestLease))
	if cut {
		_, text, _ = bytes.Cut(text, []byte{'\n'}) // half a line may mean anything
	}
	return string(text), err == nil
}

// The parts of a lease in dhclient's file that matter here.
var (
	leaseBlock   = regexp.MustCompile(`(?ms)^lease6? \{(.*?)\n\}`)
	leaseCard    = regexp.MustCompile(`(?m)^\s*interface "([^"]*)";`)
	leaseServers = regexp.MustCompile(`(?m)^\s*option ntp-servers ([0-9., ]+);`)
	leaseEnd     = regexp.MustCompile(`(?m)^\s*expire \d+ (\d+/\d+/\d+ \d+:\d+:\d+);`)
)

// lasting returns the time servers of the last lease of each network card that has not ended, by the order of the
// cards in the file. dhclient adds a lease at the end of its file whenever it gets one.
func lasting(text string, now time.Time) (all [][]string) {
	last := map[string]string{}
	var cards []string
	for _, block := range leaseBlock.FindAllStringSubmatch(text, -1) {
		card := first(leaseCard, block[1])
		if _, known := last[card]; !known {
			cards = append(cards, card)
		}
		last[card] = block[1]
	}
	for _, card := range cards {
		if !ended(last[card], now) {
			all = append(all, strings.FieldsFunc(first(leaseServers, last[card]), func(r rune) bool { return r == ',' || r == ' ' }))
		}
	}
	return all
}

func first(r *regexp.Regexp, text string) string {
	if m := r.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// ended reports whether a lease lies in the past. Its times are in UTC.
func ended(lease string, now time.Time) bool {
	m := leaseEnd.FindStringSubmatch(lease)
	if m == nil {
		return false // it never ends, or says so in a way that dhclient does not write by itself
	}
	end, err := time.Parse("2006/01/02 15:04:05", m[1])
	return err != nil || end.Before(now)
}
