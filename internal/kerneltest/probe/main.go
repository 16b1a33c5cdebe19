//go:build kernel && linux

// Command probe is the program that proves the test machine: it watches one GPIO line and answers over HTTP what it
// saw, what time it is, who keeps the clock, and what is on its disk.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev"

	signals "castellan/internal/box/signal"
)

// Edge is one change of the line, at the kernel's monotonic time.
type Edge struct {
	Pressed bool
	At      time.Duration
}

type probe struct {
	mu    sync.Mutex
	edges []Edge
}

func main() {
	code, err := run()
	if err != nil {
		fmt.Println("probe:", err)
	}
	os.Exit(code)
}

func run() (code int, err error) {
	line := flag.Int("line", -1, "GPIO line of the button")
	low := flag.Bool("active-low", false, "the button pulls its line down")
	watch := flag.Bool("button", false, "watch the button of the kernel's input devices")
	data := flag.String("data", "", "folder for files")
	show := flag.Bool("signal", false, "tell moments by light and beeper")
	moment := flag.Int("tell", -1, "tell this moment by light and beeper, and nothing else, until killed")
	leave := flag.Int("exit", -1, "exit at once with this code")
	flag.Parse()
	if *leave >= 0 {
		return *leave, nil
	}
	if *moment >= 0 {
		s := newShow()
		s.signal.Tell(signals.Moment(*moment))
		return 0, s.signal.Run(context.Background())
	}
	p := &probe{}
	options := []gpiocdev.LineReqOption{gpiocdev.AsInput, gpiocdev.WithBothEdges, gpiocdev.WithEventHandler(p.see)}
	if *low {
		options = append(options, gpiocdev.AsActiveLow)
	}
	if *line >= 0 {
		l, err := gpiocdev.RequestLine("gpiochip0", *line, options...)
		if err != nil {
			return 3, fmt.Errorf("request line %d: %w", *line, err)
		}
		defer l.Close()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /edges", p.answerEdges)
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { answer(w, time.Now().UTC()) })
	mux.HandleFunc("POST /send", send)
	mux.HandleFunc("PUT /file/{name}", func(w http.ResponseWriter, r *http.Request) { put(w, r, *data) })
	c := newClock()
	go c.keep()
	mux.HandleFunc("GET /time", c.tell)
	mux.HandleFunc("POST /follow", c.follow)
	mux.HandleFunc("POST /bend", bend)
	mux.HandleFunc("POST /sleep", c.sleep)
	if *watch {
		k := newKeyButton()
		mux.HandleFunc("GET /button", k.tell)
		mux.HandleFunc("GET /second", k.second)
		mux.HandleFunc("POST /plug", k.plug)
		mux.HandleFunc("POST /driver/{what}", drive)
	}
	if *show {
		newShow().answer(mux)
	}
	mux.Handle("GET /file/", http.StripPrefix("/file/", http.FileServer(http.Dir(*data))))
	return serve(mux)
}

// serve answers until SIGTERM, and then ends with a code that nothing else has.
func serve(mux *http.ServeMux) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: ":8001", Handler: mux}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return 1, err
	}
	return 7, nil
}

func (p *probe) see(e gpiocdev.LineEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edges = append(p.edges, Edge{Pressed: e.Type == gpiocdev.LineEventRisingEdge, At: e.Timestamp})
}

func (p *probe) answerEdges(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer(w, p.edges)
}

// send sends the body as one UDP packet to the address in the query.
func send(w http.ResponseWriter, r *http.Request) {
	conn, err := net.Dial("udp", r.URL.Query().Get("to"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer conn.Close()
	if _, err := io.Copy(conn, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

// put writes a file, and flushes it to the disk with its folder when the query says so.
func put(w http.ResponseWriter, r *http.Request, dir string) {
	err := func() error {
		f, err := os.Create(filepath.Join(dir, r.PathValue("name")))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(f, r.Body); err != nil || !r.URL.Query().Has("flush") {
			return err
		}
		folder, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer folder.Close()
		return errors.Join(f.Sync(), folder.Sync())
	}()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
