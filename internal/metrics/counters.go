package metrics

import (
	"github.com/VictoriaMetrics/metrics"

	"castellan/internal/box/button"
	"castellan/internal/event"
)

// counters count what happened since the start.
type counters struct {
	kinds   map[event.Kind]*metrics.Counter
	events  map[event.Area]map[event.Level]*metrics.Counter
	presses map[button.Outcome]*metrics.Counter
}

// counted are the kinds of events that have a figure of their own.
var counted = []struct {
	name, help string
	label      string
	kinds      map[event.Kind]string // with the value of the label
}{
	{"castellan_sign_ins_total", "Sign-ins by outcome: slowed ones were not looked at.", "outcome", map[event.Kind]string{
		event.SignedIn: "succeeded", event.SignInRefused: "refused", event.SignInSlowed: "slowed",
	}},
	{"castellan_codes_refused_total", "Second factors that were refused, at the sign-in of people and of machines with an API token.", "who", map[event.Kind]string{
		event.CodeRefused: "person", event.TokenSessionRefused: "machine",
	}},
	{"castellan_step_ups_total", "Proofs of identity by people who were signed in, by outcome.", "outcome", map[event.Kind]string{
		event.SteppedUp: "succeeded", event.StepUpRefused: "refused",
	}},
	{"castellan_access_refused_total", "Calls by people who may not make them.", "", map[event.Kind]string{event.AccessRefused: ""}},
	{"castellan_addresses_refused_total", "Connections from addresses that are blocked.", "", map[event.Kind]string{event.AddressRefused: ""}},
	{"castellan_tokens_refused_total", "Refusals of machines with API tokens as the log has them: the same of a token once an hour.", "", map[event.Kind]string{event.TokenRefused: ""}},
	{"castellan_accounts_closed_total", "How often an account was closed for browsers it does not know.", "", map[event.Kind]string{event.AccountClosed: ""}},
	{"castellan_resets_total", "Resets by the button, by outcome; those that failed are tried again.", "outcome", map[event.Kind]string{
		event.ResetDone: "done", event.ResetFailed: "failed",
	}},
	{"castellan_mails_failed_total", "Tries to send a mail that failed.", "", map[event.Kind]string{event.MailFailed: ""}},
}

// count makes the counters, all of them at nought: a rate of what never happened is to be had, too.
func (f *Figures) count() {
	f.counters = counters{kinds: map[event.Kind]*metrics.Counter{}, events: map[event.Area]map[event.Level]*metrics.Counter{}, presses: map[button.Outcome]*metrics.Counter{}}
	for _, c := range counted {
		values := f.family(c.name, "counter", c.help)
		for kind, label := range c.kinds {
			name := c.name
			if c.label != "" {
				name = labelled(c.name, c.label, label)
			}
			f.counters.kinds[kind] = values.NewCounter(name)
		}
	}
	values := f.family("castellan_button_presses_total", "counter", "Presses of the reset button by what they mean, also where the button is turned off or tried.")
	for _, o := range []button.Outcome{button.Presence, button.Nothing, button.Reset, button.Cancelled} {
		f.counters.presses[o] = values.NewCounter(labelled("castellan_button_presses_total", "outcome", string(o)))
	}
	values = f.family("castellan_events_total", "counter", "Entries of the security log by area and level, with those that are only counted.")
	for _, area := range event.Areas() {
		f.counters.events[area] = map[event.Level]*metrics.Counter{}
		for _, level := range []event.Level{event.Info, event.Warning, event.Error} {
			f.counters.events[area][level] = values.NewCounter(`castellan_events_total{area="` + string(area) + `",level="` + string(level) + `"}`)
		}
	}
}

// Count counts an event.
func (f *Figures) Count(e event.Event) {
	if c := f.counters.kinds[e.Kind]; c != nil {
		c.Inc()
	}
	if e.Kind == event.Repeated { // what it stands for was counted one by one
		return
	}
	if c := f.counters.events[e.Kind.Area()][e.Level()]; c != nil {
		c.Inc()
	}
}

// Pressed counts a press of the reset button.
func (f *Figures) Pressed(o button.Outcome) {
	if c := f.counters.presses[o]; c != nil {
		c.Inc()
	}
}

func labelled(name, label, value string) string { return name + "{" + label + `="` + value + `"}` }
