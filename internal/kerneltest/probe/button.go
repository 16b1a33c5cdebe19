//go:build kernel && linux

package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"castellan/internal/box/button"
)

// keyButton is the button that the kernel's input devices have, found by itself, with what it was pressed for.
type keyButton struct {
	button *button.Button

	mu      sync.Mutex
	presses []button.Press
	plugged []*os.File // devices that were plugged in
}

func newKeyButton() *keyButton {
	k := &keyButton{}
	k.button = button.New(button.Config{Source: button.NewAuto(nil, nil), Times: button.DefaultTimes(), Log: slog.Default(), Pressed: func(p button.Press) (string, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.presses = append(k.presses, p)
		return "", nil
	}})
	go func() { _ = k.button.Run(context.Background()) }()
	return k
}

// tell answers with the state of the button and its presses.
func (k *keyButton) tell(w http.ResponseWriter, _ *http.Request) {
	s := k.button.Status()
	k.mu.Lock()
	defer k.mu.Unlock()
	answer(w, struct {
		State   button.State
		Detail  string
		Presses []button.Press
	}{s.State, s.Describe(), k.presses})
}

// second tells whether another program gets the button's device: its error, or nothing.
func (k *keyButton) second(w http.ResponseWriter, r *http.Request) {
	line, err := button.InputKey{Device: r.URL.Query().Get("device"), Key: button.KeyRestart}.Open()
	if err != nil {
		answer(w, err.Error())
		return
	}
	_ = line.Close()
	answer(w, "")
}

// plug has a device with the name of the query and the key for a restart be plugged in.
func (k *keyButton) plug(w http.ResponseWriter, r *http.Request) {
	file, err := newKey(r.URL.Query().Get("device"), button.KeyRestart)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plugged = append(k.plugged, file)
}

// drive binds a device to the driver gpio-keys or takes it away, as loading its module and pulling it out does.
func drive(w http.ResponseWriter, r *http.Request) {
	file := filepath.Join("/sys/bus/platform/drivers/gpio-keys", r.PathValue("what"))
	if err := os.WriteFile(file, []byte(r.URL.Query().Get("device")), 0); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
