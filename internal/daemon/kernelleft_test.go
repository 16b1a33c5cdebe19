//go:build kernel && linux

package daemon_test

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/kerneltest"
	"castellan/internal/store"
)

// look makes the disk that a cut at a point leaves, and says what is wrong with it. It returns the disk and the state of the box.
func (b *cutBox) look(t *testing.T, d *diary, writes *kerneltest.Writes, point int64) (disk []byte, left state) {
	seed := b.dice.Uint64()
	ok := t.Run("at "+strconv.FormatInt(point, 10), func(t *testing.T) {
		disk = writes.Cut(point, rand.New(rand.NewPCG(seed, 0)))
		possible, flight := d.possible(point)
		folder := kerneltest.Extract(t, disk, "/castellan")
		if _, err := os.Stat(filepath.Join(folder, "castellan.db")); err == nil {
			if err := store.Verify(filepath.Join(folder, "castellan.db")); err != nil {
				t.Fatal(err)
			}
		}
		h := newHouse(t)
		h.file.Data, h.file.Socket = folder, filepath.Join(folder, "s")
		moment := d.moment(point, d.machine.Began().Add(d.ahead))
		h.stepped.Store(int64(time.Until(moment)))
		h.start()
		b.refuses(t, h, d, point, possible)
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		h.step(5 * time.Minute) // every app shows a code that was never used
		h.start()
		left = b.observe(t, h, possible)
		if !slices.ContainsFunc(possible, func(s state) bool { return maps.Equal(s, left) }) {
			for _, s := range possible {
				t.Errorf("not as it should be (%s): %s", words(flight), words(differences(left, s)))
			}
		}
		b.complete(t, h, d, point)
	})
	if !ok {
		t.Errorf("a cut at %d of %d", point, writes.Points()[len(writes.Points())-1])
	}
	return disk, left
}

// refuses tries the codes that were answered with yes, at the moment of the cut.
func (b *cutBox) refuses(t *testing.T, h *house, d *diary, point int64, possible []state) {
	used := slices.Concat(b.used, d.used(point))
	tried := map[string]bool{}
	for _, s := range slices.Backward(used) {
		if tried[s.way] || slices.ContainsFunc(possible, func(p state) bool {
			return p[owner] != strconv.Itoa(s.round) || !p.twoStep() || s.way == "app" && p[deviceOf(s.device)] == ""
		}) {
			continue
		}
		tried[s.way] = true
		v := h.browser()
		defer v.client.CloseIdleConnections() // the daemon need not wait for them when it stops
		if step := v.must(200, "POST", "/sign-in", obj{"name": "admin", "password": passwordOf(s.round)}).body; step["next"] != "code" {
			t.Errorf("the password alone leads to %v", step["next"])
		}
		v.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": s.way, "code": s.code})
	}
}

// observe signs the owner in, or claims the box where nobody owns it, and returns what there is.
func (b *cutBox) observe(t *testing.T, h *house, possible []state) state {
	v, s := h.browser(), state{}
	defer v.client.CloseIdleConnections()
	status := v.must(200, "GET", "/status", nil).body
	s["name"], _ = status["nas_name"].(string)
	switch status["state"] {
	case "unclaimed":
		s[owner] = nobody
		v.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
		v.must(201, "POST", "/claim", obj{"name": "admin", "password": goodPassword})
	case "ready":
		s[owner] = b.enters(t, v, h, possible)
	default:
		t.Fatalf("the box is %v", status)
	}
	devices := listOf(v.must(200, "GET", "/me/two-step", nil).body["devices"])
	for _, device := range devices {
		s[deviceOf(device.(obj)["name"].(string))] = "on"
	}
	if len(devices) == 0 { // the policy may want one before anything else is shown
		e := v.must(201, "POST", "/me/two-step/devices", obj{"name": "Mine"}).body
		code := secretOf(t, e["secret"].(string)).CodeAt(otp.StepAt(h.system()))
		v.must(200, "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": string(code), "saved": true})
	}
	for after := ""; ; {
		page := v.must(200, "GET", "/users?limit=200&after="+after, nil).body
		for _, user := range listOf(page["users"]) {
			if name := user.(obj)["name"].(string); name != "admin" {
				s[personOf(name)], _ = user.(obj)["role"].(string)
			}
		}
		if after, _ = page["next"].(string); after == "" {
			break
		}
	}
	policy := v.must(200, "GET", "/policy", nil).body
	s["idle"], s["demand"] = strconv.Itoa(int(policy["idle_minutes"].(float64))), policy["two_step"].(string)
	return s
}

// enters signs the owner in with one of the passwords and devices that may be the right ones, and returns the round of it.
func (b *cutBox) enters(t *testing.T, v *browser, h *house, possible []state) (round string) {
	for _, s := range possible {
		n, err := strconv.Atoi(s[owner])
		if err != nil {
			continue
		}
		step := v.call("POST", "/sign-in", obj{"name": "admin", "password": passwordOf(n)})
		if step.StatusCode != http.StatusOK {
			continue
		}
		if step.body["next"] == "done" {
			return s[owner]
		}
		for name := range s {
			device, found := strings.CutPrefix(name, deviceOf(""))
			if !found {
				continue
			}
			code := b.all[device].seed.CodeAt(otp.StepAt(h.system()))
			if v.call("POST", "/sign-in/code", obj{"code": string(code)}).StatusCode == http.StatusOK {
				return s[owner]
			}
		}
	}
	t.Fatalf("the owner does not get in; possible is %v", possible)
	return ""
}

// complete looks at the log, and at what a start has to have finished.
func (b *cutBox) complete(t *testing.T, h *house, d *diary, point int64) {
	local := h.local()
	if said := local.must(200, "GET", "/local/log/check", nil).body; said["intact"] != true {
		t.Errorf("the log is not whole: %v", said["detail"])
	}
	entries := string(local.must(200, "GET", "/local/log?limit=10000", nil).raw)
	want := d.logged(point)
	for kind, n := range b.logged {
		want[kind] += n
	}
	for kind, n := range want {
		if got := strings.Count(entries, `"`+kind+`"`); got < n {
			t.Errorf("the log has %d × %s, of %d that were answered", got, kind, n)
		}
	}
	local.client.CloseIdleConnections()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(h.database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *store.Tx) error {
		for _, table := range []string{"reset", "erasure"} {
			if _, pending, err := store.NewTable[obj](table).Get(tx, "pending"); err != nil || pending {
				t.Errorf("%s is still to be finished: %v", table, err)
			}
		}
		if m, mended, err := store.LastMending(tx); err != nil || mended { // a cut costs nothing that was answered
			t.Errorf("the database was brought back: %+v, %v", m, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
