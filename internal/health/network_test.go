package health_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
	"castellan/internal/health"
)

func TestWhatKeepsTheNetworkFromWorkingIsSaidInItsOrder(t *testing.T) {
	whole := network.Reach{Address: true, Gateway: true}
	for name, test := range map[string]struct {
		reach   network.Reach
		reading clock.Reading
		value   string
	}{
		"all is well":            {whole, clock.Reading{State: clock.Synced}, "Connected"},
		"nothing":                {network.Reach{}, clock.Reading{State: clock.Unsynced, Reason: clock.NoNameServer}, "No address"},
		"no router":              {network.Reach{Address: true}, clock.Reading{State: clock.Unsynced, Reason: clock.NoAnswer}, "No router"},
		"time without a router":  {network.Reach{Address: true}, clock.Reading{State: clock.Synced}, "Connected"},
		"no names":               {whole, clock.Reading{State: clock.Unsynced, Reason: clock.NoNameServer}, "No DNS"},
		"no time, which is else": {whole, clock.Reading{State: clock.Unsynced, Reason: clock.NoAnswer}, "Connected"},
	} {
		b := newBench(t)
		b.reach, b.reading = test.reach, test.reading
		_, checks := b.examine(t, account.Administrator)
		c := checks["network"]
		if c.Value != test.value || (c.Level == health.OK) != (test.value == "Connected") || b.NetworkTrouble() != c.Detail {
			t.Errorf("%s: %+v", name, c)
		}
		if c.Level != health.OK && !strings.Contains(c.Detail, "Settings › Network") {
			t.Errorf("%s does not say what to do: %s", name, c.Detail)
		}
		if _, checks := b.examine(t, account.User); checks["network"].Code != "" {
			t.Errorf("%s: users are told of what they cannot change", name)
		}
	}
}

func TestAChangeOfTheNetworkThatWaitsIsSaid(t *testing.T) {
	b := newBench(t)
	b.change = network.Change{Setting: network.AutomaticSetting("eth0"), Left: 40 * time.Second}
	_, checks := b.examine(t, account.Administrator)
	if c := checks["network"]; c.Level != health.Warn || !strings.Contains(c.Detail, "eth0") || !strings.Contains(c.Detail, "40 s") {
		t.Errorf("%+v", c)
	}
}
