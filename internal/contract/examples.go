package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// examples are samples of values. Bodies are put together from them.
type examples struct {
	Names      map[string]any            `json:"names"`      // of properties, whatever they belong to
	Schemas    map[string]map[string]any `json:"schemas"`    // of properties of a schema; null: made up like one that it must have
	Operations map[string]map[string]any `json:"operations"` // whole bodies, under request or answer
}

// shapes illustrates operations with examples.
type shapes struct {
	schemas openapi3.Schemas
	words   examples
}

// illustrate puts an example beside every body of an operation.
func (s *shapes) illustrate(op *openapi3.Operation) error {
	own := s.words.Operations[op.OperationID]
	if op.RequestBody != nil {
		if err := s.media(op.RequestBody.Value.Content, own["request"]); err != nil {
			return err
		}
	}
	for status, response := range op.Responses.Map() {
		if status == "default" {
			continue
		}
		if err := s.media(response.Value.Content, own["answer"]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shapes) media(content openapi3.Content, own any) error {
	for kind, m := range content {
		example := own
		if of, ok := own.(map[string]any); ok && of[kind] != nil {
			example = of[kind]
		}
		if example == nil {
			var err error
			if example, err = s.example(m.Schema, ""); err != nil {
				return err
			}
		}
		if err := m.Schema.Value.VisitJSON(example); err != nil {
			return fmt.Errorf("the example does not fit: %w", err)
		}
		m.Example = example
	}
	return nil
}

// example puts a value of a schema together. name is the property that it is for.
func (s *shapes) example(ref *openapi3.SchemaRef, name string) (any, error) {
	schema := ref.Value
	switch {
	case schema.Type.Is("object"):
		return s.object(ref)
	case s.words.Names[name] != nil && len(schema.Enum) == 0:
		return s.words.Names[name], nil
	case schema.Type.Is("array"):
		if schema.Items.Ref == "" {
			return []any{}, nil
		}
		one, err := s.example(schema.Items, "")
		return []any{one}, err
	case len(schema.Enum) > 0:
		return schema.Enum[0], nil
	case schema.Type.Is("boolean"):
		return false, nil
	case schema.Format == "date-time":
		return s.words.Names["time"], nil
	default:
		return nil, fmt.Errorf("there is no example of %q", name)
	}
}

// object puts an object together: what its schema's examples say, and what it must have besides.
func (s *shapes) object(ref *openapi3.SchemaRef) (any, error) {
	name := strings.TrimPrefix(ref.Ref, "#/components/schemas/")
	given := s.words.Schemas[name]
	body := map[string]any{}
	for _, p := range slices.Sorted(maps.Keys(ref.Value.Properties)) {
		value, said := given[p]
		switch {
		case said && value != nil:
			body[p] = value
		case slices.Contains(ref.Value.Required, p) || said:
			one, err := s.example(ref.Value.Properties[p], p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			body[p] = one
		}
	}
	for p := range given {
		if ref.Value.Properties[p] == nil {
			return nil, fmt.Errorf("%s has no %q", name, p)
		}
	}
	return body, nil
}
