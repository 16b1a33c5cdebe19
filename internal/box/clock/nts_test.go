package clock_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// ntsServer starts a real time server that authenticates its answers, and returns the addresses at which it
// exchanges keys and at which it tells the time without.
func ntsServer(t testing.TB, authority realtest.Authority, name string, off ...time.Duration) (exchange, plain string) {
	t.Helper()
	cert, key := authority.Certificate(t, name)
	dir := t.TempDir()
	for file, text := range map[string][]byte{"cert": cert, "key": key} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := realtest.FreePort(t, "tcp")
	lines := []string{"ntsserverkey " + dir + "/key", "ntsservercert " + dir + "/cert", "ntsport " + port, "ntsdumpdir " + dir, "ntsprocesses 0"}
	if len(off) > 0 {
		return "127.0.0.1:" + port, "127.0.0.1:" + realtest.ChronydBehind(t, realtest.Chronyd(t), off[0], lines...)
	}
	return "127.0.0.1:" + port, "127.0.0.1:" + realtest.Chronyd(t, lines...)
}

func pool(t *testing.T, authority realtest.Authority) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM([]byte(authority.PEM)) {
		t.Fatal("no authority")
	}
	return p
}

// authentic returns a clock of a box with a real system clock that asks servers by NTS.
func authentic(p *x509.CertPool, trusted time.Time, exchanges ...string) *clock.Clock {
	var sources []clock.Source
	for _, e := range exchanges {
		sources = append(sources, clock.Source{Address: e, NTS: true})
	}
	return clock.New(clock.Config{
		Sources: sources, Floor: time.Now().Add(-year), Trusted: trusted, Elapsed: clock.Elapsed, System: time.Now,
		Kept: func() bool { return false }, Authorities: p,
	})
}

// exchanging is what is said while keys are exchanged: there was no answer yet.
const exchanging = "still being exchanged"

// syncNTS asks as an administrator does, and again while keys are being exchanged, which may take longer than a question waits.
func syncNTS(t *testing.T, k *clock.Clock) {
	t.Helper()
	k.Sync(t.Context())
	later := func(s clock.Server) bool { return s.State == clock.Waiting || strings.Contains(s.Problem, exchanging) }
	for begun := time.Now(); slices.ContainsFunc(k.Reading().Servers, later) && time.Since(begun) < 30*time.Second; {
		k.Ask(t.Context())
	}
}

