package metrics

import (
	"math"

	"castellan/internal/access/throttle"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
)

// look makes the figures that are looked at when somebody asks.
func (f *Figures) look() {
	f.gauge("castellan_build_info", "What is running; always 1.", func() float64 { return 1 },
		`{version="`+f.config.Version+`",go_version="`+f.config.Go+`",platform="`+f.config.Platform+`"}`)
	f.gauge("castellan_clock_offset_seconds", "The clock of the NAS minus trusted time; negative: slow.", func() float64 { return f.now.clock.Offset.Seconds() })
	f.gauge("castellan_clock_uncertainty_seconds", "How far trusted time may be off; 0 where that is not known.", func() float64 { return f.now.clock.Uncertainty.Seconds() })
	f.gauge("castellan_clock_trusted", "1 while codes of apps are checked against the time.", func() float64 { return truth(f.now.clock.Trusted()) })
	f.gauge("castellan_clock_servers_answering", "Time servers that answered last.", func() float64 { return float64(f.now.clock.Answering) })
	oneOf(f, "castellan_clock_state", "What stands behind trusted time: 1 for the state that it has.", func() clock.State { return f.now.clock.State },
		clock.Synced, clock.Holdover, clock.Unverified, clock.Unsynced, clock.Suspect)
	oneOf(f, "castellan_button_state", "What the reset button does: 1 for the state that it has.", func() button.State { return f.now.button.State },
		button.IsReleased, button.IsPressed, button.IsStuck, button.IsAbsent)
	f.gauge("castellan_button_works", "1 while a press of the reset button acts: it is there, turned on, and does not hang.", func() float64 { return truth(f.now.button.Works()) })
	values := f.family("castellan_throttled", "gauge", "How many are slowed down now, by rule; account counts accounts, code accounts and machines, crowd is 1 while many guess at once.")
	for _, r := range []throttle.Rule{throttle.Passwords, throttle.Browsers, throttle.Accounts, throttle.Sources, throttle.Codes, throttle.Crowd} {
		values.NewGauge(labelled("castellan_throttled", "rule", string(r)), func() float64 { return float64(f.now.slowed[r]) })
	}
	f.gauge("castellan_hash_running", "1 while a password is hashed.", func() float64 { return truth(f.now.hashing) })
	f.gauge("castellan_hash_queue", "How many passwords wait to be hashed.", func() float64 { return float64(f.now.queue) })
	f.gauge("castellan_sessions", "Sessions of people that are open.", func() float64 { return float64(f.config.Sessions.Count()) })
	f.gauge("castellan_events_kept", "Entries in the security log.", func() float64 { return float64(f.now.events) })
	f.gauge("castellan_mails_waiting", "Mails that wait to be sent.", func() float64 { return float64(f.config.Post.Waiting()) })
	f.gauge("castellan_store_size_bytes", "Size of the database file.", func() float64 { return known(f.now.sized, float64(f.now.size.File)) })
	f.gauge("castellan_store_free_bytes", "How much of the database file holds nothing.", func() float64 { return known(f.now.sized, float64(f.now.size.Free)) })
	f.gauge("castellan_disk_free_bytes", "What the disk with the data has left.", func() float64 { return known(f.now.freed, float64(f.now.free)) })
}

// gauge makes a figure with one value; labels is in braces.
func (f *Figures) gauge(name, help string, value func() float64, labels ...string) {
	full := name
	for _, l := range labels {
		full += l
	}
	f.family(name, "gauge", help).NewGauge(full, value)
}

// oneOf makes a figure that is 1 for the state that something has, and 0 for all others.
func oneOf[S ~string](f *Figures, name, help string, now func() S, states ...S) {
	values := f.family(name, "gauge", help)
	for _, s := range states {
		values.NewGauge(labelled(name, "state", string(s)), func() float64 { return truth(now() == s) })
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// known returns a value, or what Prometheus takes for none.
func known(is bool, value float64) float64 {
	if is {
		return value
	}
	return math.NaN()
}
