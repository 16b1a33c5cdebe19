package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/store"
)

var assetForm = regexp.MustCompile(`(?:src|href)="(/[^"]+)"`)

// pages loads the sign-in page with everything it names, 1,000 times.
func pages(b *box) error {
	client := b.client(true)
	get := func(path string) ([]byte, error) {
		response, err := client.Get("https://" + b.https + path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = response.Body.Close() }()
		return io.ReadAll(response.Body)
	}
	index, err := get("/")
	if err != nil {
		return err
	}
	paths := []string{"/", "/api/v1/status"}
	for _, m := range assetForm.FindAllSubmatch(index, -1) {
		paths = append(paths, string(m[1]))
	}
	for range 1000 {
		for _, p := range paths {
			if _, err := get(p); err != nil {
				return err
			}
		}
	}
	row(fmt.Sprintf("RSS after 1,000 page loads of %d files each", len(paths)), b.rss())
	return nil
}

// callers is how many connections make cheap calls at a time, and callFor how long.
const (
	callers = 16
	callFor = 5 * time.Second
)

// cheapCalls counts how many authenticated calls are answered in a second, over the socket and over TLS.
func cheapCalls(b *box) error {
	owner := b.visitor(b.client(true))
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": password}); err != nil {
		return err
	}
	request := []byte("GET /api/v1/me HTTP/1.1\r\nHost: " + b.https + "\r\nCookie: __Host-castellan=" + owner.cookies["__Host-castellan"] + "\r\n\r\n")
	for _, way := range []struct {
		name string
		dial func() (net.Conn, error)
	}{
		{"the Unix socket", func() (net.Conn, error) { return net.Dial("unix", b.socket) }},
		{"TLS 1.3", func() (net.Conn, error) {
			return tls.Dial("tcp", b.https, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		}},
	} {
		n, err := flood(way.dial, request)
		if err != nil {
			return err
		}
		row(fmt.Sprintf("GET /me, signed in, %d connections over %s", callers, way.name), strconv.Itoa(int(float64(n)/callFor.Seconds()))+" /s")
	}
	return nil
}

// flood sends one request over and over on several connections and counts the answers. It reads them with
// as little work as possible, because it shares the machine with the daemon.
func flood(dial func() (net.Conn, error), request []byte) (int64, error) {
	var count atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	end := time.Now().Add(callFor)
	for range callers {
		all.Go(func() {
			c, err := dial()
			if err != nil {
				failed.Store(err)
				return
			}
			defer func() { _ = c.Close() }()
			r := bufio.NewReaderSize(c, 4096)
			if _, err := c.Write(request); err != nil {
				failed.Store(err)
				return
			}
			size, err := readAnswer(r)
			if err != nil {
				failed.Store(err)
				return
			}
			answer := make([]byte, size) // every later one is as long
			for time.Now().Before(end) {
				if _, err := c.Write(request); err != nil {
					failed.Store(err)
					return
				}
				if _, err := io.ReadFull(r, answer); err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
					failed.Store(fmt.Errorf("got %.40q, %w", answer, err))
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return count.Load(), nil
}

// readAnswer reads one answer with a Content-Length and returns how long it is.
func readAnswer(r *bufio.Reader) (size int, err error) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		size += len(line)
		if len(line) <= 2 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(rest))); err != nil {
				return 0, err
			}
		}
	}
	_, err = r.Discard(length)
	return size + length, err
}

// signIns measures both steps of a sign-in, one person after the other.
func signIns(b *box, people []*person) error {
	client := b.client(true)
	var cheap, first, second, recovered []time.Duration
	owner := b.visitor(client)
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": password}); err != nil {
		return err
	}
	for range 500 {
		_, took, err := owner.must("GET", "/me", nil)
		if err != nil {
			return err
		}
		cheap = append(cheap, took)
	}
	begin := time.Now()
	for _, p := range people {
		v := b.visitor(client)
		_, took, err := v.must("POST", "/sign-in", obj{"name": p.name, "password": password})
		if err != nil {
			return err
		}
		first = append(first, took)
		if _, took, err = v.must("POST", "/sign-in/code", obj{"code": p.code()}); err != nil {
			return err
		}
		second = append(second, took)
	}
	begun := time.Since(begin)
	for _, p := range people {
		v := b.visitor(client)
		if _, _, err := v.must("POST", "/sign-in", obj{"name": p.name, "password": password}); err != nil {
			return err
		}
		_, took, err := v.must("POST", "/sign-in/code", obj{"way": "recovery", "code": p.recovery[0]})
		if err != nil {
			return err
		}
		p.recovery = p.recovery[1:]
		recovered = append(recovered, took)
	}
	row("sign-ins (password, then code), one after the other", fmt.Sprintf("%.1f /s", float64(len(people))/begun.Seconds()))
	row("GET /me, one after the other over TLS, p50 / p99", spread(cheap))
	row("password step, p50 / p99", spread(first))
	row("code step with its commit to the disk, p50 / p99", spread(second))
	row("recovery code step with its commit, p50 / p99", spread(recovered))
	return commits(b)
}

// commits measures what one commit costs on the disk that the box works on, for comparison.
func commits(b *box) error {
	db, err := store.Create(filepath.Join(b.folder, "compare.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	table := store.NewTable[person]("people")
	var took []time.Duration
	for i := range 300 {
		begin := time.Now()
		if err := db.Update(func(tx *store.Tx) error { return table.Put(tx, strconv.Itoa(i), person{}) }); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	row("one commit of a single record to the same disk, p50 / p99", spread(took))
	return nil
}

// crowd lets people sign in at the same moment, each once, and looks that everybody got a session of their
// own. Whoever is turned away comes again, as a browser would.
func crowd(b *box, people []*person) error {
	b.forgetPeak()
	before := b.memory("VmRSS:")
	var all sync.WaitGroup
	var away atomic.Int64
	var failed atomic.Value
	var sessions sync.Map
	begin := time.Now()
	for i, p := range people {
		all.Go(func() {
			client := b.from(i)
			defer client.CloseIdleConnections()
			v := b.visitor(client)
			for {
				status, answer, _, err := v.call("POST", "/sign-in", obj{"name": p.name, "password": password})
				switch {
				case err != nil:
					failed.Store(err)
					return
				case status == http.StatusServiceUnavailable:
					away.Add(1)
					time.Sleep(time.Duration(500+rand.IntN(1000)) * time.Millisecond)
					continue
				case status != http.StatusOK:
					failed.Store(fmt.Errorf("%d %v", status, answer))
					return
				}
				if _, _, err := v.must("POST", "/sign-in/code", obj{"code": p.code()}); err != nil {
					failed.Store(err)
				}
				me, _, err := v.must("GET", "/me", nil)
				if err == nil && me["name"] != p.name {
					err = fmt.Errorf("%s signed in as %v", p.name, me["name"])
				}
				if _, twice := sessions.LoadOrStore(v.cookies["__Host-castellan"], true); twice {
					err = fmt.Errorf("%s has somebody else's session", p.name)
				}
				if err != nil {
					failed.Store(err)
				}
				return
			}
		})
	}
	all.Wait()
	if err, ok := failed.Load().(error); ok {
		return err
	}
	row(fmt.Sprintf("%d people sign in at once: all are in after", len(people)), fmt.Sprintf("%s, asked to come again %d times", time.Since(begin).Round(100*time.Millisecond), away.Load()))
	row("RSS before that / at its peak", fmt.Sprintf("%.1f / %.1f MiB", before, b.memory("VmHWM:")))
	return nil
}
