package daemon_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"castellan/internal/httpapi"
)

// contract is the API's document, to which every exchange of these tests is held.
var contract = sync.OnceValue(func() routers.Router {
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", openapi3filter.FileBodyDecoder)
	data, err := os.ReadFile("../httpapi/openapi.yaml")
	if err != nil {
		panic(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		panic(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		panic(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return router
})

// holds checks that an answer is one that the contract knows. Requests are often wrong on purpose.
func holds(t *testing.T, r *http.Request, a answer) {
	t.Helper()
	operation, ok := strings.CutPrefix(r.URL.Path, httpapi.Base)
	if !ok || a.StatusCode == http.StatusNotFound || a.StatusCode == http.StatusMethodNotAllowed || a.StatusCode == http.StatusMisdirectedRequest {
		return
	}
	asked := r.Clone(context.Background())
	asked.URL = &url.URL{Path: httpapi.Base + operation, RawQuery: r.URL.RawQuery}
	route, params, err := contract().FindRoute(asked)
	if err != nil {
		t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL.Path, err)
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.raw)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeReadOnlyValidations: true, MultiError: true},
	})
	if err != nil {
		t.Errorf("%s %s: the answer does not fit the contract: %v", r.Method, r.URL.Path, err)
	}
}

// R106: every operation says who may call it, and the rows of the table are those of the document.
func TestTheTableOfRoutesIsTheContract(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = op
		}
	}
	for _, op := range httpapi.Operations() {
		d := described[op.Method+" "+op.Path]
		if d == nil || d.OperationID != op.ID {
			t.Errorf("%s %s is not described", op.Method, op.Path)
			continue
		}
		if d.Extensions["x-access"] != op.Access.String() || d.Summary == "" || len(d.Tags) != 1 {
			t.Errorf("%s: access %v, summary %q, tags %v", op.ID, d.Extensions["x-access"], d.Summary, d.Tags)
		}
		delete(described, op.Method+" "+op.Path)
	}
	for name := range described {
		t.Errorf("%s is described and not there", name)
	}
}
