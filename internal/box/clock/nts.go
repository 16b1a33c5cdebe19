package clock

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beevik/ntp"
	"github.com/beevik/nts"
)

const (
	// exchangeTimeout bounds a key exchange. One that takes longer than a question goes on beside it, and its keys
	// are used by the next one.
	exchangeTimeout = 5 * time.Second
	// exchangeSize is how much a key exchange may say.
	exchangeSize = 64 << 10
)

var (
	errExchanging = errors.New("the key exchange is under way")
	errCookies    = errors.New("no cookies are left")
	errElsewhere  = errors.New("the key exchange named a server that is not asked")
	errLapsed     = errors.New("the certificate is not valid at the time that the server says")
)

// mayName reports whether a key exchange may send questions to an address: on the port of NTP or a free one, and
// neither to the box itself nor to its neighbours on the link, unless the keys are exchanged there, too. Nobody may use
// the box to knock at other services.
func (s Source) mayName(address net.Addr) bool {
	a, ok := address.(*net.UDPAddr)
	if !ok {
		return address == nil // a connection of a test
	}
	host, _, _ := net.SplitHostPort(s.dialled())
	beside := net.ParseIP(host).IsLoopback()
	switch {
	case a.Port != 123 && a.Port < 1024, a.IP.IsUnspecified(), a.IP.IsMulticast(), a.IP.IsLinkLocalUnicast():
		return false
	default:
		return beside || !a.IP.IsLoopback()
	}
}

// exchangeError is what went wrong in a key exchange.
type exchangeError struct{ err error }

func (e exchangeError) Error() string { return "key exchange: " + e.err.Error() }
func (e exchangeError) Unwrap() error { return e.err }

// validity is when all the certificates of a server are valid.
type validity struct{ from, until time.Time }

func (v validity) holds(t time.Time) bool { return !t.Before(v.from) && !t.After(v.until) }

// link is what was agreed on with a server that is asked by NTS: keys, and cookies of which every question uses one.
// It is made in the background, by one key exchange at a time, and used by one question at a time.
type link struct {
	mu      sync.Mutex
	session *nts.Session
	valid   validity
	err     error         // of the last exchange
	running chan struct{} // closed at the end of the one that is under way
}

// drop has the next question exchange keys anew.
func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = nil
}

// open returns what was agreed on, after a key exchange where there is nothing that is valid at the time now. A
// zero now is not known.
func (l *link) open(now time.Time, wait time.Duration, exchange func() (*nts.Session, validity, error)) (*nts.Session, validity, error) {
	l.mu.Lock()
	if l.session != nil && !now.IsZero() && !l.valid.holds(now) {
		l.session = nil
	}
	if l.session != nil {
		defer l.mu.Unlock()
		return l.session, l.valid, nil
	}
	if l.running == nil {
		l.running = make(chan struct{})
		go l.exchange(exchange)
	}
	running := l.running
	l.mu.Unlock()

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-running:
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.session != nil:
		return l.session, l.valid, nil
	case l.err != nil: // of this exchange, or of the one before while this goes on
		return nil, validity{}, exchangeError{l.err}
	default:
		return nil, validity{}, exchangeError{errExchanging}
	}
}

func (l *link) exchange(exchange func() (*nts.Session, validity, error)) {
	session, valid, err := exchange()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.valid, l.err = session, valid, err
	close(l.running)
	l.running = nil
}

// askAuthentic puts one question by NTS. There is no way from here to a question without it: where the keys cannot
// be exchanged, there is no answer.
func (k *Clock) askAuthentic(s *server, options ntp.QueryOptions, late time.Time) (*ntp.Response, error) {
	now, known := k.certain()
	if !known {
		now = time.Time{}
	}
	exchange := func() (*nts.Session, validity, error) { return k.exchange(s.Source) }
	session, valid, err := s.link.open(now, time.Until(late), exchange)
	if err != nil {
		return nil, err
	}
	options.Timeout = max(time.Until(late), time.Millisecond)
	response, err := session.QueryWithOptions(&options)
	if errors.Is(err, nts.ErrAuthFailedOnServer) || errors.Is(err, errCookies) || errors.Is(err, nts.ErrNoCookies) {
		s.link.drop() // the server has new keys, or eight questions in a row were lost
	}
	if err != nil {
		return nil, err
	}
	says := k.scale(k.config.Elapsed()).Add(response.ClockOffset)
	if !response.IsKissOfDeath() && !valid.holds(says) {
		s.link.drop()
		return nil, exchangeError{errLapsed}
	}
	return response, nil
}

