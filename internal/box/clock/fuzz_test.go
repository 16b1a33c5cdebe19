package clock_test

import (
	"net"
	"os"
	"testing"
	"time"

	"castellan/internal/box/clock"
)

// canned is a connection to a server that answers with given bytes, once.
type canned struct {
	answer   []byte
	repeat   bool                         // the time stamp of the question is repeated, as a real server does
	reply    func(question []byte) []byte // makes the answer, where it is set
	question []byte
	done     bool
}

func (c *canned) Write(b []byte) (int, error) {
	c.question = append([]byte(nil), b...)
	return len(b), nil
}

func (c *canned) Read(b []byte) (int, error) {
	if c.done {
		return 0, os.ErrDeadlineExceeded
	}
	c.done = true
	if c.reply != nil {
		c.answer = c.reply(c.question)
	}
	n := copy(b, c.answer)
	if c.repeat && n >= 48 {
		copy(b[24:32], c.question[40:48])
	}
	return n, nil
}

func (c *canned) Close() error                     { return nil }
func (c *canned) LocalAddr() net.Addr              { return nil }
func (c *canned) RemoteAddr() net.Addr             { return nil }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// FuzzReply feeds bytes from the network to the code that reads an answer: it neither falls over nor believes an answer
// to another question, and what it believes is no vaguer than it may be.
func FuzzReply(f *testing.F) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	good := timeServer{}.reply(make([]byte, 48), now)
	f.Add(good, true)
	f.Add(good, false)
	f.Add(good[:47], true)
	f.Add([]byte{}, true)
	f.Add(append(append([]byte{}, good...), 4, 4, 0, 8, 0, 0, 0, 0), true)
	f.Add(append(append([]byte{}, good...), 1, 4, 0, 4, 4, 4, 0, 12, 0, 1, 0, 1, 9, 9, 9, 9), true)
	kiss := append([]byte{}, good...)
	kiss[1] = 0
	f.Add(kiss, true)
	f.Fuzz(func(t *testing.T, answer []byte, repeat bool) {
		elapsed := time.Duration(0)
		k := clock.New(clock.Config{
			Sources: []clock.Source{{Address: "a"}}, Floor: now.Add(-day), Kept: func() bool { return false },
			Elapsed: func() time.Duration { elapsed += time.Microsecond; return elapsed }, System: func() time.Time { return now },
			Dial: func(string, time.Duration) (net.Conn, error) { return &canned{answer: answer, repeat: repeat}, nil },
		})
		k.Sync(t.Context())
		r := k.Reading()
		believed := r.State == clock.Synced || r.State == clock.Suspect
		if believed && (!repeat || len(answer) < 48 || answer[0]&7 != 4 || answer[0]>>6 == 3 || answer[1] == 0 || answer[1] > 15) {
			t.Errorf("believed %x", answer)
		}
		if r.State == clock.Synced && (r.Uncertainty > clock.MaxRootDistance || r.Now.Before(now.Add(-day-clock.SlowCorrection)) || r.Now.After(now.Add(clock.LongestJump+day))) {
			t.Errorf("%x: %+v", answer, r)
		}
		if s := r.Servers[0]; s.State == clock.Waiting || s.State == clock.Silent && s.Problem == "" {
			t.Errorf("%x: nothing is said of it: %+v", answer, s)
		}
	})
}
