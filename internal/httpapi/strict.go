package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"castellan/internal/fault"
)

// maxDepth is how deep a body may nest; none of ours nests deeper than four.
const maxDepth = 16

var errJSON = &fault.Error{Kind: fault.Malformed, Code: "malformed", Message: "The request is not JSON as it should be."}

// binder decodes bodies strictly: JSON only, every name once and spelled as in the contract, nothing
// unknown, nothing missing, nothing behind it.
type binder struct{}

// Bind decodes the body of a request into target.
func (binder) Bind(target any, c echo.Context) error {
	r := c.Request()
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return errMedia
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return decode(body, target)
}

func decode(body []byte, target any) error {
	if !utf8.Valid(body) {
		return errJSON
	}
	names, err := inspect(body)
	if err != nil {
		return errJSON.Because(err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(target); err != nil {
		return explainJSON(err)
	}
	for _, name := range required(reflect.TypeOf(target).Elem()) {
		if !names[name] {
			return fault.InvalidField(name, "missing", "This is missing.")
		}
	}
	return nil
}

// explainJSON tells a value of the wrong type or an unknown name from a body that cannot be read.
func explainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fault.InvalidField(kind.Field, "wrong_type", "This is not a value of the right type.")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.InvalidField(strings.Trim(name, `"`), "unknown_field", "There is no such field.")
	}
	return errJSON.Because(err)
}

// required lists the names that a body must hold: those whose tag does not allow leaving them out.
func required(t reflect.Type) (names []string) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("json")
		if name, options, _ := strings.Cut(tag, ","); name != "" && !strings.Contains(options, "omitempty") {
			names = append(names, name)
		}
	}
	return names
}

// inspect walks over a body once and refuses what encoding/json would let pass: a name given twice, or in
// another case than the contract's, which decides between two readings of one body. It returns the names on
// the first level that have a value other than null.
func inspect(body []byte) (map[string]bool, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	first := map[string]bool{}
	if _, err := walk(d, 0, first); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return first, nil
}

// walk reads one value and reports whether it was null.
func walk(d *json.Decoder, depth int, first map[string]bool) (null bool, err error) {
	if depth > maxDepth {
		return false, errors.New("nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return false, err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return token == nil, nil
	}
	seen := map[string]bool{}
	for d.More() {
		name := ""
		if open == '{' {
			if name, err = key(d, seen); err != nil {
				return false, err
			}
		}
		null, err := walk(d, depth+1, first)
		if err != nil {
			return false, err
		}
		if depth == 0 && open == '{' && !null {
			first[name] = true
		}
	}
	_, err = d.Token()
	return false, err
}

func key(d *json.Decoder, seen map[string]bool) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	name, _ := token.(string)
	if seen[name] {
		return "", errors.New("a name is given twice")
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return "", errors.New("a name is spelled otherwise")
		}
	}
	seen[name] = true
	return name, nil
}
