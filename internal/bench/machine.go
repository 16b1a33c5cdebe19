package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"time"

	"castellan/internal/access/token"
)

// calls is how many calls of each kind are compared.
const calls = 1000

// machines compares what a call costs by what it brings: a cookie, a signature of its own, or bought access. They take turns, so that
// whatever else the machine does meets all of them.
func machines(b *box) error {
	owner := b.visitor(b.client(true))
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": password}); err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	made, _, err := owner.must("POST", "/me/tokens", obj{
		"name": "bench", "scopes": []string{"me:read", "metrics"}, "factor": obj{"kind": "key", "key": base64.StdEncoding.EncodeToString(public)},
	})
	if err != nil {
		return err
	}
	m := &program{box: b, client: b.client(true), key: private, id: made["token"].(obj)["id"].(string), text: made["text"].(string)}
	bought, _, err := b.visitor(&http.Client{Transport: m}).must("POST", "/machine/session", obj{})
	if err != nil {
		return err
	}
	access := bought["access_token"].(string)
	var cookie, signed, holding, scraped []time.Duration
	for range calls {
		_, took, err := owner.must("GET", "/me", nil)
		if err != nil {
			return err
		}
		cookie = append(cookie, took)
		for _, one := range []struct {
			path, access string
			took         *[]time.Duration
		}{{"/me", "", &signed}, {"/me", access, &holding}, {"/metrics", access, &scraped}} {
			took, err := m.get(one.path, one.access)
			if err != nil {
				return err
			}
			*one.took = append(*one.took, took)
		}
	}
	row("GET /me with a cookie, p50 / p99", spread(cookie))
	row("GET /me with a signature, p50 / p99", spread(signed))
	row("signature to cookie, p50 / p99", fmt.Sprintf("%.2f / %.2f times", share(signed, cookie, 0.5), share(signed, cookie, 0.99)))
	row("GET /me with bought access, p50 / p99", spread(holding))
	row("a scrape of /metrics, p50 / p99", spread(scraped))
	row("RSS after that", b.rss())
	return nil
}

// share compares a quantile of two samples.
func share(one, other []time.Duration, at float64) float64 {
	return float64(quantile(one, at)) / float64(quantile(other, at))
}

// program is a machine with an API token.
type program struct {
	box      *box
	client   *http.Client
	key      ed25519.PrivateKey
	id, text string
}

// RoundTrip sends a request with the token and a signature.
func (p *program) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, name := range []string{"Origin", "Castellan-Token", "Cookie"} {
		r.Header.Del(name)
	}
	r.Header.Set("Authorization", "Bearer "+p.text)
	if err := token.Sign(r, p.key, p.id, "", time.Now()); err != nil {
		return nil, err
	}
	return p.client.Transport.RoundTrip(r)
}

// get calls with access, or signs where there is none, and returns how long the answer took.
func (p *program) get(path, access string) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodGet, "https://"+p.box.https+"/api/v1"+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+access)
	if access == "" {
		r.Header.Set("Authorization", "Bearer "+p.text)
		if err := token.Sign(r, p.key, p.id, "", time.Now()); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	response, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	took := time.Since(begin)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %s", path, response.StatusCode, answer)
	}
	return took, err
}
