package daemon_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi"
	"castellan/internal/realtest"
)

// figures reads the figures of a house as an administrator.
func figures(t *testing.T, owner *browser) (values map[string]float64, text []byte) {
	t.Helper()
	a := owner.must(200, "GET", "/metrics", nil)
	if got := a.Header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("the figures are %s", got)
	}
	values = map[string]float64{}
	for line := range strings.Lines(string(a.raw)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Errorf("%s", line)
			}
			values[name] = n
		}
	}
	return values, a.raw
}

func TestFiguresFollowWhatHappens(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	before, _ := figures(t, owner)
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 200})
	stranger := h.browser()
	for range 3 {
		stranger.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "walburga", "password": "wrong"})
	}
	owner.enrol()
	half := h.browser()
	half.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	half.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": "000000"})
	after, text := figures(t, owner)
	for name, more := range map[string]float64{
		`castellan_sign_ins_total{outcome="refused"}`:                          3,
		`castellan_button_presses_total{outcome="presence"}`:                   1,
		`castellan_button_presses_total{outcome="reset"}`:                      0,
		`castellan_codes_refused_total{who="person"}`:                          1,
		`castellan_codes_refused_total{who="machine"}`:                         0,
		`castellan_events_total{area="button",level="info"}`:                   1,
		`castellan_resets_total{outcome="done"}`:                               0,
		`castellan_events_total{area="two_step",level="error"}`:                0,
		`castellan_throttled{rule="crowd"}`:                                    0,
		`castellan_mails_waiting`:                                              0,
		`castellan_access_refused_total`:                                       0,
		`castellan_clock_state{state="unverified"}`:                            0,
		`castellan_sessions`:                                                   0,
		`castellan_step_ups_total{outcome="refused"}`:                          0,
		`castellan_button_state{state="released"}`:                             0,
		`castellan_addresses_refused_total`:                                    0,
		`castellan_accounts_closed_total`:                                      0,
		`castellan_build_info{version="0.0.0-test",go_version="",platform=""}`: 0,
	} {
		was, there := before[name]
		now, still := after[name]
		if !there || !still || now-was != more {
			t.Errorf("%s: %v, then %v; want %v more", name, was, now, more)
		}
	}
	for name, least := range map[string]float64{
		"castellan_store_size_bytes": 1 << 12, "castellan_disk_free_bytes": 1, "castellan_events_kept": 5, "castellan_clock_trusted": 1,
		"castellan_sessions": 1, "castellan_button_works": 1, "process_resident_memory_bytes": 1 << 20, "process_open_fds": 5,
		"process_start_time_seconds": 1e9, "go_goroutines": 5, "go_memstats_heap_alloc_bytes": 1 << 16, "process_cpu_seconds_total": 0.001,
		"castellan_store_commit_seconds_count": before["castellan_store_commit_seconds_count"] + 5, "castellan_store_commit_seconds_sum": 1e-6,
	} {
		if got, there := after[name]; !there || got < least {
			t.Errorf("%s is %v, want %v or more", name, got, least)
		}
	}
	for _, secret := range []string{"walburga", "admin", "127.0.0.1", h.greeting.HTTPS} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the figures name %s", secret)
		}
	}
	realtest.CheckMetrics(t, text)
}

// Whoever only looks wakes no disk.
func TestFiguresAreReadWithoutAWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.settle()
	made := func() float64 {
		values, _ := figures(t, owner)
		return values["castellan_store_commit_seconds_count"]
	}
	before := made()
	for last := -1.0; last != before; before = made() { // until the house has written what it begins with
		last = before
		time.Sleep(300 * time.Millisecond)
	}
	for range 100 {
		made()
	}
	if n := made() - before; n != 0 {
		t.Errorf("%v commits were made", n)
	}
}

// R125: strangers find no figures, and people who are no administrators get none.
func TestFiguresAreForAdministratorsAndTheirMachines(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.browser().refused(401, "signed_out", "GET", "/metrics", nil)
	r, err := http.NewRequest("GET", "https://"+h.greeting.HTTPS+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := h.browser().raw(r); a.StatusCode != 404 {
		t.Errorf("at the root: %d", a.StatusCode)
	}
	owner.enrol()
	h.script(owner, token.Key, "system:read").gets(403, "scope_missing", "GET", "/metrics", nil)
	h.script(owner, token.Key, "metrics").gets(200, "", "GET", "/metrics", nil)
}

func TestTheDocumentIsServedPackedAndUnpacked(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	want, err := httpapi.Contract()
	if err != nil {
		t.Fatal(err)
	}
	h.browser().refused(401, "signed_out", "GET", "/openapi.json", nil)
	for _, accepted := range []string{"gzip, deflate, br", "identity", "gzip;q=0"} {
		r := owner.request("GET", "/openapi.json", nil)
		r.Header.Set("Accept-Encoding", accepted)
		response, err := owner.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		encoded := response.Header.Get("Content-Encoding")
		if (encoded == "gzip") != strings.HasPrefix(accepted, "gzip,") || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("to whoever takes %s it came %q", accepted, encoded)
		}
		if encoded == "" && !bytes.Equal(got, want) || encoded == "gzip" && (len(got) > len(want)/4 || err != nil) {
			t.Errorf("to whoever takes %s came %d bytes, %v", accepted, len(got), err)
		}
	}
	if doc := owner.must(200, "GET", "/openapi.json", nil); !bytes.Equal(doc.raw, want) || doc.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d bytes of %s", len(doc.raw), doc.Header.Get("Content-Type"))
	}
}

