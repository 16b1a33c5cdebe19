// Package button watches the reset button of the box: edges of its line with the kernel's time stamps go
// in, finished presses come out.
package button

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind names where the edges come from.
type Kind string

// The kinds of sources.
const (
	Input     Kind = "input"
	GPIO      Kind = "gpio"
	Simulated Kind = "simulated"
	None      Kind = "none"
)

// Line is a button's line that was claimed.
type Line struct {
	Pressed bool // what it read when it was claimed
	Edges   <-chan Edge
	// Lost, when not nil, receives what the line reads after edges were missed.
	Lost <-chan bool
	// Shared is whether others hear the presses as well, such as systemd-logind, which reboots by a key for that.
	Shared bool
	// Alone has nobody else hear a line that is Shared, or everybody again; nil: that is not to be had.
	Alone func(bool) error
	Close func() error
}

// Source claims the line of a button. Its error is for people: what is so, then what to do.
type Source interface {
	Kind() Kind
	Name() string
	Open() (Line, error)
}

// State is what the button is doing.
type State string

// The states.
const (
	IsReleased State = "released"
	IsPressed  State = "pressed"
	IsStuck    State = "stuck"
	IsAbsent   State = "absent"
)

// Status is the button as it is right now.
type Status struct {
	Kind     Kind
	Name     string
	State    State
	Held     time.Duration
	Problem  string // why the line could not be claimed
	Times    Times
	Last     *Press
	LastAgo  time.Duration // since Last ended
	Learnt   bool          // it is the one that the owner had the NAS learn
	CanLearn bool          // the config file leaves open which button it is
	Disabled bool          // the owner turned it off: presses do nothing
	Testing  time.Duration // for how long yet presses are only shown
	Learning time.Duration // for how long yet the NAS listens for its button
	Rest     time.Duration // for how long yet a hold restores nothing, as that was done just now
	Guard    Guard         // what keeps the system from acting on the same presses
}

// Config says what a Button watches and whom it tells.
type Config struct {
	Source Source // nil: this box has no button
	Times  Times
	// Pressed is called for each finished press, from Run's goroutine. What it says came of the press, and its error, go to
	// who held a simulated button.
	Pressed func(Press) (said string, err error)
	// Stage is called from Run's goroutine when what the finger on the button is to be told changes, before Pressed. It must
	// not wait. nil: nobody is told. A button that is turned off tells nothing.
	Stage func(Stage)
	// Rest says for how long yet a reset is refused; not positive: it is not, since so long. It must not wait. nil: a reset is
	// never refused.
	Rest func() time.Duration
	// Keys hears all keys that may be a button until the context ends, and says of which devices it hears nothing, and why;
	// nil: those of this box.
	Keys func(ctx context.Context) (heard <-chan KeyEdge, unheard []error)
	// News tells, until the context ends, that the input devices changed and looking again is worth it; nil: those of this box.
	News func(ctx context.Context) <-chan struct{}
	// Bus is the address of the system's D-Bus; empty: where it usually is.
	Bus string
	Log *slog.Logger
}

// Button watches one button.
type Button struct {
	config Config

	started time.Time
	tried   chan struct{} // closed once the line was claimed, or could not be
	first   sync.Once

	mu      sync.Mutex
	choice  Choice
	tested  time.Duration // until when presses are only shown, on the program's clock
	lesson  lesson
	again   context.CancelFunc // has Run look again at what it is to do
	guard   Guard
	shared  bool
	claimed bool
	problem string
	gesture Gesture
	told    Stage // what the finger was told last
	// skew leads from the program's clock to the kernel's time stamps, since the last edge.
	skew  time.Duration
	last  *Press
	ended time.Duration // when last ended, on the program's clock
	// acting is whether Pressed is at work; done is closed and replaced when it has returned said and failed.
	acting bool
	done   chan struct{}
	said   string
	failed error
}

// Restless is since how long, at the least, resets are not refused where none was done.
const Restless = 24 * time.Hour

