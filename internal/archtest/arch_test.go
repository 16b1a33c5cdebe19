// Package archtest holds the plan of the house: which room stands on which floor, and which room may use
// which third-party module. A room imports only from floors below its own.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "castellan"

// room is a package with everything below its folder.
type room struct {
	floor   int
	modules []string // third-party modules that it alone may import
}

// rooms is the plan. The README draws it; change both together.
var rooms = map[string]room{
	"cmd/castellan":            {8, nil},
	"internal/daemon":          {7, []string{"golang.org/x/sync", "golang.org/x/sys"}},
	"internal/httpapi":         {6, []string{"github.com/labstack/echo/v4", "github.com/oapi-codegen/runtime"}},
	"internal/access/signin":   {5, nil},
	"internal/access/people":   {5, nil},
	"internal/access/recovery": {5, nil},
	"internal/reset":           {5, nil},
	"internal/metrics":         {5, []string{"github.com/VictoriaMetrics/metrics"}},
	"internal/health":          {5, nil},
	"internal/access/factor":   {4, nil},
	"internal/access/session":  {4, nil},
	"internal/notice":          {4, nil},
	"internal/access/claim":    {4, nil},
	"internal/access/token":    {4, []string{"github.com/dunglas/httpsfv"}},
	"internal/access/presence": {4, nil},
	"internal/access/account":  {3, []string{"golang.org/x/text"}},
	"internal/access/throttle": {3, nil},
	"internal/event":           {3, nil},
	"internal/settings":        {3, nil},
	"internal/drift":           {3, nil},
	"internal/store":           {2, []string{"go.etcd.io/bbolt"}},
	"internal/config":          {2, []string{"github.com/BurntSushi/toml"}},
	"internal/syslog":          {2, nil},
	"internal/mail":            {2, []string{"github.com/wneessen/go-mail"}},
	"internal/box/clock":       {2, []string{"github.com/beevik/ntp", "github.com/beevik/nts", "golang.org/x/sys"}},
	"internal/box/button":      {2, []string{"github.com/warthog618/go-gpiocdev", "github.com/godbus/dbus/v5", "golang.org/x/sys"}},
	"internal/box/signal":      {2, []string{"golang.org/x/sys"}},
	"internal/box/keeper":      {2, []string{"github.com/godbus/dbus/v5", "golang.org/x/sys"}},
	"internal/box/network":     {2, []string{"github.com/vishvananda/netlink", "github.com/godbus/dbus/v5", "golang.org/x/sys"}},
	"internal/box/certificate": {2, nil},
	"internal/box/announce":    {2, []string{"github.com/godbus/dbus/v5", "golang.org/x/net"}},
	"internal/access/otp":      {1, []string{"github.com/pquerna/otp", "github.com/boombuler/barcode"}},
	"internal/access/password": {1, []string{"golang.org/x/crypto", "golang.org/x/text"}},
	"internal/secret":          {1, []string{"golang.org/x/crypto"}},
	"internal/trust":           {1, nil},
	"internal/atomicfile":      {0, nil},
	"internal/fault":           {0, nil},
	"webui":                    {0, nil},
}

// workshop lists what stands beside the house: tests and their machines. They may look at every room, and
// no room looks at them.
var workshop = []string{"internal/archtest", "internal/realtest", "internal/kerneltest", "internal/bench", "internal/contract"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// list asks the go command for all packages of the module, as they are built for Linux without tests.
func list(t *testing.T) (all []listed) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

const root = "../.."

// roomOf returns the room a package belongs to: the one of the longest folder.
func roomOf(importPath string) (name string, ok bool) {
	for dir := strings.TrimPrefix(importPath, module+"/"); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := rooms[dir]; ok {
			return dir, true
		}
	}
	return "", false
}

func inWorkshop(importPath string) bool {
	dir := strings.TrimPrefix(importPath, module+"/")
	return slices.ContainsFunc(workshop, func(w string) bool { return dir == w || strings.HasPrefix(dir, w+"/") })
}

func TestEveryRoomHasAFloorAndLooksOnlyDown(t *testing.T) {
	found := map[string]bool{}
	for _, p := range list(t) {
		if inWorkshop(p.ImportPath) {
			continue
		}
		name, ok := roomOf(p.ImportPath)
		if !ok {
			t.Errorf("%s has no floor: give it one in the plan of internal/archtest", p.ImportPath)
			continue
		}
		found[name] = true
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			other, ok := roomOf(imported)
			switch {
			case inWorkshop(imported):
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, imported)
			case !ok || other == name:
			case rooms[other].floor > rooms[name].floor:
				t.Errorf("%s on floor %d imports %s on floor %d: rooms look only down", name, rooms[name].floor, other, rooms[other].floor)
			case rooms[other].floor == rooms[name].floor:
				t.Errorf("%s imports %s on its own floor %d: move what they share down, or one of them up", name, other, rooms[name].floor)
			}
		}
	}
	for name := range rooms {
		if !found[name] {
			t.Errorf("the plan has a room %s that is not there", name)
		}
	}
}

