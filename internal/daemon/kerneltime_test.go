//go:build kernel && linux

package daemon_test

import (
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/kerneltest"
	"castellan/internal/realtest"
)

// chronyds are three real time servers on the loopback, as the machine reaches them.
func chronyds(t *testing.T) (servers []string) {
	t.Helper()
	for range 3 {
		servers = append(servers, net.JoinHostPort(kerneltest.Host, realtest.Chronyd(t)))
	}
	return servers
}

// machine is one without a button.
type machine struct {
	program string
	rtc     time.Time
	servers []string
	disk    string
	offline bool
}

func program(t *testing.T, arch kerneltest.Arch) string {
	t.Helper()
	return kerneltest.BuildFor(t, arch, "castellan/cmd/castellan")
}

// desk lets two machines run at a time: more would only wait for each other.
var desk = make(chan struct{}, 2)

func (m machine) boot(t *testing.T) *kerneltest.Machine {
	t.Helper()
	desk <- struct{}{}
	t.Cleanup(func() { <-desk })
	config := fmt.Sprintf("data = \"/data/castellan\"\nsocket = \"/run/s\"\n[time]\nservers = [\"%s\"]\n", strings.Join(m.servers, `", "`))
	return kerneltest.Start(t, kerneltest.Config{
		Binary: m.program, Args: []string{"serve", "-config", "/castellan.toml", "-greeting"},
		Files: map[string][]byte{"/castellan.toml": []byte(config)},
		RTC:   m.rtc, Forwards: []int{8001}, Disk: m.disk, Offline: m.offline,
	})
}

// own claims a machine.
func own(t *testing.T, m *kerneltest.Machine) *browser {
	t.Helper()
	owner := visit(t, m)
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": labelIn(t, m)})
	owner.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword, "nas_name": "attic-nas"})
	return owner
}

// letSet has Castellan set the system clock.
func (b *browser) letSet() {
	b.t.Helper()
	wish := b.must(200, "GET", "/time", nil).body["settings"].(obj)
	wish["set_system_clock"] = true
	b.must(200, "PUT", "/time", wish)
}

// setRight waits until the system clock says what trusted time says.
func (b *browser) setRight() (v obj) {
	b.t.Helper()
	for range 100 {
		v = b.must(200, "GET", "/time", nil).body
		if math.Abs(clockOf(v)["offset_ms"].(float64)) < 500 {
			return v
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("the system clock was not set: %v, %v", v["clock"], v["keeper"])
	return nil
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

// era is when the seconds of NTP begin anew.
var era = time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC)

// R139 (d) (h): whatever year a box wakes up in, with a network codes simply work, and Castellan sets the clock of a box
// where nobody else does; without one a recovery code works, and an administrator sets the time by hand.
func TestAnyYearOnARealKernel(t *testing.T) {
	realtest.Program(t, "mkfs.ext4", "apt-get install e2fsprogs")
	programs := map[kerneltest.Arch]string{kerneltest.ARM64: program(t, kerneltest.ARM64), kerneltest.ARM32: program(t, kerneltest.ARM32)}
	first := machine{programs[kerneltest.ARM64], year(2000), chronyds(t), kerneltest.NewDisk(t, 64), false}
	m := first.boot(t)
	owner := own(t, m)
	app, codes := owner.enrolled()
	v := owner.syncs("synced")
	if said := clockOf(v)["message"].(string); !strings.Contains(said, "years slow") {
		t.Errorf("in 2000: %s", said)
	}
	owner.letSet()
	v = owner.setRight()
	if k := v["keeper"].(obj); k["who"] != "castellan" || k["may_set"] != true {
		t.Errorf("the clock is kept by %v", k)
	}
	if j := owner.must(200, "GET", "/time/history?span=day", nil).body["jumps"].([]any)[0].(obj); j["what"] != "system" || j["why"] != "castellan" {
		t.Errorf("the history says %v", j)
	}
	if code := m.Stop(); code != 0 {
		t.Fatalf("the daemon ended with %d", code)
	}

	for _, test := range []struct {
		arch    kerneltest.Arch
		rtc     time.Time
		offline bool
		wakes   func(*testing.T, *kerneltest.Machine, phone, []string)
	}{
		{kerneltest.ARM64, year(1970), false, wakes},
		{kerneltest.ARM64, year(2020), false, wakes},
		{kerneltest.ARM64, era.Add(-15 * time.Second), false, wakesAhead},
		{kerneltest.ARM32, year(2039), false, wakes},
		{kerneltest.ARM64, year(1970), true, wakesAlone},
		{kerneltest.ARM32, year(2000), true, wakesAlone},
		{kerneltest.ARM64, era.Add(-15 * time.Second), true, wakesAloneAhead},
		{kerneltest.ARM32, year(2039), true, wakesAlone},
	} {
		name := fmt.Sprint(test.rtc.Year(), map[bool]string{true: " offline", false: " online"}[test.offline])
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine{programs[test.arch], test.rtc, first.servers, copied(t, first.disk), test.offline}.boot(t)
			test.wakes(t, m, app, codes)
			if code := m.Stop(); code != 0 {
				t.Errorf("the daemon ended with %d", code)
			}
		})
	}
}

// enters signs in on a machine.
func enters(t *testing.T, m *kerneltest.Machine, way, code string) *browser {
	t.Helper()
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"way": way, "code": code})
	return b
}

