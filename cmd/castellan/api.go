package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// callAPI calls any operation and prints the answer just as it comes.
func callAPI(c *call) error {
	data := c.flags.String("d", "", "the body as `JSON`, or @FILE that holds it, or @- for the standard input")
	asJSON := c.flags.Bool("json", false, "print a refusal as JSON as well")
	if err := c.parse(2); err != nil {
		return err
	}
	method, path, err := operation(c.args[0], c.args[1])
	if err != nil {
		return err
	}
	body, err := c.body(*data)
	if err != nil {
		return err
	}
	n, err := c.far()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	var question any
	if len(body) > 0 {
		question = json.RawMessage(body)
	}
	var last [1]byte
	err = n.ask(ctx, method, path, question, func(answer io.Reader) error {
		size, err := io.Copy(io.MultiWriter(c.out, lastByte(last[:])), answer)
		if err == nil && size > 0 && last[0] != '\n' {
			_, err = fmt.Fprintln(c.out)
		}
		return err
	})
	var refused *refusal
	if *asJSON && errors.As(err, &refused) {
		err = errors.Join(err, printJSON(c.out, refused.Problem))
	}
	return err
}

// lastByte keeps the last byte that was written.
type lastByte []byte

func (l lastByte) Write(text []byte) (int, error) {
	if len(text) > 0 {
		l[0] = text[len(text)-1]
	}
	return len(text), nil
}

// operation reads what is to be called as a person types it.
func operation(method, path string) (string, string, error) {
	method = strings.ToUpper(method)
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return "", "", misused("%q is no method: GET, POST, PUT, PATCH or DELETE", method)
	}
	path = strings.TrimPrefix(path, httpapi.Base)
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || u.RawPath != "" || u.Host != "" || u.Fragment != "" {
		return "", "", misused("%q is no path of the API. It looks like /time, or /events?limit=5", path)
	}
	return method, path, nil
}

// body reads what -d says.
func (c *call) body(data string) (body []byte, err error) {
	switch name, file := strings.CutPrefix(data, "@"); {
	case data == "":
		return nil, nil
	case name == "-" && file:
		body, err = io.ReadAll(c.in)
	case file:
		body, err = os.ReadFile(name)
	default:
		body = []byte(data)
	}
	if err != nil {
		return nil, err
	}
	if body = bytes.TrimSpace(body); !json.Valid(body) {
		return nil, misused("what -d gives is not JSON")
	}
	return body, nil
}

// printAccess buys an access token and prints it alone, for a program that cannot sign.
func printAccess(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	document, session, err := fetch[api.MachineSession](c, "POST", "/machine/session", api.MachineProof{})
	switch {
	case err != nil:
	case *asJSON:
		err = printJSON(c.out, document)
	default:
		_, err = fmt.Fprintln(c.out, session.AccessToken)
	}
	return err
}
