package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// timed is a daemon that asks these time servers.
func timed(t *testing.T, servers ...string) *process {
	t.Helper()
	p := newProcess(t)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(servers)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config, []byte(strings.Replace(string(text), "servers = []", "servers = "+string(list), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	return p
}

// time runs castellan time and returns what it prints and whether it ends with 0.
func (p *process) time(args ...string) (out string, synced bool) {
	p.t.Helper()
	text, err := castellan(append([]string{"time", "-config", p.config}, args...)...).Output()
	return string(text), err == nil
}

// R139 (g): the command line shows what the desktop shows, also on a box that nobody owns yet, and ends with 0 only
// when the servers stand behind the time.
func TestTheCommandLineComparesTheClocks(t *testing.T) {
	var servers []string
	for range 3 {
		servers = append(servers, "127.0.0.1:"+realtest.Chronyd(t))
	}
	p := timed(t, servers...)
	out, synced := p.time()
	for end := time.Now().Add(20 * time.Second); !synced && time.Now().Before(end); out, synced = p.time() {
		time.Sleep(200 * time.Millisecond)
	}
	if !synced {
		t.Fatalf("the servers were not believed:\n%s", out)
	}
	for _, want := range []string{"synced", "3 of 3 that answer agree", "NAS clock", "kept by", "127.0.0.1", "Agrees.", "(UTC)"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	out, synced = p.time("--json")
	var v struct {
		Clock   struct{ State string }
		Servers []struct{ Host, Protocol, State string }
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || !synced || v.Clock.State != "synced" || len(v.Servers) != 3 || v.Servers[0].Host != servers[0] || v.Servers[0].Protocol != "ntp" {
		t.Errorf("%v, synced %v: %+v", err, synced, v)
	}
}

// R139 (d): without servers it prints all the same, and ends with 1.
func TestTheCommandLineSaysThatTheTimeIsNotKnown(t *testing.T) {
	p := timed(t, "127.0.0.1:9")
	for _, args := range [][]string{nil, {"-json"}} {
		out, synced := p.time(args...)
		if synced || !strings.Contains(out, "127.0.0.1:9") || !strings.Contains(out, "own_clock") && !strings.Contains(out, "no_answer") {
			t.Errorf("ends with 0: %v\n%s", synced, out)
		}
	}
}
