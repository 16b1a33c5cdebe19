package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"castellan/internal/event"
	"castellan/internal/httpapi"
)

// The bounds of a connection (R121).
const (
	headerTime  = 10 * time.Second
	requestTime = 30 * time.Second
	idleTime    = 2 * time.Minute
	headerSize  = 8 << 10
	// headerSlack is what the standard library adds to it for HTTP/1.1.
	headerSlack = 4 << 10
	// farewell is how long running requests may take when the house closes.
	farewell = 3 * time.Second
	// renewal is how often names, addresses and age of the certificate are looked at, and whether an API token is to be spoken of.
	renewal = time.Minute
)

// run opens the ports and runs every room until the context ends.
func (h *house) run(ctx context.Context) (err error) {
	ctx, h.again = context.WithCancelCause(ctx)
	defer h.again(nil)
	var doors doors
	if err := doors.open(h); err != nil {
		return err
	}
	h.greet() // nobody can claim the box yet
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range doors.servers {
		group.Go(func() error { return s.serve() })
	}
	group.Go(func() error { return h.clock.Run(ctx) })
	group.Go(func() error { return h.keeper.Run(ctx) })
	group.Go(func() error { return h.network.Run(ctx) })
	group.Go(func() error { return h.watchOffers(ctx) })
	group.Go(func() error { return h.button.Run(ctx) })
	group.Go(func() error { return h.signal.Run(ctx) })
	group.Go(func() error { return h.renew(ctx) })
	group.Go(func() error { return h.announcer.Run(ctx) })
	if h.db != nil {
		group.Go(func() error { return h.post.Run(ctx) })
		group.Go(func() error { return h.api.Tokens.Run(ctx) })
		group.Go(func() error { return h.reset.Follow(ctx) })
		group.Go(func() error { return h.syslog.Run(ctx) })
		group.Go(func() error { return h.drift.Run(ctx) })
		group.Go(func() error {
			return h.db.Run(ctx, func(err error) { h.Out.Error("take deleted records out of the file", "err", err) })
		})
	}
	group.Go(func() error {
		h.welcome(ctx, doors)
		<-ctx.Done()
		return doors.close()
	})
	err = group.Wait()
	if h.recovery == nil {
		h.record(event.Event{Kind: event.Stopped})
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		h.syslog.Finish(last)
		cancel()
	}
	switch {
	case errors.Is(context.Cause(ctx), errAgain):
		return errAgain
	case err == nil && h.recovery != nil:
		return errors.New(h.recovery.message)
	}
	return err
}

// welcome finishes what the last run left undone, and tells how to reach the house.
func (h *house) welcome(ctx context.Context, d doors) {
	if h.recovery == nil {
		h.record(event.Event{Kind: event.Started}.With("version", h.Build.Version))
		if err := h.reset.Resume(ctx); err != nil {
			h.Out.Error("finish reset", "err", err)
		}
	}
	select {
	case <-h.button.Tried():
	case <-ctx.Done():
	}
	if h.Ready != nil {
		g := h.greeting()
		g.HTTPS, g.HTTP, g.Socket, g.Elsewhere = d.https, d.http, h.File.Socket, h.elsewhere(d.https)
		h.Ready(g)
	}
}

// renew keeps the certificate and the announcement in step with the names and addresses of the box, and the certificate fresh. What ends by
// itself and is not renewed is told of.
func (h *house) renew(ctx context.Context) error {
	h.follow()
	h.warnOfTokens()
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-h.renamed:
		}
		h.follow()
		h.warnOfTokens()
	}
}

// warnOfTokens tells the owners of API tokens that end soon. The certificate needs no such warning: it is made anew long before it ends.
func (h *house) warnOfTokens() {
	if h.api.Door == nil {
		return
	}
	if err := h.api.Door.WarnOfTokens(); err != nil {
		h.Out.Warn("tell of API tokens that end soon", "err", err)
	}
}

// certify makes a new certificate if the one there is does not fit.
func (h *house) certify() error {
	if h.recovery != nil && h.certificate.Fingerprint() != "" {
		return nil // the name of the NAS is not known; the certificate it had stands for it
	}
	chosen, given := h.names()
	reason, err := h.certificate.Renew(chosen, given, h.clock.Now())
	if err == nil && reason != "" {
		h.record(event.Event{Kind: event.CertificateMade}.With("reason", reason).With("fingerprint", h.certificate.Fingerprint()))
	}
	return err
}

// doors are the ports of the house.
type doors struct {
	servers     []server
	https, http string
}

type server struct {
	http  *http.Server
	serve func() error
}

