package network

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stub is where systemd-resolved answers; which servers it asks itself stands in another file.
var stub = netip.MustParseAddr("127.0.0.53")

// resolver returns the servers that the box asks for names, and the domains that it adds to short ones, as resolv.conf(5) has them.
func resolver(root string) (servers []netip.Addr, search []string) {
	servers, search = resolvConf(filepath.Join(root, "etc/resolv.conf"))
	if !slices.Contains(servers, stub) {
		return servers, search
	}
	if behind, domains := resolvConf(filepath.Join(root, "run/systemd/resolve/resolv.conf")); behind != nil {
		return behind, domains
	}
	return servers, search
}

func resolvConf(path string) (servers []netip.Addr, search []string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(words[1]); err == nil && len(servers) < 8 {
				servers = append(servers, a.Unmap())
			}
		case "search", "domain":
			search = words[1:]
		}
	}
	if len(search) > 0 && search[0] == "." {
		search = nil // systemd-resolved says so where there is none
	}
	return servers, search
}
