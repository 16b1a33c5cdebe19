package settings

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// Limits say how strict the door is with whoever guesses.
type Limits string

// The limits.
const (
	RelaxedLimits Limits = "relaxed"
	NormalLimits  Limits = "normal"
	StrictLimits  Limits = "strict"
)

// MaxRules is how many addresses and networks each list of the Defender holds.
const MaxRules = 200

// Defender is what the owner decided about addresses at the door.
type Defender struct {
	Limits Limits
	// Allow are never paused, blocked or closed out by what others try; Block are refused before anything else.
	Allow, Block []netip.Prefix
}

// DefaultDefender is the Defender of a box whose owner decided nothing.
func DefaultDefender() Defender { return Defender{Limits: NormalLimits} }

type defenderRecord struct {
	Limits Limits         `json:"limits"`
	Allow  []netip.Prefix `json:"allow,omitempty"`
	Block  []netip.Prefix `json:"block,omitempty"`
}

var defenders = store.NewTable[defenderRecord]("defender")

// GetDefender returns the Defender. Its lists are shared with other readers and must not be changed.
func GetDefender(tx *store.Tx) (Defender, error) {
	r, found, err := defenders.Get(tx, key)
	if err != nil || !found {
		return DefaultDefender(), err
	}
	return Defender(r), nil
}

// PutDefender checks the Defender and stores it.
func PutDefender(tx *store.Tx, d Defender) error {
	if !slices.Contains([]Limits{RelaxedLimits, NormalLimits, StrictLimits}, d.Limits) {
		return fault.InvalidField("limits", "unknown", "Relaxed, normal or strict.")
	}
	for _, p := range d.Block {
		if slices.ContainsFunc(loopback, p.Overlaps) {
			return fault.InvalidField("block", "loopback", fmt.Sprintf("%s contains the NAS itself, which cannot be blocked.", RuleWords(p)))
		}
		if slices.Contains(d.Allow, p) {
			return fault.InvalidField("block", "in_both", fmt.Sprintf("%s is on both lists. An address that is allowed is never blocked.", RuleWords(p)))
		}
	}
	return defenders.Put(tx, key, defenderRecord(d))
}

// ResetDefender brings the Defender back to its default.
func ResetDefender(tx *store.Tx) error { return defenders.Delete(tx, key) }

// loopback is the box itself.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Rules reads a list of addresses and networks, and brings it into one form: each once, in order, with nothing
// beyond its prefix. field is what the API calls the list.
func Rules(field string, texts []string) (list []netip.Prefix, err error) {
	if len(texts) > MaxRules {
		return nil, fault.InvalidField(field, "too_many", fmt.Sprintf("At most %d addresses and networks.", MaxRules))
	}
	for _, text := range texts {
		p, ok := rule(strings.TrimSpace(text))
		if !ok {
			return nil, fault.InvalidField(field, "malformed", fmt.Sprintf("“%.60s” is no address and no network. Write them as 192.0.2.7, 192.0.2.0/24, 2001:db8::7 or 2001:db8::/32.", text))
		}
		list = append(list, p)
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return slices.Compact(list), nil
}

// rule reads an address or a network (RFC 4632 section 3.1, RFC 4291 section 2.3). IPv4 in IPv6 is IPv4.
func rule(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), a.Zone() == ""
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// RuleWords writes a rule as people do: an address without the length of its network.
func RuleWords(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// Allows reports whether an address is never to be paused.
func (d Defender) Allows(a netip.Addr) bool { return contains(d.Allow, a) }

// Blocks reports whether an address is refused. One that is allowed is not.
func (d Defender) Blocks(a netip.Addr) bool { return contains(d.Block, a) && !contains(d.Allow, a) }

func contains(list []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Changes tells each list that is different from before, and in words what is.
func (d Defender) Changes(before Defender, tell func(list, what string) error) error {
	limits := ""
	if d.Limits != before.Limits {
		limits = string(before.Limits) + " before, now " + string(d.Limits)
	}
	for _, c := range [][2]string{
		{"Block list", changes(before.Block, d.Block)}, {"Allow list", changes(before.Allow, d.Allow)}, {"Limits at the door", limits},
	} {
		if c[1] == "" {
			continue
		}
		if err := tell(c[0], c[1]); err != nil {
			return err
		}
	}
	return nil
}

// changes says in words what came to a list and what left it.
func changes(before, after []netip.Prefix) string {
	var what []string
	for _, p := range after {
		if !slices.Contains(before, p) {
			what = append(what, RuleWords(p)+" added")
		}
	}
	for _, p := range before {
		if !slices.Contains(after, p) {
			what = append(what, RuleWords(p)+" removed")
		}
	}
	return strings.Join(what, ", ")
}