// right says whether trusted time and the system clock are right, once that was set.
func right(t *testing.T, b *browser, state string) {
	t.Helper()
	v := b.setRight()
	if c := clockOf(v); c["state"] != state || time.Until(at(t, c["now"])).Abs() > 5*time.Second || time.Until(at(t, v["system"])).Abs() > 5*time.Second {
		t.Errorf("got %v, the system says %v", c, v["system"])
	}
}

// wakes is a box that has a network: codes simply work.
func wakes(t *testing.T, m *kerneltest.Machine, phone phone, _ []string) {
	t.Helper()
	right(t, enters(t, m, "app", phone.code(0)), "synced")
}

// wakesAhead is a box whose own clock is some years ahead and was believed until the servers answered: trusted time does
// not go back by itself.
func wakesAhead(t *testing.T, m *kerneltest.Machine, phone phone, codes []string) {
	t.Helper()
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	t.Logf("refused: %v", b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(0)}).body["detail"])
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	v := b.syncs("suspect")
	b.must(200, "POST", "/time/accept", obj{"by_ms": v["proposal"].(obj)["by_ms"]})
	right(t, b, "synced")
	enters(t, m, "app", phone.code(1))
}

// wakesAlone is a box that has no network and a clock that cannot be believed: a recovery code works, and the time is
// set by hand.
func wakesAlone(t *testing.T, m *kerneltest.Machine, phone phone, codes []string) {
	t.Helper()
	b := visit(t, m)
	c := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body["clock"].(obj)
	if c["state"] != "unsynced" || c["trusted"] != false {
		t.Errorf("got %v", c)
	}
	if ago := time.Since(at(t, c["now"])); ago > 10*time.Minute || ago < 0 {
		t.Errorf("the last known time was %v ago", ago) // R139 (d): never before the floor
	}
	t.Logf("refused: %v", b.refused(409, "time_untrusted", "POST", "/sign-in/code", obj{"code": phone.code(0)}).body["detail"])
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	b.must(200, "POST", "/time/hand", obj{"now": time.Now()})
	right(t, b, "unverified")
	enters(t, m, "app", phone.code(1))
}

// wakesAloneAhead is a box that has no network and a clock that may be right: it is believed, and a code of that time works.
func wakesAloneAhead(t *testing.T, m *kerneltest.Machine, phone phone, codes []string) {
	t.Helper()
	b := visit(t, m)
	c := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body["clock"].(obj)
	if c["state"] != "unverified" || c["trusted"] != true || at(t, c["now"]).Before(era.Add(-time.Minute)) {
		t.Errorf("got %v", c)
	}
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": phone.code(0)})
	b.must(200, "POST", "/sign-in/code", obj{"code": string(phone.seed.CodeAt(otp.StepAt(at(t, c["now"]))))})
	enters(t, m, "recovery", codes[0])
}

// R139: the seconds of NTP begin anew in 2036. Servers, box and phone live in that time and go through it.
func TestTheEraOfNTPEndsOnARealKernel(t *testing.T) {
	t.Parallel()
	ahead := time.Until(era.Add(-60 * time.Second))
	var servers []string
	for range 3 {
		s := newTimeServer(t)
		s.Store(int64(ahead))
		_, port, _ := net.SplitHostPort(s.address)
		servers = append(servers, net.JoinHostPort(kerneltest.Host, port))
	}
	there := func() time.Time { return time.Now().Add(ahead) }
	m := machine{program(t, kerneltest.ARM32), there(), servers, "", false}.boot(t)
	owner := own(t, m)
	e := owner.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"}).body
	seed := secretOf(t, e["secret"].(string))
	code := func() string { return string(seed.CodeAt(otp.StepAt(there()))) }
	owner.must(200, "POST", fmt.Sprintf("/me/two-step/devices/%s/confirmation", e["id"]), obj{"code": code(), "saved": true})
	v := owner.syncs("synced")
	t.Logf("at %v: %v", there(), v["clock"])                // on a busy machine the era may have ended by now
	time.Sleep(time.Until(era.Add(35*time.Second - ahead))) // the next step
	v = owner.syncs("synced")
	if now := at(t, clockOf(v)["now"]); now.Before(era) || now.Sub(there()).Abs() > 2*time.Second {
		t.Errorf("it is %v, the box says %v", there(), v["clock"])
	}
	t.Logf("at %v: %v", there(), v["clock"])
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": code()})
}

// R139: a box sleeps. Its trusted time is right the moment it wakes up, and codes are accepted.
func TestSleepOnARealKernel(t *testing.T) {
	t.Parallel()
	m := machine{program(t, kerneltest.ARM64), year(2000), chronyds(t), "", false}.boot(t)
	owner := own(t, m)
	phone := owner.enrol()
	owner.syncs("synced")
	before := owner.must(200, "GET", "/time", nil).body
	m.Doze()
	m.Doze()
	after := owner.must(200, "GET", "/time", nil).body
	now := at(t, clockOf(after)["now"])
	t.Logf("%v, then %v, here %v", clockOf(before)["now"], now, time.Now().UTC())
	if time.Until(now).Abs() > 2*time.Second || after["checked_ago"].(float64) < 9 {
		t.Errorf("after ten seconds of sleep: %v, asked %v s ago", clockOf(after), after["checked_ago"])
	}
	b := visit(t, m)
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in/code", obj{"code": phone.code(0)})
}

// copied is a copy of a disk that no machine has open.
func copied(t *testing.T, disk string) string {
	t.Helper()
	from, err := os.Open(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}
