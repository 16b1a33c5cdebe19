package daemon_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/password"
	"castellan/internal/realtest"
)

// hydra has the password cracker of that name try a list of passwords at the sign-in, for 12 s at most, and
// returns what it printed.
func (h *house) hydra(program, name string, list []string) string {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "list")
	if err := os.WriteFile(file, []byte(strings.Join(list, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(h.greeting.HTTPS)
	if err != nil {
		h.t.Fatal(err)
	}
	form := `/api/v1/sign-in:{"name"\:"^USER^","password"\:"^PASS^"}:g=/:H=Content-Type\: application/json:S="token"`
	ctx, cancel := context.WithTimeout(h.t.Context(), 12*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-I", "-l", name, "-P", file, "-t", "8", "-w", "5", "-s", port, host, "https-post-form", form)
	cmd.Dir = h.t.TempDir()
	cmd.WaitDelay = time.Second
	out, _ := cmd.CombinedOutput() // how it ends is no news: it may be stopped, and it complains of refusals
	return string(out)
}

// R019 R021: a real cracker whose list holds the right password finds it when it is among the first, which proves that
// it could, and not when it comes late; meanwhile both the owner and the one it guesses at sign in within 2 s from browsers
// that are known, at other addresses.
func TestHydraFindsNothingAndKeepsNobodyOut(t *testing.T) { // alone, because it measures
	program := realtest.Program(t, "hydra", "apt-get install hydra")
	h := newHouse(t)
	h.hash = password.Config{Memory: password.Memory, Passes: password.MinPasses}
	h.start()
	owner := h.claim()
	h.add(owner, "ines", "user")
	const right = "kestrel-lagoon-amber-winter"
	given := owner.must(201, "POST", "/users", obj{"name": "jonas", "role": "user"}).body
	jonas := h.browser()
	jonas.must(200, "POST", "/sign-in", obj{"name": "jonas", "password": given["password"]})
	jonas.must(200, "POST", "/sign-in/password", obj{"password": right})

	if out := h.hydra(program, "jonas", []string{"first", right}); !strings.Contains(out, "password: "+right) {
		t.Fatalf("the test proves nothing, hydra says\n%s", out)
	}
	var list []string
	for i := range 400 {
		list = append(list, fmt.Sprintf("guess-number-%d", i))
	}
	list = append(list, right)
	first, second := h.known(owner).from("127.0.0.7"), h.known(jonas).from("127.0.0.8")
	out := make(chan string)
	go func() { out <- h.hydra(program, "jonas", list) }()
	signIns := 0
	for done := false; !done; {
		select {
		case said := <-out:
			done = true
			if strings.Contains(said, right) || strings.Contains(said, "no valid optional") {
				t.Errorf("hydra says\n%s", said)
			}
		case <-time.After(500 * time.Millisecond):
			for b, who := range map[*browser]obj{first: {"name": "admin", "password": goodPassword}, second: {"name": "jonas", "password": right}} {
				start := time.Now()
				b.must(200, "POST", "/sign-in", who)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("%s waited %v", who["name"], took)
				}
			}
			signIns++
		}
	}
	if signIns == 0 {
		t.Error("nobody signed in meanwhile")
	}
	first.must(200, "GET", "/users", nil)
	list = nil
	for _, one := range first.events("area=sign_in&limit=200") {
		if e := one.(obj); e["address"] == "127.0.0.1" && e["actor"] == "jonas" && e["kind"] == "sign_in.refused" {
			list = append(list, e["kind"].(string))
		}
	}
	t.Logf("%d guesses of hydra were looked at, and %d pairs of people signed in meanwhile", len(list), signIns)
	if len(list) == 0 || len(list) > 15 {
		t.Errorf("%d guesses were looked at", len(list))
	}
}
