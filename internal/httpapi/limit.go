package httpapi

import (
	"net"
	"net/netip"
	"sync"
)

const (
	// MaxConnections is how many connections the box holds open in all.
	MaxConnections = 256
	// MaxPerSource is how many of them one source may hold.
	MaxPerSource = 32
)

// Limit wraps a listener so that one source cannot take all connections. What is over the limit is closed
// at once, before anything is read.
func (a *API) Limit(l net.Listener) net.Listener {
	return &limited{Listener: l, source: a.Links.Source, open: map[string]int{}}
}

type limited struct {
	net.Listener
	source func(netip.Addr) string

	mu   sync.Mutex
	open map[string]int
	all  int
}

// Accept waits for a connection that is within the limits.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		source := "local"
		if p, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
			source = l.source(p.Addr())
		}
		if l.enter(source) {
			return &counted{Conn: c, leave: func() { l.leave(source) }}, nil
		}
		_ = c.Close()
	}
}

func (l *limited) enter(source string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= MaxConnections || l.open[source] >= MaxPerSource {
		return false
	}
	l.all++
	l.open[source]++
	return true
}

func (l *limited) leave(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.open[source]--; l.open[source] == 0 {
		delete(l.open, source)
	}
}

// counted is a connection that gives its place back once.
type counted struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *counted) Close() error {
	c.once.Do(c.leave)
	return c.Conn.Close()
}
