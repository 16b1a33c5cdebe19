package daemon_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"castellan/internal/httpapi"
)

// contract is the document that the API serves, to which every exchange of these tests is held.
var contract = sync.OnceValue(func() (c struct {
	routers.Router
	everywhere []string // codes that any operation may answer with
}) {
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", openapi3filter.FileBodyDecoder)
	data, err := httpapi.Contract()
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
	if c.Router, err = legacy.NewRouter(doc); err != nil {
		panic(err)
	}
	c.everywhere = texts(doc.Info.Extensions["x-errors"])
	return c
})

// texts are the strings of a list.
func texts(list any) (all []string) {
	some, _ := list.([]any)
	for _, one := range some {
		all = append(all, one.(string))
	}
	return all
}

// holds checks that an answer is one that the contract knows: the body, and of a refusal the code. A request that was taken has to be as
// the contract says; the others are often wrong on purpose.
func holds(t *testing.T, r *http.Request, a answer) {
	t.Helper()
	operation, ok := strings.CutPrefix(r.URL.Path, httpapi.Base)
	if !ok || a.StatusCode == http.StatusMisdirectedRequest {
		return
	}
	asked := r.Clone(context.Background())
	asked.URL = &url.URL{Path: httpapi.Base + operation, RawQuery: r.URL.RawQuery}
	route, params, err := contract().FindRoute(asked)
	if err != nil {
		if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL.Path, err)
		}
		return
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, ExcludeReadOnlyValidations: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.raw)), Options: options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer does not fit the contract: %v", r.Method, r.URL.Path, err)
	}
	if a.StatusCode >= http.StatusBadRequest {
		if code := a.code(); !slices.Contains(contract().everywhere, code) && !slices.Contains(texts(route.Operation.Extensions["x-errors"]), code) {
			t.Errorf("%s %s: %s is not among the x-errors of %s", r.Method, r.URL.Path, code, route.Operation.OperationID)
		}
		return
	}
	if asked.Body, err = bodyOf(r); err == nil {
		err = openapi3filter.ValidateRequest(context.Background(), input)
	}
	if err != nil {
		t.Errorf("%s %s: what was asked does not fit the contract and was taken: %v", r.Method, r.URL.Path, err)
	}
}

// bodyOf returns the body of a request that was sent.
func bodyOf(r *http.Request) (io.ReadCloser, error) {
	if r.GetBody == nil {
		return http.NoBody, nil
	}
	return r.GetBody()
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