// open listens on every port before anything answers, so that a port that is taken is said at once.
func (d *doors) open(h *house) (err error) {
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
		}
	}()
	listen := func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		if err == nil {
			listeners = append(listeners, l)
		}
		return l, err
	}
	secure, err := listen("tcp", h.File.Web.HTTPS)
	if err != nil {
		return fmt.Errorf("open port: %w", err)
	}
	d.https = secure.Addr().String()
	_, h.api.HTTPSPort, _ = net.SplitHostPort(d.https)
	var plain net.Listener
	if h.File.Web.HTTP != "" {
		if plain, err = listen("tcp", h.File.Web.HTTP); err != nil {
			return fmt.Errorf("open port: %w", err)
		}
		d.http = plain.Addr().String()
		_, h.api.HTTPPort, _ = net.SplitHostPort(d.http)
	}
	local, err := openSocket(h.File.Socket, listen)
	if err != nil {
		return err
	}
	api := httpapi.New(h.api)
	h.called = api.Called
	if err := h.certify(); err != nil {
		if h.certificate.Fingerprint() == "" {
			return err
		}
		h.Out.Error("renew certificate", "err", err) // the old one still opens the page
	}
	s := h.server(api.TLS())
	s.TLSConfig, s.HTTP2, s.ConnState = h.certificate.TLS(), httpapi.HTTP2(), api.Watch
	d.add(s, func() error { return s.ServeTLS(api.Limit(secure), "", "") })
	if plain != nil {
		p := h.server(api.Redirect())
		p.ConnState = api.Watch
		d.add(p, func() error { return p.Serve(api.Limit(plain)) })
	}
	l := h.server(api.Local())
	l.WriteTimeout = 0 // a press of the button may take a minute
	l.ConnContext = httpapi.OverSocket
	d.add(l, func() error { return l.Serve(local) })
	return nil
}

func (d *doors) add(s *http.Server, serve func() error) {
	d.servers = append(d.servers, server{s, func() error {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	}})
}

// close lets running requests finish for a while.
func (d *doors) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	var group errgroup.Group
	for _, s := range d.servers {
		group.Go(func() error {
			if err := s.http.Shutdown(ctx); err != nil {
				return s.http.Close()
			}
			return nil
		})
	}
	return group.Wait()
}

func (h *house) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: requestTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerSize, ErrorLog: slog.NewLogLogger(h.Out.Handler(), slog.LevelDebug),
	}
}

// openSocket listens on the Unix socket of the command line. A socket that nobody answers any more is
// replaced.
func openSocket(path string, listen func(network, address string) (net.Listener, error)) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the socket: %w", err)
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		return nil, fmt.Errorf("open socket %q: another Castellan answers there", path)
	}
	switch info, err := os.Lstat(path); {
	case err == nil && info.Mode().Type() != os.ModeSocket:
		return nil, fmt.Errorf("open socket %q: there is a file that is no socket. Take it away, or name another path", path)
	case err == nil:
		_ = os.Remove(path) // what a crash left
	}
	l, err := listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	return ownPeers{l}, nil
}

// ownPeers lets only root and the daemon's own user in, whatever the permissions of the socket were at the
// moment when they connected.
type ownPeers struct{ net.Listener }

// Accept waits for a connection of root or of the daemon's own user.
func (l ownPeers) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peer(c); err == nil && (uid == 0 || uid == os.Geteuid()) {
			return c, nil
		}
		_ = c.Close()
	}
}

// elsewhere lists by which addresses others call a box that listens at one.
func (h *house) elsewhere(listens string) (all []string) {
	port, err := netip.ParseAddrPort(listens)
	for _, a := range h.links.Callable() {
		if err == nil && a.IsGlobalUnicast() && (port.Addr() == a || port.Addr().IsUnspecified()) {
			all = append(all, netip.AddrPortFrom(a, port.Port()).String())
		}
	}
	return all
}

// origin is where the desktop is found, for links in mails. Only the integrator's file and the box itself
// decide it, never a request.
func (h *house) origin() string {
	host := "localhost"
	for _, a := range h.links.Callable() {
		if a = a.Unmap(); a.IsGlobalUnicast() && (host == "localhost" || a.Is4()) {
			host = a.String()
		}
	}
	if names := h.File.Web.Names; len(names) > 0 {
		if _, _, err := net.SplitHostPort(names[0]); err == nil {
			return "https://" + names[0] // with a port of its own
		}
		host = names[0]
	}
	return "https://" + net.JoinHostPort(host, h.api.HTTPSPort)
}
