package realtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// SyslogPort is where Syslogd listens: the port of syslog over TLS.
const SyslogPort = 6514

// Syslogd is a real syslog server on the loopback that speaks TLS.
type Syslogd struct {
	Host      string
	Authority string // in PEM
	t         testing.TB
	dir       string
	cmd       *exec.Cmd
}

// SyslogLine is a message as the server understood it.
type SyslogLine struct {
	Priority string `json:"priority"`
	Facility string `json:"facility"`
	Severity string `json:"severity"`
	Time     string `json:"time"`
	Host     string `json:"host"`
	App      string `json:"app"`
	ID       string `json:"id"`
	Data     string `json:"data"`
	Text     string `json:"text"`
}

const rsyslogConf = `global(workDirectory="%[1]s" maxMessageSize="64k" defaultNetstreamDriver="ossl"
	defaultNetstreamDriverCAFile="%[1]s/ca.pem" defaultNetstreamDriverCertFile="%[1]s/cert.pem" defaultNetstreamDriverKeyFile="%[1]s/key.pem")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="%[2]s" port="%[3]d")
template(name="line" type="list" option.jsonf="on") {
	property(outname="priority" name="pri" format="jsonf")
	property(outname="facility" name="syslogfacility-text" format="jsonf")
	property(outname="severity" name="syslogseverity-text" format="jsonf")
	property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
	property(outname="host" name="hostname" format="jsonf")
	property(outname="app" name="app-name" format="jsonf")
	property(outname="id" name="msgid" format="jsonf")
	property(outname="data" name="structured-data" format="jsonf")
	property(outname="text" name="msg" format="jsonf")
}
if $inputname == "imtcp" then action(type="omfile" file="%[1]s/lines" template="line" asyncWriting="off" flushOnTXEnd="on")
`

// NewSyslogd starts rsyslog on an address of the loopback, such as 127.0.0.9. The test's end stops it; without
// rsyslog the test ends as Need says.
func NewSyslogd(t testing.TB, host string) *Syslogd {
	t.Helper()
	Program(t, "rsyslogd", "apt-get install rsyslog rsyslog-openssl")
	s := &Syslogd{Host: host, t: t, dir: t.TempDir()}
	authority := NewAuthority(t)
	s.Authority = authority.PEM
	cert, key := authority.Certificate(t, host)
	for name, data := range map[string][]byte{
		"ca.pem": []byte(authority.PEM), "cert.pem": cert, "key.pem": key, "conf": fmt.Appendf(nil, rsyslogConf, s.dir, host, SyslogPort),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server, also again after Stop.
func (s *Syslogd) Start() {
	s.t.Helper()
	program := Program(s.t, "rsyslogd", "apt-get install rsyslog rsyslog-openssl")
	s.cmd = exec.Command(program, "-n", "-f", filepath.Join(s.dir, "conf"), "-i", filepath.Join(s.dir, "pid"))
	s.cmd.Stdout, s.cmd.Stderr = s.t.Output(), s.t.Output()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	address := net.JoinHostPort(s.Host, fmt.Sprint(SyslogPort))
	for range 600 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("rsyslogd does not answer at %s", address)
}

// Stop ends the server at once; a second time does nothing.
func (s *Syslogd) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
	_ = os.Remove(filepath.Join(s.dir, "pid"))
}

// Lines returns what the server has written so far.
func (s *Syslogd) Lines() (lines []SyslogLine) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "lines"))
	if err != nil {
		return nil
	}
	for one := range bytes.Lines(data) {
		if !bytes.HasSuffix(one, []byte("\n")) {
			break // it is still being written
		}
		var l SyslogLine
		if err := json.Unmarshal(one, &l); err != nil {
			s.t.Errorf("%v: %q", err, one)
			continue
		}
		lines = append(lines, l)
	}
	return lines
}

// Wait waits until the server has written a number of lines, and returns all.
func (s *Syslogd) Wait(n int) []SyslogLine {
	s.t.Helper()
	for range 600 {
		if lines := s.Lines(); len(lines) >= n {
			return lines
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%d lines have arrived, want %d", len(s.Lines()), n)
	return nil
}
