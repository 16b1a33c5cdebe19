package network

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
)

// profile is a connection profile of NetworkManager, by sections and keys, without its secrets (nm-settings-dbus(5)).
type profile map[string]map[string]dbus.Variant

// The sections and keys of a profile that matter here.
const (
	wired    = "802-3-ethernet"
	wireless = "802-11-wireless"
	notes    = "user" // free for programs
	// noteBefore has, of what we changed in a profile, what was there before; noteAdded says that the profile was not there at all;
	// noteCheckpoint is what has NetworkManager itself go back; noteTried names the interface: one that NetworkManager was killed over
	// is taken for somebody else's at its next start.
	noteBefore     = "castellan.before"
	noteAdded      = "castellan.added"
	noteCheckpoint = "castellan.checkpoint"
	noteTried      = "castellan.tried"
	// noteCard has the interface that we made a profile for, also on the disk; noteDisk says, in memory, that the disk has the profile,
	// too. Both stay where a change goes back: NetworkManager does not tell such a profile from one that others put into /run.
	noteCard = "castellan.card"
	noteDisk = "castellan.disk"
)

// detection is how long NetworkManager looks whether another machine has an IPv4 address before it takes it (RFC 5227), in
// milliseconds.
const detection = int32(1000)

// ours are the keys of a profile that a Setting decides about. Everything else stays as it is.
var ours = map[string][]string{
	"ipv4":       {"method", "address-data", "gateway", "dns", "dns-data", "dns-search", "ignore-auto-dns", "never-default", "dad-timeout"},
	"ipv6":       {"method", "address-data", "gateway", "dns", "dns-data", "dns-search", "ignore-auto-dns", "never-default"},
	wired:        {"mtu"},
	wireless:     {"mtu"},
	"connection": {"interface-name", "autoconnect"},
}

// obsolete are keys that say the same as others, and with less.
var obsolete = []string{"addresses", "routes"}

// get reads a value of a profile; the zero value where it is missing or of another type.
func get[T any](p profile, section, key string) (v T) {
	v, _ = p[section][key].Value().(T)
	return v
}

// put sets a value, in a section that may be missing.
func (p profile) put(section, key string, value any) {
	if p[section] == nil {
		p[section] = map[string]dbus.Variant{}
	}
	p[section][key] = dbus.MakeVariant(value)
}

// clone returns a copy that can be changed, without what is obsolete and without the time of its last use, which is in no file.
func (p profile) clone() profile {
	c := profile{}
	for name, section := range p {
		c[name] = maps.Clone(section)
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		for _, key := range obsolete {
			delete(c[family], key)
		}
	}
	delete(c["connection"], "timestamp")
	return c
}

// mtuSection is where the MTU of a profile stands.
func (p profile) mtuSection() string {
	if get[string](p, "connection", "type") == wireless {
		return wireless
	}
	return wired
}

// port reports whether the interface of a profile is part of another one, a bridge for instance, and has no addresses of its own.
func (p profile) port() bool {
	return get[string](p, "connection", "master") != "" || get[string](p, "connection", "controller") != ""
}

// setting reads how a profile sets an interface up.
func (p profile) setting(name string) Setting {
	s := Setting{Interface: name, MTU: int(get[uint32](p, p.mtuSection(), "mtu")), IPv4: p.family("ipv4"), IPv6: p.family("ipv6")}
	for _, raw := range get[[]uint32](p, "ipv4", "dns") {
		s.DNS = append(s.DNS, netip.AddrFrom4([4]byte(binary.NativeEndian.AppendUint32(nil, raw))))
	}
	for _, raw := range get[[][]byte](p, "ipv6", "dns") {
		if a, ok := netip.AddrFromSlice(raw); ok {
			s.DNS = append(s.DNS, a)
		}
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		for _, d := range get[[]string](p, family, "dns-search") {
			if !slices.Contains(s.Search, d) {
				s.Search = append(s.Search, d)
			}
		}
	}
	return s
}

// family reads how a profile sets up one family. What a Setting has no word for is told by what is nearest: an interface that hands
// out addresses has one of its own that stays.
func (p profile) family(name string) Family {
	var a netip.Prefix
	if all := get[[]map[string]dbus.Variant](p, name, "address-data"); len(all) > 0 {
		text, _ := all[0]["address"].Value().(string)
		bits, _ := all[0]["prefix"].Value().(uint32)
		if parsed, err := netip.ParseAddr(text); err == nil {
			a = netip.PrefixFrom(parsed, int(bits))
		}
	}
	switch method := get[string](p, name, "method"); {
	case (method == "manual" || method == "shared") && a.IsValid():
		g, _ := netip.ParseAddr(get[string](p, name, "gateway"))
		return Family{Method: Manual, Address: a, Gateway: g}
	case method == "auto" || method == "dhcp" || method == "ignore" || method == "" && name == "ipv6":
		return Family{Method: Automatic} // IPv6 that NetworkManager ignores is the kernel's own, which follows routers
	}
	return Family{Method: Off}
}

