package clock

import (
	"encoding/binary"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/beevik/ntp"
)

const (
	// MaxRootDistance is beyond what a server's answer is too vague (RFC 5905 MAXDIST).
	MaxRootDistance = 1500 * time.Millisecond
	// minDistance is what an answer is off by at least (RFC 5905 MINDISP): good servers on a fast network differ by
	// more than the time their answers take.
	minDistance = 10 * time.Millisecond
	// queryTimeout bounds one question with all that it takes; a round of questions in parallel ends within
	// Budget.
	queryTimeout = Budget - 100*time.Millisecond
	// tolerated is how much longer than the question took a server may say that it worked on it.
	tolerated = time.Millisecond
)

// answer is the outcome of asking one server.
type answer struct {
	*server
	sample  sample
	address string
	delay   time.Duration
	stratum int
	kiss    string
	err     error
}

func (a answer) good() bool { return a.err == nil && a.kiss == "" }

var (
	errFar      = errors.New("its answer is too vague to be of use")
	errNonsense = errors.New("its answer makes no sense")
)

// ask puts one question to a server, by the one protocol that it was set for. The library connects the socket,
// draws a random time stamp and checks that the answer repeats it, so that a stranger off the path cannot answer.
func (k *Clock) ask(s *server) (a answer) {
	a = answer{server: s, sample: sample{server: s}}
	defer func() {
		// What comes from the network must not end the program, whatever the libraries make of it.
		if recover() != nil {
			a.kiss, a.err = "", errNonsense
			if s.link != nil {
				s.link.drop()
			}
		}
	}()
	late := time.Now().Add(queryTimeout)
	options := ntp.QueryOptions{
		GetSystemTime: func() time.Time { return k.scale(k.config.Elapsed()) },
		Dialer: func(_, remote string) (net.Conn, error) {
			conn, err := k.dial(remote, time.Until(late)) // the name server may take a part of the time
			if err != nil {
				return nil, err
			}
			if s.NTS && !s.mayName(conn.RemoteAddr()) {
				_ = conn.Close()
				return nil, errElsewhere
			}
			if conn.RemoteAddr() != nil {
				a.address = conn.RemoteAddr().String()
			}
			return &asking{Conn: conn, late: late}, nil
		},
	}
	var response *ntp.Response
	if s.NTS {
		response, a.err = k.askAuthentic(s, options, late)
	} else {
		response, a.err = ntp.QueryWithOptions(s.dialled(), options)
	}
	if a.err == nil {
		a.take(response)
	}
	return a
}

func (k *Clock) dial(address string, timeout time.Duration) (net.Conn, error) {
	timeout = max(timeout, time.Millisecond)
	if k.config.Dial != nil {
		return k.config.Dial(address, timeout)
	}
	return net.DialTimeout("udp", address, timeout)
}

// take checks what the library leaves to its caller, and takes the answer in.
func (a *answer) take(r *ntp.Response) {
	if r.IsKissOfDeath() {
		// A code of another kind than the known ones is also a wish to be left alone.
		if a.kiss = r.KissCode; a.kiss == "" {
			a.kiss = "?"
		}
		return
	}
	if a.err = r.Validate(); a.err != nil {
		return
	}
	t := r.Timestamps
	worked, took := t.ServerXmit.Sub(t.ServerRecv), t.ClientRecv.Sub(t.ClientXmit)
	switch {
	case worked < 0, worked > took+tolerated, r.Version < 3 || r.Version > 4:
		a.err = errNonsense
	case r.RootDistance >= MaxRootDistance:
		a.err = errFar
	default:
		a.delay, a.stratum = r.RTT, int(r.Stratum)
		a.sample.offset, a.sample.distance = r.ClockOffset, max(r.RootDistance, minDistance)
	}
}

const (
	headerSize = 48
	originAt   = 24 // of an answer
	transmitAt = 40 // of a question
	// strays is how many packets that answer nothing are passed over.
	strays = 16
)

// asking is the connection of one question. It passes over packets that do not answer it, so that neither a
// stranger nor a late answer can spoil it, and keeps packets from the libraries that they would fall over.
type asking struct {
	net.Conn
	late     time.Time
	question [8]byte
}

// SetDeadline keeps to the time that is left, whatever the library thinks is right.
func (c *asking) SetDeadline(time.Time) error { return c.Conn.SetDeadline(c.late) }

func (c *asking) Write(b []byte) (int, error) {
	if len(b) < headerSize {
		return 0, errNonsense
	}
	copy(c.question[:], b[transmitAt:])
	return c.Conn.Write(b)
}

func (c *asking) Read(b []byte) (int, error) {
	stray := false
	for range strays {
		n, err := c.Conn.Read(b)
		if err != nil {
			if stray {
				err = errNonsense
			}
			return 0, err
		}
		if n >= headerSize && [8]byte(b[originAt:originAt+8]) == c.question {
			if !sound(b[headerSize:n]) {
				return 0, errNonsense
			}
			return n, nil
		}
		stray = true
	}
	return 0, errNonsense
}

// fieldAEAD is the extension field that authenticates an answer (RFC 8915 section 5.6).
const fieldAEAD = 0x0404

// sound reports whether the extension fields of an answer are as long as they say. The library of NTS takes it
// for granted that neither the nonce nor what is sealed with it is empty.
func sound(fields []byte) bool {
	for len(fields) >= 4 {
		kind, length := binary.BigEndian.Uint16(fields), int(binary.BigEndian.Uint16(fields[2:]))
		if length < 4 || length > len(fields) {
			return false
		}
		if body := fields[4:length]; kind == fieldAEAD {
			if len(body) < 4 || binary.BigEndian.Uint16(body) == 0 || binary.BigEndian.Uint16(body[2:]) == 0 {
				return false
			}
			return true // what follows is not authenticated, and dropped
		}
		fields = fields[length:]
	}
	return true
}

// problem puts into words why an answer is missing or of no use, so that a wrong name server is told
// from a closed port.
func problem(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "Its name is not known."
	case isName(err):
		return "The name server does not answer."
	case isAuthentic(err) != "":
		return isAuthentic(err)
	case isTimeout(err):
		return "No answer."
	case errors.Is(err, ntp.ErrInvalidStratum), errors.Is(err, ntp.ErrInvalidLeapSecond), errors.Is(err, ntp.ErrServerClockFreshness), errors.Is(err, ntp.ErrServerNotSynchronized):
		return "It does not know the time itself."
	case errors.Is(err, errFar), errors.Is(err, ntp.ErrInvalidDispersion):
		return "Its answer is too vague."
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "No way leads to it: the NAS has no network, or none to there."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "No time server runs there."
	case isNetwork(err):
		return "It cannot be reached."
	default:
		return "Its answer makes no sense."
	}
}

func isName(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