// exchange makes keys with a server.
func (k *Clock) exchange(s Source) (session *nts.Session, valid validity, err error) {
	defer func() {
		if recover() != nil {
			session, err = nil, errNonsense
		}
	}()
	address := s.dialled()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, validity{}, err
	}
	late := time.Now().Add(exchangeTimeout)
	var used atomic.Bool
	session, err = nts.NewSessionWithOptions(address, &nts.SessionOptions{
		TLSConfig: &tls.Config{
			ServerName: host, MinVersion: tls.VersionTLS13, NextProtos: []string{"ntske/1"},
			InsecureSkipVerify: true, // verified below, at a time that fits
			VerifyConnection: func(state tls.ConnectionState) (err error) {
				valid, err = k.verify(host, state.PeerCertificates)
				return err
			},
		},
		Timeout: exchangeTimeout,
		Dialer: func(network, address string, config *tls.Config) (*tls.Conn, error) {
			// Without cookies the library would exchange keys in the midst of a question.
			if used.Swap(true) {
				return nil, errCookies
			}
			return dialTLS(network, address, config, late)
		},
	})
	return session, valid, err
}

func dialTLS(network, address string, config *tls.Config, late time.Time) (*tls.Conn, error) {
	ctx, cancel := context.WithDeadline(context.Background(), late)
	defer cancel()
	plain, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(limited{plain, io.LimitReader(plain, exchangeSize)}, config)
	if err := errors.Join(conn.SetDeadline(late), conn.HandshakeContext(ctx)); err != nil {
		_ = plain.Close()
		return nil, err
	}
	return conn, nil
}

// limited is a connection that ends when the other side has said too much.
type limited struct {
	net.Conn
	from io.Reader
}

func (l limited) Read(b []byte) (int, error) { return l.from.Read(b) }

// certain returns the earliest that it can be, and whether that is the time: servers stand behind it.
func (k *Clock) certain() (time.Time, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.moment()
	if state, _ := k.judge(m); state == Synced || state == Holdover {
		return k.time(m), true
	}
	return k.floor(m.elapsed), false
}

// verify looks whether a server's certificates are believed. They are valid for a time, and the time is what the
// server is asked for: where it is known, they must be valid then. Where it is not, one that ended before what
// is known for certain is not believed, and one that begins after it is; the time that the server then says must
// be one at which its certificates are valid (see askAuthentic), and as soon as a majority agrees they are looked
// at again. So whoever stole the key of a certificate of the past can at most tell a time of its past, above the
// floor.
func (k *Clock) verify(host string, certificates []*x509.Certificate) (validity, error) {
	at, known := k.certain()
	options := x509.VerifyOptions{Roots: k.config.Authorities, DNSName: host, Intermediates: x509.NewCertPool()}
	for i, c := range certificates {
		if i > 0 {
			options.Intermediates.AddCert(c)
		}
		if !known {
			at = latest(at, c.NotBefore)
		}
	}
	options.CurrentTime = at
	chains, err := certificates[0].Verify(options)
	if err != nil {
		return validity{}, err
	}
	v := validity{chains[0][0].NotBefore, chains[0][0].NotAfter}
	for _, c := range chains[0][1:] {
		if v.from = latest(v.from, c.NotBefore); c.NotAfter.Before(v.until) {
			v.until = c.NotAfter
		}
	}
	return v, nil
}

// isAuthentic puts into words what went wrong with NTS; it is empty for another error.
func isAuthentic(err error) string {
	var exchange exchangeError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errExchanging):
		return "Its keys (NTS) are still being exchanged."
	case errors.As(err, &authority):
		return "Its certificate is not believed: it comes from an authority that is not known here."
	case errors.As(err, &name):
		return "Its certificate is not believed: it is for another name."
	case errors.As(err, &invalid), errors.Is(err, errLapsed):
		return "Its certificate is not believed: it is not valid at this time."
	case errors.Is(err, errElsewhere):
		return "Its key exchange (NTS) names a server that this NAS does not ask."
	case errors.As(err, &exchange) && isTimeout(err):
		return "It does not answer the key exchange (NTS)."
	case errors.As(err, &exchange):
		return "It refuses the key exchange (NTS)."
	case errors.Is(err, errCookies), errors.Is(err, nts.ErrNoCookies), errors.Is(err, nts.ErrAuthFailedOnServer):
		return "Its keys (NTS) have to be exchanged anew."
	case errors.Is(err, nts.ErrAuthFailedOnClient), errors.Is(err, nts.ErrUniqueIDMismatch), errors.Is(err, nts.ErrMissingExtField), errors.Is(err, nts.ErrInvalidFormat):
		return "Its answer is not authentic."
	}
	return ""
}
