package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/config"
	"castellan/internal/daemon"
	"castellan/internal/httpapi"
)

// serve runs the daemon until it is told to stop.
func serve(c *call) error {
	greeting := c.flags.Bool("greeting", false, "print the address, the fingerprint and the default password once the daemon answers")
	if err := c.parse(0); err != nil {
		return err
	}
	file, err := config.Load(*c.config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := daemon.Config{
		File:  file,
		Build: httpapi.Build{Version: version, Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()},
		Built: builtAt(), Out: logger(c.err), Verify: verifyApart, System: time.Now, Elapsed: clock.Elapsed,
	}
	if *greeting {
		d.Ready = func(g daemon.Greeting) { greet(c.out, g, *c.config) }
	}
	return daemon.New(d).Run(ctx)
}

// logger writes JSON lines, or text where a person is watching.
func logger(w io.Writer) *slog.Logger {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return slog.New(slog.NewTextHandler(w, nil))
		}
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

// greet prints how to reach the house.
func greet(w io.Writer, g daemon.Greeting, config string) {
	_, port, _ := net.SplitHostPort(g.HTTPS)
	line := func(name, value string) { _, _ = fmt.Fprintf(w, "  %-14s %s\n", name, value) }
	_, _ = fmt.Fprintf(w, "\nCastellan %s\n\n", version)
	line("address", "https://localhost:"+port)
	for _, address := range g.Elsewhere {
		line("", "https://"+address)
	}
	if _, plain, err := net.SplitHostPort(g.HTTP); err == nil {
		line("redirect", "http://localhost:"+plain)
	}
	line("certificate", g.Fingerprint)
	switch {
	case g.Recovery != "":
		line("recovery", g.Recovery)
	case g.Owned:
		line("user", g.Name+", or whom you made")
		line("password", "your own; after a reset "+g.DefaultPassword)
	default:
		line("user", g.Name)
		line("password", g.DefaultPassword+" (until you choose your own)")
	}
	line("button", g.Button)
	if g.Simulated {
		command := pressCommand(config)
		switch {
		case g.Recovery != "":
		case g.Owned:
			line("press it", command+"500ms  (confirms whoever waits for it)")
		default:
			line("press it", command+"500ms  (claims this NAS for the browser that waits)")
		}
		line("hold it", command+"6s  "+map[bool]string{true: "(begins this NAS anew)", false: "(restores the administrator's defaults)"}[g.Recovery != ""])
	}
	_, _ = fmt.Fprintln(w)
}

// pressCommand presses the simulated button of the daemon that has this config file, for the time that follows.
func pressCommand(config string) string {
	self, err := os.Executable()
	if err != nil {
		self = "castellan"
	}
	if config != "" {
		self += " button press -config " + config
	} else {
		self += " button press"
	}
	return self + " -hold "
}

// builtAt returns when the program was built.
func builtAt() time.Time {
	t, err := time.Parse(time.RFC3339, built)
	if err != nil {
		panic("the linker was given a bad build time: " + built)
	}
	return t
}
