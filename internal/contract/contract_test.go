package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const folder = "../httpapi"

// served reads the document that the API serves.
func served(t *testing.T) (doc *openapi3.T, text []byte) {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, packedFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	if doc, err = openapi3.NewLoader().LoadFromData(text); err != nil {
		t.Fatal(err)
	}
	return doc, text
}

func TestTheServedDocumentIsFresh(t *testing.T) {
	_, got := served(t)
	want, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("openapi.json.gz is older than the contract: run make generate")
	}
	again, err := build(folder)
	if err != nil || !bytes.Equal(again, want) {
		t.Errorf("the same sources give another document, %v", err)
	}
}

func TestTheDocumentHasTheVersionOfTheChanges(t *testing.T) {
	changes, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)`).FindSubmatch(changes)
	if doc, _ := served(t); newest == nil || doc.Info.Version != string(newest[1]) {
		t.Errorf("the document is %s, the newest changes are %q", doc.Info.Version, newest)
	}
}

func TestEveryOperationSaysWhatItWantsAndAnswers(t *testing.T) {
	doc, _ := served(t)
	codes := codesOf(t, doc)
	used := map[string]bool{}
	for _, code := range everywhere {
		used[code] = true
	}
	for _, op := range operations(doc) {
		if op.Summary == "" || !strings.HasSuffix(op.Summary, ".") || len(op.Tags) != 1 || op.word("x-access") == "" || op.Security == nil {
			t.Errorf("%s: summary %q, tags %v, access %q, security %v", op.OperationID, op.Summary, op.Tags, op.word("x-access"), op.Security)
		}
		listed, _ := op.Extensions["x-errors"].([]any)
		for _, code := range listed {
			used[code.(string)] = true
			if codes[code.(string)].Status == 0 {
				t.Errorf("%s answers with %v, which info.x-codes does not know", op.OperationID, code)
			}
		}
		if op.RequestBody != nil {
			illustrated(t, op.OperationID+" as a request", op.RequestBody.Value.Content)
		}
		for status, response := range op.Responses.Map() {
			if status != "default" {
				illustrated(t, op.OperationID+" "+status, response.Value.Content)
			}
		}
	}
	for code := range codes {
		if !used[code] {
			t.Errorf("no operation answers with %s", code)
		}
	}
}

// illustrated checks that every body has an example that fits its schema.
func illustrated(t *testing.T, what string, content openapi3.Content) {
	t.Helper()
	for kind, m := range content {
		if m.Example == nil {
			t.Errorf("%s has no example of %s", what, kind)
		} else if err := m.Schema.Value.VisitJSON(m.Example); err != nil {
			t.Errorf("%s: the example of %s: %v", what, kind, err)
		}
	}
}

type meaning struct {
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func codesOf(t *testing.T, doc *openapi3.T) (codes map[string]meaning) {
	t.Helper()
	data, err := json.Marshal(doc.Info.Extensions["x-codes"])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &codes); err != nil {
		t.Fatal(err)
	}
	for code, m := range codes {
		if m.Detail == "" {
			t.Errorf("%s is not explained", code)
		}
	}
	return codes
}

// kinds are the answers to the kinds of package fault.
var kinds = map[string]int{
	"Malformed": 400, "Invalid": 422, "Unauthenticated": 401, "Forbidden": 403, "NotFound": 404, "Conflict": 409, "Gone": 410,
	"TooLarge": 413, "Throttled": 429, "Unavailable": 503,
}

// inside are codes that become another one before they reach anybody.
var inside = map[string]string{"no_ticket": "sign_in_expired", "claim_stale": "sign_in_expired"}

func TestEveryRefusalOfTheSourcesIsInTheDocument(t *testing.T) {
	doc, _ := served(t)
	codes := codesOf(t, doc)
	found := map[string]bool{"invalid": true} // fault.InvalidFields makes it
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../fault/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			kind, code := refusal(n)
			if code == "" || inside[code] != "" {
				return true
			}
			found[code] = true
			if want := kinds[kind]; want != 0 && codes[code].Status != want || codes[code].Status == 0 {
				t.Errorf("%s refuses with %s of kind %s; info.x-codes says %d", path, code, kind, codes[code].Status)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for code := range codes {
		if !found[code] {
			t.Errorf("nothing refuses with %s", code)
		}
	}
}

// refusal returns kind and code where a refusal is made.
func refusal(n ast.Node) (kind, code string) {
	made, ok := n.(*ast.CompositeLit)
	if !ok {
		return "", ""
	}
	switch of := made.Type.(type) {
	case *ast.SelectorExpr:
		if of.Sel.Name != "Error" {
			return "", ""
		}
		for _, e := range made.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				return "", ""
			}
			switch name, _ := pair.Key.(*ast.Ident); {
			case name != nil && name.Name == "Kind":
				if of, ok := pair.Value.(*ast.SelectorExpr); ok {
					kind = of.Sel.Name
				}
			case name != nil && name.Name == "Code":
				code = quoted(pair.Value)
			}
		}
	case *ast.Ident:
		if of.Name == "httpError" && len(made.Elts) == 3 {
			code = quoted(made.Elts[1])
		}
	}
	return kind, code
}

func quoted(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, _ := strconv.Unquote(literal.Value)
	return text
}

func TestCodesFollowFromTheWordsOfAnOperation(t *testing.T) {
	extensions := map[string]any{"x-access": "administrator", "x-step-up": true, "x-scope": "log:read", "x-errors": []any{"no_export"}}
	got := errorsOf(operation{Operation: &openapi3.Operation{Extensions: extensions}, method: "DELETE"})
	for _, code := range []string{"no_export", "step_up_required", "not_allowed", "token_missing", "token_refused", "storage_unwritable"} {
		if !slices.Contains(got, code) {
			t.Errorf("%v lacks %s", got, code)
		}
	}
	if slices.Contains(got, "too_large") || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}
