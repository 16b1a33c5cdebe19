package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// unit is a file of systemd-networkd (systemd.syntax(7)): the values by "Section.Key", in their order.
type unit map[string][]string

// read adds a file. An empty value takes back those before it.
func (u unit) read(text string) {
	section, before := "", ""
	for line := range strings.Lines(text) {
		line = before + strings.TrimSpace(line)
		before = ""
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case strings.HasSuffix(line, `\`):
			before = strings.TrimSuffix(line, `\`) + " "
			continue
		case line[0] == '[':
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		key, value = section+"."+strings.TrimSpace(key), strings.TrimSpace(value)
		if value == "" {
			delete(u, key)
			continue
		}
		u[key] = append(u[key], value)
	}
}

// last returns the value that counts where only one does.
func (u unit) last(key string) string {
	if all := u[key]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// yes reports what a value says, as systemd reads it.
func yes(value string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
}

// port reports whether the interface is part of another one, which has the addresses.
func (u unit) port() bool {
	return slices.ContainsFunc([]string{"Bridge", "Bond", "VRF", "BatmanAdvanced"}, func(k string) bool { return u.last("Network."+k) != "" })
}

// hung are the interfaces that hang on this one, which a file for it must name.
var hung = []string{"VLAN", "MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "VXLAN", "Tunnel"}

// setting reads how a file sets an interface up. Of several addresses of a family the first one is shown.
func (u unit) setting(card string) Setting {
	s := AutomaticSetting(card)
	dhcp := strings.ToLower(u.last("Network.DHCP"))
	dhcp4, dhcp6 := yes(dhcp) || dhcp == "both" || dhcp == "ipv4" || dhcp == "v4", yes(dhcp) || dhcp == "both" || dhcp == "ipv6" || dhcp == "v6"
	four, six := u.manual()
	switch {
	case dhcp4:
	case four.Address.IsValid():
		s.IPv4 = four
	default:
		s.IPv4.Method = Off
	}
	own := strings.ToLower(u.last("Network.LinkLocalAddressing"))
	ra := u.last("Network.IPv6AcceptRA")
	accepts := ra == "" && (own == "" || yes(own) || own == "ipv6") || yes(ra)
	switch {
	case six.Address.IsValid():
		s.IPv6 = six
	case dhcp6 || accepts:
	default:
		s.IPv6.Method = Off
	}
	for _, word := range words(u["Network.DNS"]) {
		if a, err := netip.ParseAddr(word); err == nil {
			s.DNS = append(s.DNS, a.Unmap())
		}
	}
	for _, word := range words(u["Network.Domains"]) {
		if !strings.HasPrefix(word, "~") {
			s.Search = append(s.Search, word)
		}
	}
	s.MTU, _ = strconv.Atoi(u.last("Link.MTUBytes"))
	return s
}

// manual returns the first address and gateway of each family.
func (u unit) manual() (four, six Family) {
	for _, text := range slices.Concat(u["Network.Address"], u["Address.Address"]) {
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
		case p.Addr().Is4() && !four.Address.IsValid():
			four = Family{Method: Manual, Address: p}
		case p.Addr().Is6() && !p.Addr().IsLinkLocalUnicast() && !six.Address.IsValid():
			six = Family{Method: Manual, Address: p}
		}
	}
	for _, text := range slices.Concat(u["Network.Gateway"], u["Route.Gateway"]) {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case a.Is4() && !four.Gateway.IsValid():
			four.Gateway = a
		case a.Is6() && !six.Gateway.IsValid():
			six.Gateway = a
		}
	}
	return four, six
}

func words(values []string) (all []string) {
	for _, v := range values {
		all = append(all, strings.Fields(v)...)
	}
	return all
}

// render writes the file of an interface. Every value is an address, a number, a name of an interface or a domain that
// Setting.check let pass: none of them has a line break. DuplicateAddressDetection=ipv4 is left out: systemd-networkd 252 takes 6 s for it,
// and ends where it is told of another file meanwhile. before is the file that was followed until now: what hangs on the interface stays.
func render(s Setting, before unit) string {
	var b strings.Builder
	section := func(name string) { fmt.Fprintf(&b, "\n[%s]\n", name) }
	line := func(key, value string) { fmt.Fprintf(&b, "%s=%s\n", key, value) }
	b.WriteString("# This file is Castellan's: what it says is changed in Settings › Network.\n[Match]\n")
	line("Name", s.Interface)
	if s.MTU > 0 {
		section("Link")
		line("MTUBytes", strconv.Itoa(s.MTU))
	}
	section("Network")
	four, six := s.IPv4.Method == Automatic, s.IPv6.Method == Automatic
	line("DHCP", map[[2]bool]string{{true, true}: "yes", {true, false}: "ipv4", {false, true}: "ipv6", {false, false}: "no"}[[2]bool{four, six}])
	line("IPv6AcceptRA", said(six))
	line("LinkLocalAddressing", map[bool]string{true: "no", false: "ipv6"}[s.IPv6.Method == Off])
	for _, a := range s.DNS {
		line("DNS", a.WithZone("").String())
	}
	if len(s.Search) > 0 {
		line("Domains", strings.Join(s.Search, " "))
	}
	for _, key := range hung {
		for _, name := range words(before["Network."+key]) {
			line(key, name)
		}
	}
	for _, f := range []Family{s.IPv4, s.IPv6} {
		if f.Method != Manual {
			continue
		}
		section("Address")
		line("Address", f.Address.String())
		if f.Gateway.IsValid() {
			section("Route")
			line("Gateway", f.Gateway.WithZone("").String())
		}
	}
	for _, from := range []string{"DHCPv4", "DHCPv6", "IPv6AcceptRA"} {
		section(from)
		line("UseDNS", said(len(s.DNS) == 0))
		line("UseDomains", said(len(s.Search) == 0))
	}
	return b.String()
}

func said(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
