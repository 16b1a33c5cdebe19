package daemon_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/event"
)

// add makes a user who is signed in, with goodPassword, and returns their browser and id.
func (h *house) add(owner *browser, name, role string) (*browser, string) {
	h.t.Helper()
	added := owner.must(201, "POST", "/users", obj{"name": name, "role": role}).body
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": name, "password": added["password"]})
	b.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	return b, added["user"].(obj)["id"].(string)
}

// R137: a plain user cannot push the log out.
func TestAUserCannotFlushTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	ines, _ := h.add(owner, "ines", "user")
	total := func() float64 { return owner.must(200, "GET", "/events", nil).body["kept"].(float64) }
	before := total()
	for i := range 100 {
		ines.must(204, "POST", "/me/two-step/later", nil)
		ines.refused(403, "not_allowed", "GET", "/users", nil)
		ines.must(200, "PATCH", "/me", obj{"display_name": []string{"Inês", "Ines"}[i%2]})
		ines.must(200, "DELETE", "/me/sessions", nil)
	}
	if n := total() - before; n > event.RepeatsFree+1 {
		t.Errorf("%v events by 400 calls of a user", n)
	}
}

// from moves a browser to another address of the loopback network: to the daemon that is another source.
func (b *browser) from(address string) *browser {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	b.client.Transport = &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			return d.DialContext(ctx, network, to)
		},
	}
	return b
}

// R021 R024: one host that tries random names over one connection does not keep the owner out.
func TestAFloodOfOneSourceDoesNotKeepTheOwnerOut(t *testing.T) { // alone, because it measures
	h := newHouse(t)
	h.hash = password.Config{Memory: password.Memory, Passes: 6} // about 100 ms
	h.start()
	h.claim()
	flood, stop := context.WithCancel(t.Context())
	attacker := h.browser().from("127.0.0.66")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for n := 0; flood.Err() == nil; n++ {
				r := attacker.request("POST", "/sign-in", obj{"name": fmt.Sprintf("n%d-%d", i, n), "password": "guess"})
				if a, err := attacker.client.Do(r.WithContext(flood)); err == nil {
					_, _ = io.Copy(io.Discard, a.Body)
					_ = a.Body.Close()
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	time.Sleep(time.Second)
	for range 3 {
		start := time.Now()
		owner := h.browser().from("127.0.0.7")
		owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the owner waited %v", took)
		}
	}
	stop()
	all.Wait()
}
