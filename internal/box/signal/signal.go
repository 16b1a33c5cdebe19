// Package signal tells the finger on the button where it stands, by a light and a beeper of the box: what a press came to,
// and when to let go. A box that has neither is nothing unusual.
package signal

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"
)

// Moment is something that is told.
type Moment uint8

// The moments. All but the last three are stages of a press.
const (
	LetGo      Moment = iota // the light is what it was
	Pressed                  // one short blink
	Longer                   // one short beep: no longer a short press
	ReleaseNow               // two short beeps, and the light blinks, in amber where there is one
	Cancelled                // one long beep, and the light is what it was
	Restored                 // three short beeps, and a slow blink until somebody claims the box
	Failed                   // five quick blinks
	Waiting                  // the slow blink, without beeps: after a start
	Claimed                  // the light is what it was
)

// The lengths of what is shown and heard.
const (
	flashTime  = 150 * time.Millisecond // one short blink
	quickTime  = 80 * time.Millisecond  // half of a quick blink
	warnTime   = 200 * time.Millisecond // half of a blink that says to let go
	slowTime   = time.Second            // half of a slow blink
	beepTime   = 120 * time.Millisecond
	beepGap    = 120 * time.Millisecond
	longTime   = 900 * time.Millisecond
	quickTimes = 5
)

// sign is what passes by of a moment.
type sign struct {
	flashes int
	half    time.Duration // of a flash
	beeps   int
	length  time.Duration // of a beep
	outcome bool          // it says what came of a press, which is so however late it is said
}

var signs = map[Moment]sign{
	Pressed:    {flashes: 1, half: flashTime},
	Longer:     {beeps: 1, length: beepTime},
	ReleaseNow: {beeps: 2, length: beepTime},
	Cancelled:  {beeps: 1, length: longTime},
	Restored:   {beeps: 3, length: beepTime, outcome: true},
	Failed:     {flashes: quickTimes, half: quickTime, outcome: true},
}

// Stale is how late a blink or a beep may come. One that comes later, as the disk had to wake first, would say something
// that is not so any more.
const Stale = 500 * time.Millisecond

// queue is how many moments wait while one is told.
const queue = 16

// Config says where lights and beepers are.
type Config struct {
	Lights string // the folder of the kernel's LEDs; empty: /sys/class/leds
	Inputs string // the folder of the kernel's input devices; empty: /dev/input
	// Keep is the file that holds what the lights were before, so that a crash leaves none of them as it should not be.
	Keep string
	Boot string // names this run of the kernel: after another start its lights are new
	Log  *slog.Logger
}

// Found is what the box tells the finger with. Empty: it has no such thing.
type Found struct {
	Light   string // the kernel's name of the light
	Warning string // that of the light which says to let go: often the same
	Beeper  string
}

// Signal is the light and the beeper of the box.
type Signal struct {
	config Config
	told   chan moment

	mu    sync.Mutex
	found Found

	// What follows belongs to Run.
	lights  lights
	beeper  *beeper
	warning bool // somebody is to let go now
	waiting bool // the box was reset, and nobody has claimed it since
	ticker  *time.Ticker
	blinker *blink
}

// moment is one that was told, and when.
type moment struct {
	what Moment
	at   time.Time
}

// blink is a blinking that the program does by itself, where the kernel does not do it.
type blink struct {
	light light
	on    bool
}

// New returns a Signal that tells nothing until it runs.
func New(c Config) *Signal {
	c.Lights, c.Inputs = cmp.Or(c.Lights, "/sys/class/leds"), cmp.Or(c.Inputs, "/dev/input")
	s := &Signal{config: c, told: make(chan moment, queue), ticker: time.NewTicker(time.Hour)}
	s.ticker.Stop()
	s.lights = lights{folder: c.Lights, keep: c.Keep, boot: c.Boot, before: map[string]state{}}
	return s
}

// Tell has a moment be told soon. It never waits: where many wait already, the oldest of them is left out.
func (s *Signal) Tell(what Moment) {
	for m := (moment{what, time.Now()}); ; {
		select {
		case s.told <- m:
			return
		default:
		}
		select {
		case <-s.told:
		default:
		}
	}
}

