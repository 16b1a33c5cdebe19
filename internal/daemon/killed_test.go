package daemon_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/box/keeper"
	"castellan/internal/daemon"
	"castellan/internal/httpapi"
	"castellan/internal/store"
)

// The variables by which a process of this test tells another one where to reset and when to end.
const dieIn, dieAt = "CASTELLAN_TEST_DIE_IN", "CASTELLAN_TEST_DIE_AT"

// litter is what may lie beside the database with old records in it when a reset is cut off.
var litter = []string{".compact", ".good", ".good.new", ".mending", ".damaged-1"}

// R140 (c) (d), T29: a reset that is cut off at any moment has not happened, or is finished by the next start: nothing in between.
// Once it has happened no old secret is left in any file.
func TestAResetThatIsCutOffIsWholeOrNone(t *testing.T) {
	if folder := os.Getenv(dieIn); folder != "" {
		h := newHouse(t)
		h.file.Data = folder
		t.Fatal(daemon.ResetAndDie(h.config(nil), os.Getenv(dieAt)))
	}
	t.Parallel()
	h, l := lived(t, "127.0.0.60")
	before := h.dump()
	old := secretsOf(before, l.admin)
	if len(old) < 15 {
		t.Fatalf("the test proves little: %d old secrets", len(old))
	}
	for _, secret := range old {
		if h.found([]byte(secret)) == nil {
			t.Fatalf("the test proves nothing: %q is not found even before", secret)
		}
	}
	for moment, happened := range map[string]bool{
		daemon.BeforeSnapshot: false, daemon.BeforeCommit: false,
		daemon.AfterCommit: true, daemon.Compacting: true, daemon.BeforeNetwork: true, daemon.NetworkFails: true, daemon.BeforeDone: true, daemon.AfterDone: true,
	} {
		t.Run(moment, func(t *testing.T) {
			cut, file := h.killed(t, moment)
			if moment == daemon.AfterCommit { // and what else may have been going on
				for _, suffix := range litter {
					cut.write(suffix, h.database())
				}
			}
			mails, pending := len(l.mta.Mails(inbox)), len(cut.dump()["reset"]) > 0
			finished := moment == daemon.BeforeNetwork || moment == daemon.NetworkFails || moment == daemon.AfterDone
			if wished := len(cut.dump()["reset_network"]) > 0; wished != finished || pending != (happened && !finished) && moment != daemon.Compacting {
				t.Fatalf("it ended at another moment: pending %v, the network %v", pending, wished)
			}
			cut.start()
			if happened {
				cut.isReset(l.phone)
				if pending { // the news were lost with the process
					cut.awaits("the mail to the former administrator", 30*time.Second, func() bool { return len(l.mta.Mails(inbox)) > mails })
				}
			} else {
				cut.isAsBefore(l.phone)
			}
			if err := cut.stop(); err != nil {
				t.Fatal(err)
			}
			after := cut.dump()
			if len(after["reset"])+len(after["erasure"]) > 0 {
				t.Errorf("something is left to do: %v %v", after["reset"], after["erasure"])
			}
			if happened == os.SameFile(file, cut.databaseFile()) {
				t.Errorf("the file was written anew: %v, reset: %v", !happened, happened)
			}
			for name, v := range verdicts {
				if happened {
					v.check(t, name, l.admin, before[name], after[name])
				}
			}
			for _, secret := range old {
				if in := cut.found([]byte(secret)); happened && in != nil {
					t.Errorf("%q is still in %v", secret, in)
				}
			}
		})
	}
}

