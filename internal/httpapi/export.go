package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// A download is a plain page load, so that the browser itself writes it to the disk: it may be larger than the
// memory of a phone. A page load bears no token, so what it gets was prepared by a call that did.

const (
	// ExportFor is how long a prepared download waits for its browser.
	ExportFor = time.Minute
	// exportPatience is how long one part of it may take to be sent.
	exportPatience = 30 * time.Second
)

var errNoExport = &fault.Error{Kind: fault.NotFound, Code: "no_export", Message: "This download was fetched already, or it is too old. Export the log again."}

// formatName names the formats for people.
var formatName = map[api.ExportFormat]string{api.ExportCSV: "CSV", api.ExportLines: "JSON lines"}

// exports are the downloads that were prepared, one a session at most.
type exports struct {
	elapsed func() time.Duration
	mu      sync.Mutex
	waiting map[string]export // by the id of the session
}

func newExports(elapsed func() time.Duration) *exports {
	return &exports{elapsed: elapsed, waiting: map[string]export{}}
}

func (x *exports) put(session string, e export) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.elapsed()
	for other, old := range x.waiting {
		if now >= old.until {
			delete(x.waiting, other)
		}
	}
	e.until = now + ExportFor
	x.waiting[session] = e
}

// take hands out a download of a session, once.
func (x *exports) take(session, id string) (export, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, found := x.waiting[session]
	if !found || e.id != id || x.elapsed() >= e.until {
		return export{}, errNoExport
	}
	delete(x.waiting, session)
	return e, nil
}

func (h *handlers) PrepareExport(ctx context.Context, r api.PrepareExportRequestObject) (api.PrepareExportResponseObject, error) {
	v := r.Body
	f := filter{v.Area, v.Kind, v.Outcome, v.Who, v.From, v.To, v.Text}
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	if formatName[v.Format] == "" {
		return nil, fault.InvalidField("format", "unknown", "The log is exported as csv or jsonl.")
	}
	who := callerOf(ctx)
	e := export{
		id: secret.ID(), query: q, format: v.Format,
		name: fmt.Sprintf("%s-log-%s.%s", strings.ToLower(h.settings().NASName), h.Clock.Now().UTC().Format(time.DateOnly), v.Format),
	}
	err = h.change(ctx, func(tx *store.Tx) error {
		tx.OnCommit(func() { h.exports.put(who.session.ID, e) })
		return h.Log.Record(tx, who.event(event.LogExported).With("format", formatName[v.Format]).With("filter", f.words()))
	})
	return api.PrepareExport201JSONResponse{Id: e.id}, err
}

func (h *handlers) DownloadExport(ctx context.Context, r api.DownloadExportRequestObject) (api.DownloadExportResponseObject, error) {
	e, err := h.exports.take(callerOf(ctx).session.ID, r.Id)
	if err != nil {
		return nil, err
	}
	e.ctx, e.api = ctx, h.API
	return e, nil
}

// export is a file that is made while it is sent.
type export struct {
	id     string
	until  time.Duration
	query  event.Query
	format api.ExportFormat
	name   string

	ctx context.Context //nolint:containedctx // of the request whose answer it is
	api *API
}

// VisitDownloadExportResponse sends the file, a part at a time, so that the memory it takes and the transactions it
// reads in stay small. One that cannot be finished ends with the connection, so that nobody takes it for the whole.
func (e export) VisitDownloadExportResponse(w http.ResponseWriter) error {
	media := map[api.ExportFormat]string{api.ExportCSV: "text/csv; charset=utf-8", api.ExportLines: "application/x-ndjson"}
	w.Header().Set("Content-Type", media[e.format])
	w.Header().Set("Content-Disposition", `attachment; filename="`+e.name+`"`)
	w.WriteHeader(http.StatusOK)
	if err := e.send(w); err != nil {
		if e.ctx.Err() == nil {
			e.api.Out.Error("export the log", "request", w.Header().Get(RequestHeader), "err", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (e export) send(w http.ResponseWriter) error {
	var part bytes.Buffer
	if e.format == api.ExportCSV {
		part.Write(event.Table(event.Columns()))
	}
	return e.api.Log.Export(e.api.DB, e.query, func(events []event.Event) error {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		for _, one := range events {
			if e.format == api.ExportCSV {
				part.Write(event.Table(one.Row()))
			} else {
				part.Write(append(one.Line(), '\n'))
			}
		}
		if err := longer(w, exportPatience); err != nil {
			return err
		}
		_, err := part.WriteTo(w)
		return err
	})
}
