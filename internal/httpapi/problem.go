package httpapi

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
)

// statuses is the one table from kinds of errors to answers.
var statuses = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Malformed:       http.StatusBadRequest,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Throttled:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// httpError is a refusal that only HTTP knows.
type httpError struct {
	status       int
	code, detail string
}

func (e *httpError) Error() string { return e.code + ": " + e.detail }

var (
	errMethod = &httpError{http.StatusMethodNotAllowed, "method_not_allowed", "This method is not possible here."}
	errHost   = &httpError{http.StatusMisdirectedRequest, "unknown_host", "This NAS is not known by that name. Use its name or its address."}
	errPlain  = &httpError{http.StatusUpgradeRequired, "tls_required", "Nothing is answered here. Use the encrypted address."}
	errMedia  = &httpError{http.StatusUnsupportedMediaType, "json_required", "Only JSON is understood."}
	errBug    = &httpError{http.StatusInternalServerError, "internal", "Something went wrong on the NAS. Its log says more."}
)

// longer gives the writing of an answer more time, for one that is long and goes on.
func longer(w http.ResponseWriter, by time.Duration) error {
	return http.NewResponseController(w).SetWriteDeadline(time.Now().Add(by))
}

// fail renders an error that an operation or the router returned.
func (a *API) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	a.refuse(c.Response(), c.Request(), err)
}

// refuse answers with a problem document (RFC 9457).
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problem(err)
	if id := w.Header().Get(RequestHeader); id != "" {
		p.Request = &id
	}
	if p.Status == http.StatusInternalServerError {
		a.Out.Error("answer request", "request", value(p.Request), "method", r.Method, "path", r.URL.Path, "err", err)
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		// The server would read on before it answers, to keep the connection; a body without an end would
		// make it wait.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	if p.RetryIn != nil {
		w.Header().Set("Retry-After", strconv.Itoa(*p.RetryIn))
	}
	a.challenge(w, r, err)
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.Header()["Cache-Control"] = noStore
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p)
	}
}

// problem turns an error into what its receiver may know of it.
func problem(err error) api.Problem {
	var f *fault.Error
	var own *httpError
	var large *http.MaxBytesError
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &large):
		f = errBodyLarge
	case errors.As(err, &f) && f.Kind != fault.Internal:
	case errors.As(err, &own):
		return api.Problem{Status: own.status, Code: own.code, Detail: own.detail}
	case errors.As(err, &routed):
		return routerProblem(routed.Code)
	default:
		return api.Problem{Status: errBug.status, Code: errBug.code, Detail: errBug.detail}
	}
	p := api.Problem{Status: statuses[f.Kind], Code: f.Code, Detail: f.Message}
	if f.RetryIn > 0 {
		seconds := int(math.Ceil(f.RetryIn.Seconds()))
		p.RetryIn = &seconds
	}
	if f.Fields != nil {
		fields := make([]api.FieldProblem, len(f.Fields))
		for i, one := range f.Fields {
			fields[i] = api.FieldProblem{Name: one.Name, Code: one.Code, Detail: one.Message}
		}
		p.Fields = &fields
	}
	return p
}

// routerProblem words what the router or the parameter binder found.
func routerProblem(status int) api.Problem {
	switch status {
	case http.StatusNotFound:
		return api.Problem{Status: status, Code: errNotHere.Code, Detail: errNotHere.Message}
	case http.StatusMethodNotAllowed:
		return api.Problem{Status: status, Code: errMethod.code, Detail: errMethod.detail}
	default:
		return api.Problem{Status: http.StatusBadRequest, Code: "malformed", Detail: "A parameter has the wrong form."}
	}
}
