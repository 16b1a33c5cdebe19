package clock_test

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"castellan/internal/box/clock"
)

// timeServer answers one NTP question as its fields say. The zero value tells the true time.
type timeServer struct {
	off    time.Duration // added to true time
	silent bool
	slow   time.Duration // before it answers
	asked  func()
	moved  func() time.Duration      // added as well
	lie    func(reply []byte) []byte // changes the finished reply
}

const ntpEpoch = -2208988800 // 1900-01-01 in Unix time

func ntpTime(t time.Time) uint64 {
	secs := uint64(t.Unix() - ntpEpoch)
	return secs<<32 | uint64(t.Nanosecond())<<32/1e9
}

// reply makes the answer to a request at a time.
func (s timeServer) reply(request []byte, now time.Time) []byte {
	now = now.Add(s.off)
	if s.moved != nil {
		now = now.Add(s.moved())
	}
	r := make([]byte, 48)
	r[0] = 0<<6 | 4<<3 | 4 // no leap second, version 4, server
	r[1], r[2], r[3] = 2, 6, 0xec
	binary.BigEndian.PutUint32(r[4:], 0x100) // root delay 4 ms
	binary.BigEndian.PutUint32(r[8:], 0x100)
	copy(r[12:], []byte{10, 0, 0, 1})
	binary.BigEndian.PutUint64(r[16:], ntpTime(now.Add(-10*time.Second)))
	copy(r[24:32], request[40:48])
	binary.BigEndian.PutUint64(r[32:], ntpTime(now))
	binary.BigEndian.PutUint64(r[40:], ntpTime(now))
	if s.lie != nil {
		r = s.lie(r)
	}
	return r
}

// world is a network of time servers, and the true time that the good ones tell.
type world struct {
	changing sync.Mutex // of what the servers are
	servers  map[string]*timeServer
	now      func() time.Time
	slow     time.Duration // how long the name server takes
	fail     func(address string) error
}

// dial connects to a server through a pipe, so that a synctest bubble can hold it.
func (w *world) dial(address string, _ time.Duration) (net.Conn, error) {
	time.Sleep(w.slow)
	if w.fail != nil {
		return nil, w.fail(address)
	}
	w.changing.Lock()
	known, ok := w.servers[address]
	var s timeServer
	if ok {
		s = *known // as it is now, however late it answers
	}
	w.changing.Unlock()
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "udp", Err: errors.New("network is unreachable")}
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		request := make([]byte, 1024)
		n, err := far.Read(request)
		if err != nil || n < 48 {
			return
		}
		if s.asked != nil {
			s.asked()
		}
		time.Sleep(s.slow)
		if s.silent {
			_, _ = far.Read(request) // until the other side gives up
			return
		}
		_, _ = far.Write(s.reply(request[:n], w.now()))
	}()
	return near, nil
}

// plain is servers asked by NTP.
func plain(addresses []string) (all []clock.Source) {
	for _, a := range addresses {
		all = append(all, clock.Source{Address: a})
	}
	return all
}

// offered is servers that the local network named.
func offered(addresses []string) (all []clock.Source) {
	for _, a := range addresses {
		all = append(all, clock.Source{Address: a, Offered: true})
	}
	return all
}

// count counts the questions that any server is asked.
func (b *bench) count() func() int {
	var mu sync.Mutex
	asked := 0
	for _, s := range b.servers {
		s.lie = func(r []byte) []byte { mu.Lock(); asked++; mu.Unlock(); return r }
	}
	return func() int { mu.Lock(); defer mu.Unlock(); return asked }
}

// each changes every server, also while a clock runs.
func (w *world) each(change func(*timeServer)) {
	w.changing.Lock()
	defer w.changing.Unlock()
	for _, s := range w.servers {
		change(s)
	}
}