// secretsOf returns what is kept of an account's ways in and of nothing else: hashes, digests and sealed values.
func secretsOf(all map[string]records, id string) (secrets []string) {
	var rest strings.Builder
	var own []string
	for name, v := range verdicts {
		for key, r := range all[name] {
			switch mine := strings.Contains(key, id) || strings.Contains(r, id); {
			case v == account && key == id:
				var a struct {
					Password string `json:"password"`
				}
				_ = json.Unmarshal([]byte(r), &a)
				own = append(own, a.Password)
			case v == others && mine:
				for part := range strings.SplitSeq(key, "/") {
					own = append(own, part)
				}
				var values any
				_ = json.Unmarshal([]byte(r), &values)
				own = append(own, textsIn(values)...)
			default:
				rest.WriteString(key + " " + r + "\n")
			}
		}
	}
	for _, text := range own {
		if _, err := time.Parse(time.RFC3339, text); len(text) > 15 && err != nil && text != id && !strings.Contains(rest.String(), text) {
			secrets = append(secrets, text)
		}
	}
	return secrets
}

// textsIn returns the texts in a JSON value.
func textsIn(v any) (texts []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			texts = append(texts, textsIn(one)...)
		}
	case map[string]any:
		for _, one := range v {
			texts = append(texts, textsIn(one)...)
		}
	}
	return texts
}

// copied is a house with a copy of the data of one that is stopped.
func (h *house) copied(t *testing.T) *house {
	t.Helper()
	c := newHouse(t)
	if err := os.CopyFS(c.file.Data, os.DirFS(h.file.Data)); err != nil {
		t.Fatal(err)
	}
	return c
}

// write puts a copy of a file beside the database.
func (h *house) write(suffix, from string) {
	h.t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(h.database()+suffix, data, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// killed returns a copy of a house whose reset was cut off at a moment, and what its database was before. Who ends it while the
// file is written may come too late on a busy machine; then another copy is reset.
func (h *house) killed(t *testing.T, moment string) (cut *house, file os.FileInfo) {
	t.Helper()
	for range 100 {
		cut = h.copied(t)
		file = cut.databaseFile()
		held, err := os.Open(cut.database()) // so that no new file gets its number
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = held.Close() })
		cut.dies(moment)
		if moment != daemon.Compacting || len(cut.dump()["reset_network"]) == 0 {
			break
		}
	}
	return cut, file
}

// dies has another process reset the house, which ends at a moment of that.
func (h *house) dies(moment string) {
	h.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAResetThatIsCutOffIsWholeOrNone$")
	cmd.Env = append(os.Environ(), dieIn+"="+h.file.Data, dieAt+"="+moment, "TMPDIR="+h.t.TempDir()) // it takes nothing away itself
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		h.t.Fatalf("it did not end as it should: %v\n%s", err, out)
	}
}

// isAsBefore looks whether the owner has everything that they had.
func (h *house) isAsBefore(p phone) {
	h.t.Helper()
	if state := h.browser().must(200, "GET", "/status", nil).body["state"]; state != "ready" {
		h.t.Errorf("the NAS is %v", state)
	}
	h.enter("admin", "app", p.code(0))
}

// isReset looks whether nothing but the default password opens the box, to its claim, and whether the others have what they had.
func (h *house) isReset(p phone) {
	h.t.Helper()
	b := h.browser()
	if claim, _ := b.must(200, "GET", "/status", nil).body["claim"].(obj); claim["again"] != true {
		h.t.Errorf("the claim is %v", claim)
	}
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	for _, form := range [][]byte{p.seed, []byte(p.seed.Base32())} {
		if in := h.found(form); in != nil {
			h.t.Errorf("the secret of the administrator's phone is in %v", in)
		}
	}
}

// config is what the daemon of a house works with.
func (h *house) config(ready func(daemon.Greeting)) daemon.Config {
	return daemon.Config{
		File: h.file, Built: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Out: slog.New(slog.NewJSONHandler(h.log, nil)),
		Build: httpapi.Build{Version: "0.0.0-test"}, Verify: store.Verify, System: h.system, Elapsed: h.elapsed, Passwords: h.hash, Ready: ready,
		Keeper: keeper.Config{Hands: (*hands)(h), Root: h.root, Bus: h.bus},
		Signal: h.signals(),
	}
}
