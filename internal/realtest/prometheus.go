package realtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Prometheus is a real Prometheus on the loopback.
type Prometheus struct {
	t      testing.TB
	url    string
	log    string
	client http.Client
}

// NewPrometheus starts Prometheus with a config file, once promtool has found nothing wrong with it. The test's end stops it; without
// prometheus the test ends as Need says.
func NewPrometheus(t testing.TB, config string) *Prometheus {
	t.Helper()
	const install = "apt-get install prometheus"
	program := Program(t, "prometheus", install)
	if out, err := exec.Command(Program(t, "promtool", install), "check", "config", config).CombinedOutput(); err != nil {
		t.Fatalf("promtool check config: %s", out)
	}
	p := &Prometheus{t: t, log: filepath.Join(t.TempDir(), "log"), client: http.Client{Timeout: 10 * time.Second}}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"), "--web.listen-address=127.0.0.1:0")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = log.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if _ = cmd.Wait(); t.Failed() {
			said, _ := os.ReadFile(p.log)
			t.Logf("Prometheus: %s", said)
		}
	})
	for end := time.Now().Add(30 * time.Second); p.url == ""; time.Sleep(50 * time.Millisecond) {
		said, _ := os.ReadFile(p.log)
		if at := listens.FindSubmatch(said); at != nil {
			p.url = "http://" + string(at[1])
		} else if time.Now().After(end) {
			t.Fatal("Prometheus does not say where it listens")
		}
	}
	return p
}

// listens finds in Prometheus's log which port it was given.
var listens = regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:[1-9]\d*)`)

// Value returns what a query comes to, once it comes to anything within 30 seconds. It is one number.
func (p *Prometheus) Value(query string) string {
	p.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if value, ok := p.ask(query); ok {
			return value
		}
	}
	p.t.Fatalf("Prometheus knows nothing of %s", query)
	return ""
}

func (p *Prometheus) ask(query string) (string, bool) {
	response, err := p.client.Get(p.url + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return "", false // it is not up yet
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if json.NewDecoder(response.Body).Decode(&answer) != nil || len(answer.Data.Result) != 1 {
		return "", false
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), true
}

// Parses reports whether Prometheus can read an expression.
func (p *Prometheus) Parses(expression string) bool {
	p.t.Helper()
	response, err := p.client.Get(p.url + "/api/v1/format_query?query=" + url.QueryEscape(expression))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode == http.StatusOK
}

// CheckMetrics has promtool read figures as Prometheus does, and say what is wrong with them.
func CheckMetrics(t testing.TB, text []byte) {
	t.Helper()
	cmd := exec.Command(Program(t, "promtool", "apt-get install prometheus"), "check", "metrics")
	cmd.Stdin = strings.NewReader(string(text))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v %s", err, out)
	}
}
