package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"castellan/internal/httpapi/api"
)

func printNetwork(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	_, err := show(c, "/local/network", *asJSON, c.showNetwork)
	return err
}

// makeAutomatic is for whoever cannot reach the NAS over the network any more.
func makeAutomatic(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	var n api.Network
	if err := c.ask("POST", "/local/network/automatic", nil, &n); err != nil {
		return err
	}
	if _, err := fmt.Fprint(c.out, "Every interface asks the network for its addresses. This is what there is now; an answer may take some seconds:\n\n"); err != nil {
		return err
	}
	return c.showNetwork(n)
}

var (
	services = map[api.NetworkServiceKind]string{
		api.NetworkManagerService: "NetworkManager", api.NetworkdService: "systemd-networkd", api.NoNetworkService: "neither NetworkManager nor systemd-networkd",
	}
	sources = map[api.InterfaceAddressFrom]string{
		api.FromDHCP: "by DHCP", api.FromRouter: "announced by a router", api.FromHand: "set by hand", api.FromItself: "link-local",
	}
)

// showNetwork prints what sets up the network, the interfaces with their addresses and where these come from, what waits to be
// confirmed, and how the NAS is found.
func (c *call) showNetwork(n api.Network) error {
	table := tabwriter.NewWriter(&terminal{Writer: c.out}, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", name, text)
		}
	}
	row("name", n.NasName)
	row("found as", foundAs(n.Announcement))
	row("set up by", services[n.Service])
	row("trouble", n.Trouble)
	row("DNS", strings.Join(n.Dns, " "))
	row("search", strings.Join(n.Search, " "))
	if n.Change.State == api.ChangeWaiting {
		row("waits", fmt.Sprintf("a change of %s by %s; it goes back in %d s unless it is kept on the page at %s", n.Change.Interface, n.Change.By, n.Change.ExpiresIn, cmp.Or(strings.Join(n.Change.Urls, " or "), "its new address")))
	}
	for _, i := range n.Interfaces {
		_, _ = fmt.Fprintln(table)
		row(i.Name, state(i))
		for _, a := range i.Addresses {
			row("  address", fmt.Sprintf("%s/%d, %s", a.Address, a.Prefix, origin(a)))
		}
		row("  gateway", strings.Join(i.Gateways, " "))
		if s := i.Settings; s != nil {
			row("  IPv4", family(s.Ipv4))
			row("  IPv6", family(s.Ipv6))
		}
	}
	return table.Flush()
}

func foundAs(a api.Announcement) string {
	switch {
	case !a.Enabled:
		return "no name, being found is turned off"
	case a.Host == "":
		return strings.TrimSuffix("no name yet. "+a.Trouble, ". ")
	case a.Renamed:
		return a.Host + ", as another machine has the name"
	}
	return a.Host
}

// state says whether an interface is connected.
func state(i api.Interface) string {
	parts := []string{string(i.Type), i.Mac}
	switch {
	case !i.Up:
		parts = append(parts, "turned off")
	case !i.Carrier:
		parts = append(parts, "no cable")
	case i.Speed > 0:
		parts = append(parts, "connected with "+speed(i.Speed))
	default:
		parts = append(parts, "connected")
	}
	return strings.Join(parts, ", ")
}

// speed writes Mbit/s as people do.
func speed(mbit int) string {
	if mbit >= 1000 {
		return strconv.FormatFloat(float64(mbit)/1000, 'f', -1, 64) + " Gbit/s"
	}
	return strconv.Itoa(mbit) + " Mbit/s"
}

// origin says where an address came from.
func origin(a api.InterfaceAddress) string {
	text := sources[a.From]
	if a.Temporary {
		text += ", changes by itself"
	}
	if a.Duplicate {
		text += ", not used because another machine has it"
	}
	return text
}

// family says how an interface is set up for one family.
func family(f api.FamilySettings) string {
	if f.Method != api.MethodManual || f.Address == nil || f.Prefix == nil {
		return string(f.Method)
	}
	text := fmt.Sprintf("%s, %s/%d", f.Method, *f.Address, *f.Prefix)
	if f.Gateway != nil && *f.Gateway != "" {
		text += " by way of " + *f.Gateway
	}
	return text
}
