package health

import (
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
)

// NetworkTrouble says what keeps the network from working, and what to do; empty: it works. Nobody is asked for it: whether DNS
// servers answer is what the clock found out when it last looked its servers up. A box without a way to elsewhere is
// well as long as servers of its own network tell it the time.
func (d *Doctor) NetworkTrouble() string {
	_, detail := networkTrouble(d.Reach(), d.Clock())
	return detail
}

func networkTrouble(reach network.Reach, time clock.Reading) (value, detail string) {
	switch {
	case !reach.Address:
		return "No address", "This NAS has no address beside those it gave itself, so it is found only from its own network and reaches nothing. Check the cable and the router, or set an address in Settings › Network."
	case !reach.Gateway && !time.Verified():
		return "No router", "This NAS knows no router, so it reaches neither time servers nor mail servers. Check the router, or set a gateway in Settings › Network."
	case time.Reason == clock.NoNameServer:
		return "No DNS", "No DNS server answers this NAS, so it does not find time servers and mail servers by their names. Check the router, or set DNS servers in Settings › Network."
	}
	return "Connected", ""
}

func (d *Doctor) network() Check {
	c := Check{Code: "network", Title: "Network", Level: OK}
	if c.Value, c.Detail = networkTrouble(d.Reach(), d.Clock()); c.Detail != "" {
		c.Level = Warn
	}
	if change, waits := d.Waits(); waits {
		c.Level, c.Value = Warn, "Being tried"
		c.Detail = "A change of " + change.Interface + " waits to be confirmed and goes back by itself in " + clock.Words(change.Left) + ". Keep it from Settings › Network at the address that it gives the NAS."
	}
	return c
}
