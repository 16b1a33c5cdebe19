package main

import (
	"bytes"
	"strings"
	"testing"

	"castellan/internal/daemon"
)

// A short press and a hold do very different things, so the greeting names both, and neither where the button wants a finger.
func TestTheGreetingTellsPressingFromHolding(t *testing.T) {
	const press, hold = "button press -config c.toml -hold 500ms  (", "button press -config c.toml -hold 6s  ("
	for name, tc := range map[string]struct {
		greeting daemon.Greeting
		want     []string
		not      []string
	}{
		"unclaimed":   {daemon.Greeting{Simulated: true}, []string{press + "claims this NAS", hold + "restores"}, nil},
		"owned":       {daemon.Greeting{Simulated: true, Owned: true}, []string{press + "confirms", hold + "restores"}, []string{"claims"}},
		"recovery":    {daemon.Greeting{Simulated: true, Recovery: "It is damaged."}, []string{hold + "begins this NAS anew"}, []string{press}},
		"addresses":   {daemon.Greeting{HTTPS: "[::]:8001", Elsewhere: []string{"192.0.2.20:8001", "[fd00::20]:8001"}}, []string{"https://localhost:8001\n", " https://192.0.2.20:8001\n", " https://[fd00::20]:8001\n"}, nil},
		"real button": {daemon.Greeting{Button: "Found on gpio-keys."}, []string{"Found on gpio-keys."}, []string{"-hold"}},
	} {
		var out bytes.Buffer
		greet(&out, tc.greeting, "c.toml")
		for _, text := range tc.want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: %q is not in\n%s", name, text, &out)
			}
		}
		for _, text := range tc.not {
			if strings.Contains(out.String(), text) {
				t.Errorf("%s: %q is in\n%s", name, text, &out)
			}
		}
	}
}