// retry is how long to wait before a line that could not be claimed is tried again: a driver may come late.
const retry = 15 * time.Second

// rarely is how often input devices are looked at of which news would be told: opening one may wake it.
const rarely = 10 * time.Minute

// soon is how long to wait after a line closed by itself: a device that was pulled out is gone then, one that is broken
// does not keep the box busy.
const soon = time.Second

// New returns a Button that watches nothing yet.
func New(c Config) *Button {
	if c.Keys == nil {
		c.Keys = hearKeys
	}
	if c.News == nil {
		c.News = inputNews
	}
	if c.Stage == nil {
		c.Stage = func(Stage) {}
	}
	if c.Rest == nil {
		c.Rest = func() time.Duration { return -Restless }
	}
	return &Button{again: func() {}, config: c, started: time.Now(), gesture: NewGesture(c.Times, false), done: make(chan struct{}), tried: make(chan struct{})}
}

// Tried is closed once it is known whether the button works.
func (b *Button) Tried() <-chan struct{} { return b.tried }

// local is the program's clock, on which the kernel's time stamps are continued between edges.
func (b *Button) local() time.Duration { return time.Since(b.started) }

// Run claims the line and watches it until the context ends.
func (b *Button) Run(ctx context.Context) error {
	known := func() { b.first.Do(func() { close(b.tried) }) }
	if b.config.Source == nil {
		known()
		<-ctx.Done()
		return nil
	}
	for ctx.Err() == nil {
		turn, end := context.WithCancel(ctx)
		source, learning := b.turn(end)
		if learning > 0 {
			b.listen(turn, learning)
		} else {
			b.hold(turn, source, known)
		}
		end()
	}
	return nil
}

// turn says what Run is to do until end is called: watch a source, or listen for as long as given.
func (b *Button) turn(end context.CancelFunc) (Source, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.again, b.claimed = end, false
	return b.source(), b.lesson.until - b.local()
}

// hold claims the line and watches it until it closes, or waits until it is worth trying again.
func (b *Button) hold(ctx context.Context, source Source, known func()) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var news <-chan struct{}
	if ofInput(source) {
		news = b.config.News(ctx) // before looking, so that nothing comes unseen in between
	}
	wait := soon
	line, err := source.Open()
	if err == nil {
		b.claim(line)
		known()
		release := b.keepLogindOff(ctx, source, line)
		b.watch(ctx, line)
		release()
		if err = line.Close(); err != nil {
			b.config.Log.Warn("release button line", "err", err)
		}
	} else {
		b.refuse(source, err)
		known()
		var absent missing
		if wait = retry; news != nil && errors.As(err, &absent) {
			wait = rarely
		}
	}
	select {
	case <-ctx.Done():
	case <-news:
	case <-time.After(wait):
	}
}

func (b *Button) claim(line Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.claimed, b.problem, b.shared = true, "", line.Shared
	b.gesture = NewGesture(b.config.Times, line.Pressed)
}

func (b *Button) refuse(source Source, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.problem != err.Error() {
		b.config.Log.Warn("claim button line", "button", source.Name(), "err", err)
	}
	b.claimed, b.problem = false, err.Error()
}

// watch feeds edges and the passing of time to the gesture until the line closes or the context ends.
func (b *Button) watch(ctx context.Context, line Line) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	// A line that goes away takes with it what was being pressed on it.
	defer b.step(func(g Gesture) (Gesture, Press, bool) { return g.Lost(false), Press{}, false })
	for {
		b.arm(timer)
		select {
		case <-ctx.Done():
			return
		case e, ok := <-line.Edges:
			if !ok {
				return
			}
			b.step(func(g Gesture) (Gesture, Press, bool) {
				b.skew = e.At - b.local()
				return g.Edge(e)
			})
		case pressed := <-line.Lost:
			b.config.Log.Warn("button edges were missed", "pressed", pressed)
			b.step(func(g Gesture) (Gesture, Press, bool) { return g.Lost(pressed), Press{}, false })
		case <-timer.C:
			b.step(func(g Gesture) (Gesture, Press, bool) { return g.At(b.local() + b.skew) })
		}
	}
}

