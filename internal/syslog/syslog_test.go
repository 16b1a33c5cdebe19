package syslog_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/realtest"
	"castellan/internal/syslog"
)

// news is what a sender told.
type news struct {
	mu       sync.Mutex
	failed   []string
	restored int
	dropped  int
}

func (n *news) config(settle time.Duration) syslog.Config {
	return syslog.Config{
		Name:     func() string { return "attic-nas" },
		Failed:   func(_ syslog.Server, reason string) { n.mu.Lock(); n.failed = append(n.failed, reason); n.mu.Unlock() },
		Restored: func(syslog.Server) { n.mu.Lock(); n.restored++; n.mu.Unlock() },
		Dropped:  func(count int) { n.mu.Lock(); n.dropped += count; n.mu.Unlock() },
		Settle:   settle,
	}
}

func (n *news) wait(t *testing.T, what string, is func(*news) bool) {
	t.Helper()
	for range 1500 {
		n.mu.Lock()
		ok := is(n)
		n.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: never; failed %q, restored %d, dropped %d", what, n.failed, n.restored, n.dropped)
}

// await waits until a sender stands as it is to, and returns how it stands then.
func await(s *syslog.Sender, is func(syslog.Status) bool) (st syslog.Status) {
	for range 1500 {
		if st = s.Status(); is(st) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return st
}

func message(n int) syslog.Message {
	return syslog.Message{
		Severity: syslog.Warning, Time: time.Date(2026, 11, 21, 12, 0, 0, 250e6, time.UTC), Synced: true, ID: "sign_in.refused",
		Sequence: uint64(n), Text: fmt.Sprintf(`{"number":%d,"message":"Sign-in refused: “wrong”"}`, n),
	}
}

func run(t *testing.T, s *syslog.Sender) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// R137: a real server understands every part of a line, over TLS, and gets the lines of its absence when it is back.
func TestARealServerGetsEveryLineAlsoAfterItsAbsence(t *testing.T) {
	server := realtest.NewSyslogd(t, "127.0.0.21")
	n := &news{}
	s := syslog.New(n.config(50 * time.Millisecond))
	run(t, s)
	s.Offer(message(1)) // goes nowhere
	s.Use(syslog.Server{Host: server.Host, Port: realtest.SyslogPort, Authority: server.Authority})
	for i := range 50 {
		s.Offer(message(i + 1))
	}
	lines := server.Wait(50)
	want := realtest.SyslogLine{
		Priority: "84", Facility: "authpriv", Severity: "warning", Time: "2026-11-21T12:00:00.250Z", Host: "attic-nas", App: "castellan",
		ID: "sign_in.refused", Data: `[timeQuality tzKnown="1" isSynced="1"][meta sequenceId="7"]`, Text: `{"number":7,"message":"Sign-in refused: ?wrong?"}`,
	}
	if got := lines[6]; got.Priority == "" || strings.TrimSpace(got.Text) != want.Text || got.Data != want.Data || got.Time != want.Time ||
		got.Host != want.Host || got.App != want.App || got.ID != want.ID || got.Facility != want.Facility || got.Severity != want.Severity {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	sent := func(st syslog.Status) bool { return st.Waiting == 0 } // the server may write a line before it counts as sent
	if st := await(s, sent); !st.Linked || st.Waiting != 0 || st.Trouble != "" {
		t.Errorf("got %+v", st)
	}

	server.Stop()
	if st := await(s, func(st syslog.Status) bool { return !st.Linked }); st.Linked {
		t.Fatalf("the server has gone: %+v", st)
	}
	for i := range 30 {
		s.Offer(message(i + 51))
	}
	n.wait(t, "the failure is told", func(n *news) bool { return len(n.failed) == 1 })
	if st := s.Status(); st.Linked || st.Waiting != 30 || st.Trouble == "" {
		t.Errorf("while the server is away: %+v", st)
	}
	server.Start()
	lines = server.Wait(80)
	seen := map[string]int{}
	for _, l := range lines {
		seen[l.Data]++
	}
	if len(seen) != 80 {
		t.Errorf("%d different lines have arrived, want 80", len(seen))
	}
	n.wait(t, "the return is told", func(n *news) bool { return n.restored == 1 && len(n.failed) == 1 && n.dropped == 0 })

	for _, tc := range []struct {
		name   string
		server syslog.Server
		want   string
	}{
		{"no authority", syslog.Server{Host: server.Host, Port: realtest.SyslogPort}, "not known here"},
		{"another authority", syslog.Server{Host: server.Host, Port: realtest.SyslogPort, Authority: realtest.NewAuthority(t).PEM}, "not known here"},
		{"another name", syslog.Server{Host: "localhost", Port: realtest.SyslogPort, Authority: server.Authority}, ""},
		{"another pin", syslog.Server{Host: server.Host, Port: realtest.SyslogPort, Pin: strings.Repeat("ab", 32)}, "another certificate"},
	} {
		err := tc.server.Try(t.Context(), message(1))
		if err == nil || !strings.Contains(syslog.Explain(err), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	good := syslog.Server{Host: server.Host, Port: realtest.SyslogPort, Authority: server.Authority}
	err := good.Try(t.Context(), message(99))
	for range 20 { // rsyslog may still be busy with the handshakes that failed
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		err = good.Try(t.Context(), message(99))
	}
	if err != nil {
		t.Fatal(err)
	}
	server.Wait(81)
}

// nobody is a server that never answers, and counts who comes.
func nobody(t *testing.T) (server syslog.Server, came func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	count := 0
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			count++
			mu.Unlock()
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	return syslog.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}, func() int { mu.Lock(); defer mu.Unlock(); return count }
}

// R137: nobody waits for a server that hangs; the oldest lines go, and their number is told.
func TestAServerThatHangsHoldsNothingUp(t *testing.T) {
	server, came := nobody(t)
	s := syslog.New((&news{}).config(0))
	run(t, s)
	s.Use(server)
	s.Offer(message(1))
	for range 3000 {
		if came() > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	begin := time.Now()
	for i := range 50_000 {
		s.Offer(message(i))
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("50,000 lines took %v to hand over", took)
	}
	if st := s.Status(); st.Waiting != syslog.Queue {
		t.Errorf("%d lines wait, want %d", st.Waiting, syslog.Queue)
	}
}

// taker is a TLS server that hands over what it reads, frame by frame. It closes each connection after a number
// of frames, if that is not 0.
func taker(t *testing.T, closeAfter int) (server syslog.Server, frames <-chan string) {
	t.Helper()
	authority := realtest.NewAuthority(t)
	cert, key := authority.Certificate(t, "127.0.0.1")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out := make(chan string, 100_000)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				for i := 0; closeAfter == 0 || i < closeAfter; i++ {
					length, err := r.ReadString(' ')
					if err != nil {
						return
					}
					n, err := strconv.Atoi(strings.TrimSpace(length))
					if err != nil {
						t.Errorf("a frame begins with %q", length)
						return
					}
					text := make([]byte, n)
					if _, err := io.ReadFull(r, text); err != nil {
						return
					}
					out <- string(text)
				}
			}()
		}
	}()
	return syslog.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Authority: authority.PEM}, out
}

// R137: what had to go is counted and told once the server is reached.
func TestLinesThatHadToGoAreCounted(t *testing.T) {
	server, frames := taker(t, 0)
	n := &news{}
	s := syslog.New(n.config(20 * time.Millisecond))
	s.Use(server)
	for i := range syslog.Queue + 500 {
		s.Offer(message(i + 1))
	}
	run(t, s)
	for i := range syslog.Queue {
		if f := <-frames; !strings.Contains(f, fmt.Sprintf(`sequenceId="%d"`, i+501)) {
			t.Fatalf("frame %d is %q", i, f)
		}
	}
	n.wait(t, "the number is told", func(n *news) bool { return n.dropped == 500 })
}

// Messages that overtook each other on their way here go out in the order of their numbers.
func TestLinesThatWaitGoOutInTheirOrder(t *testing.T) {
	server, frames := taker(t, 0)
	s := syslog.New((&news{}).config(20 * time.Millisecond))
	s.Use(server)
	for _, n := range []int{2, 1, 5, 3, 4, 7, 6} {
		s.Offer(message(n))
	}
	run(t, s)
	for n := 1; n <= 7; n++ {
		if f := <-frames; !strings.Contains(f, fmt.Sprintf(`sequenceId="%d"`, n)) {
			t.Errorf("frame %d is %q", n, f)
		}
	}
}

// A server that takes connections and closes them at once is left alone for longer and longer, and told of once.
func TestAServerThatClosesAtOnceIsToldOfOnce(t *testing.T) {
	server, _ := taker(t, 1)
	n := &news{}
	s := syslog.New(n.config(time.Hour))
	run(t, s)
	s.Use(server)
	for i := range 300 {
		s.Offer(message(i + 1))
		time.Sleep(10 * time.Millisecond)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.failed) != 1 || n.restored != 0 {
		t.Errorf("failed %q, restored %d", n.failed, n.restored)
	}
}

// What waits for one server is not meant for the next one.
func TestAnotherServerGetsNothingOfTheOnesBefore(t *testing.T) {
	hung, _ := nobody(t)
	server, frames := taker(t, 0)
	s := syslog.New((&news{}).config(0))
	s.Use(hung)
	for i := range 10 {
		s.Offer(message(i + 1))
	}
	s.Use(server)
	run(t, s)
	s.Offer(message(77))
	if f := <-frames; !strings.Contains(f, `sequenceId="77"`) {
		t.Errorf("got %q", f)
	}
	s.Use(syslog.Server{})
	if s.Used() || s.Status() != (syslog.Status{}) {
		t.Errorf("without a server: %+v", s.Status())
	}
}

var form = regexp.MustCompile(`^<\d{1,3}>1 \S+ \S{1,255} castellan - \S{1,32} (\[[^\]]+\])+ [ -~]*$`)

// R137: nothing that a stranger wrote forges a line or a field of one.
func FuzzNothingForgesALine(f *testing.F) {
	f.Add("x\r\n<0>1 - evil", "a b]\"\\", "\x1b[2J\u2028", uint64(0))
	f.Add("", "", "", uint64(1)<<40)
	f.Fuzz(func(t *testing.T, host, id, text string, sequence uint64) {
		m := syslog.Message{Severity: syslog.Error, Host: host, ID: id, Text: text, Sequence: sequence}
		if line := m.String(); !form.MatchString(line) {
			t.Errorf("got %q", line)
		}
	})
}
