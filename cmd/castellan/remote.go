package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

const (
	// patience is how long the client waits in all, where a NAS says when to come again.
	patience = 30 * time.Second
	// resigned is how many times a request is signed anew with a nonce of the NAS.
	resigned = 2
	// endsSoon is how long before its end a token is spoken of.
	endsSoon = token.FirstNotice * 24 * time.Hour
)

// remote is a NAS over the network.
type remote struct {
	*nas
	keyID  string // by which the NAS knows the key
	client *http.Client
	notes  io.Writer // for people, beside the output
	now    func() time.Time
}

// interruptible returns a context that Ctrl-C ends.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// far returns the NAS of -c.
func (c *call) far() (*remote, error) {
	switch {
	case *c.nas == "":
		return nil, errUsage
	case c.reached != nil:
		return c.reached, nil
	}
	n, err := load(*c.nas)
	if err != nil {
		return nil, err
	}
	if left := time.Until(n.Expires); left > 0 && left <= endsSoon {
		_, _ = fmt.Fprintf(&terminal{Writer: c.err}, "castellan: the token for %s ends on %s. To renew it: %s\n", n.Name, n.Expires.Format(time.DateOnly), n.login())
	}
	c.reached = &remote{nas: n, keyID: n.TokenID, client: n.pinned(), notes: c.err, now: time.Now}
	return c.reached, nil
}

// sendFar is send over the network.
func (c *call) sendFar(method, path string, question any, take func(io.Reader) error) error {
	n, err := c.far()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	return n.ask(ctx, method, path, question, take)
}

// ask sends a question as JSON, and lets take read the answer.
func (n *remote) ask(ctx context.Context, method, path string, question any, take func(io.Reader) error) error {
	var body []byte
	if question != nil {
		var err error
		if body, err = json.Marshal(question); err != nil {
			return err
		}
	}
	response, err := n.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return n.refused(response)
	}
	return take(response.Body)
}

// send sends a signed request. It signs again where the NAS does not take the time of this machine, and waits for a while where it is asked to.
func (n *remote) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	var nonce string
	var waited time.Duration
	for again := 0; ; {
		response, err := n.once(ctx, method, path, nonce, body)
		if err != nil {
			return nil, err
		}
		given, wait := response.Header.Get(token.NonceHeader), retryAfter(response)
		switch {
		case given != "" && again < resigned:
			nonce = given
			again++
		case wait > 0 && waited+wait <= patience:
			_, _ = fmt.Fprintf(n.notes, "The NAS asks to come again in %d s.\n", int(wait.Seconds()))
			if err := pause(ctx, wait); err != nil {
				_ = response.Body.Close()
				return nil, err
			}
			nonce, waited = "", waited+wait
		default:
			return response, nil
		}
		_ = response.Body.Close()
	}
}

// once sends a request, signed with a nonce; empty: one of this machine.
func (n *remote) once(ctx context.Context, method, path, nonce string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, n.URL+httpapi.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "castellan/"+version)
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if n.Token != "" {
		r.Header.Set("Authorization", "Bearer "+n.Token)
	}
	if err := token.Sign(r, n.key, n.keyID, nonce, n.now()); err != nil {
		return nil, err
	}
	response, err := n.client.Do(r)
	if err != nil {
		return nil, away(n.URL, err)
	}
	return response, nil
}

// retryAfter returns for how long the NAS asks to wait; 0: it does not.
func retryAfter(r *http.Response) time.Duration {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
	return time.Duration(max(seconds, 0)) * time.Second
}

// errEnded ends the program after Ctrl-C.
var errEnded = errors.New("ended before it was done")

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return errEnded
	case <-timer.C:
		return nil
	}
}

// errAway is a NAS that cannot be reached now.
var errAway = errors.New("nobody answers")

// away says why a NAS did not answer.
func away(base string, err error) error {
	var other *otherCertificate
	switch {
	case errors.As(err, &other):
		return other
	case errors.Is(err, context.Canceled):
		return errEnded
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner // the cause alone: address and method are known
	}
	return fmt.Errorf("%w at %s (%w). The NAS may be off or have another address", errAway, base, err)
}

// refusal is a refusal of the NAS.
type refusal struct {
	api.Problem
	hint string
}

// Error says what is so, which values are meant, and what to do.
func (r *refusal) Error() string {
	text := r.Detail
	if r.Fields != nil {
		for _, f := range *r.Fields {
			if line := f.Name + ": " + f.Detail; f.Detail != r.Detail {
				text += "\n  " + line
			} else {
				text += " (" + f.Name + ")"
			}
		}
	}
	return strings.TrimSpace(text + "\n" + r.hint)
}

// refused reads a refusal.
func (n *remote) refused(response *http.Response) error {
	r := &refusal{}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return away(n.URL, err)
	}
	if err := json.Unmarshal(body, &r.Problem); err != nil || r.Detail == "" {
		return fmt.Errorf("%s answered %s, as a NAS with Castellan does not", n.URL, response.Status)
	}
	switch {
	case n.Token == "":
	case r.Code == token.ErrRefused.Code:
		r.hint = "To have another one: " + n.login()
		if time.Now().After(n.Expires) {
			r.hint = "It was good until " + n.Expires.Format(time.DateOnly) + ". " + r.hint
		}
	case r.Code == "scope_missing":
		r.hint = fmt.Sprintf("For this machine that is castellan login -name %s -scopes %s,… %s", n.Name, strings.Join(n.Scopes, ","), n.URL)
	case r.Code == token.ErrOnHold.Code:
		r.hint = "See " + n.URL
	}
	return r
}
