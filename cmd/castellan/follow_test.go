package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What comes is printed as it comes, also after the NAS was away; Ctrl-C is the end and no failure.
func TestEventsAreFollowed(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	p.keepsPort()
	cmd := m.command("-c", "nas", "events", "-n", "1", "--follow")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	var said strings.Builder
	missed, told := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(told)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			said.WriteString(scan.Text() + "\n")
			if strings.Contains(scan.Text(), "Waiting for it.") {
				missed <- struct{}{}
			}
		}
	}()
	next := func(want string) {
		t.Helper()
		for end := time.After(30 * time.Second); ; {
			select {
			case line, ok := <-lines:
				if !ok {
					<-told
					t.Fatalf("it ended: %s", &said)
				}
				if strings.Contains(line, want) {
					return
				}
			case <-end:
				t.Fatalf("no line with %q", want)
			}
		}
	}
	next("20")
	p.must(200, "PATCH", "/settings", obj{"nas_name": "cellar"})
	next("cellar")
	p.kill()
	select {
	case <-missed:
	case <-time.After(30 * time.Second):
		t.Fatal("the NAS is not missed")
	}
	time.Sleep(followEvery + time.Second) // once more, which is not said
	p.start()
	p.must(401, "POST", "/sign-in", obj{"name": "somebody", "password": "wrong"})
	next("no account has this name")
	_ = cmd.Process.Signal(syscall.SIGINT)
	<-told
	err = cmd.Wait()
	if lines := strings.Count(said.String(), "\n"); err != nil || lines != 2 || !strings.Contains(said.String(), "Waiting for it.\ncastellan: the NAS answers again.") {
		t.Errorf("after Ctrl-C: %v, %s", err, &said)
	}
}

func TestManyEventsComeInPagesAndInTheirOrder(t *testing.T) {
	p, _ := enrolled(t)
	m := p.elsewhere()
	m.logsIn()
	t.Setenv("XDG_CONFIG_HOME", m.home)
	n, err := load("nas")
	if err != nil {
		t.Fatal(err)
	}
	r := &remote{nas: n, keyID: n.TokenID, client: n.pinned(), notes: io.Discard, now: time.Now}
	for i := range 2 * eventsPage {
		err := r.ask(t.Context(), "PATCH", "/settings", obj{"nas_name": fmt.Sprintf("nas-%d", i)}, func(io.Reader) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(m.does("-c", "nas", "events", "-n", "350", "-json")), "\n")
	if len(lines) != 350 {
		t.Fatalf("%d lines", len(lines))
	}
	var first int
	for i, line := range lines {
		var e struct{ ID string }
		number, err := 0, json.Unmarshal([]byte(line), &e)
		if err == nil {
			number, err = strconv.Atoi(e.ID)
		}
		if first = max(first, number-i); err != nil || number != first+i {
			t.Fatalf("line %d: %v, %s", i, err, line)
		}
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, fmt.Sprintf("nas-%d", 2*eventsPage-1)) && !strings.Contains(last, "certificate") {
		t.Errorf("the last line is %s", last)
	}
}