// with returns a copy of a profile that sets an interface up otherwise.
func (p profile) with(s Setting) profile {
	c := p.clone()
	for _, family := range []string{"ipv4", "ipv6"} {
		for _, key := range ours[family] {
			delete(c[family], key)
		}
	}
	var four []uint32
	var six [][]byte
	for _, a := range s.DNS {
		if a.Is4() {
			four = append(four, binary.NativeEndian.Uint32(a.AsSlice()))
		} else {
			six = append(six, a.AsSlice())
		}
	}
	c.set("ipv4", s.IPv4, s)
	c.set("ipv6", s.IPv6, s)
	for name, f := range map[string]Family{"ipv4": s.IPv4, "ipv6": s.IPv6} {
		if f == p.family(name) && get[string](p, name, "method") != "" {
			c.leave(name, p)
		}
	}
	if four != nil && s.IPv4.Method != Off {
		c.put("ipv4", "dns", four)
	}
	if six != nil && s.IPv6.Method != Off {
		c.put("ipv6", "dns", six)
	}
	if s.IPv4.Method == Manual {
		c.put("ipv4", "dad-timeout", detection)
	}
	delete(c[c.mtuSection()], "mtu")
	if s.MTU != 0 {
		c.put(c.mtuSection(), "mtu", uint32(s.MTU)) //nolint:gosec // it was checked: 576 to 9216
	}
	if get[string](c, "connection", "interface-name") == "" && len(get[[]byte](c, wired, "mac-address")) == 0 {
		c.put("connection", "interface-name", s.Interface) // another one must not take the same address at the next start
	}
	return c
}

// leave has a family that is as it was keep what a Setting has no word for: further addresses, or a method that is nearly the same.
func (p profile) leave(name string, before profile) {
	for _, key := range []string{"method", "address-data", "gateway", "never-default"} {
		delete(p[name], key)
		if v, ok := before[name][key]; ok {
			p[name][key] = v
		}
	}
}

// set writes one family of a setting.
func (p profile) set(name string, f Family, s Setting) {
	switch f.Method {
	case Off:
		p.put(name, "method", "disabled")
		return
	case Automatic:
		p.put(name, "method", "auto")
		if s.DNS != nil {
			p.put(name, "ignore-auto-dns", true)
		}
	default:
		p.put(name, "method", "manual")
		p.put(name, "address-data", []map[string]dbus.Variant{{
			"address": dbus.MakeVariant(f.Address.Addr().String()), "prefix": dbus.MakeVariant(uint32(f.Address.Bits())), //nolint:gosec // it was checked
		}})
		if f.Gateway.IsValid() {
			p.put(name, "gateway", f.Gateway.String())
		}
	}
	if s.Search != nil {
		p.put(name, "dns-search", s.Search)
	}
}

// note writes a note of ours into a profile, which goes with it.
func (p profile) note(key, value string) {
	all := maps.Clone(get[map[string]string](p, notes, "data"))
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	p.put(notes, "data", all)
}

// noted reads a note of ours.
func (p profile) noted(key string) string { return get[map[string]string](p, notes, "data")[key] }

// waits reports whether a profile is one that we changed or added, and that was neither kept nor brought back.
func (p profile) waits() bool { return p.noted(noteBefore) != "" || p.noted(noteAdded) != "" }

// passing are the notes that are not there unless a change waits.
var passing = []string{noteBefore, noteAdded, noteCheckpoint, noteTried}

// forget removes notes of ours.
func (p profile) forget(keys ...string) {
	all := maps.Clone(get[map[string]string](p, notes, "data"))
	for _, key := range keys {
		delete(all, key)
	}
	if p.put(notes, "data", all); len(all) == 0 {
		delete(p, notes)
	}
}

// excerpt returns what a profile has of the keys that are ours, as a text.
func (p profile) excerpt() (string, error) {
	kept := profile{}
	for section, keys := range ours {
		for _, key := range keys {
			if v, ok := p[section][key]; ok {
				if kept[section] == nil {
					kept[section] = map[string]dbus.Variant{}
				}
				kept[section][key] = v
			}
		}
	}
	// A message of the bus is the one form in which everything that came over it keeps its type.
	m := dbus.Message{Type: dbus.TypeSignal, Body: []any{map[string]map[string]dbus.Variant(kept)}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")), dbus.FieldInterface: dbus.MakeVariant("castellan.Note"), dbus.FieldMember: dbus.MakeVariant("Before"),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(map[string]map[string]dbus.Variant{})),
	}}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		return "", fmt.Errorf("note what a profile was before: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// before returns a copy of a profile that is as it was when the excerpt was made of it.
func (p profile) before(excerpt string) (profile, error) {
	raw, err := base64.StdEncoding.DecodeString(excerpt)
	if err != nil {
		return nil, fmt.Errorf("read what a profile was before: %w", err)
	}
	m, err := dbus.DecodeMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read what a profile was before: %w", err)
	}
	var kept map[string]map[string]dbus.Variant
	if err := dbus.Store(m.Body, &kept); err != nil {
		return nil, fmt.Errorf("read what a profile was before: %w", err)
	}
	c := p.clone()
	for section, keys := range ours {
		for _, key := range keys {
			delete(c[section], key)
		}
		for key, v := range kept[section] {
			if c[section] == nil {
				c[section] = map[string]dbus.Variant{}
			}
			c[section][key] = v
		}
	}
	for _, section := range []string{wired, wireless} {
		if len(c[section]) == 0 && get[string](c, "connection", "type") != section {
			delete(c, section)
		}
	}
	c.forget(passing...)
	return c, nil
}
