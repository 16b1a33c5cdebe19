package button

import (
	"context"
	"slices"
	"time"
)

// The bounds of learning.
const (
	LearnTime = 60 * time.Second // how long the NAS listens
	LearnKept = 10 * time.Minute // how long after that what it heard may be confirmed
	// MaxHeard is how many keys are shown, and how many devices that were not heard; a box has fewer.
	MaxHeard = 16
)

// KeyEdge is a change of a key that may be a button.
type KeyEdge struct {
	InputKey
	Edge
}

// Heard is a key that was pressed while the NAS listened.
type Heard struct {
	InputKey
	Presses int           // finished ones
	Pressed bool          // it is down right now
	Held    time.Duration // how long the last finished press was
}

// Lesson is what came of listening.
type Lesson struct {
	Left  time.Duration // for how long yet the NAS listens
	Heard []Heard
	// Unheard are devices that may have the button and are not listened to: why, and what to do about it, in sentences.
	Unheard []string
}

type lesson struct {
	until time.Duration // on the program's clock
	kept  time.Duration // until when it counts
	heard []Heard
	deaf  []string                   // see Lesson.Unheard
	since map[InputKey]time.Duration // when the keys that are down were pressed
}

// CanLearn returns ErrFixed where the config file says which button it is.
func (b *Button) CanLearn() error {
	if !b.open() {
		return ErrFixed
	}
	return nil
}

// Learn begins to listen for LearnTime to all keys that may be a button. The button itself does nothing meanwhile.
func (b *Button) Learn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.local()
	b.lesson = lesson{until: now + LearnTime, kept: now + LearnTime + LearnKept, since: map[InputKey]time.Duration{}}
	b.again()
}

// EndLearning stops listening. What was heard may still be confirmed.
func (b *Button) EndLearning() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lesson.until > b.local() {
		b.lesson.until = b.local()
		b.lesson.kept = b.lesson.until + LearnKept
		b.again()
	}
}

// Lesson returns what came of listening so far.
func (b *Button) Lesson() Lesson {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Lesson{Left: max(b.lesson.until-b.local(), 0), Heard: slices.Clone(b.lesson.heard), Unheard: slices.Clone(b.lesson.deaf)}
}

// CheckHeard returns ErrUnlike unless a key was pressed and released while the NAS listened, and not long ago: the reset is
// never bound to a key that nobody has seen.
func (b *Button) CheckHeard(k InputKey) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open():
		return ErrFixed
	case b.lesson.kept <= b.local() || !slices.ContainsFunc(b.lesson.heard, func(h Heard) bool { return h.InputKey == k && h.Presses > 0 }):
		return ErrUnlike
	}
	return nil
}

// listen notes what is pressed until the time is over or the context ends.
func (b *Button) listen(ctx context.Context, left time.Duration) {
	ctx, end := context.WithTimeout(ctx, left)
	defer end()
	keys, unheard := b.config.Keys(ctx)
	var deaf []string
	for _, err := range unheard[:min(len(unheard), MaxHeard)] {
		deaf = append(deaf, sentence(err.Error()))
	}
	b.mu.Lock()
	b.lesson.deaf = deaf
	b.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-keys:
			b.mu.Lock()
			b.lesson.note(e)
			b.mu.Unlock()
		}
	}
}

// note takes in a change of a key.
func (l *lesson) note(e KeyEdge) {
	i := slices.IndexFunc(l.heard, func(h Heard) bool { return h.InputKey == e.InputKey })
	if i < 0 {
		if len(l.heard) == MaxHeard || !e.Pressed {
			return // a release of what was down before says nothing
		}
		i, l.heard = len(l.heard), append(l.heard, Heard{InputKey: e.InputKey})
	}
	h := &l.heard[i]
	if h.Pressed == e.Pressed {
		return
	}
	if h.Pressed = e.Pressed; e.Pressed {
		l.since[e.InputKey] = e.At
		return
	}
	h.Presses, h.Held = h.Presses+1, e.At-l.since[e.InputKey]
}
