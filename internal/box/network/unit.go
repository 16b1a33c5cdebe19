package network

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// unit is a file of systemd-networkd (systemd.syntax(7)): its sections in their order, without the comments. Of what there may be
// several of, such as an [Address] or a [Route], each is a section of its own.
type unit []unitSection

type unitSection struct {
	name  string
	lines []line
}

// line is an assignment. An empty value takes back those before it.
type line struct{ key, value string }

// blank is what is no part of a name or a value.
const blank = " \t"

// lineEnds are what ends a line for systemd.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\n")

// read adds a file.
func (u *unit) read(text string) {
	before := ""
	*u = append(*u, unitSection{}) // what comes before the first section counts for nothing
	for raw := range strings.Lines(lineEnds.Replace(text)) {
		raw = strings.TrimLeft(strings.TrimSuffix(raw, "\n"), blank)
		if raw != "" && (raw[0] == '#' || raw[0] == ';') {
			continue
		}
		whole := before + raw
		before = ""
		if goesOn(whole) {
			before = strings.TrimSuffix(whole, `\`) + " "
			continue
		}
		if whole = strings.Trim(whole, blank); strings.HasPrefix(whole, "[") {
			name, ok := strings.CutSuffix(whole[1:], "]")
			if !ok {
				name = ""
			}
			*u = append(*u, unitSection{name: name})
			continue
		}
		if key, value, ok := strings.Cut(whole, "="); ok {
			u.add(line{strings.TrimRight(key, blank), strings.TrimLeft(value, blank)})
		}
	}
	*u = slices.DeleteFunc(*u, func(s unitSection) bool { return s.name == "" || len(s.lines) == 0 })
}

// goesOn reports whether the next line belongs to this one.
func goesOn(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// add adds a line to the last section. Where [Network] takes back all addresses or all gateways, sections of their own are meant
// as well.
func (u *unit) add(l line) {
	last := &(*u)[len(*u)-1]
	taken := map[string]string{"Address": "Address", "Gateway": "Route"}[l.key]
	if last.name != "Network" || l.value != "" || taken == "" {
		if l.key != "" {
			last.lines = append(last.lines, l)
		}
		return
	}
	for i := range *u {
		s := &(*u)[i]
		if s.name == taken {
			s.lines = nil
		}
		if s.name == "Network" {
			s.drop(func(o line) bool { return o.key == l.key })
		}
	}
}

func (s *unitSection) drop(which func(line) bool) { s.lines = slices.DeleteFunc(s.lines, which) }

// last returns the value that counts where only one does.
func (s unitSection) last(key string) string { return unit{s}.last(s.name, key) }

// all returns the values of a key in all sections of a name.
func (u unit) all(name, key string) (values []string) {
	for _, s := range u {
		for _, l := range s.lines {
			switch {
			case s.name != name || l.key != key:
			case l.value == "":
				values = nil
			default:
				values = append(values, l.value)
			}
		}
	}
	return values
}

// last returns the value that counts where only one does.
func (u unit) last(name, key string) string {
	if all := u.all(name, key); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// set has a key have these values alone, in a section that may be missing.
func (u *unit) set(name, key string, values ...string) {
	for i := range *u {
		if (*u)[i].name == name {
			(*u)[i].drop(func(l line) bool { return l.key == key })
		}
	}
	i := slices.IndexFunc(*u, func(s unitSection) bool { return s.name == name })
	if i < 0 {
		i = len(*u)
		*u = append(*u, unitSection{name: name})
	}
	for _, v := range values {
		(*u)[i].lines = append((*u)[i].lines, line{key, v})
	}
}

// String returns the text of a file.
func (u unit) String() string {
	var b strings.Builder
	for _, s := range u {
		if len(s.lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n[%s]\n", s.name)
		for _, l := range s.lines {
			text := l.key + "=" + l.value
			if goesOn(text) {
				text += " " // it does not
			}
			b.WriteString(text + "\n")
		}
	}
	return b.String()
}

// fits reports whether a file may be one for an interface: only names are looked at.
func (u unit) fits(card string) bool {
	names := words(u.all("Match", "Name"))
	if len(names) == 0 {
		return slices.ContainsFunc(u, func(s unitSection) bool { return s.name == "Match" })
	}
	rest, inverted := strings.CutPrefix(names[0], "!")
	names[0] = rest
	return inverted != slices.ContainsFunc(names, func(p string) bool { ok, err := path.Match(p, card); return ok || err != nil })
}

// yes reports what a value says, as systemd reads it.
func yes(value string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
}

// port reports whether the interface is part of another one, which has the addresses.
func (u unit) port() bool {
	return slices.ContainsFunc([]string{"Bridge", "Bond", "VRF", "BatmanAdvanced"}, func(k string) bool { return u.last("Network", k) != "" })
}

// dhcp reports for which families an interface asks for addresses.
func (u unit) dhcp() (four, six bool) {
	v := strings.ToLower(u.last("Network", "DHCP"))
	both := yes(v) || v == "both"
	return both || v == "ipv4" || v == "v4", both || v == "ipv6" || v == "v6"
}

// setting reads how a file sets an interface up. Of several addresses of a family the first one is shown.
func (u unit) setting(card string) Setting {
	s := AutomaticSetting(card)
	dhcp4, dhcp6 := u.dhcp()
	four, six := u.manual()
	switch {
	case dhcp4:
	case four.Address.IsValid():
		s.IPv4 = four
	default:
		s.IPv4.Method = Off
	}
	own := strings.ToLower(u.last("Network", "LinkLocalAddressing"))
	ra := u.last("Network", "IPv6AcceptRA")
	accepts := ra == "" && (own == "" || yes(own) || own == "ipv6") || yes(ra)
	switch {
	case six.Address.IsValid():
		s.IPv6 = six
	case dhcp6 || accepts:
	default:
		s.IPv6.Method = Off
	}
	for _, word := range words(u.all("Network", "DNS")) {
		address, _, _ := strings.Cut(word, "#") // its name for TLS
		if a, err := netip.ParseAddr(address); err == nil {
			s.DNS = append(s.DNS, a.Unmap())
		}
	}
	for _, word := range words(u.all("Network", "Domains")) {
		if !strings.HasPrefix(word, "~") {
			s.Search = append(s.Search, word)
		}
	}
	s.MTU, _ = strconv.Atoi(u.last("Link", "MTUBytes"))
	return s
}

// manual returns the first address and default gateway of each family.
func (u unit) manual() (four, six Family) {
	addresses, gateways := u.all("Network", "Address"), u.all("Network", "Gateway")
	for _, s := range u {
		switch {
		case s.name == "Address":
			addresses = append(addresses, s.last("Address"))
		case s.name == "Route" && s.toEverywhere():
			gateways = append(gateways, s.last("Gateway"))
		}
	}
	for _, text := range addresses {
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
		case p.Addr().Is4() && !four.Address.IsValid():
			four = Family{Method: Manual, Address: p}
		case p.Addr().Is6() && !p.Addr().IsLinkLocalUnicast() && !six.Address.IsValid():
			six = Family{Method: Manual, Address: p}
		}
	}
	for _, text := range gateways {
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

// toEverywhere reports whether a [Route] is the one to all machines that no other route leads to. One in another table is asked by the
// rules of an integrator only.
func (s unitSection) toEverywhere() bool {
	return slices.Contains([]string{"", "0.0.0.0/0", "::/0"}, s.last("Destination")) && slices.Contains([]string{"", "main", "254"}, s.last("Table")) &&
		slices.Contains([]string{"", "unicast"}, s.last("Type"))
}

// of reports whether a value of a file is one of a family: an address, with or without the length of its network, or where it
// comes from.
func of(value string, six bool) bool {
	value, _, _ = strings.Cut(value, "/")
	switch a, err := netip.ParseAddr(value); {
	case err == nil:
		return a.Is6() == six
	case six:
		return value == "_ipv6ra"
	}
	return value == "_dhcp4" || value == "_dhcp" || value == "dhcp"
}

// linkLocal reports whether a value is an address of IPv6 that machines give themselves: a file may name it beside others.
func linkLocal(value string) bool {
	p, err := netip.ParsePrefix(value)
	return err == nil && p.Addr().Is6() && p.Addr().IsLinkLocalUnicast()
}

func words(values []string) (all []string) {
	for _, v := range values {
		all = append(all, strings.Fields(v)...)
	}
	return all
}

func said(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
