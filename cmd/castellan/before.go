package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
)

func printBefore(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	_, err := show(c, "/local/before-reset", *asJSON, c.showBefore)
	return err
}

// showBefore prints what a reset has changed, by the names that the screens have for it.
func (c *call) showBefore(b api.BeforeReset) error {
	zone, err := settings.Zone(b.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", name, text)
		}
	}
	row("before", b.Taken.In(zone).Format("2006-01-02 15:04:05 MST"))
	row("NAS", b.NasName+", "+b.TimeZone)
	if o := b.Owner; o != nil {
		row("user", strings.TrimSpace(o.Name+" "+o.DisplayName)+map[bool]string{true: ", disabled"}[o.Disabled])
		row("e-mail", o.Email+map[bool]string{true: ", confirmed"}[o.EmailConfirmed])
		row("language", o.Language)
	}
	row("2-step verification", string(b.Policy.TwoStep)+map[bool]string{true: ": " + strings.Join(b.GroupNames, ", ")}[len(b.GroupNames) > 0])
	row("codes by e-mail", string(b.Policy.EmailCodes))
	if p := b.Policy.Presence; p != nil {
		row("press at sign-in", string(*p))
	}
	if m := b.Policy.IdleMinutes; m != nil {
		row("idle sessions", strconv.Itoa(*m)+" min")
	}
	row("limits", string(b.Limits))
	row("allow list", strings.Join(b.Allow, " "))
	row("block list", strings.Join(b.Block, " "))
	row("button", b.Button.Learnt)
	return table.Flush()
}
