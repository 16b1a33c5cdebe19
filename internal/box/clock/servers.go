package clock

import (
	"net"
	"slices"
	"time"
)

// Source is a time server to ask.
type Source struct {
	Address string // a host name or an address, with a port where it is not the protocol's own
	NTS     bool   // Network Time Security (RFC 8915); NTP without it never stands in for it
	// Offered servers were named by the local network. They are asked and shown and never count for the
	// majority.
	Offered bool
}

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

const (
	// RateRest is how long a server is left alone at least that asked for it (RFC 5905 section 7.4, code RATE).
	RateRest = 5 * time.Minute
	// LongestRateRest is up to where the pause doubles while it goes on to ask for it.
	LongestRateRest = 2 * MaxPoll
	// FirstDropRest is how long a server is left alone at first that does not serve us (codes DENY and RSTR).
	// Anybody on the way can forge one refusal, and that must not cost more time than codes can be checked for
	// without an answer: MaxUncertainty is reached after 20 hours.
	FirstDropRest = time.Hour
	// DropRest is up to where that doubles.
	DropRest = 24 * time.Hour
)

// server is a Server and how it is asked. Its fields are guarded by the Clock's mu, but for the Source, which never
// changes, and the link, which guards itself.
type server struct {
	Server
	link       *link         // of an NTS server
	rests      time.Duration // elapsed time before which it must not be asked (kiss of death)
	pause      time.Duration // how long it last had to be left alone
	askedAt    time.Duration // elapsed
	interval   time.Duration // between the last two questions
	answeredAt time.Duration // elapsed
	answered   bool
	nameless   bool // its name could not be looked up
}

func newServer(s Source) *server {
	made := &server{Server: Server{Source: s, Host: hostOf(s), State: Waiting}}
	if s.NTS {
		made.link = new(link)
	}
	return made
}

// reuse returns servers for the sources, with what is known of those that were there before. One that becomes
// the owner's, or is only offered from now on, is another one with the same past: what it answers just now is not
// heard.
func reuse(before []*server, sources []Source) (after []*server) {
	for _, source := range sources {
		i := slices.IndexFunc(before, func(s *server) bool { return s.Address == source.Address && s.NTS == source.NTS })
		switch {
		case i < 0:
			after = append(after, newServer(source))
		case before[i].Source == source:
			after = append(after, before[i])
		default:
			changed := *before[i]
			changed.Source = source
			after = append(after, &changed)
		}
	}
	return after
}

// sameSources reports whether the same servers are asked, in whatever order.
func sameSources(a, b []Source) bool {
	missing := func(in []Source) func(Source) bool {
		return func(s Source) bool { return !slices.Contains(in, s) }
	}
	return !slices.ContainsFunc(a, missing(b)) && !slices.ContainsFunc(b, missing(a))
}

// view is what is known of a server now.
func (s *server) view(elapsed time.Duration) Server {
	v := s.Server
	v.AnsweredAgo = -1
	if s.answered {
		v.AnsweredAgo = elapsed - s.answeredAt
	}
	return v
}

// note keeps what one answer tells of its server.
func (s *server) note(a answer, elapsed time.Duration) {
	s.Problem, s.Offset, s.Delay, s.Stratum, s.nameless = "", 0, 0, 0, false
	if a.address != "" {
		s.Answers = a.address
	}
	switch {
	case a.kiss == "DENY" || a.kiss == "RSTR":
		s.pause = min(max(2*s.pause, FirstDropRest), DropRest)
		s.State, s.Problem, s.rests = Refused, "It does not serve this NAS.", elapsed+s.pause
	case a.kiss != "":
		s.pause = min(max(2*s.pause, 2*s.interval, RateRest), LongestRateRest)
		s.State, s.Problem, s.rests = Refused, "It asked to be left alone for a while.", elapsed+s.pause
	case a.err != nil:
		s.State, s.Problem, s.nameless = Silent, problem(a.err), isName(a.err)
	default:
		s.State, s.Delay, s.Stratum = Ignored, a.delay, a.stratum
		s.answered, s.answeredAt, s.pause = true, elapsed, 0
	}
}

// The ports of the protocols.
const (
	portNTP = "123"
	portNTS = "4460"
)

func (s Source) port() string {
	if s.NTS {
		return portNTS
	}
	return portNTP
}

// dialled is the address with the default port where it has none.
func (s Source) dialled() string {
	if _, _, err := net.SplitHostPort(s.Address); err == nil {
		return s.Address
	}
	host := s.Address
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	return net.JoinHostPort(host, s.port())
}

// hostOf drops the default port, which says nothing.
func hostOf(s Source) string {
	if host, port, err := net.SplitHostPort(s.Address); err == nil && port == s.port() {
		return host
	}
	return s.Address
}
