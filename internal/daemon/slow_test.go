package daemon_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi"
	"castellan/internal/realtest"
)

// connected finds how many connections the tool holds, behind the colours it writes in.
var connected = regexp.MustCompile(`connected:[^0-9\n]*(?:\x1b\[[0-9;]*m)*\s*(?:\x1b\[[0-9;]*m)*(\d+)`)

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
			most := 0
			for _, found := range connected.FindAllStringSubmatch(out.String(), -1) {
				n, _ := strconv.Atoi(found[1])
				most = max(most, n)
			}
			if most == 0 || most > httpapi.MaxPerSource {
				t.Errorf("it held %d connections: %s", most, out)
			}
			b.must(200, "GET", "/status", nil)
		})
	}
}