// Found returns what the box tells with, as of the last look.
func (s *Signal) Found() Found {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found
}

// Run tells moments until the context ends. Then the lights are what they were.
func (s *Signal) Run(ctx context.Context) error {
	s.note(s.lights.recall())
	s.look()
	if s.beeper != nil {
		s.beeper.silence() // a crash may have left it on
	}
	for {
		select {
		case <-ctx.Done():
			s.stopBlinking()
			s.note(s.lights.restore())
			s.note(s.lights.forget())
			s.beeper.close()
			return nil
		case m := <-s.told:
			s.tell(ctx, m)
		case <-s.ticker.C:
			s.blinker.on = !s.blinker.on
			s.note(s.blinker.light.shine(s.blinker.on))
		}
	}
}

// note puts an error where only somebody who looks for it finds it: without a light the box works as well.
func (s *Signal) note(err error) {
	if err != nil {
		s.config.Log.Debug("show by light or sound", "err", err)
	}
}

// look finds lights and a beeper: their drivers may come late, or go.
func (s *Signal) look() {
	s.note(s.lights.find())
	if s.beeper == nil {
		s.beeper = findBeeper(s.config.Inputs)
	}
	f := Found{Light: s.lights.usual.name, Warning: s.lights.warning.name}
	if s.beeper != nil {
		f.Beeper = s.beeper.name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = f
}

// tell shows and sounds one moment. What lasts is shown first, as sounds take their time.
func (s *Signal) tell(ctx context.Context, m moment) {
	late := time.Since(m.at) > Stale
	switch m.what {
	case Pressed:
		s.look()
	case ReleaseNow:
		s.warning = true
	case LetGo, Cancelled:
		s.warning = false
	case Restored, Waiting:
		s.waiting = true
	case Claimed:
		s.waiting = false
	case Longer, Failed: // pass by
	}
	if len(s.told) == 0 || !late {
		s.show()
	}
	sign := signs[m.what]
	if late && !sign.outcome {
		return
	}
	s.flash(ctx, sign.flashes, sign.half)
	s.beep(ctx, sign.beeps, sign.length)
}

// show has the lights be what lasts: letting go comes first, then waiting for an owner, else what they were.
func (s *Signal) show() {
	s.stopBlinking()
	switch {
	case s.warning:
		if s.lights.usual.name != s.lights.warning.name {
			s.note(s.lights.set(s.lights.usual, false))
		}
		s.startBlinking(s.lights.warning, warnTime)
	case s.waiting:
		if s.lights.usual.name != s.lights.warning.name {
			s.note(s.lights.back(s.lights.warning))
		}
		s.startBlinking(s.lights.usual, slowTime)
	default:
		s.note(s.lights.restore())
	}
}

// startBlinking has a light blink, by the kernel where it can: nothing has to wake for that.
func (s *Signal) startBlinking(l light, half time.Duration) {
	byKernel, err := s.lights.blink(l, half)
	s.note(err)
	if err == nil && !byKernel {
		s.blinker = &blink{l, true}
		s.ticker.Reset(half)
	}
}

func (s *Signal) stopBlinking() {
	s.ticker.Stop()
	s.blinker = nil
}

// flash has the light be the other way round for a moment, some times, and then what it is to be.
func (s *Signal) flash(ctx context.Context, times int, half time.Duration) {
	l := s.lights.usual
	if l.name == "" || times == 0 {
		return
	}
	s.stopBlinking()
	on := !s.lights.lit(l)
	for i := range times {
		if i > 0 {
			s.note(s.lights.set(l, !on))
			pause(ctx, half)
		}
		s.note(s.lights.set(l, on))
		pause(ctx, half)
	}
	s.show()
}

// beep sounds some beeps.
func (s *Signal) beep(ctx context.Context, times int, length time.Duration) {
	if s.beeper == nil {
		return
	}
	for i := range times {
		if i > 0 {
			pause(ctx, beepGap)
		}
		if err := s.beeper.sound(true); err != nil { // its driver went away
			s.note(err)
			s.beeper.close()
			s.beeper = nil
			s.look()
			return
		}
		pause(ctx, length)
		s.beeper.silence()
	}
}

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
