package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"castellan/internal/access/otp"
)

// box is a Castellan in a process of its own, in a folder that is removed afterwards.
type box struct {
	program, folder, socket string
	https                   string
	cmd                     *exec.Cmd
}

const password = "four words in a row"

func newBox(program string) (*box, error) {
	folder, err := os.MkdirTemp("", "castellan-bench-")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &box{program: program, folder: folder, socket: filepath.Join(folder, "s"), https: l.Addr().String()}
	_ = l.Close()
	config := fmt.Sprintf("data = \"data\"\nsocket = \"s\"\n[web]\nhttps = %q\nhttp = \"\"\n[time]\nservers = []\n[network]\nservice = \"none\"\n[button]\nsource = \"simulated\"\n", b.https)
	return b, os.WriteFile(filepath.Join(folder, "castellan.toml"), []byte(config), 0o600)
}

func (b *box) remove() { _ = os.RemoveAll(b.folder) }

// start starts the process and returns when it has given its first answer.
func (b *box) start() error {
	b.cmd = exec.Command(b.program, "serve", "-config", filepath.Join(b.folder, "castellan.toml"))
	log, err := os.OpenFile(filepath.Join(b.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	b.cmd.Stderr = log
	if err := b.cmd.Start(); err != nil {
		return err
	}
	client := b.client(false)
	defer client.CloseIdleConnections()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(300 * time.Microsecond) {
		if response, err := client.Get("http://castellan/api/v1/status"); err == nil {
			_ = response.Body.Close()
			return nil
		}
	}
	return fmt.Errorf("the daemon does not answer; its log is in %s", b.folder)
}

func (b *box) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	_ = b.cmd.Wait()
}

// rss returns how much memory the process holds, and how much of it is its own and not of files.
func (b *box) rss() string {
	return fmt.Sprintf("%.1f MiB (%.1f of its own)", b.memory("VmRSS:"), b.memory("RssAnon:"))
}

func (b *box) memory(name string) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			var kib float64
			_, _ = fmt.Sscan(rest, &kib)
			return kib / 1024
		}
	}
	return -1
}

// forgetPeak makes the kernel measure the peak of the memory anew (proc(5), clear_refs).
func (b *box) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", b.cmd.Process.Pid), []byte("5"), 0)
}

// client reaches the box over TLS or over its socket.
func (b *box) client(encrypted bool) *http.Client {
	t := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64, // our own loopback
	}
	if !encrypted {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", b.socket)
		}
	}
	return &http.Client{Transport: t, Timeout: time.Minute}
}

// from returns a client with a loopback address of its own: people sign in from different machines.
func (b *box) from(i int) *http.Client {
	c := b.client(true)
	source := &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/250), byte(i%250+1))}
	c.Transport.(*http.Transport).DialContext = (&net.Dialer{LocalAddr: source}).DialContext
	return c
}

// visitor is a browser.
type visitor struct {
	client       *http.Client
	base, origin string
	cookies      map[string]string
	token        string
}

func (b *box) visitor(client *http.Client) *visitor {
	return &visitor{client: client, base: "https://" + b.https, origin: "https://" + b.https, cookies: map[string]string{}}
}

type obj = map[string]any

// call sends a request and returns status, body and how long the answer took.
func (v *visitor) call(method, path string, body any) (status int, answer obj, took time.Duration, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return 0, nil, 0, err
		}
	}
	r, err := http.NewRequest(method, v.base+"/api/v1"+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", v.origin)
	r.Header.Set("Castellan-Token", v.token)
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	begin := time.Now()
	response, err := v.client.Do(r)
	if err != nil {
		return 0, nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	took = time.Since(begin)
	_ = json.Unmarshal(raw, &answer)
	for _, c := range response.Cookies() {
		v.cookies[c.Name] = c.Value
	}
	if token, ok := answer["token"].(string); ok {
		v.token = token
	}
	return response.StatusCode, answer, took, err
}

func (v *visitor) must(method, path string, body any) (obj, time.Duration, error) {
	status, answer, took, err := v.call(method, path, body)
	if err == nil && status >= 300 {
		err = fmt.Errorf("%s %s: %d %v", method, path, status, answer)
	}
	return answer, took, err
}

// claim makes the owner.
func (b *box) claim() error {
	local := b.visitor(b.client(false))
	local.base = "http://castellan"
	label, _, err := local.must("GET", "/local/default-password", nil)
	if err != nil {
		return err
	}
	owner := b.visitor(b.client(true))
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": label["password"]}); err != nil {
		return err
	}
	if _, _, err = owner.must("POST", "/claim", obj{"name": "admin", "password": password}); err != nil {
		return err
	}
	_, _, err = owner.must("POST", "/me/two-step/later", nil)
	return err
}

// person is an account with 2-step verification on.
type person struct {
	name string
	seed otp.Secret
	used otp.Step
	// recovery holds the recovery codes that were not used.
	recovery []string
}

// code returns the next code that was not used, waiting for it if it lies too far ahead.
func (p *person) code() string {
	for otp.StepAt(time.Now())+otp.Window <= p.used {
		time.Sleep(200 * time.Millisecond)
	}
	p.used = max(p.used+1, otp.StepAt(time.Now())-otp.Window)
	return string(p.seed.CodeAt(p.used))
}

// populate makes accounts with 2-step verification on.
func (b *box) populate(n int) ([]*person, error) {
	owner := b.visitor(b.client(true))
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": password}); err != nil {
		return nil, err
	}
	var people []*person
	for i := range n {
		p := &person{name: fmt.Sprintf("person-%d", i)}
		if i%40 == 39 { // the owner's proof lasts for five minutes
			if _, _, err := owner.must("POST", "/session/step-up", obj{"password": password}); err != nil {
				return nil, err
			}
		}
		added, _, err := owner.must("POST", "/users", obj{"name": p.name, "role": "user"})
		if err != nil {
			return nil, err
		}
		v := b.visitor(b.client(true))
		if _, _, err := v.must("POST", "/sign-in", obj{"name": p.name, "password": added["password"]}); err != nil {
			return nil, err
		}
		if _, _, err := v.must("POST", "/sign-in/password", obj{"password": password}); err != nil {
			return nil, err
		}
		e, _, err := v.must("POST", "/me/two-step/devices", obj{"name": "phone"})
		if err != nil {
			return nil, err
		}
		for _, code := range e["recovery_codes"].([]any) {
			p.recovery = append(p.recovery, code.(string))
		}
		if p.seed, err = otp.ParseSecret(e["secret"].(string)); err != nil {
			return nil, err
		}
		if _, _, err := v.must("POST", fmt.Sprintf("/me/two-step/devices/%s/confirmation", e["id"]), obj{"code": p.code(), "saved": true}); err != nil {
			return nil, err
		}
		v.client.CloseIdleConnections()
		people = append(people, p)
	}
	return people, nil
}
