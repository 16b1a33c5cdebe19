package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/httpapi/api"
)

const (
	// followEvery is how often events -follow looks for newer entries.
	followEvery = 2 * time.Second
	// eventsPage is how many entries the API gives at once, and eventsMost how many are printed.
	eventsPage, eventsMost = 200, 10_000
)

// entries is a page of the log whose entries are kept as they came.
type entries struct {
	Events     []json.RawMessage `json:"events"`
	Next       *string           `json:"next"`
	Newest     string            `json:"newest"`
	Behind     bool              `json:"behind"`
	SearchedTo *time.Time        `json:"searched_to"`
}

func printEvents(c *call) error {
	many := c.flags.Int("n", 50, "print so `MANY`, up to 10000")
	follow := c.flags.Bool("follow", false, "go on with those that come, until Ctrl-C")
	asJSON := c.flags.Bool("json", false, "print one entry a line, as the API gives it")
	if err := c.parse(0); err != nil {
		return err
	}
	if *many < 0 || *many > eventsMost {
		return misused("-n is from 0 to %d", eventsMost)
	}
	n, err := c.far()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	newest, err := c.printLast(ctx, n, *many, *asJSON)
	if err != nil || !*follow {
		return err
	}
	err = c.follow(ctx, n, newest, *asJSON)
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// page asks for a page of the log.
func (n *remote) page(ctx context.Context, query url.Values) (p entries, err error) {
	err = n.ask(ctx, "GET", "/events?"+query.Encode(), nil, func(body io.Reader) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return away(n.URL, err)
		}
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		return nil
	})
	return p, err
}

// printLast prints the newest entries, the newest one last, and returns where those begin that come after.
func (c *call) printLast(ctx context.Context, n *remote, many int, asJSON bool) (newest string, err error) {
	var all []json.RawMessage
	query := url.Values{}
	for {
		query.Set("limit", strconv.Itoa(min(max(many-len(all), 1), eventsPage)))
		p, err := n.page(ctx, query)
		if err != nil {
			return "", err
		}
		if newest == "" {
			newest = p.Newest
		}
		all = append(all, p.Events...)
		if p.Next == nil || len(all) >= many {
			break
		}
		query.Set("before", *p.Next)
	}
	return newest, c.printEntries(all[:min(len(all), many)], asJSON)
}

// follow prints what comes. A NAS that is away for a while is waited for.
func (c *call) follow(ctx context.Context, n *remote, newest string, asJSON bool) error {
	lost := false
	for {
		p, err := n.page(ctx, url.Values{"after": {newest}, "limit": {strconv.Itoa(eventsPage)}})
		switch {
		case errors.Is(err, errAway):
			if !lost {
				_, _ = fmt.Fprintf(c.err, "castellan: %v. Waiting for it.\n", err)
			}
			lost = true
		case err != nil:
			return err
		default:
			if lost {
				_, _ = fmt.Fprintln(c.err, "castellan: the NAS answers again.")
			}
			lost, newest = false, p.Newest
			if err := c.printEntries(p.Events, asJSON); err != nil {
				return err
			}
			if p.Behind {
				continue
			}
		}
		if err := pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

// printEntries prints entries that came newest first, the oldest first.
func (c *call) printEntries(all []json.RawMessage, asJSON bool) error {
	for _, raw := range slices.Backward(all) {
		if asJSON {
			if _, err := fmt.Fprintf(c.out, "%s\n", raw); err != nil {
				return err
			}
			continue
		}
		var e api.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("read entry: %w", err)
		}
		who := strings.Join(strings.Fields(text(e.Actor)+" "+text(e.Address)), " ")
		if _, err := fmt.Fprintf(&terminal{Writer: c.out}, "%s  %-7s  %-24s  %s\n", e.Time.UTC().Format("2006-01-02 15:04:05Z"), e.Level, who, e.Message); err != nil {
			return err
		}
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
