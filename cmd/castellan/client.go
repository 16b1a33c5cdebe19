package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"castellan/internal/config"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// longest is how long an answer may take: a press of the button lasts up to a minute, and a small box takes longer
// than that to follow the chain of a full log.
const longest = 5 * time.Minute

// ask puts a question to the running daemon through the same API as the desktop: over its Unix socket, or over the network to the NAS of -c.
func (c *call) ask(method, path string, question, answer any) error {
	return c.send(method, path, question, func(body io.Reader) error {
		if err := json.NewDecoder(body).Decode(answer); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		return nil
	})
}

// read asks for something that is no JSON, and lets take read the answer.
func (c *call) read(path string, take func(io.Reader) error) error {
	return c.send("GET", path, nil, take)
}

// fetch asks and returns the answer, also with what this version does not know in it.
func fetch[T any](c *call, method, path string, question any) (document json.RawMessage, v T, err error) {
	if err = c.ask(method, path, question, &document); err != nil {
		return nil, v, err
	}
	if err = json.Unmarshal(document, &v); err != nil {
		return nil, v, fmt.Errorf("read answer: %w", err)
	}
	return document, v, nil
}

// show asks for something and prints it, as JSON or in words.
func show[T any](c *call, path string, asJSON bool, words func(T) error) (T, error) {
	document, v, err := fetch[T](c, "GET", path, nil)
	switch {
	case err != nil:
		return v, err
	case asJSON:
		return v, printJSON(c.out, document)
	default:
		return v, words(v)
	}
}

// pages asks for one page after the other and prints them as JSON, or lets take have them.
func pages[T any](c *call, path string, asJSON bool, take func(T)) error {
	for after := ""; ; {
		document, page, err := fetch[T](c, "GET", path+after, nil)
		if err != nil {
			return err
		}
		if asJSON {
			err = printJSON(c.out, document)
		} else {
			take(page)
		}
		var more struct {
			Next string `json:"next"`
		}
		if err = errors.Join(err, json.Unmarshal(document, &more)); err != nil || more.Next == "" {
			return err
		}
		after = "?after=" + url.QueryEscape(more.Next)
	}
}

// send asks. What the socket has under /local, a NAS has for its administrators without that.
func (c *call) send(method, path string, question any, take func(io.Reader) error) error {
	if *c.nas != "" {
		return c.sendFar(method, strings.TrimPrefix(path, "/local"), question, take)
	}
	if c.config == nil {
		return errUsage
	}
	file, err := config.Load(*c.config)
	if err != nil {
		return err
	}
	body := io.Reader(http.NoBody)
	if question != nil {
		data, err := json.Marshal(question)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://castellan"+httpapi.Base+path, body)
	if err != nil {
		return err
	}
	if question != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", file.Socket)
	}}}
	response, err := client.Do(request)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody answers at %s. Start the daemon, or name its config file with -config", file.Socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("only root and the daemon's own user may do that: %s", file.Socket)
	case err != nil:
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		var p api.Problem
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
			return fmt.Errorf("the daemon answered %s", response.Status)
		}
		return errors.New(p.Detail)
	}
	return take(response.Body)
}
