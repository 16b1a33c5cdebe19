// Package syslog sends lines to a syslog server over TLS (RFC 5424 and 5425). It speaks to a server whose
// certificate was verified, or not at all, and never makes anybody wait: what cannot be sent waits in a bounded
// queue, and the oldest go when it is full.
package syslog

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// Queue is how many messages wait for a server at most.
	Queue = 2000
	// Patience is how long connecting and one message may take.
	Patience = 10 * time.Second
	// FirstRetry is how long after a failure the server is tried again.
	FirstRetry = time.Second
	// LongestRetry is what that doubles up to.
	LongestRetry = 2 * time.Minute
	// Settled is how long a connection must stand before the server counts as reached again.
	Settled = 10 * time.Second
)

// Config says what a Sender asks and tells others. All of it but Settle must be set.
type Config struct {
	// Name returns the name of the box, which stands in messages that have none.
	Name func() string
	// Failed is called when a server stops being reached, once, and Restored when it is reached again.
	Failed   func(s Server, reason string)
	Restored func(s Server)
	// Dropped is called when a server is reached again and messages had to go meanwhile.
	Dropped func(count int)
	// Settle replaces Settled.
	Settle time.Duration
}

// Sender sends messages to one server at a time.
type Sender struct {
	Config
	mu      sync.Mutex
	server  Server // no host: messages go nowhere
	turn    int    // changes of the server so far
	queue   []Message
	taken   int // messages that left the queue so far
	lost    int // of them those that had to go
	trouble string
	linked  bool
	wake    chan struct{}
	// underway says that the first of the queue is being sent, or was and may have arrived.
	underway bool
}

// New returns a Sender that has no server.
func New(c Config) *Sender {
	c.Settle = cmp.Or(c.Settle, Settled)
	return &Sender{Config: c, wake: make(chan struct{}, 1)}
}

// Use has messages go to a server from now on, or nowhere when it has no host. What waits for another server is
// forgotten: it was not meant for this one.
func (s *Sender) Use(server Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if server == s.server {
		return
	}
	s.server, s.queue, s.lost, s.trouble, s.linked, s.underway = server, nil, 0, "", false, false
	s.turn++
	s.ring()
}

// Used reports whether messages go anywhere.
func (s *Sender) Used() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server.Host != ""
}

// Offer takes a message for the server. It never waits. Messages that wait are put in the order of their numbers;
// one that comes when a later one is already under way follows it.
func (s *Sender) Offer(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server.Host == "" {
		return
	}
	if len(s.queue) >= Queue {
		s.queue = s.queue[1:]
		s.taken++
		s.lost++
		s.underway = false
	}
	at, first := len(s.queue), map[bool]int{true: 1}[s.underway]
	for at > first && m.Sequence > 0 && s.queue[at-1].Sequence > m.Sequence {
		at--
	}
	s.queue = slices.Insert(s.queue, at, m)
	s.ring()
}

// ring wakes Run. It needs mu.
func (s *Sender) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Status is how it stands with the server.
type Status struct {
	Linked  bool   // there is a connection
	Waiting int    // messages that wait
	Trouble string // why the server was not reached when it was last tried
}

// Status returns how it stands with the server right now.
func (s *Sender) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{s.linked, len(s.queue), s.trouble}
}

// Run sends until the context ends.
func (s *Sender) Run(ctx context.Context) error {
	wait := FirstRetry
	for ctx.Err() == nil {
		server, turn := s.target()
		if server.Host == "" || !s.waiting() {
			select {
			case <-ctx.Done():
			case <-s.wake:
			}
			continue
		}
		err := s.serve(ctx, server, turn, func() { wait = FirstRetry })
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.fail(server, turn, err)
		s.rest(ctx, wait, turn)
		wait = min(2*wait, LongestRetry)
	}
	return nil
}

// Finish sends what waits after Run has ended, to a server that was reached before.
func (s *Sender) Finish(ctx context.Context) {
	server, turn := s.target()
	if server.Host == "" || !s.waiting() || s.Status().Trouble != "" {
		return
	}
	c, err := server.dial(ctx)
	if err != nil {
		return // nobody is left to be told
	}
	_ = s.drain(c, turn, nil)
	_ = c.Close()
}

// rest waits before the next try, but not once there is another server.
func (s *Sender) rest(ctx context.Context, wait time.Duration, turn int) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-s.wake:
			if _, now := s.target(); now != turn {
				return
			}
		}
	}
}

func (s *Sender) target() (Server, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server, s.turn
}

func (s *Sender) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) > 0
}

// serve connects to a server and sends what waits and what comes, until the server is changed or fails.
func (s *Sender) serve(ctx context.Context, server Server, turn int, reached func()) error {
	c, err := server.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	gone := make(chan error, 1)
	go func() { // a server says nothing; when it closes, what is sent from then on is lost
		_, err := io.Copy(io.Discard, c)
		gone <- errors.Join(errGone, err)
	}()
	s.link(turn, true)
	settle, settled := time.NewTimer(s.Settle), false
	defer settle.Stop()
	for {
		if err := s.drain(c, turn, gone); err != nil {
			return err
		}
		if _, now := s.target(); now != turn {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-settle.C:
			settled = true
			reached()
			s.arrived(server, turn)
		case err := <-gone:
			if s.waiting() || !settled {
				return err
			}
			s.link(turn, false)
			return nil // it is tried again with the next message
		case <-s.wake:
		}
	}
}

// drain sends what waits.
func (s *Sender) drain(c net.Conn, turn int, gone <-chan error) error {
	for {
		m, place, ok := s.first(turn)
		if !ok {
			return nil
		}
		select {
		case err := <-gone:
			return err
		default:
		}
		m.Host = cmp.Or(m.Host, s.Name())
		if err := write(c, m); err != nil {
			return err
		}
		s.sent(turn, place)
	}
}

// first returns the oldest message that waits for the server of a turn, and its place.
func (s *Sender) first(turn int) (m Message, place int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn != turn || len(s.queue) == 0 {
		return m, 0, false
	}
	s.underway = true
	return s.queue[0], s.taken, true
}

// sent forgets the message of a place, unless it had to go while it was sent.
func (s *Sender) sent(turn, place int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn == turn && s.taken == place {
		s.queue = s.queue[1:]
		s.taken++
		s.underway = false
	}
}

func (s *Sender) link(turn int, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn == turn {
		s.linked = there
	}
}

// arrived notes that the server is reached and stays so, and tells if it was not before.
func (s *Sender) arrived(server Server, turn int) {
	s.mu.Lock()
	if s.turn != turn {
		s.mu.Unlock()
		return
	}
	failed, lost := s.trouble != "", s.lost
	s.trouble, s.lost = "", 0
	s.mu.Unlock()
	if failed {
		s.Restored(server)
	}
	if lost > 0 {
		s.Dropped(lost)
	}
}

// fail notes why the server is not reached, and tells if it was before.
func (s *Sender) fail(server Server, turn int, err error) {
	reason := Explain(err)
	s.mu.Lock()
	if s.turn != turn {
		s.mu.Unlock()
		return
	}
	first := s.trouble == ""
	s.linked, s.trouble = false, reason
	s.mu.Unlock()
	if first {
		s.Failed(server, reason)
	}
}
