//go:build kernel && linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	signals "castellan/internal/box/signal"
)

// lightsKept is the file of what the lights were.
const lightsKept = "/data/lights.json"

// show is the light and the beeper of the machine, and what came out of the beeper.
type show struct {
	signal *signals.Signal
	stop   context.CancelFunc
	ended  chan struct{}
	child  *exec.Cmd

	mu    sync.Mutex
	beeps []beep
}

// beep is a change of the sound of a beeper that was made here.
type beep struct {
	Code  uint16
	Value int32
	At    time.Duration
}

func newShow() *show {
	return &show{ended: make(chan struct{}), signal: signals.New(signals.Config{Keep: lightsKept, Boot: "a", Log: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))})}
}

func (s *show) run() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { defer close(s.ended); _ = s.signal.Run(ctx) }()
}

// answer tells by HTTP what is shown and heard. The signal runs from POST /start to POST /stop.
func (s *show) answer(mux *http.ServeMux) {
	mux.HandleFunc("POST /start", func(http.ResponseWriter, *http.Request) {
		s.signal, s.ended = newShow().signal, make(chan struct{})
		s.run()
	})
	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { s.stop(); <-s.ended })
	mux.HandleFunc("POST /tell/{moment}", func(w http.ResponseWriter, r *http.Request) {
		moment, err := strconv.Atoi(r.PathValue("moment"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.signal.Tell(signals.Moment(moment))
	})
	mux.HandleFunc("GET /found", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.signal.Found()) })
	mux.HandleFunc("GET /light/{name}", look)
	mux.HandleFunc("PUT /light/{name}/{file}", change)
	mux.HandleFunc("POST /other/{moment}", s.other)
	mux.HandleFunc("POST /crash", s.crash)
	mux.HandleFunc("GET /beeps", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		answer(w, s.beeps)
	})
	mux.HandleFunc("POST /beeper", func(w http.ResponseWriter, r *http.Request) {
		file, err := newBeeper(r.URL.Query().Get("name"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		go s.hear(file)
	})
}

// look answers with the files of a light.
func look(w http.ResponseWriter, r *http.Request) {
	files := map[string]string{}
	all, _ := filepath.Glob(filepath.Join("/sys/class/leds", r.PathValue("name"), "*"))
	for _, path := range all {
		if b, err := os.ReadFile(path); err == nil {
			files[filepath.Base(path)] = strings.TrimSpace(string(b))
		}
	}
	answer(w, files)
}

// change writes the query's value into a file of a light.
func change(w http.ResponseWriter, r *http.Request) {
	path := filepath.Join("/sys/class/leds", r.PathValue("name"), r.PathValue("file"))
	if err := os.WriteFile(path, []byte(r.URL.Query().Get("value")), 0); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// other has another program tell a moment.
func (s *show) other(w http.ResponseWriter, r *http.Request) {
	s.child = exec.Command("/proc/self/exe", "-tell", r.PathValue("moment"))
	s.child.Stdout, s.child.Stderr = os.Stdout, os.Stderr
	if err := s.child.Start(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// crash kills the other program in the middle of what it does.
func (s *show) crash(w http.ResponseWriter, _ *http.Request) {
	_ = s.child.Process.Kill()
	answer(w, fmt.Sprint(s.child.Wait()))
}

// hear keeps the sounds that a file tells of.
func (s *show) hear(file *os.File) {
	began := time.Now()
	for event := make([]byte, eventBytes); ; {
		if n, err := file.Read(event); err != nil || n != len(event) {
			return
		}
		if binary.NativeEndian.Uint16(event[16:]) != soundKind {
			continue
		}
		s.mu.Lock()
		s.beeps = append(s.beeps, beep{binary.NativeEndian.Uint16(event[18:]), int32(binary.NativeEndian.Uint32(event[20:])), time.Since(began)})
		s.mu.Unlock()
	}
}
