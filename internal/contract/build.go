package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/yaml"
)

// build reads the sources in a folder and returns the document.
func build(folder string) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(folder, sourceFile))
	if err != nil {
		return nil, err
	}
	words, err := readExamples(folder)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return nil, err
	}
	doc.Components.SecuritySchemes = securitySchemes()
	doc.Info.Extensions["x-errors"] = everywhere
	shapes := &shapes{schemas: doc.Components.Schemas, words: words}
	for _, op := range operations(doc) {
		op.Extensions["x-errors"] = errorsOf(op)
		op.Security = securityOf(op)
		if err := shapes.illustrate(op.Operation); err != nil {
			return nil, fmt.Errorf("%s: %w", op.OperationID, err)
		}
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

// operation is an operation with where it is.
type operation struct {
	*openapi3.Operation
	method, path string
	parameters   openapi3.Parameters
}

// word returns what stands beside an operation under a name; empty: nothing.
func (o operation) word(name string) string {
	text, _ := o.Extensions[name].(string)
	return text
}

func (o operation) is(name string) bool {
	yes, _ := o.Extensions[name].(bool)
	return yes
}

// operations lists all operations by path and method.
func operations(doc *openapi3.T) (all []operation) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{op, method, path, slices.Concat(item.Parameters, op.Parameters)})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method)) })
	return all
}

func readExamples(folder string) (e examples, err error) {
	data, err := os.ReadFile(filepath.Join(folder, examplesFile))
	if err != nil {
		return e, err
	}
	if _, err := yaml.Unmarshal(data, &e, yaml.DecodeOpts{}); err != nil {
		return e, fmt.Errorf("read %s: %w", examplesFile, err)
	}
	return e, nil
}