// A real Prometheus scrapes with the config and the rules that are shipped, and access that a machine bought.
func TestPrometheusScrapesTheNAS(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.settle() // it trusts the certificate of this moment
	owner.enrol()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"castellan.yml", "castellan-rules.yml"} {
		data, err := os.ReadFile(filepath.Join("../../packaging/prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("/run/castellan-access-token/token", "token", "castellan.local:8001", h.greeting.HTTPS, "scrape_interval: 1m", "scrape_interval: 1s").Replace(string(data))
		write(name, []byte(text))
	}
	write("castellan.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.leaf().Raw}))
	bought := h.script(owner, token.Key, "metrics").buys()
	write("token", []byte(bought.access+"\n"))
	p := realtest.NewPrometheus(t, filepath.Join(dir, "castellan.yml"))
	if got := p.Value(`up{job="castellan"} == 1`); got != "1" {
		t.Errorf("up is %s", got)
	}
	if got := p.Value("castellan_sessions"); got != "1" {
		t.Errorf("%s sessions", got)
	}
	if got := p.Value("count(castellan_store_commit_seconds_bucket)"); got != "14" {
		t.Errorf("%s bounds of commits", got)
	}
	known, _ := figures(t, owner)
	usesOnly(t, known, "castellan-rules.yml", "castellan-dashboard.json")
	showsFigures(t, p)
	r := owner.request("DELETE", "/me/tokens/"+bought.id, nil)
	if a := owner.raw(r); a.StatusCode != 204 {
		t.Fatalf("%d %s", a.StatusCode, a.raw)
	}
	p.Value(`up{job="castellan"} == 0`) // R093: what was bought with a token ends with it
}

// usesOnly checks that files which are shipped ask for nothing that is not among the figures.
func usesOnly(t *testing.T, known map[string]float64, names ...string) {
	t.Helper()
	families := map[string]bool{}
	for full := range known {
		family, _, _ := strings.Cut(full, "{")
		families[family] = true
	}
	shipped := regexp.MustCompile(`\b(castellan_[a-z_]+|process_[a-z_]+|go_[a-z_]+)\b`)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("../../packaging/prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, used := range shipped.FindAllString(string(data), -1) {
			if !families[used] {
				t.Errorf("%s uses %s, which is no figure", name, used)
			}
		}
	}
}

// showsFigures checks the form of the dashboard: every panel has a place of its own and asks what Prometheus understands.
func showsFigures(t *testing.T, p *realtest.Prometheus) {
	t.Helper()
	data, err := os.ReadFile("../../packaging/prometheus/castellan-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title, UID    string
		SchemaVersion int
		Panels        []struct {
			ID          int
			Title, Type string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil || board.Title == "" || board.UID == "" || board.SchemaVersion == 0 || len(board.Panels) == 0 {
		t.Fatalf("the dashboard: %v, %+v", err, board)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, panel := range board.Panels {
		if ids[panel.ID] || panel.Title == "" || len(panel.Targets) == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("a panel: %+v", panel)
		}
		ids[panel.ID] = true
		for x := range panel.GridPos.W {
			for y := range panel.GridPos.H {
				place := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
				if other := taken[place]; other != "" {
					t.Fatalf("%s lies on %s", panel.Title, other)
				}
				taken[place] = panel.Title
			}
		}
		for _, target := range panel.Targets {
			if !p.Parses(strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")) {
				t.Errorf("%s asks for %s", panel.Title, target.Expr)
			}
		}
	}
}

// leaf is the certificate that a house shows.
func (h *house) leaf() *x509.Certificate {
	h.t.Helper()
	c, err := tls.Dial("tcp", h.greeting.HTTPS, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

func TestTheUnitsBesidePrometheusAreUnderstood(t *testing.T) {
	t.Parallel()
	verify := realtest.Program(t, "systemd-analyze", "apt-get install systemd")
	for _, name := range []string{"castellan-access-token.service", "castellan-access-token.timer"} {
		out, err := exec.Command(verify, "verify", filepath.Join("../../packaging/prometheus", name)).CombinedOutput()
		if err != nil || strings.Contains(string(out), "castellan") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}
