package daemon_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/httpapi"
)

// from returns a dialer of another source.
func from(last byte) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, last)}, Timeout: 30 * time.Second}
}

// idle opens a connection, has one request answered on it, and leaves it open.
func (h *house) idle(d *net.Dialer) (net.Conn, error) {
	c, err := tls.DialWithDialer(d, "tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return nil, err
	}
	return h.answered(c)
}

// answered has one request answered on a connection: the house has taken it in then, and has closed the one
// that gave way for it.
func (h *house) answered(c net.Conn) (net.Conn, error) {
	h.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // silent ones are given ten, and it must not wait for their end
	if _, err := fmt.Fprintf(c, "HEAD /nothing HTTP/1.1\r\nHost: %s\r\n\r\n", c.RemoteAddr()); err != nil {
		return nil, err
	}
	for lines := bufio.NewReader(c); ; {
		line, err := lines.ReadString('\n')
		if err != nil || line == "\r\n" {
			return c, err
		}
	}
}

// held counts the connections that the house holds open.
func held(all []net.Conn) (n int) {
	for _, c := range all {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err != nil && isTimeout(err) {
			n++
		}
	}
	return n
}

// settled counts them once no more are held than most, or after a while: connections at which nothing is
// answered are taken in, or closed, beside whoever opens them.
func settled(all []net.Conn, most int) int {
	n := held(all)
	for end := time.Now().Add(5 * time.Second); n > most && time.Now().Before(end); { // after ten silent ones end by themselves
		n = held(all)
	}
	return n
}

// R121 R021: the box holds so many connections and no more, over both ports, and whoever has none gets one
// of those that have most.
func TestAFullBoxStillServesSomebodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	var all []net.Conn
	sources := httpapi.MaxConnections / httpapi.MaxPerSource
	for source := range sources {
		for range httpapi.MaxPerSource {
			c, err := h.idle(from(byte(20 + source)))
			if err != nil {
				t.Fatalf("connection %d: %v", len(all), err)
			}
			if all = append(all, c); len(all) == 1 {
				time.Sleep(time.Second) // it is idle before any other, whatever the scheduler does
			}
		}
	}
	if n := held(all); n != httpapi.MaxConnections {
		t.Fatalf("%d connections are held, want %d", n, httpapi.MaxConnections)
	}
	for try := range 10 { // and not only once
		c, err := h.idle(from(99))
		if err != nil {
			t.Fatalf("try %d of another source: %v", try, err)
		}
		all = append(all, c)
	}
	if n := held(all); n != httpapi.MaxConnections {
		t.Errorf("%d connections are held, want %d", n, httpapi.MaxConnections)
	}
	if n := held(all[:1]); n != 0 {
		t.Error("the connection that was idle for longest is still there")
	}
	for i := range all[:httpapi.MaxConnections] { // the order in which neighbours became idle is the scheduler's
		if place := i % httpapi.MaxPerSource; held(all[i:i+1]) == 0 && place >= httpapi.MaxPerSource/4 {
			t.Errorf("the connection that gave way was number %d of its source, and not one of those that were idle for longest", place+1)
		}
	}
	for _, last := range []byte{20, 99} { // on the other port the same is counted
		c, err := from(last).Dial("tcp", h.greeting.HTTP)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.answered(c); err != nil {
			t.Fatalf("source %d on the other port: %v", last, err)
		}
		all = append(all, c)
	}
	if n := held(all); n != httpapi.MaxConnections {
		t.Errorf("%d connections are held over both ports, want %d", n, httpapi.MaxConnections)
	}
}

// R121: connections at which nothing ever comes keep nobody out either.
func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	var all []net.Conn
	for i := range httpapi.MaxConnections + httpapi.MaxPerSource {
		c, err := from(byte(20+i/httpapi.MaxPerSource)).Dial("tcp", h.greeting.HTTPS)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
	}
	if _, err := h.idle(from(99)); err != nil {
		t.Errorf("another source: %v", err)
	}
	if n := settled(all, httpapi.MaxConnections); n > httpapi.MaxConnections {
		t.Errorf("%d connections are held", n)
	}
}

// R121: one source counts over both ports.
func TestOneSourceIsCountedOverBothPorts(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	var all []net.Conn
	for i := range 3 * httpapi.MaxPerSource {
		c, err := from(9).Dial("tcp", []string{h.greeting.HTTPS, h.greeting.HTTP}[i%2])
		if err != nil {
			break
		}
		defer c.Close()
		all = append(all, c)
	}
	if n := settled(all, httpapi.MaxPerSource); n != httpapi.MaxPerSource {
		t.Errorf("one source holds %d connections, want %d", n, httpapi.MaxPerSource)
	}
}

// R121: requests that never end are refused beyond a number for each source, with a time to come back.
func TestOneSourceCannotHoldManyRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	const onEach, connections = httpapi.MaxStreams - 2, 4
	const asked = onEach * connections
	var all sync.WaitGroup
	type outcome struct {
		status int
		hint   string
	}
	outcomes := make(chan outcome, asked)
	var bodies []*io.PipeWriter
	var browsers []*browser
	for range connections {
		b := h.browser()
		b.must(200, "GET", "/status", nil) // its connection is there
		browsers = append(browsers, b)
	}
	for i := range asked {
		b := browsers[i/onEach]
		body, end := io.Pipe()
		bodies = append(bodies, end)
		r := b.request("POST", "/sign-in", obj{})
		r.Body, r.GetBody, r.ContentLength = body, nil, -1
		all.Go(func() {
			response, err := b.client.Do(r)
			if err != nil {
				return
			}
			_ = response.Body.Close()
			outcomes <- outcome{response.StatusCode, response.Header.Get("Retry-After")}
		})
	}
	for range asked - httpapi.MaxRequestsPerSource {
		select {
		case o := <-outcomes:
			if o != (outcome{http.StatusServiceUnavailable, "1"}) {
				t.Errorf("a request too many: %+v", o)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a request too many waits")
		}
	}
	select {
	case o := <-outcomes:
		t.Errorf("one more was answered: %+v", o)
	case <-time.After(50 * time.Millisecond):
	}
	if c, err := h.idle(from(9)); err != nil {
		t.Errorf("another source: %v, %v", c, err)
	}
	for _, end := range bodies {
		_ = end.Close()
	}
	all.Wait()
	browsers[0].must(200, "GET", "/status", nil) // and the places are free again
}

// R121: an HTTP/2 connection carries a bounded number of requests.
func TestAConnectionCarriesFewRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	header := make([]byte, 9) // of a frame, RFC 9113 section 4.1
	if _, err := io.ReadFull(c, header); err != nil || header[3] != 4 {
		t.Fatalf("the first frame is %x, %v", header, err)
	}
	settings := make([]byte, int(header[1])<<8|int(header[2]))
	if _, err := io.ReadFull(c, settings); err != nil {
		t.Fatal(err)
	}
	got := map[uint16]uint32{}
	for ; len(settings) >= 6; settings = settings[6:] {
		got[binary.BigEndian.Uint16(settings)] = binary.BigEndian.Uint32(settings[2:])
	}
	const streams, window, headers = 3, 4, 6
	if got[streams] != httpapi.MaxStreams || got[window] > 64<<10 || got[headers] == 0 || got[headers] > 9<<10 {
		t.Errorf("the settings are %v", got)
	}
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	if got := h.wire("GET /api/v1/status HTTP/1.1\r\nHost: localhost:" + port + "\r\nX: " + strings.Repeat("x", 13<<10) + "\r\n\r\n"); got != "431" {
		t.Errorf("13 KiB of headers: %s", got)
	}
}