// wantProblem looks what is said of the first server.
func wantProblem(t *testing.T, k *clock.Clock, want string) {
	t.Helper()
	for range 3000 { // a machine with much to do ends its round a moment after the budget
		if k.Reading().Servers[0].State != clock.Waiting {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s := k.Reading().Servers[0]; s.State != clock.Silent || !strings.Contains(s.Problem, want) {
		t.Errorf("the server is %s, %q; want %q", s.State, s.Problem, want)
	}
}

// R139: a real server that authenticates its answers is believed, and asked over and over with one exchange of keys.
func TestARealServerIsAskedByNTS(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, plain := ntsServer(t, authority, "127.0.0.1")
	k := authentic(pool(t, authority), time.Time{}, exchange)
	for range 3 {
		k.Forget() // so that it may be asked again at once
		syncNTS(t, k)
		since := time.Now()
		r := k.Reading()
		wantNear(t, r, since, max(100*time.Millisecond, r.Uncertainty))
		wantState(t, r, clock.Synced)
		if s := r.Servers[0]; s.State != clock.Agrees || s.Answers != plain || s.Stratum != 1 || !s.NTS {
			t.Errorf("the server is %+v", s)
		}
	}
}

// R139: only a certificate for the name from an authority that is known is believed.
func TestAnNTSServerIsBelievedByItsCertificate(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	right, _ := ntsServer(t, authority, "127.0.0.1")
	named, _ := ntsServer(t, authority, "time.example.org")
	for want, k := range map[string]*clock.Clock{
		"an authority that is not known": authentic(pool(t, realtest.NewAuthority(t)), time.Time{}, right),
		"for another name":               authentic(pool(t, authority), time.Time{}, named),
		"not valid at this time":         authentic(pool(t, authority), time.Now().Add(25*time.Hour), right), // it ended an hour ago
	} {
		syncNTS(t, k)
		wantState(t, k.Reading(), clock.Unsynced)
		wantProblem(t, k, want)
	}
}

// R139, T25: after a long time in a drawer, without a battery, servers with NTS are believed at once and others are not.
func TestAnAuthenticMajorityMayJumpFarAtTheStart(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, plainly := ntsServer(t, authority, "127.0.0.1")
	before := time.Now().Add(-40 * day)
	k := authentic(pool(t, authority), before, exchange)
	syncNTS(t, k)
	wantState(t, k.Reading(), clock.Synced)

	mixed := func(nts bool) clock.State {
		k := clock.New(clock.Config{
			Sources: []clock.Source{{Address: plainly}, {Address: exchange, NTS: nts}, {Address: exchange, NTS: true}},
			Floor:   before, Trusted: before, Elapsed: clock.Elapsed, System: time.Now, Kept: func() bool { return false }, Authorities: pool(t, authority),
		})
		syncNTS(t, k)
		return k.Reading().State
	}
	if got := mixed(true); got != clock.Synced {
		t.Errorf("two of three are authentic: %s", got)
	}
	if got := mixed(false); got != clock.Suspect {
		t.Errorf("one of two that agree is authentic: %s", got)
	}
}

// R139 (f): where the keys cannot be exchanged there is no answer, though the server tells the time without them.
func TestNTSNeverFallsBackToNTP(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	_, plain := ntsServer(t, authority, "127.0.0.1")
	_, port, _ := net.SplitHostPort(plain)
	closed := "127.0.0.1:" + realtest.FreePort(t, "tcp")
	silent, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = garbage.Close() }()
	go func() {
		for {
			c, err := garbage.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprint(c, "220 mail.example.org ESMTP\r\n")
			_ = c.Close()
		}
	}()
	tests := map[string][2]string{
		"a closed port":          {closed, "refuses the key exchange"},
		"a port that is silent":  {silent.Addr().String(), exchanging},
		"another protocol":       {garbage.Addr().String(), "refuses the key exchange"},
		"the port of plain time": {"127.0.0.1:" + port, "refuses the key exchange"},
	}
	for name, tc := range tests {
		asked := 0
		k := clock.New(clock.Config{
			Sources: []clock.Source{{Address: tc[0], NTS: true}}, Floor: time.Now().Add(-year), Elapsed: clock.Elapsed, System: time.Now,
			Kept: func() bool { return false }, Authorities: pool(t, authority),
			Dial: func(string, time.Duration) (net.Conn, error) { asked++; return nil, net.ErrClosed },
		})
		start := time.Now()
		k.Fresh(t.Context())
		took := time.Since(start)
		if tc[1] != exchanging {
			syncNTS(t, k)
		}
		wantState(t, k.Reading(), clock.Unsynced)
		wantProblem(t, k, tc[1])
		if took > clock.Budget+500*time.Millisecond || asked != 0 {
			t.Errorf("%s: took %v, asked %d times without NTS", name, took, asked)
		}
	}
}

// R139: answers that nobody authenticated do not count, and neither do refusals.
func TestAnswersThatAreNotAuthenticAreDropped(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, _ := ntsServer(t, authority, "127.0.0.1")
	forge := func(name string, change func(answer []byte) []byte, want string) {
		k := clock.New(clock.Config{
			Sources: []clock.Source{{Address: exchange, NTS: true}}, Floor: time.Now().Add(-year), Elapsed: clock.Elapsed, System: time.Now,
			Kept: func() bool { return false }, Authorities: pool(t, authority),
			Dial: func(address string, timeout time.Duration) (net.Conn, error) {
				conn, err := net.DialTimeout("udp", address, timeout)
				return forger{conn, change}, err
			},
		})
		syncNTS(t, k)
		if want == "" {
			wantState(t, k.Reading(), clock.Synced)
			return
		}
		if r := k.Reading(); r.State != clock.Unsynced {
			t.Errorf("%s: %+v", name, r)
		}
		wantProblem(t, k, want)
	}
	keep := func(b []byte) []byte { return b }
	forge("nothing", keep, "")
	forge("another time", func(b []byte) []byte { b[32]++; b[40]++; return b }, "not authentic")
	forge("stripped", func(b []byte) []byte { return b[:48] }, "not authentic")
	forge("a refusal that is forged", func(b []byte) []byte { b = b[:48]; b[1] = 0; copy(b[12:], "DENY"); return b }, "not authentic")
	forge("cut", func(b []byte) []byte { return b[:len(b)-4] }, "makes no sense")
	forge("keys that are not known", func(b []byte) []byte { b = b[:48+36]; b[1] = 0; copy(b[12:], "NTSN"); return b }, "exchanged anew")
	forge("an empty nonce", func(b []byte) []byte { return append(b[:48], 4, 4, 0, 8, 0, 0, 0, 0) }, "makes no sense")
	forge("empty", func(b []byte) []byte { return b[:0] }, "makes no sense")
}

// R139 (i): an exchange of keys that takes longer than a sign-in waits goes on, and the next question uses its keys.
func TestASlowExchangeOfKeysIsUsedByTheNextQuestion(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, _ := ntsServer(t, authority, "127.0.0.1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			time.Sleep(clock.Budget)
			far, err := net.Dial("tcp", exchange)
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(far, near) }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	k := authentic(pool(t, authority), time.Time{}, l.Addr().String())
	start := time.Now()
	k.Sync(t.Context())
	if took := time.Since(start); took > clock.Budget+500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	wantProblem(t, k, exchanging)
	for range 50 {
		if k.Reading().State == clock.Synced {
			break
		}
		time.Sleep(200 * time.Millisecond)
		k.Forget()
		k.Sync(t.Context())
	}
	wantState(t, k.Reading(), clock.Synced)
}

// R139: a server tells no time at which its own certificate is not valid, though nobody knows better.
func TestACertificateIsNoGoodForAnotherTime(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, _ := ntsServer(t, authority, "127.0.0.1", 48*time.Hour)
	k := authentic(pool(t, authority), time.Time{}, exchange)
	syncNTS(t, k)
	wantState(t, k.Reading(), clock.Unsynced)
	wantProblem(t, k, "not valid at this time")
}

// forger changes what is read.
type forger struct {
	net.Conn
	change func([]byte) []byte
}

func (f forger) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if err != nil {
		return n, err
	}
	return copy(b, f.change(b[:n])), nil
}
