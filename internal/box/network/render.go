package network

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ownWords is the head of a file of ours.
const ownWords = "# This file is Castellan's: Settings › Network changes it. What is not asked there is as it was in the file before.\n"

// render writes the file of an interface. before is the file that was followed until now: what a Setting has no word for stays, and so
// does every part of it that is not another one than before. What is written anew is an address, a number, a name of an interface
// or a domain that Setting.check let pass: none of them has a line break.
func render(s Setting, before unit) string {
	u := unit{{name: "Match", lines: []line{{"Name", s.Interface}}}}
	for _, o := range before {
		if o.name != "Match" {
			u = append(u, unitSection{name: o.name, lines: slices.Clone(o.lines)})
		}
	}
	was := Setting{}
	if len(before) > 0 {
		was = before.setting(s.Interface)
	}
	if s.MTU != was.MTU {
		u.set("Link", "MTUBytes", some(s.MTU > 0, strconv.Itoa(s.MTU))...)
	}
	if s.IPv4 != was.IPv4 || s.IPv6 != was.IPv6 {
		u.methods(s, was)
	}
	if s.IPv4 != was.IPv4 {
		u.family(s.IPv4, false)
	}
	if s.IPv6 != was.IPv6 {
		u.family(s.IPv6, true)
	}
	if !slices.Equal(s.DNS, was.DNS) {
		var servers []string
		for _, a := range s.DNS {
			servers = append(servers, a.WithZone("").String())
		}
		u.set("Network", "DNS", servers...)
		u.offered("UseDNS", len(servers) == 0)
	}
	if !slices.Equal(s.Search, was.Search) {
		all := slices.Clone(s.Search)
		for _, word := range words(before.all("Network", "Domains")) {
			if strings.HasPrefix(word, "~") { // says which server is asked, and is searched for nothing
				all = append(all, word)
			}
		}
		u.set("Network", "Domains", some(len(all) > 0, strings.Join(all, " "))...)
		u.offered("UseDomains", len(s.Search) == 0)
	}
	return ownWords + u.String()
}

// some returns a value, or none.
func some(there bool, value string) []string {
	if !there {
		return nil
	}
	return []string{value}
}

// offered says whether what the network offers is used.
func (u *unit) offered(key string, used bool) {
	for _, from := range []string{"DHCPv4", "DHCPv6", "IPv6AcceptRA"} {
		u.set(from, key, said(used))
	}
	if slices.ContainsFunc(*u, func(s unitSection) bool { return s.name == "DHCP" }) {
		u.set("DHCP", key) // the older word for both
	}
}

// methods says how the interface comes by its addresses. What a family has beside what a Setting tells stays where that family is
// as it was: a manual address beside which routers are listened to, for instance.
func (u *unit) methods(s, was Setting) {
	four, six := u.dhcp()
	if s.IPv4 != was.IPv4 {
		four = s.IPv4.Method == Automatic
	}
	if s.IPv6 != was.IPv6 {
		six = s.IPv6.Method == Automatic
		own := strings.ToLower(u.last("Network", "LinkLocalAddressing"))
		own4, own6 := s.IPv4.Method != Off && (yes(own) || own == "ipv4"), s.IPv6.Method != Off
		u.set("Network", "LinkLocalAddressing", families(own4, own6))
		u.set("Network", "IPv6AcceptRA", said(six))
	}
	u.set("Network", "DHCP", families(four, six))
}

// families is how a file says for which families something is on.
func families(four, six bool) string {
	return map[[2]bool]string{{true, true}: "yes", {true, false}: "ipv4", {false, true}: "ipv6", {false, false}: "no"}[[2]bool{four, six}]
}

// family replaces the addresses of a family and its default gateway. Other routes stay as long as the family is on at all.
// DuplicateAddressDetection=ipv4 is left out: systemd-networkd 252 takes 6 s for it, and ends where it is told of another file meanwhile.
func (u *unit) family(f Family, six bool) {
	off := f.Method == Off
	address := func(value string) bool { return of(value, six) && (off || !linkLocal(value)) }
	for i := range *u {
		s := &(*u)[i]
		switch s.name {
		case "Network":
			s.drop(func(l line) bool {
				return l.key == "Address" && address(l.value) || l.key == "Gateway" && of(l.value, six)
			})
		case "Address":
			if address(s.last("Address")) {
				s.lines = nil
			}
		case "Route":
			to := cmp.Or(s.last("Destination"), s.last("Gateway"))
			if of(to, six) && (off || s.toEverywhere()) {
				s.lines = nil
			}
		}
	}
	if f.Method != Manual {
		return
	}
	*u = append(*u, unitSection{name: "Address", lines: []line{{"Address", f.Address.String()}}})
	if f.Gateway.IsValid() {
		*u = append(*u, unitSection{name: "Route", lines: []line{{"Gateway", f.Gateway.WithZone("").String()}}})
	}
}
