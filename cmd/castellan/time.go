package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"text/tabwriter"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
)

// errNotSynced ends the program with 1 when the servers do not stand behind the time.
var errNotSynced = errors.New("the time servers do not stand behind this time")

func printTime(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	t, err := show(c, "/local/time", *asJSON, c.showTime)
	if err == nil && t.Clock.State != api.Synced {
		err = errNotSynced
	}
	return err
}

// showTime prints the clocks, how far they may be believed, who keeps the system clock, and the servers.
func (c *call) showTime(t api.Time) error {
	zone, err := settings.Zone(t.Clock.Zone)
	if err != nil {
		zone = time.UTC
	}
	const form = "2006-01-02 15:04:05 MST"
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	table := tabwriter.NewWriter(&terminal{Writer: c.out}, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", name, text)
		}
	}
	row("time", t.Clock.Now.In(zone).Format(form)+" ("+t.Clock.Zone+")")
	compared := "not compared: no server agrees"
	if t.Clock.State == api.Synced || t.Clock.State == api.Holdover {
		compared = offBy(ms(float64(t.Clock.OffsetMs)))
	}
	row("NAS clock", t.System.In(zone).Format(form)+", "+compared)
	row("state", fmt.Sprintf("%s (%s)", t.Clock.State, t.Clock.Reason))
	row("in words", t.Clock.Message)
	row("what to do", t.Clock.Advice)
	servers := "none of them answers"
	switch {
	case len(t.Servers) == 0:
		servers = "none is asked"
	case t.Answering > 0:
		servers = fmt.Sprintf("%d of %d that answer agree", t.Agreeing, t.Answering)
		if t.UncertaintyMs > 0 {
			servers += " within " + clock.Words(ms(t.UncertaintyMs))
		}
	}
	if t.CheckedAgo != nil {
		servers += ", last asked " + ago(*t.CheckedAgo)
	}
	row("servers", servers)
	if p := t.Proposal; p != nil {
		row("they say", fmt.Sprintf("%s, by %d servers. Accept it in Settings › Date & Time where it is right", p.Now.In(zone).Format(form), p.Servers))
	}
	row("kept by", t.Keeper.Detail)
	if err := table.Flush(); err != nil || len(t.Servers) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(table, "\nSERVER\tPROTOCOL\tSTATE\tOFFSET\tDELAY\tSTRATUM\tANSWERED\tIN WORDS")
	for _, s := range t.Servers {
		offset, delay, stratum, answered := "-", "-", "-", "-"
		if s.OffsetMs != nil {
			// Adding 0 makes of a rounded -0 what people write.
			offset = fmt.Sprintf("%.1f ms", math.Round(*s.OffsetMs*10)/10+0)
			if off := ms(*s.OffsetMs); off.Abs() >= time.Second {
				offset = clock.SlowOrFast(off)
			}
			delay, stratum = fmt.Sprintf("%.1f ms", *s.DelayMs), strconv.Itoa(*s.Stratum)
		}
		if s.AnsweredAgo != nil {
			answered = ago(*s.AnsweredAgo)
		}
		state := string(s.State)
		if s.Offered {
			state += ", offered"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Host, s.Protocol, state, offset, delay, stratum, answered, s.Detail)
	}
	return table.Flush()
}

func ago(seconds int) string { return clock.Words(time.Duration(seconds)*time.Second) + " ago" }

// offBy says how far the clock of the NAS is from trusted time.
func offBy(offset time.Duration) string {
	if offset.Abs() < time.Millisecond {
		return "in step"
	}
	return clock.SlowOrFast(offset)
}
