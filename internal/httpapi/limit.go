package httpapi

import (
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"castellan/internal/fault"
)

const (
	// MaxConnections is how many connections the box holds open in all, over both of its ports.
	MaxConnections = 256
	// MaxPerSource is how many of them one source may hold.
	MaxPerSource = 32
	// NewPerSecond connections of one source are taken, after NewAtOnce of them at once.
	NewPerSecond = 20
	NewAtOnce    = 40
	// maxArrivals bounds of how many sources that is counted.
	maxArrivals = 1024
	// MaxStreams is how many requests may be under way on one HTTP/2 connection.
	MaxStreams = 16
	// MaxRequests is how many requests the box answers at a time before every source has to make do with
	// FewRequests.
	MaxRequests = 256
	// MaxRequestsPerSource is how many of them one source may have under way.
	MaxRequestsPerSource = 32
	// FewRequests is what each source still has where many sources have taken the rest.
	FewRequests = 8
	// MaxBody is how large the body of a request may be, in bytes.
	MaxBody = maxBody
	// MaxSignInBody is how large it may be before somebody is signed in.
	MaxSignInBody = maxSignInBody
)

var errCrowd = &fault.Error{
	Kind: fault.Unavailable, Code: "busy", RetryIn: time.Second,
	Message: "Too many requests come from this address at once. Try again in a second.",
}

// HTTP2 returns the bounds of an HTTP/2 connection. Those of the standard library let one client hold a
// quarter of a gigabyte.
func HTTP2() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams: MaxStreams, MaxReceiveBufferPerConnection: MaxBody, MaxReceiveBufferPerStream: MaxBody,
	}
}

// Limit wraps a listener so that no source can take all connections. All listeners of an API share its
// limits. A connection too many is closed before anything is read; where the box is full, somebody who
// has fewer connections than the greediest source takes one of theirs.
func (a *API) Limit(l net.Listener) net.Listener {
	return &limited{l, a.limits, a.sourceOf, a.favoured}
}

// Watch takes in what a connection is doing, for http.Server.ConnState.
func (a *API) Watch(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if own, ok := c.(*counted); ok {
		a.limits.note(own, state)
	}
}

// sourceOf names who is behind the address of a connection.
func (a *API) sourceOf(address string) string {
	p, err := netip.ParseAddrPort(address)
	if err != nil { // never with TCP
		return "unknown"
	}
	return a.Links.Source(p.Addr())
}

// room refuses requests of a source that has too many under way.
func (a *API) room(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source := a.sourceOf(r.RemoteAddr)
		if !a.limits.begin(source) {
			a.refuse(w, r, errCrowd)
			return
		}
		defer a.limits.end(source)
		next.ServeHTTP(w, r)
	})
}

type limited struct {
	net.Listener
	limits *limits
	source func(address string) string
	// favoured addresses may come as fast as they like.
	favoured func(address string) bool
}

// Accept waits for a connection that is within the limits.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := c.RemoteAddr().String()
		own := &counted{Conn: c, limits: l.limits, source: l.source(address)}
		if !l.limits.arrive(own.source) && !l.favoured(address) {
			_ = c.Close()
			continue
		}
		loser, ok := l.limits.enter(own)
		if loser != nil {
			_ = loser.Conn.Close()
		}
		if ok {
			return own, nil
		}
		_ = c.Close()
	}
}

// limits counts connections and requests by their sources.
type limits struct {
	elapsed func() time.Duration // a clock that never steps

	mu       sync.Mutex
	open     map[string]map[*counted]struct{}
	all      int
	moves    uint64 // changes of states so far
	requests map[string]int
	underWay int
	arrivals map[string]time.Duration // until when a source has used up what it may
}

func newLimits(elapsed func() time.Duration) *limits {
	return &limits{elapsed: elapsed, open: map[string]map[*counted]struct{}{}, requests: map[string]int{}, arrivals: map[string]time.Duration{}}
}

// arrive counts a new connection of a source and reports whether it comes slowly enough.
func (l *limits) arrive(source string) bool {
	const each = time.Second / NewPerSecond
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.elapsed()
	used := max(l.arrivals[source], now) + each
	if used-now > NewAtOnce*each {
		return false
	}
	l.arrivals[source] = used
	if len(l.arrivals) > maxArrivals {
		maps.DeleteFunc(l.arrivals, func(_ string, used time.Duration) bool { return used <= now })
	}
	return true
}

// enter takes a connection in and reports whether it may stay. It returns the connection that has to go
// for it, if one has to.
func (l *limits) enter(c *counted) (loser *counted, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open[c.source]) >= MaxPerSource {
		return nil, false
	}
	if l.all >= MaxConnections {
		if loser = l.loser(len(l.open[c.source])); loser == nil {
			return nil, false
		}
		l.remove(loser)
	}
	if l.open[c.source] == nil {
		l.open[c.source] = map[*counted]struct{}{}
	}
	l.open[c.source][c] = struct{}{}
	l.all++
	l.moves++
	c.moved = l.moves
	return loser, true
}

// loser returns the connection that is missed the least of those whose source has the most, if that is
// more than have: the one that has been idle for longest, or else silent, or else at work.
func (l *limits) loser(have int) *counted {
	most := have
	for _, of := range l.open {
		most = max(most, len(of))
	}
	var worst *counted
	for _, of := range l.open {
		if len(of) == have || len(of) < most {
			continue
		}
		for c := range of {
			if worst == nil || c.rank() > worst.rank() || c.rank() == worst.rank() && c.moved < worst.moved {
				worst = c
			}
		}
	}
	return worst
}

// remove forgets a connection; a second time does nothing.
func (l *limits) remove(c *counted) {
	of := l.open[c.source]
	if _, here := of[c]; !here {
		return
	}
	l.all--
	if delete(of, c); len(of) == 0 {
		delete(l.open, c.source)
	}
}

func (l *limits) note(c *counted, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moves++
	c.state, c.moved = state, l.moves
}

// begin takes a request in and reports whether it may go on.
func (l *limits) begin(source string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := MaxRequestsPerSource
	if l.underWay >= MaxRequests {
		most = FewRequests
	}
	if l.requests[source] >= most {
		return false
	}
	l.requests[source]++
	l.underWay++
	return true
}

func (l *limits) end(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay--
	if l.requests[source]--; l.requests[source] == 0 {
		delete(l.requests, source)
	}
}

// counted is a connection that has a place.
type counted struct {
	net.Conn
	limits *limits
	source string
	state  http.ConnState // guarded by limits.mu, as is moved
	moved  uint64         // when state changed last, counted in changes
}

// rank says how little a connection is missed.
func (c *counted) rank() int {
	switch c.state {
	case http.StateIdle:
		return 2
	case http.StateNew:
		return 1
	default:
		return 0
	}
}

// Close gives the place back.
func (c *counted) Close() error {
	c.limits.mu.Lock()
	c.limits.remove(c)
	c.limits.mu.Unlock()
	return c.Conn.Close()
}
