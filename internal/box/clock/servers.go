package clock

import (
	"errors"
	"net"
	"time"

	"github.com/beevik/ntp"
)

// ServerState says what became of a time server's last answer.
type ServerState string

// The states of a server.
const (
	Waiting ServerState = "waiting" // not asked yet
	Agrees  ServerState = "agrees"
	Ignored ServerState = "ignored" // it answered, and the majority says otherwise
	Silent  ServerState = "silent"
	Refused ServerState = "refused" // it answered that it does not serve us
)

// Server is what is known of one time server.
type Server struct {
	Source
	Host        string // without the default port
	Answers     string // the address that answered
	State       ServerState
	Problem     string        // in words, where there is one
	Offset      time.Duration // its time minus trusted time
	Delay       time.Duration
	Stratum     int
	AnsweredAgo time.Duration // negative: never
}

func newServer(s Source) server {
	return server{address: s.Address, Server: Server{Source: s, Host: hostOf(s.Address), State: Waiting}}
}

type server struct {
	Server
	address string
	rests   time.Duration // elapsed time before which it must not be asked (kiss of death)
}

const (
	// queryTimeout bounds one question with all that it takes; a round of questions in parallel ends within
	// Budget.
	queryTimeout = Budget - 100*time.Millisecond
	// RateRest is how long a server is left alone that asked for it (RFC 5905 section 7.4, code RATE).
	RateRest = 5 * time.Minute
	// DropRest is how long a server is left alone that does not serve us (codes DENY and RSTR). It may again
	// on another day, and a forged refusal must not last.
	DropRest = 24 * time.Hour
)

// answer is the outcome of asking one server.
type answer struct {
	sample  sample
	address string
	delay   time.Duration
	stratum int
	kiss    string
	err     error
}

var errFar = errors.New("its answer is too vague to be of use")

// ask puts one question to a server. The library connects the socket, draws a random time stamp and
// checks that the answer repeats it, so that a stranger off the path cannot answer.
func (k *Clock) ask(i int, address string) answer {
	a := answer{sample: sample{server: i}}
	dial := k.config.Dial
	if dial == nil {
		dial = func(address string, timeout time.Duration) (net.Conn, error) {
			return net.DialTimeout("udp", address, timeout)
		}
	}
	late := time.Now().Add(queryTimeout)
	conn, err := dial(withPort(address), queryTimeout) // the name server may take a part of the time
	if err != nil {
		a.err = err
		return a
	}
	defer func() { _ = conn.Close() }()
	if conn.RemoteAddr() != nil {
		a.address = conn.RemoteAddr().String()
	}
	response, err := ntp.QueryWithOptions(withPort(address), ntp.QueryOptions{
		Timeout:       max(time.Until(late), time.Millisecond),
		GetSystemTime: func() time.Time { return k.scale(k.config.Elapsed()) },
		Dialer:        func(_, _ string) (net.Conn, error) { return conn, nil },
	})
	if err != nil {
		a.err = err
		return a
	}
	if response.IsKissOfDeath() {
		a.kiss = response.KissCode
		return a
	}
	if err := response.Validate(); err != nil {
		a.err = err
		return a
	}
	if response.RootDistance >= MaxRootDistance {
		a.err = errFar
		return a
	}
	a.delay, a.stratum = response.RTT, int(response.Stratum)
	a.sample.offset, a.sample.distance = response.ClockOffset, response.RootDistance
	return a
}

// withPort adds the default port where there is none.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(address, "123")
}

// hostOf drops the default port, which says nothing.
func hostOf(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && port == "123" {
		return host
	}
	return address
}

// note keeps what one answer tells of its server. agreed is how far network time was found to be from the
// scale.
func (s *server) note(a answer, elapsed time.Duration) {
	s.Problem, s.Offset, s.Delay, s.Stratum = "", 0, 0, 0
	if a.address != "" {
		s.Answers = a.address
	}
	switch {
	case a.kiss == "DENY" || a.kiss == "RSTR":
		s.State, s.Problem, s.rests = Refused, "It does not serve this NAS.", elapsed+DropRest
	case a.kiss != "":
		s.State, s.Problem, s.rests = Refused, "It asked to be left alone for a while.", elapsed+RateRest
	case a.err != nil:
		s.State, s.Problem = Silent, problem(a.err)
	default:
		s.State, s.Delay, s.Stratum = Ignored, a.delay, a.stratum
	}
}

// problem puts into words why an answer is missing or of no use, so that a wrong name server is told
// from a closed port.
func problem(err error) string {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "Its name is not known."
	case errors.As(err, &dns):
		return "The name server does not answer."
	case errors.As(err, &timeout) && timeout.Timeout():
		return "No answer."
	case errors.Is(err, ntp.ErrInvalidStratum), errors.Is(err, ntp.ErrInvalidLeapSecond), errors.Is(err, ntp.ErrServerClockFreshness), errors.Is(err, ntp.ErrServerNotSynchronized):
		return "It does not know the time itself."
	case errors.Is(err, errFar), errors.Is(err, ntp.ErrInvalidDispersion):
		return "Its answer is too vague."
	case isNetwork(err):
		return "It cannot be reached."
	default:
		return "Its answer makes no sense."
	}
}

func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}