// arm sets the timer to when the gesture has to look at the time again.
func (b *Button) arm(timer *time.Timer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := time.Hour
	if at, ok := b.gesture.Next(); ok {
		wait = max(at-b.skew-b.local(), 0)
	}
	timer.Reset(wait)
}

// step moves the gesture on and reports a press that ended.
func (b *Button) step(move func(Gesture) (Gesture, Press, bool)) {
	b.mu.Lock()
	moved, press, ended := move(b.gesture)
	b.gesture = moved
	stage := b.telling()
	if ended {
		press = b.judge(press)
		b.last, b.ended, b.acting = &press, b.local(), true
	}
	b.mu.Unlock()
	stage()
	if !ended {
		return
	}
	said, failed := b.config.Pressed(press)
	b.mu.Lock()
	b.acting, b.said, b.failed = false, said, failed
	if press.Idle == IsTest { // what was pressed while this one was noted, on a disk that had to wake, was pressed in the test
		b.tested = max(b.tested, b.local())
	}
	close(b.done)
	b.done = make(chan struct{})
	b.mu.Unlock()
}

// telling returns what tells the finger where it stands, if that is something else than before. The lock must be held; it must
// not be while telling.
func (b *Button) telling() func() {
	now := b.gesture.Stage()
	switch {
	case b.choice.Disabled:
		now = NotHeld
	case now == ReleaseNow && b.tested <= b.local() && b.resting(b.gesture.Held(b.local()+b.skew)):
		now = HeldLong // letting go does nothing
	}
	if now == b.told {
		return func() {}
	}
	b.told = now
	return func() { b.config.Stage(now) }
}

// Status returns the button as it is right now.
func (b *Button) Status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{Kind: None, State: IsAbsent, Problem: b.problem, Times: b.config.Times, Last: b.last, LastAgo: b.local() - b.ended}
	source := b.source()
	if source == nil {
		return s
	}
	s.Kind, s.Name = source.Kind(), source.Name()
	s.Learnt, s.CanLearn, s.Disabled, s.Testing = b.choice.Key != nil && b.open(), b.open(), b.choice.Disabled, max(b.tested-b.local(), 0)
	if s.Learning = max(b.lesson.until-b.local(), 0); s.Learning > 0 || !b.claimed {
		return s
	}
	s.Guard, s.Rest = b.guardNow(source), max(b.config.Rest(), 0)
	switch b.gesture.phase {
	case Released:
		s.State = IsReleased
	case Unarmed:
		s.State = IsStuck
	default:
		s.State = IsPressed
		s.Held = b.gesture.Held(b.local() + b.skew)
	}
	return s
}

// Works reports whether a press would be noticed.
func (s Status) Works() bool {
	return (s.State == IsReleased || s.State == IsPressed) && !s.Disabled && s.Testing == 0
}

// sentence is the text of an error as people read one: they begin small and have no end.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}

// Describe says in words which button this is, or why there is none.
func (s Status) Describe() string {
	switch {
	case s.Learning > 0:
		return "The NAS listens for its button. Press it now. What is pressed meanwhile does nothing."
	case s.Testing > 0 && s.State != IsAbsent:
		return "Presses are shown and do nothing for now."
	case s.Disabled && s.State != IsAbsent:
		return disabledWords
	case s.Kind == None && s.Problem == "" && !s.CanLearn:
		return "This NAS has no reset button that is known. To get back in, use castellan recover on the NAS itself."
	case s.State == IsAbsent && s.Problem != "":
		return sentence(s.Problem)
	case s.State == IsAbsent:
		return "The reset button is being looked for."
	case s.State == IsStuck:
		return "The line reads pressed all the time. The button may be stuck or its polarity set the wrong way round. Nothing happens until it is released."
	case s.Kind == Simulated:
		return "A simulated button. The command castellan button press, with the daemon's own config file, presses it."
	default:
		return fmt.Sprintf("Found on %s.", s.Name)
	}
}