func TestThirdPartyModulesStayInTheirRooms(t *testing.T) {
	for _, p := range list(t) {
		if inWorkshop(p.ImportPath) {
			continue
		}
		name, _ := roomOf(p.ImportPath)
		for _, imported := range p.Imports {
			if !strings.Contains(strings.Split(imported, "/")[0], ".") {
				continue // the standard library and the house itself
			}
			if !slices.ContainsFunc(rooms[name].modules, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
				t.Errorf("%s imports %s: that module belongs to another room; add it to the plan if it is to belong here", p.ImportPath, imported)
			}
		}
	}
}

// sources returns the hand-written Go files of the rooms.
func sources(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, top := range []string{"cmd", "internal", "webui"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(p string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, ".gen.go") {
				data, err := os.ReadFile(p)
				files[p] = string(data)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// The system clock is read by cmd and box/clock only; everybody else is given the time. Waiting uses package
// time, and so does measuring how long something took.
func TestOnlyTheClockReadsTheSystemClock(t *testing.T) {
	allowed := map[string]string{
		"internal/box/clock/":                  "it is the clock",
		"internal/box/button/button.go":        "measures how long a press lasts",
		"internal/box/signal/signal.go":        "how late a blink would come",
		"internal/box/network/links.go":        "how old a picture of the interfaces is",
		"internal/access/password/password.go": "measures what a hash costs",
		"internal/httpapi/problem.go":          "a deadline that has passed",
		"internal/store/figures.go":            "measures what a commit takes",
		"cmd/castellan/":                       "hands the system clock in",
		"internal/kerneltest/":                 "a test machine", "internal/realtest/": "a test machine",
		"internal/bench/": "measures",
	}
	reads := regexp.MustCompile(`\btime\.(Now|Since|Until)\b`)
	for file, text := range sources(t) {
		name := strings.TrimPrefix(filepath.ToSlash(file), root+"/")
		if strings.HasSuffix(name, "_test.go") || !reads.MatchString(text) {
			continue
		}
		ok := false
		for prefix := range allowed {
			ok = ok || strings.HasPrefix(name, prefix)
		}
		if !ok {
			t.Errorf("%s reads the system clock: take the time as an argument", name)
		}
	}
}

// R130 R133
func TestNoWeakRandomnessOrHashes(t *testing.T) {
	banned := regexp.MustCompile(`"(math/rand|crypto/md5|crypto/des|crypto/rc4|crypto/sha1)"`)
	for file, text := range sources(t) {
		if m := banned.FindString(text); m != "" && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s imports %s", file, m)
		}
	}
}

func TestRoomsAreNotTooFull(t *testing.T) {
	for file, text := range sources(t) {
		if n := strings.Count(text, "\n"); n > 400 {
			t.Errorf("%s has %d lines: the room wants a wall", file, n)
		}
		if strings.Contains(filepath.Base(file), "main.go") && strings.Contains(file, "cmd/castellan") && strings.Count(text, "\n") > 80 {
			t.Errorf("%s has more than 80 lines", file)
		}
	}
}

// A program that was built beside its source, or a database, would stay in the history for good.
func TestNothingBigLiesAmongTheSources(t *testing.T) {
	const most = 1 << 20
	for _, top := range []string{"cmd", "docs", "internal", "packaging", "webui/src", "webui/e2e", "webui/build"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(p, ".test") {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Size() > most {
				t.Errorf("%s has %d bytes", p, info.Size())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for file, text := range sources(t) {
		if m := later.FindString(text); m != "" {
			t.Errorf("%s says %s", file, m)
		}
	}
}

// The tests of the daemon on a real kernel are run by the word Kernel in their names: one without it would never be.
func TestEveryTestOfARealKernelIsRun(t *testing.T) {
	named := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for file, text := range sources(t) {
		if !strings.Contains(filepath.ToSlash(file), "internal/daemon/") || !strings.HasPrefix(text, "//go:build kernel") {
			continue
		}
		for _, test := range named.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(test[1], "Kernel") {
				t.Errorf("%s: no run has %s: its name wants the word Kernel", file, test[1])
			}
		}
	}
}
