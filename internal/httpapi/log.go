package httpapi

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

// filter is what the log is filtered by, in the words of the contract.
type filter struct {
	area    *api.Area
	kind    *string
	outcome *api.EventOutcome
	who     *string
	from    *time.Time
	to      *time.Time
	text    *string
}

func (f filter) query() (event.Query, error) {
	q := event.Query{
		Area: event.Area(value(f.area)), Kind: event.Kind(value(f.kind)), Outcome: event.Outcome(value(f.outcome)),
		Who: value(f.who), From: value(f.from), To: value(f.to), Text: value(f.text),
	}
	switch {
	case q.Area != "" && !slices.Contains(event.Areas(), q.Area):
		return q, fault.InvalidField("area", "unknown", "The log has no such area.")
	case q.Outcome != "" && !slices.Contains(event.Outcomes(), q.Outcome):
		return q, fault.InvalidField("outcome", "unknown", "The log has no such outcome.")
	case !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To):
		return q, fault.InvalidField("to", "out_of_range", "The end is not after the beginning.")
	}
	return q, nil
}

// words says what a filter leaves, for the log.
func (f filter) words() string {
	var parts []string
	for _, p := range []struct{ name, value string }{
		{"area", string(value(f.area))}, {"kind", value(f.kind)}, {"outcome", string(value(f.outcome))}, {"who", value(f.who)}, {"text", value(f.text)},
	} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	for name, t := range map[string]*time.Time{"from": f.from, "to": f.to} {
		if t != nil {
			parts = append(parts, name+" "+t.UTC().Format(time.RFC3339))
		}
	}
	if parts == nil {
		return "all of it"
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// place reads the number of an entry.
func place(name string, text *string) (n uint64, err error) {
	if value(text) == "" {
		return 0, nil
	}
	if n, err = strconv.ParseUint(*text, 10, 64); err != nil {
		return 0, fault.InvalidField(name, "malformed", "This is not a place in the log.")
	}
	return n, nil
}

func (h *handlers) ListEvents(_ context.Context, r api.ListEventsRequestObject) (api.ListEventsResponseObject, error) {
	p := r.Params
	q, err := filter{p.Area, p.Kind, p.Outcome, p.Who, p.From, p.To, p.Text}.query()
	if err != nil {
		return nil, err
	}
	if q.Limit, err = pageSize(p.Limit, eventsPage); err != nil {
		return nil, err
	}
	if q.Before, err = place("before", p.Before); err != nil {
		return nil, err
	}
	if q.After, err = place("after", p.After); err != nil {
		return nil, err
	}
	var found event.Found
	if err := h.DB.View(func(tx *store.Tx) (err error) { found, err = h.Log.Find(tx, q); return err }); err != nil {
		return nil, err
	}
	v := api.ListEvents200JSONResponse{
		Events: []api.Event{}, Kept: found.Kept, Newest: strconv.FormatUint(found.Newest, 10), Behind: found.Behind,
	}
	for _, e := range found.Events {
		v.Events = append(v.Events, eventView(e))
	}
	if found.Next > 0 {
		next := strconv.FormatUint(found.Next, 10)
		v.Next = &next
	}
	if !found.Seen.IsZero() {
		v.SearchedTo = &found.Seen
	}
	return v, nil
}

func (h *handlers) ClearEvents(ctx context.Context, _ api.ClearEventsRequestObject) (api.ClearEventsResponseObject, error) {
	err := h.change(ctx, func(tx *store.Tx) error { return h.Log.Clear(tx, callerOf(ctx).event(event.LogCleared)) })
	if err != nil {
		return nil, err
	}
	if err := h.DB.Tidy(); err != nil { // the store tries that again by itself
		h.Out.Warn("take cleared entries out of the file", "err", err)
	}
	return api.ClearEvents204Response{}, nil
}

// maxLocal is how many entries the command line gets at once.
const maxLocal = 10_000

func (h *handlers) LocalLog(_ context.Context, r api.LocalLogRequestObject) (api.LocalLogResponseObject, error) {
	limit := eventsPage
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	if limit < 1 || limit > maxLocal {
		return nil, fault.InvalidField("limit", "out_of_range", "Between 1 and 10000.")
	}
	var page []event.Event
	err := h.DB.View(func(tx *store.Tx) (err error) { page, _, err = event.Page(tx, "", 0, limit); return err })
	if err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	for _, e := range slices.Backward(page) {
		lines.Write(append(e.Line(), '\n'))
	}
	return api.LocalLog200ApplicationxNdjsonResponse{Body: &lines, ContentLength: int64(lines.Len())}, nil
}

func (h *handlers) LocalCheckLog(context.Context, api.LocalCheckLogRequestObject) (api.LocalCheckLogResponseObject, error) {
	r, err := h.Log.Verify(h.DB)
	if err != nil {
		return nil, err
	}
	v := api.LocalCheckLog200JSONResponse{Intact: r.Intact(), Entries: r.Entries, Unguarded: int(r.Unguarded), Head: r.Head, Detail: r.String()}
	if r.Broken > 0 {
		broken, until := int(r.Broken), int(r.Until)
		v.Broken, v.Until = &broken, &until
	}
	return v, nil
}
