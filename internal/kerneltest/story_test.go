//go:build kernel && linux

package kerneltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// The keys of the machine for stories: one that no rule takes for the reset button, and one that other things listen to.
var storyKeys = []Key{{Line: 5, Code: 133, Device: "front-keys"}, {Line: 6, Code: 116, Device: "lid-keys"}}

const storyConfig = `data = "/data/castellan"
socket = "/run/s"
[web]
https = ":%d"
http = ""
[time]
servers = []
`

// A machine for the stories in a browser (webui/e2e/machine.ts), which set the variable, read where it is, and say on the
// input which key to press. Without them there is nothing to do.
func TestAMachineForAStory(t *testing.T) {
	if os.Getenv("CASTELLAN_STORY") == "" {
		return
	}
	// The port is the same inside and outside: the NAS answers nobody who calls it by another one.
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := door.Addr().(*net.TCPAddr).Port
	m := Start(t, Config{
		Binary: Build(t, "castellan/cmd/castellan"), Args: []string{"serve", "-config", "/castellan.toml", "-greeting"},
		Files: map[string][]byte{"/castellan.toml": fmt.Appendf(nil, storyConfig, port)}, Forwards: []int{port}, Keys: storyKeys,
		Lights: []Light{{Line: 1, Name: "nas:green:status", On: true}, {Line: 2, Name: "nas:red:fault"}}, Beeper: 4,
	})
	go lead(door, m.Addr(port))
	said := json.NewEncoder(os.Stdout)
	if err := said.Encode(map[string]string{"address": fmt.Sprintf("https://localhost:%d", port), "password": passwordOn(m)}); err != nil {
		t.Fatal(err)
	}
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		var line, hold int
		if _, err := fmt.Sscanf(asked.Text(), "hold %d %d", &line, &hold); err != nil {
			t.Fatalf("%q: %v", asked.Text(), err)
		}
		m.Line(line).Hold(time.Duration(hold) * time.Millisecond)
		if err := said.Encode(map[string]int{"held": hold}); err != nil {
			t.Fatal(err)
		}
	}
}

// lead passes on what comes to a door, for as long as the test lives.
func lead(door net.Listener, to string) {
	for {
		from, err := door.Accept()
		if err != nil {
			return
		}
		go func() {
			defer from.Close()
			far, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer far.Close()
			go func() {
				_, _ = io.Copy(far, from)
				_ = far.Close()
			}()
			_, _ = io.Copy(from, far)
		}()
	}
}

// passwordOn is the default password out of the greeting on the console.
func passwordOn(m *Machine) (password string) {
	for ; password == "" && !m.Ended(); time.Sleep(100 * time.Millisecond) {
		for line := range strings.Lines(m.Console()) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "password" {
				password = fields[1]
			}
		}
	}
	return password
}
