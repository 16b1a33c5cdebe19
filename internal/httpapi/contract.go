package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"castellan/internal/httpapi/api"
	"castellan/internal/metrics"
)

//go:generate go run castellan/internal/contract

// document is the API's contract as JSON, packed: openapi.yaml with what package contract adds to it.
//
//go:embed openapi.json.gz
var document []byte

// Contract returns the document that the API serves.
func Contract() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// packed is an answer that is kept packed.
type packed struct {
	data  []byte
	plain bool // whoever asks cannot read it so
}

func (p packed) VisitGetContractResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Add("Vary", "Accept-Encoding")
	if !p.plain {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(p.data)))
		_, err := w.Write(p.data)
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(p.data))
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// unpack has packed answers unpacked for those who do not say that they can.
func unpack(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		answer, err := next(c, request)
		if p, ok := answer.(packed); ok {
			p.plain = !takesGzip(c.Request().Header)
			answer = p
		}
		return answer, err
	}
}

// takesGzip reports whether an answer may come packed (RFC 9110 section 12.5.3): whoever gives gzip no weight does not want it.
func takesGzip(h http.Header) bool {
	for coding := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, value, weighed := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !weighed || err == nil && q > 0
	}
	return false
}

func (h *handlers) GetContract(context.Context, api.GetContractRequestObject) (api.GetContractResponseObject, error) {
	return packed{data: document}, nil
}

// figures is the text of the figures.
type figures []byte

func (f figures) VisitGetMetricsResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", metrics.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(f)))
	_, err := w.Write(f)
	return err
}

func (h *handlers) GetMetrics(context.Context, api.GetMetricsRequestObject) (api.GetMetricsResponseObject, error) {
	return figures(h.Figures.Text()), nil
}
