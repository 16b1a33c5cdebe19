package daemon_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// R121: a real tool sends headers a byte at a time, bodies that never end, and reads answers as slowly as it can; the
// page goes on answering everybody else.
func TestSlowRequestsKeepNobodyWaiting(t *testing.T) {
	program := realtest.Program(t, "slowhttptest", "apt-get install slowhttptest")
	for name, mode := range map[string][]string{
		"headers": {"-H", "-i", "1"},
		"body":    {"-B", "-i", "1", "-s", "4096", "-f", "application/json"},
		"read":    {"-X", "-k", "3", "-n", "1", "-z", "1", "-w", "1", "-y", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).start()
			h.claim()
			b := h.browser().from("127.0.0.77")
			b.must(200, "GET", "/status", nil)
			url := "https://" + h.greeting.HTTPS + "/"
			if name == "body" {
				url += "api/v1/sign-in"
			}
			args := append(mode, "-c", "300", "-r", "100", "-l", "12", "-u", url)
			cmd := exec.CommandContext(t.Context(), program, args...)
			out := &strings.Builder{}
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second) // its connections are there
			var took []time.Duration
			for range 60 {
				begin := time.Now()
				b.must(200, "GET", "/status", nil)
				took = append(took, time.Since(begin))
				time.Sleep(100 * time.Millisecond)
			}
			if worst := slices.Max(took); worst > 2*time.Second {
				t.Errorf("an answer took %s", worst)
			}
			begin := time.Now()
			h.browser().from("127.0.0.78").must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("a sign-in took %s", d)
			}
			_ = cmd.Wait() // it ends with the number of its trouble
			if !strings.Contains(out.String(), "connected:") {
				t.Errorf("the tool did nothing: %s", out)
			}
			b.must(200, "GET", "/status", nil)
		})
	}
}
