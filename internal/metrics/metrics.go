// Package metrics counts what happens on the box and says how it is, in the text format of Prometheus. Nothing in it names a person
// or an address: whoever reads figures learns how many, never who.
package metrics

import (
	"bytes"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// ContentType is what Text returns (https://prometheus.io/docs/instrumenting/exposition_formats/).
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Config says what is looked at. All of it must be set.
type Config struct {
	DB        *store.DB
	Clock     func() clock.Reading
	Button    func() button.Status
	Throttle  *throttle.Throttle
	Passwords *password.Hasher
	Sessions  *session.Sessions
	Post      *notice.Post
	// Free returns how many bytes the data folder's disk has left.
	Free func() (uint64, error)
	// Version, Go and Platform say what is running.
	Version, Go, Platform string
}

// Figures counts and tells. It is safe for concurrent use, and has no goroutine: what is not counted where it happens is looked at
// when somebody asks.
type Figures struct {
	config   Config
	families []*family
	counters counters

	mu  sync.Mutex // held while figures are told
	now sight
}

// family is a figure with all its labels. Each has a set of its own, so that its words stand before its values.
type family struct {
	name, kind, help string
	values           *metrics.Set
}

// New returns Figures that have counted nothing. From now on it measures commits.
func New(c Config) *Figures {
	f := &Figures{config: c}
	f.count()
	f.look()
	commits := f.family("castellan_store_commit_seconds", "histogram", "How long changes took to reach the disk.").NewPrometheusHistogramExt("castellan_store_commit_seconds", commitTimes)
	c.DB.Watch(func(took time.Duration) { commits.Update(took.Seconds()) })
	f.process()
	return f
}

// commitTimes are the bounds by which commits are counted, in seconds: a fast disk commits in half a millisecond, one that has to wake in
// seconds.
var commitTimes = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

func (f *Figures) family(name, kind, help string) *metrics.Set {
	one := &family{name: name, kind: kind, help: help, values: metrics.NewSet()}
	f.families = append(f.families, one)
	return one.values
}

// Text returns all figures as they are now. It writes nothing to the disk.
func (f *Figures) Text() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.see()
	var text bytes.Buffer
	for _, one := range f.families {
		text.WriteString("# HELP " + one.name + " " + one.help + "\n# TYPE " + one.name + " " + one.kind + "\n")
		one.values.WritePrometheus(&text)
	}
	return text.Bytes()
}

// sight is what was seen for one answer, so that figures that belong together are of one moment.
type sight struct {
	clock   clock.Reading
	button  button.Status
	slowed  map[throttle.Rule]int
	hashing bool
	queue   int
	size    store.Size
	sized   bool
	free    uint64
	freed   bool
	events  int
	process process
}

func (f *Figures) see() (s sight) {
	c := f.config
	s.clock, s.button = c.Clock(), c.Button()
	s.hashing, s.queue = c.Passwords.Load()
	var err error
	s.size, err = c.DB.Size()
	s.sized = err == nil
	s.free, err = c.Free()
	s.freed = err == nil
	level := throttle.Normal
	_ = c.DB.View(func(tx *store.Tx) error { // what cannot be read here is told by everything else
		s.events = event.Total(tx)
		d, err := settings.GetDefender(tx)
		if err == nil {
			level = throttle.LevelOf(string(d.Limits))
		}
		return err
	})
	s.slowed = c.Throttle.Counts(level)
	s.process = seeProcess()
	return s
}
