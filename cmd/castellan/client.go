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
	"syscall"
	"time"

	"castellan/internal/config"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// longest is how long an answer may take: a press of the button lasts up to a minute, and a small box takes longer
// than that to follow the chain of a full log.
const longest = 5 * time.Minute

// ask puts a question to the running daemon over its Unix socket, through the same API as the desktop.
func (c *call) ask(method, path string, question, answer any) error {
	return c.send(method, path, question, func(body io.Reader) error { return json.NewDecoder(body).Decode(answer) })
}

// read asks for something that is no JSON, and lets take read the answer.
func (c *call) read(path string, take func(io.Reader) error) error {
	return c.send("GET", path, nil, take)
}

func (c *call) send(method, path string, question any, take func(io.Reader) error) error {
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
